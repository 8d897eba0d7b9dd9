"""A quantity at a point over time: which sensors stood there, buckets, and time that is unknown."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from coldchain.gaps import gap_limit_ms
from coldchain_backend.fleet import Fleet, Spell
from coldchain_backend.judging.views import Bucket, Trace
from coldchain_backend.series import STEP_MS, Summary


def spells_at(fleet: Fleet, point: str) -> Iterator[Spell]:
    """The times in which any sensor stood at a point."""
    places = (version.plan.place_of_point(point) for version in fleet.versions)
    sensors = {place.point.sensor for place in places if place is not None and place.point.sensor is not None}
    for sensor in sorted(sensors):
        yield from (spell for spell in fleet.spells(sensor) if spell.place.point.id == point)


def sums_show_gaps(spell: Spell) -> bool:
    """Whether no gap of a spell can hide inside five minutes."""
    return gap_limit_ms(spell.profile, spell.interval_ms) >= STEP_MS


def trace_of_samples(
    said: Sequence[tuple[Spell, Sequence[tuple[int, float]]]], from_ms: int, to_ms: int, width_ms: int
) -> Trace:
    """A trace of (time, value) pairs, each spell's sorted by time."""
    gaps: list[tuple[int, int]] = []
    heaps: dict[int, list[float]] = {}
    for spell, samples in said:
        gaps += _gaps(spell, pairwise(time_ms for time_ms, _ in samples))
    for time_ms, value in sorted(pair for _, samples in said for pair in samples):
        heaps.setdefault((time_ms - from_ms) // width_ms, []).append(value)
    buckets = [
        Bucket(
            start_ms=from_ms + index * width_ms,
            end_ms=min(from_ms + (index + 1) * width_ms, to_ms),
            low=min(values),
            high=max(values),
            mean=sum(values) / len(values),
            last=values[-1],
        )
        for index, values in heaps.items()
    ]
    return Trace(buckets=tuple(buckets), gaps=tuple(sorted(gaps)))


def trace_of_sums(sums: Sequence[tuple[Spell, Summary]], from_ms: int, to_ms: int, width_ms: int) -> Trace:
    """A trace of five-minute sums; its buckets are full five minutes wide."""
    width_ms = -(-width_ms // STEP_MS) * STEP_MS
    origin_ms = from_ms // STEP_MS * STEP_MS
    gaps: list[tuple[int, int]] = []
    heaps: dict[int, list[_Sums]] = {}
    for spell, summary in sums:
        ends = [start + end for start, end in zip(summary.starts, summary.ends, strict=True)]
        firsts = [start + first for start, first in zip(summary.starts, summary.firsts, strict=True)]
        gaps += _gaps(spell, zip(ends, firsts[1:], strict=False))
        columns = (ends, summary.lows, summary.highs, summary.sums, summary.counts, summary.lasts)
        for start_ms, *row in zip(summary.starts, *columns, strict=True):
            heaps.setdefault((start_ms - origin_ms) // width_ms, []).append(_Sums(*row))
    buckets = [
        Bucket(
            start_ms=max(from_ms, origin_ms + index * width_ms),
            end_ms=min(origin_ms + (index + 1) * width_ms, to_ms),
            low=min(one.low for one in heap),
            high=max(one.high for one in heap),
            mean=sum(one.total for one in heap) / sum(one.number for one in heap),
            last=max(heap).last,
        )
        for index, heap in sorted(heaps.items())
    ]
    return Trace(buckets=tuple(buckets), gaps=tuple(sorted(gaps)))


class _Sums(NamedTuple):
    """Five minutes at a point, up to the reading of `end_ms`."""

    end_ms: int
    low: float
    high: float
    total: float
    number: int
    last: float


def _gaps(spell: Spell, neighbours: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Unknown time between readings that follow each other, by the gap rule of the spell's profile."""
    limit_ms = gap_limit_ms(spell.profile, spell.interval_ms)
    for before_ms, after_ms in neighbours:
        if after_ms - before_ms > limit_ms:
            yield before_ms + spell.interval_ms, after_ms
