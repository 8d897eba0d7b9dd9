"""Roll-ups: accounts per quarter, hour and local day of each course, folded when there is nothing else to do.

They are a cache of what the series say. What late readings or a changed configuration touch is dropped in
the commit that touched it, and folded again later; what is missing is summed up from the series when asked
for. So an answer never depends on how far folding has come.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from coldchain.excursions import Judged
from coldchain.exposure import Account, accounts, merged
from coldchain.readings import Grade
from coldchain.spans import Cell, boundaries
from coldchain_backend.fleet import Spell
from coldchain_backend.judging.batches import WORST_RANK
from coldchain_backend.judging.contracts import HOUR_MS, AccountDay, CourseKey, Folded, Memory
from coldchain_backend.judging.courses import Course
from coldchain_backend.judging.grades import grades_of
from coldchain_backend.judging.present import Present
from coldchain_backend.series import graded

QUARTER_MS: Final = HOUR_MS // 4
HOURS_AT_ONCE: Final = 48
READINGS_AT_ONCE: Final = 20_000
"""About so many are summed up before somebody else may want the thread: some hundredths of a second."""


class Rollups:
    """Folds a few courses at a time, in a transaction of its own; remembers which of them wait."""

    def __init__(self, memory: Memory, present: Present) -> None:
        self._memory, self._present = memory, present
        self._waiting: dict[CourseKey, None] = {}
        self.look_at_all()

    def look_at_all(self) -> None:
        """Something may have changed any course: look at all of them."""
        self._waiting.clear()
        self.moved(self._present.courses.values())

    def moved(self, courses: Iterable[Course]) -> None:
        """These have gone on, or were judged again."""
        self._waiting.update((one.key, None) for one in courses if _waits(one))

    @property
    def wait(self) -> bool:
        """Whether there is something to fold."""
        return bool(self._waiting)

    def fold(self) -> bool:
        """Fold what waits of some courses; whether there was something to do."""
        expected = 0
        for key in list(self._waiting):
            course = self._present.courses.get(key)
            if course is not None and _waits(course):
                expected += self._fold(course) // course.judged.interval_ms + 1
            if course is None or not _waits(course):
                del self._waiting[key]
            if expected >= READINGS_AT_ONCE:
                break
        return bool(expected)

    def _fold(self, course: Course) -> int:
        """Fold some hours of a course; how long they are, ms."""
        folded = course.folded
        if folded.holes:
            (begin_ms, until_ms), *rest = folded.holes
            end_ms = min(until_ms, begin_ms + HOURS_AT_ONCE * HOUR_MS)
            holes = (*((end_ms, until_ms),) * (end_ms < until_ms), *rest)
            folded = Folded(to_ms=folded.to_ms, holes=holes)
        else:
            begin_ms = max(folded.to_ms, course.key.from_ms // HOUR_MS * HOUR_MS)
            end_ms = min(settled_ms(course), begin_ms + HOURS_AT_ONCE * HOUR_MS)
            folded = Folded(to_ms=end_ms)
        for hour_ms, quarters in hours_of(course, self._memory, self._present, begin_ms, end_ms):
            self._memory.put_hour(course.key, hour_ms, quarters)
        course.folded = folded
        self._memory.put_folded(course.key, folded)
        self._fold_days(course, begin_ms, end_ms)
        return end_ms - begin_ms

    def _fold_days(self, course: Course, begin_ms: int, end_ms: int) -> None:
        """Sum up the local days that became whole."""
        zone, folded = ZoneInfo(course.spell.place.asset.time_zone), course.folded
        for day_ms, next_ms in pairwise(boundaries(Cell.DAY, begin_ms, end_ms, zone)):
            torn = any(from_ms < next_ms and to_ms > day_ms for from_ms, to_ms in folded.holes)
            if next_ms <= folded.to_ms and not torn:
                account = day_account(course, self._memory, day_ms, next_ms)
                if account is not None:
                    self._memory.put_day(day_of(course, day_ms, next_ms, account))


def settled_ms(course: Course) -> int:
    """Up to where readings in order change nothing any more: full hours before the last reading."""
    last_ms = course.state.last_ms
    return 0 if last_ms is None else last_ms // HOUR_MS * HOUR_MS


def _waits(course: Course) -> bool:
    if course.late_due_ms is not None:
        return False
    return bool(course.folded.holes) or course.folded.to_ms < settled_ms(course)


def drop(course: Course, memory: Memory, from_ms: int, to_ms: int) -> None:
    """Readings between two instants changed what a course knows: its cells around them no longer hold."""
    begin_ms = (from_ms - course.judged.limit_ms) // HOUR_MS * HOUR_MS
    end_ms = min(-(-(to_ms + course.judged.limit_ms + 1) // HOUR_MS) * HOUR_MS, course.folded.to_ms)
    begin_ms = max(begin_ms, course.key.from_ms // HOUR_MS * HOUR_MS)
    if begin_ms < end_ms:
        memory.drop_accounts(course.key, begin_ms, end_ms)
        course.folded = Folded(
            to_ms=course.folded.to_ms, holes=_with(course.folded.holes, (begin_ms, end_ms))
        )
        memory.put_folded(course.key, course.folded)


def _with(holes: Sequence[tuple[int, int]], fresh: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """Holes joined where they touch, by time."""
    joined: list[tuple[int, int]] = []
    for begin_ms, end_ms in sorted([*holes, fresh]):
        if joined and begin_ms <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end_ms))
        else:
            joined.append((begin_ms, end_ms))
    return tuple(joined)


def day_account(course: Course, memory: Memory, day_ms: int, end_ms: int) -> Account | None:
    """The account of a local day from what was folded."""
    return day_of_hours(memory.hours(course.key, day_ms // HOUR_MS * HOUR_MS, end_ms), day_ms, end_ms)


def day_of_hours(stored: Mapping[int, Sequence[Account]], day_ms: int, end_ms: int) -> Account | None:
    """The account of a local day from its quarters; days begin at quarters of an hour in every zone."""
    found = [
        account
        for hour_ms, quarters in stored.items()
        for number, account in enumerate(quarters)
        if day_ms <= hour_ms + number * QUARTER_MS < end_ms
    ]
    return merged(found)


def day_of(course: Course, day_ms: int, end_ms: int, account: Account) -> AccountDay:
    """A day's account as it is kept."""
    profile = course.spell.profile
    return AccountDay(
        key=course.key,
        day_ms=day_ms,
        end_ms=end_ms,
        point=course.spell.place.point.id,
        profile=f"{profile.name}@{profile.version}",
        account=account,
    )


def hours_of(
    course: Course, memory: Memory, present: Present, begin_ms: int, end_ms: int
) -> list[tuple[int, Sequence[Account]]]:
    """The accounts of the quarters of each full hour of a course, from the series."""
    if begin_ms >= end_ms:
        return []
    first_ms, last_ms = reach(course.spell, course.judged, begin_ms, end_ms)
    key = course.key
    samples, ranks = graded(memory.series, key.sensor, key.quantity, first_ms, last_ms, worst_rank=WORST_RANK)
    grades = grades_of(ranks, present.fleet.plan.sensor(key.sensor))
    return quarters_of_hours(course.spell, course.judged, (begin_ms, end_ms), course.seen(samples), grades)


def reach(spell: Spell, judged: Judged, from_ms: int, to_ms: int) -> tuple[int, int]:
    """From where to where readings have a say in the accounts of a time: a gap limit around it."""
    end_ms = to_ms + judged.limit_ms + 1
    return (
        max(spell.from_ms, from_ms - judged.limit_ms),
        end_ms if spell.to_ms is None else min(end_ms, spell.to_ms),
    )


def quarters_of_hours(
    spell: Spell,
    judged: Judged,
    span: tuple[int, int],
    samples: Sequence[tuple[int, float]],
    grades: Sequence[Grade],
) -> list[tuple[int, Sequence[Account]]]:
    """The accounts of the quarters of each full hour of a time; each as far as the spell goes."""
    begin_ms, end_ms = span
    until_ms = end_ms if spell.to_ms is None else max(min(end_ms, spell.to_ms), spell.from_ms)
    edges = [min(max(at_ms, spell.from_ms), until_ms) for at_ms in range(begin_ms, end_ms + 1, QUARTER_MS)]
    found = accounts(samples, judged, edges, grades=grades)
    return [
        (begin_ms + number * HOUR_MS, found[4 * number : 4 * number + 4]) for number in range(len(found) // 4)
    ]
