"""Are the roll-ups what the series say? Every folded cell is summed up again and held against it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from coldchain.exposure import Account
from coldchain.spans import Cell
from coldchain_backend.fleet import Fleet
from coldchain_backend.judging.contracts import HOUR_MS, CourseKey
from coldchain_backend.judging.grades import grades_of
from coldchain_backend.judging.parts import Part
from coldchain_backend.judging.rollups import QUARTER_MS, day_of_hours, quarters_of_hours, reach
from coldchain_backend.judging.views import Recall

HOURS_AT_ONCE = 24 * 7


@dataclass(frozen=True, slots=True, kw_only=True)
class CellDifference:
    """A cell that is not what the series say; `fields` names what differs: stored, and summed up again."""

    sensor: str
    quantity: str
    cell: Cell
    from_ms: int
    fields: Mapping[str, tuple[str, str]]


def differing_cells(
    recall: Recall, fleet: Fleet, advance: Callable[[int], None] = lambda _: None
) -> Iterator[CellDifference]:
    """Compare all folded cells; `advance` hears how many hours were looked at."""
    for key in recall.folded_courses():
        spell = fleet.spell_of(key.sensor, key.from_ms)
        if spell is None or spell.from_ms != key.from_ms:
            continue
        stored = recall.hours(key, 0, 1 << 62)
        part = Part(
            spell=spell,
            from_ms=spell.from_ms,
            to_ms=spell.from_ms,
            certificates=fleet.certificates(key.sensor),
        )
        summed: dict[int, Sequence[Account]] = {}
        for begin_ms, end_ms in _runs(sorted(stored)):
            summed.update(_again(recall, fleet, part, key, (begin_ms, end_ms)))
            advance((end_ms - begin_ms) // HOUR_MS)
        yield from _hours(key, stored, summed)
        yield from _days(recall, key, summed)


def _runs(hours: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Runs of neighbouring hours, of a bounded length."""
    begin = 0
    for index in range(1, len(hours) + 1):
        ends = index == len(hours) or hours[index] != hours[index - 1] + HOUR_MS
        if ends or index - begin == HOURS_AT_ONCE:
            yield hours[begin], hours[index - 1] + HOUR_MS
            begin = index


def _again(
    recall: Recall, fleet: Fleet, part: Part, key: CourseKey, span: tuple[int, int]
) -> list[tuple[int, Sequence[Account]]]:
    profile = part.spell.profile
    judged = part.judged(profile, key.quantity)
    samples, ranks = recall.graded(key.sensor, key.quantity, *reach(part.spell, judged, *span))
    grades = grades_of(ranks, fleet.plan.sensor(key.sensor))
    return quarters_of_hours(part.spell, judged, span, part.seen_by(profile, samples), grades)


def _hours(
    key: CourseKey, stored: Mapping[int, Sequence[Account]], summed: Mapping[int, Sequence[Account]]
) -> Iterator[CellDifference]:
    for hour_ms, quarters in stored.items():
        for number, (was, now) in enumerate(zip(quarters, summed[hour_ms], strict=True)):
            if was != now:
                yield _difference(key, Cell.QUARTER, hour_ms + number * QUARTER_MS, was, now)


def _days(
    recall: Recall, key: CourseKey, summed: Mapping[int, Sequence[Account]]
) -> Iterator[CellDifference]:
    for day in recall.days(key, 0, 1 << 62):
        now = day_of_hours(summed, day.day_ms, day.end_ms)
        if now is None or now != day.account:
            yield _difference(key, Cell.DAY, day.day_ms, day.account, now)


def _difference(
    key: CourseKey, cell: Cell, from_ms: int, was: Account, now: Account | None
) -> CellDifference:
    before, after = was.to_json(), {} if now is None else now.to_json()
    fields = {
        name: (str(value), str(after.get(name))) for name, value in before.items() if value != after.get(name)
    }
    return CellDifference(sensor=key.sensor, quantity=key.quantity, cell=cell, from_ms=from_ms, fields=fields)
