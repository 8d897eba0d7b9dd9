"""Late readings: step again from the hour before the earliest one until the state is as it was."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from coldchain.excursions import INITIAL, State, run
from coldchain_backend.judging.batches import WORST_RANK
from coldchain_backend.judging.casebook import Because, Casebook
from coldchain_backend.judging.contracts import HOUR_MS, Memory
from coldchain_backend.judging.courses import Course, Sample, closings, keeps
from coldchain_backend.judging.identity import Found
from coldchain_backend.judging.rollups import drop

WINDOW_MS: Final = 6 * HOUR_MS


@dataclass(slots=True, kw_only=True)
class _Walk:
    """One recomputation: `stopped_ms` is the hour from which on nothing changed."""

    begin_ms: int
    state: State
    closed: list[Found] = field(default_factory=list)
    hour_ms: int | None = None
    stopped_ms: int | None = None


def judge_again(
    course: Course, memory: Memory, casebook: Casebook, now_ms: int, because: Because | None = None
) -> None:
    """Judge the time that late readings touched, and tell the casebook what became of its excursions.

    `because`: not readings, but a fleet version or an act made it necessary.
    """
    if course.late_from_ms is None or course.late_to_ms is None:
        return
    start = memory.snapshot(course.key, course.late_from_ms)
    walk = _Walk(
        begin_ms=course.key.from_ms if start is None else max(course.key.from_ms, start[0]),
        state=INITIAL if start is None else start[1],
    )
    began_ms = walk.begin_ms
    stood = {one.id: one for one in course.standing(now_ms)}
    _walk(course, memory, walk)
    drop(course, memory, course.late_from_ms, course.late_to_ms)
    course.settle_late()
    if walk.stopped_ms is None:
        course.state, course.hour_ms = walk.state, _hour_of(walk)
        new, end_ms = _found(walk, course, now_ms), now_ms + HOUR_MS * 24 * 366
        untouched: set[tuple[str, int]] = set()
    else:
        new, end_ms = walk.closed, walk.stopped_ms
        untouched = {(place.rule, place.opened_ms) for place in walk.state.open}
    old = [
        stood.get(one.id, one)
        for one in memory.excursions(course.key, began_ms, end_ms)
        if (one.excursion.rule, one.excursion.opened_ms) not in untouched
    ]
    casebook.after_late(course, old, new, because)


def _hour_of(walk: _Walk) -> int | None:
    """The hour of the last reading, also where it lies before all that was walked through."""
    last_ms = walk.state.last_ms
    return None if last_ms is None else last_ms // HOUR_MS * HOUR_MS


def _found(walk: _Walk, course: Course, now_ms: int) -> list[Found]:
    return walk.closed + [Found(excursion=place) for place in course.shown(now_ms).open]


def _walk(course: Course, memory: Memory, walk: _Walk) -> None:
    head_ms = max(course.late_to_ms or 0, course.state.last_ms or 0) + 1
    if course.spell.to_ms is not None:
        head_ms = min(head_ms, course.spell.to_ms)
    from_ms = walk.begin_ms
    while from_ms < head_ms:
        to_ms = min(from_ms + WINDOW_MS, head_ms)
        hours = list(_hours(course, memory, from_ms, to_ms))
        if not hours:  # behind an outage, nothing may have come yet for days
            from_ms = memory.series.next_ms(course.key.sensor, to_ms, head_ms)
            continue
        known = memory.snapshots(course.key, from_ms // HOUR_MS * HOUR_MS, to_ms)
        for hour_ms, samples in hours:
            settled = known.get(hour_ms) == walk.state and hour_ms != walk.hour_ms
            if settled and hour_ms > (course.late_to_ms or 0):
                walk.stopped_ms = hour_ms
                return
            if (
                not settled
                and hour_ms != walk.hour_ms
                and (hour_ms in known or keeps(walk.state, hour_ms, walk.hour_ms))
            ):
                memory.put_snapshot(course.key, hour_ms, walk.state)
            walk.hour_ms = hour_ms
            walk.state, changes = run(walk.state, samples, course.judged)
            walk.closed += closings(changes)
        from_ms = to_ms


def _hours(
    course: Course, memory: Memory, from_ms: int, to_ms: int
) -> Iterator[tuple[int, Sequence[Sample]]]:
    """Readings of a time, hour by hour; conflicts among them are kept."""
    samples, conflicts = memory.series.samples(
        course.key.sensor, course.key.quantity, from_ms, to_ms, worst_rank=WORST_RANK
    )
    for conflict in conflicts:
        memory.put_conflict(conflict)
    for hour_ms, group in groupby(course.seen(samples), key=lambda sample: sample[0] // HOUR_MS * HOUR_MS):
        yield hour_ms, list(group)
