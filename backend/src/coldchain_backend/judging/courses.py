"""A course: one quantity of one sensor at one point under one profile, stepped through as readings come."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from operator import lt
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from coldchain.certificates import Certificate, corrected
from coldchain.excursions import (
    INITIAL,
    Change,
    ChangeKind,
    Excursion,
    Judged,
    Series,
    State,
    Until,
    glance,
    next_due,
    run,
    step,
)
from coldchain_backend.fleet import Spell
from coldchain_backend.judging.batches import WORST_RANK, Spoken
from coldchain_backend.judging.contracts import HOUR_MS, CourseKey, Folded, StoredCourse, StoredExcursion
from coldchain_backend.judging.identity import Found

Sample = tuple[int, float]
DAY_MS: Final = 24 * HOUR_MS
LONG: Final = 48
"""A window of more hours than this makes a state so large that it is kept once a day only."""


class Snapshots(Protocol):
    """Where the states at the beginning of hours are kept."""

    def put_snapshot(self, key: CourseKey, hour_ms: int, state: State) -> None:
        """Keep the state before the first reading of an hour."""
        ...


@dataclass(slots=True, kw_only=True)
class Course:
    """In memory: the state after all readings in order, and the excursions that are open by rule.

    `state` never contains the passing of time; `shown` is it, advanced to the log's stamp. `open` are the
    excursions as stored last, so that a restart finds the same; `standing` is how they stand at an instant.
    """

    key: CourseKey
    spell: Spell
    judged: Judged
    state: State = INITIAL
    hour_ms: int | None = None
    late_from_ms: int | None = None
    late_to_ms: int | None = None
    late_due_ms: int | None = None
    open: dict[str, StoredExcursion] = field(default_factory=dict)
    folded: Folded = field(default_factory=Folded)
    certificates: tuple[Certificate, ...] = ()

    @classmethod
    def begin(cls, spell: Spell, quantity: str) -> "Course":
        """The course of a spell before its first reading."""
        return cls(
            key=CourseKey(spell.sensor, spell.from_ms, quantity),
            spell=spell,
            judged=Judged(
                profile=spell.profile,
                interval_ms=spell.interval_ms,
                quantity=quantity,
                zone=ZoneInfo(spell.place.asset.time_zone),
            ),
        )

    def restore(self, stored: StoredCourse) -> None:
        """Take up what was stored."""
        self.state, self.hour_ms = stored.state, stored.hour_ms
        self.late_from_ms, self.late_to_ms = stored.late_from_ms, stored.late_to_ms
        self.late_due_ms = stored.late_due_ms

    def stored(self) -> StoredCourse:
        """What has to be kept."""
        return StoredCourse(
            key=self.key,
            point=self.spell.place.point.id,
            state=self.state,
            hour_ms=self.hour_ms,
            late_from_ms=self.late_from_ms,
            late_to_ms=self.late_to_ms,
            late_due_ms=self.late_due_ms,
        )

    def glance(self, part: Spoken) -> State | None:
        """The state behind readings in order within the hour of the last ones, if they open nothing.

        None: they have to be taken one by one.
        """
        bounds, times, spell = part.bounds.get(self.key.quantity), part.times, self.spell
        hour_ms, first_ms, last_ms = self.hour_ms, times[0], times[-1]
        if bounds is None or hour_ms is None or not hour_ms <= first_ms <= last_ms < hour_ms + HOUR_MS:
            return None
        outside = first_ms < spell.from_ms or (spell.to_ms is not None and spell.to_ms <= last_ms)
        if outside or spell.profile.corrected or part.rank > WORST_RANK:
            return None
        return glance(self.state, Series(times, part.fields[self.key.quantity], *bounds), self.judged)

    def take(self, samples: Sequence[Sample], snapshots: Snapshots, stamp_ms: int) -> list[Found]:
        """Step through readings in order, note the late ones; gives the excursions that closed."""
        last_ms = self.state.last_ms
        if (last_ms is not None and samples[0][0] <= last_ms) or (
            len(samples) > 1 and not _ascending(samples)
        ):
            samples = self._without_late(samples, stamp_ms)
        closed: list[Found] = []
        index = 0
        while index < len(samples):
            hour_ms = samples[index][0] // HOUR_MS * HOUR_MS
            if hour_ms != self.hour_ms:
                if keeps(self.state, hour_ms, self.hour_ms):
                    snapshots.put_snapshot(self.key, hour_ms, self.state)
                self.hour_ms = hour_ms
            end = _end_of_hour(samples, index, hour_ms + HOUR_MS)
            part = samples if end - index == len(samples) else samples[index:end]
            self.state, changes = run(self.state, part, self.judged)
            closed += closings(changes)
            index = end
        return closed

    def stays_quiet(self, samples: Sequence[Sample]) -> bool:
        """Whether ascending readings are all late, or all in order and open nothing."""
        last_ms = self.state.last_ms
        if last_ms is not None and samples[-1][0] <= last_ms:
            return True
        if self.open or self.state.open or (last_ms is not None and samples[0][0] <= last_ms):
            return False
        state, changes = run(self.state, samples, self.judged)
        return not changes and not state.open

    def _without_late(self, samples: Sequence[Sample], stamp_ms: int) -> list[Sample]:
        ordered: list[Sample] = []
        last_ms = self.state.last_ms
        for sample in samples:
            if last_ms is not None and sample[0] <= last_ms:
                self.touch(sample[0], stamp_ms)
            else:
                ordered.append(sample)
                last_ms = sample[0]
        return ordered

    def seen(self, samples: Sequence[Sample]) -> Sequence[Sample]:
        """The readings as the profile judges them: raw, or corrected by the sensor's certificates."""
        return list(corrected(samples, self.certificates)) if self.spell.profile.corrected else samples

    def touch(self, time_ms: int, stamp_ms: int) -> None:
        """A late reading: its time is judged again, once for all of this second of the log."""
        self.late_from_ms = time_ms if self.late_from_ms is None else min(self.late_from_ms, time_ms)
        self.late_to_ms = time_ms if self.late_to_ms is None else max(self.late_to_ms, time_ms)
        if self.late_due_ms is None:
            self.late_due_ms = (stamp_ms // 1000 + 1) * 1000

    def settle_late(self) -> None:
        """Late readings have been judged."""
        self.late_from_ms = self.late_to_ms = self.late_due_ms = None

    def shown(self, now_ms: int) -> State:
        """The state with time passed up to an instant, or to the end of the spell."""
        if not self.state.open:
            return self.state
        state, _ = step(self.state, Until(time_ms=self._until(now_ms)), self.judged)
        return state

    def standing(self, now_ms: int) -> list[StoredExcursion]:
        """The open excursions as judged up to an instant."""
        shown = {place.rule: place for place in self.shown(now_ms).open}
        return [replace(one, excursion=shown.get(rule, one.excursion)) for rule, one in self.open.items()]

    @property
    def out(self) -> bool:
        """Whether an open excursion has a level."""
        return any(one.excursion.level is not None for one in self.open.values())

    def over(self, now_ms: int) -> bool:
        """Whether the time of the spell has ended."""
        return self.spell.to_ms is not None and self.spell.to_ms <= now_ms

    def due_ms(self, shown: State) -> int | None:
        """When the passing of time will next change a level."""
        due = next_due(shown, self.judged)
        end_ms = self.spell.to_ms
        return None if due is None or (end_ms is not None and due > end_ms) else due

    def _until(self, now_ms: int) -> int:
        return now_ms if self.spell.to_ms is None else min(now_ms, self.spell.to_ms)


def keeps(state: State, hour_ms: int, before_ms: int | None) -> bool:
    """Whether the state before the first reading of an hour is kept; `before_ms`: the hour before it.

    It follows from the readings alone, so that a rebuild keeps the same ones.
    """
    if before_ms is None or hour_ms // DAY_MS != before_ms // DAY_MS:
        return True
    return all(len(tally.sums) <= LONG for tally in state.tallies)


def closings(changes: Sequence[Change]) -> list[Found]:
    """The excursions that changes closed."""
    return [
        Found(excursion=change.excursion, end_value=change.value)
        for change in changes
        if change.kind is ChangeKind.CLOSED
    ]


def told_the_same(before: Excursion, after: Excursion, *, to_the_last: bool) -> bool:
    """Whether nothing changed that an alert speaks of while an excursion goes on (to the last: after it)."""
    if to_the_last:
        return before == after
    return (before.opened_ms, before.level, before.data_gap) == (after.opened_ms, after.level, after.data_gap)


def _ascending(samples: Sequence[Sample]) -> bool:
    times = [time_ms for time_ms, _ in samples]
    return all(map(lt, times, times[1:]))


def _end_of_hour(samples: Sequence[Sample], index: int, end_ms: int) -> int:
    if samples[-1][0] < end_ms:
        return len(samples)
    while samples[index][0] < end_ms:
        index += 1
    return index
