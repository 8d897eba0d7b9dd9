"""Rules, questions and excursions (§1 to §3 of docs/judging.md), and for how long a reading speaks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from decimal import ROUND_HALF_EVEN, Decimal

HOUR = 3_600_000

Reading = tuple[int, float]
Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A rule, as the page's table of fields has it."""

    name: str
    side: str
    threshold: float
    inclusive: bool
    hysteresis: float
    warning_after: int | None
    alarm_after: int | None
    mode: str
    window: int | None
    reset: str
    irreversible: bool
    ignore_at_start: int

    def broken(self, value: float) -> bool:
        if value == self.threshold:
            return self.inclusive
        return value > self.threshold if self.side == "high" else value < self.threshold

    def clear(self, value: float) -> bool:
        if self.side == "high":
            return not self.broken(value) and value <= thousandth(self.threshold - self.hysteresis)
        return not self.broken(value) and value >= thousandth(self.threshold + self.hysteresis)

    def beyond(self, value: float) -> float:
        return max(0.0, value - self.threshold if self.side == "high" else self.threshold - value)

    def moved(self, outward: float) -> Limit:
        step = outward if self.side == "high" else -outward
        return self if self.mode == "rate" else replace(self, threshold=thousandth(self.threshold + step))


@dataclass(frozen=True, kw_only=True)
class Question:
    """A profile with the interval of the sensor and the zone of the place."""

    rules: tuple[Limit, ...]
    interval: int
    gap_factor: float
    gap_floor: int
    straight: bool
    activation: float
    required_coverage: float
    indeterminate: bool
    zone: tzinfo
    thermal: tuple[float, float, int] | None
    """ambient_high, ambient_low, time constant."""

    def gap(self, interval: int | None = None) -> int:
        return max(math.floor(self.gap_factor * (interval or self.interval)), self.gap_floor)


@dataclass(kw_only=True)
class Out:
    """An excursion."""

    rule: str
    opened: int
    peak: float
    peak_at: int
    closed: int | None = None
    warning: int | None = None
    alarm: int | None = None
    out: float = 0
    data_gap: bool = False


def thousandth(value: float) -> float:
    return float(Decimal(value).quantize(Decimal("0.001"), ROUND_HALF_EVEN)) + 0.0


def taken(readings: Sequence[Reading], until: int) -> list[Reading]:
    """Sorted, rounded, one value an instant (the smallest), none behind the end of the question."""
    smallest: dict[int, float] = {}
    for at, value in readings:
        if at <= until:
            rounded = thousandth(value)
            smallest[at] = min(rounded, smallest.get(at, rounded))
    return sorted(smallest.items())


@dataclass(frozen=True)
class Spell:
    """The time [begin, end) for which a reading speaks; `then`: the next reading, if it is within the gap."""

    begin: int
    end: int
    at: Reading
    then: Reading | None


def spells(series: Sequence[Reading], interval: int, gap: int, until: int) -> Iterator[Spell]:
    for index, (at, value) in enumerate(series):
        following = series[index + 1] if index + 1 < len(series) else None
        if following is None:
            yield Spell(at, max(at, min(until, at + interval)), (at, value), None)
        elif following[0] - at <= gap:
            yield Spell(at, following[0], (at, value), following)
        else:
            yield Spell(at, min(following[0], at + interval), (at, value), None)
