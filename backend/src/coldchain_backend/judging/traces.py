"""A quantity at a point over time: which sensors stood there, buckets, and time that is unknown."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from coldchain.gaps import gap_limit_ms
from coldchain_backend.fleet import Fleet, Spell
from coldchain_backend.judging.views import Bucket


def spells_at(fleet: Fleet, point: str) -> Iterator[Spell]:
    """The times in which any sensor stood at a point."""
    places = (version.plan.place_of_point(point) for version in fleet.versions)
    sensors = {place.point.sensor for place in places if place is not None and place.point.sensor is not None}
    for sensor in sorted(sensors):
        yield from (spell for spell in fleet.spells(sensor) if spell.place.point.id == point)


def gaps_in(samples: Sequence[tuple[int, float]], spell: Spell) -> Iterator[tuple[int, int]]:
    """Unknown time between readings, by the gap rule of the spell's profile."""
    limit_ms = gap_limit_ms(spell.profile, spell.interval_ms)
    for (before_ms, _), (after_ms, _) in pairwise(samples):
        if after_ms - before_ms > limit_ms:
            yield before_ms + spell.interval_ms, after_ms


def buckets_of(
    samples: Sequence[tuple[int, float]], from_ms: int, to_ms: int, count: int
) -> Iterator[Bucket]:
    """Sum up (time, value) pairs, sorted by time, in `count` equal parts; empty ones are left out."""
    width_ms = max(1, -(-(to_ms - from_ms) // max(1, count)))
    heaps: dict[int, list[float]] = {}
    for time_ms, value in samples:
        heaps.setdefault((time_ms - from_ms) // width_ms, []).append(value)
    for index, values in heaps.items():
        start_ms = from_ms + index * width_ms
        yield Bucket(
            start_ms=start_ms,
            end_ms=min(start_ms + width_ms, to_ms),
            low=min(values),
            high=max(values),
            mean=sum(values) / len(values),
            last=values[-1],
        )
