"""One reading per instant: the winner of readings that name the same sensor and time.

Quality decides first, then who vouches for it, then the smallest hash of what was said: so the winner
does not depend on the order, the batches or the number of times in which readings came.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from operator import lt

from coldchain.readings import Quality, Value
from coldchain_backend.series.blocks import Block, Columns, Origin, origin_of, quality_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesReading:
    """What a sensor said at an instant (ms UTC), and how good that is as evidence."""

    time_ms: int
    values: Mapping[str, Value]
    quality: Quality
    origin: Origin

    @property
    def sealed(self) -> bool:
        """Whether a gateway sealed it."""
        return self.origin is Origin.SEALED


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Readings of one sensor and instant that say different things; both stay in the ledger."""

    sensor: str
    time_ms: int
    kept: Mapping[str, Value]
    other: Mapping[str, Value]


Said = tuple[int, dict[str, Value]]
"""Rank and values of one reading."""


def order_of(said: Said) -> tuple[int, str]:
    """What decides between readings of one instant: the smallest wins."""
    rank, values = said
    text = ",".join(f"{name}={values[name]!r}" for name in sorted(values))
    return rank, sha256(text.encode()).hexdigest()


def disjoint(blocks: Sequence[Block]) -> bool:
    """Whether blocks, sorted by their first time, do not reach into each other."""
    return all(before.last_ms < after.first_ms for before, after in pairwise(blocks))


def strictly_ascending(times: Sequence[int]) -> bool:
    """Whether no instant stands twice."""
    return all(map(lt, times, times[1:]))


def winners(blocks: Iterable[Block], from_ms: int, to_ms: int) -> tuple[list[SeriesReading], list[Conflict]]:
    """The readings of from_ms ≤ time < to_ms, one per instant, by time; and who contradicted whom.

    Readings of one instant that speak of different fields are one reading.
    """
    said: dict[int, list[Said]] = {}
    sensor = ""
    for block in blocks:
        columns, sensor = block.columns(), block.sensor
        for index, time_ms in enumerate(columns.times):
            if from_ms <= time_ms < to_ms:
                said.setdefault(time_ms, []).append((block.rank, _values(columns, index)))
    conflicts: list[Conflict] = []
    readings = []
    for time_ms, candidates in sorted(said.items()):
        rank, values = candidates[0]
        if len(candidates) > 1:
            rank, values, others = _settle(candidates)
            conflicts += [
                Conflict(sensor=sensor, time_ms=time_ms, kept=values, other=other) for other in others
            ]
        readings.append(
            SeriesReading(time_ms=time_ms, values=values, quality=quality_of(rank), origin=origin_of(rank))
        )
    return readings, conflicts


def _settle(candidates: list[Said]) -> tuple[int, dict[str, Value], list[dict[str, Value]]]:
    """Rank and values of the winner, completed by what only others say; and those who contradict it."""
    ordered = sorted(candidates, key=order_of)
    rank, kept = ordered[0][0], dict(ordered[0][1])
    others = []
    for _, values in ordered[1:]:
        if any(kept.get(name, value) != value for name, value in values.items()):
            others.append(values)
        kept = {**values, **kept}
    return rank, kept, others


def _values(columns: Columns, index: int) -> dict[str, Value]:
    return {name: values[index] for name, values in columns.fields.items()}
