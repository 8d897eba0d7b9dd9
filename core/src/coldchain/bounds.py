"""Bounds for unknown time: the same readings with their gaps filled by the best and the worst that may have
been.

Best: the space stayed within its limits. Worst: it drifted to the profile's ambient by its own time
constant. Both are judged as any other series, so every figure of a verdict has its bounds.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from itertools import pairwise
from math import exp, inf

from coldchain.excursions import Judged
from coldchain.gaps import Spoken
from coldchain.profiles import Side, Thermal

Samples = Sequence[tuple[int, float]]
Course = Callable[[int], float]


class Bound(StrEnum):
    """Which way unknown time is filled."""

    OPTIMISTIC = "optimistic"
    WARM = "warm"
    COLD = "cold"


def filled(samples: Samples, judged: Judged, span: tuple[int, int], bound: Bound) -> list[tuple[int, float]]:
    """The readings with those of a bound in every gap of a time; the readings as they are where there is
    none.

    A worst bound needs the profile's `thermal`; without it, and before the first of no readings, nothing is
    filled.
    """
    times = [time_ms for time_ms, _ in samples]
    spoken = Spoken(times, interval_ms=judged.interval_ms, limit_ms=judged.limit_ms)
    made: list[tuple[int, float]] = []
    for from_ms, to_ms in spoken.gaps(*span):
        index = bisect_right(times, from_ms) - 1
        before = samples[index] if index >= 0 else None
        course = _course(before, samples, judged, bound)
        if course is not None:
            made += _samples(course, from_ms, to_ms, judged)
    known = set(times)
    return sorted([*samples, *(one for one in made if one[0] not in known)])


def _samples(course: Course, from_ms: int, to_ms: int, judged: Judged) -> Iterator[tuple[int, float]]:
    """Readings at most one gap limit apart, each with the course's value at the end of its time.

    The last one lies within an interval of the end: nothing may follow there, and it speaks no longer.
    """
    starts = list(range(from_ms, to_ms, max(1, judged.limit_ms)))
    if to_ms - starts[-1] > judged.interval_ms:
        starts.append(to_ms - judged.interval_ms)
    for at_ms, next_ms in pairwise([*starts, to_ms]):
        yield at_ms, course(next_ms)


def _course(
    before: tuple[int, float] | None, samples: Samples, judged: Judged, bound: Bound
) -> Course | None:
    if bound is Bound.OPTIMISTIC:
        value = before or next(iter(samples), None)
        return None if value is None else _kept(value[1], judged)
    thermal = judged.profile.thermal
    return None if thermal is None or judged.quantity != "temperature" else _drift(before, thermal, bound)


def _kept(value: float, judged: Judged) -> Course:
    """Within all limits, as near to the last value as possible."""
    low, high = -inf, inf
    for rule in judged.plain:
        edge = rule.hysteresis + (0.001 if rule.inclusive else 0)
        if rule.side is Side.HIGH:
            high = min(high, rule.threshold - edge)
        else:
            low = max(low, rule.threshold + edge)
    kept = min(max(value, low), high) if low <= high else value
    return lambda _: kept


def _drift(before: tuple[int, float] | None, thermal: Thermal, bound: Bound) -> Course:
    warm = bound is Bound.WARM
    ambient = thermal.ambient_high if warm else thermal.ambient_low
    if before is None:
        return lambda _: ambient
    began_ms, value = before
    end = max(ambient, value) if warm else min(ambient, value)
    return lambda at_ms: end + (value - end) * exp(-(at_ms - began_ms) / thermal.time_constant_ms)
