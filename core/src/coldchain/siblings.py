"""Drift: a sensor that leaves its neighbours, hour by hour, while they stay where they were.

A cold room that warms takes all its probes along; a probe buffered by goods lags behind and comes back. Drift
is what is left: one sensor moves away from where it used to be, farther every hour, and its neighbours do
not. Two sensors alone cannot tell which of them drifts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

HOUR_MS: Final = 3_600_000
Hours = Mapping[int, float]
"""The mean of each full hour by its beginning, ms UTC; hours without readings are left out."""

BEFORE_HOURS: Final = 48
"""So far back it is asked where a sensor used to be."""

SETTLED_HOURS: Final = 3
"""So many hours must be known before anything is called drift."""

LASTING_HOURS: Final = 3
LIMIT: Final = 1.0
"""°C away in each of the last LASTING_HOURS (proposed)."""

QUIET: Final = 0.7
"""°C by which a neighbour may have moved meanwhile; one that moved farther explains the difference."""

GROWING: Final = 0.2
"""°C that the last hour must be farther away than the first of the lasting ones: what decays comes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Since which hour, and by how much, °C: negative where the sensor reads lower than it used to."""

    since_ms: int
    by: float


def drift(ours: Hours, siblings: Iterable[Hours], until_ms: int) -> Drift | None:
    """Whether a sensor has left its neighbours in the full hours before `until_ms`.

    Where it used to be is the median of the earliest third of the two days before: a drift that goes on must
    not become its own measure. Every neighbour that is known now must have stayed, and two of them be known;
    they are asked for only where the sensor has moved.
    """
    newest_ms = until_ms // HOUR_MS * HOUR_MS - HOUR_MS
    lasting = [newest_ms - number * HOUR_MS for number in reversed(range(LASTING_HOURS))]
    first_ms = newest_ms - BEFORE_HOURS * HOUR_MS
    before = [at_ms for at_ms in sorted(ours) if first_ms <= at_ms < lasting[0]]
    if len(before) < SETTLED_HOURS or any(at_ms not in ours for at_ms in lasting):
        return None
    reference = before[: max(SETTLED_HOURS, len(before) // 3)]
    usual = median(ours[at_ms] for at_ms in reference)
    away = [ours[at_ms] - usual for at_ms in lasting]
    sign = 1 if away[-1] > 0 else -1
    if any(sign * one < LIMIT for one in away) or sign * (away[-1] - away[0]) < GROWING:
        return None
    known = [one for one in siblings if _known(one, reference, lasting)]
    if len(known) < 2 or not all(_stays(one, reference, lasting) for one in known):
        return None
    near = (at_ms + HOUR_MS for at_ms in reversed(before) if sign * (ours[at_ms] - usual) < LIMIT / 2)
    return Drift(since_ms=next(near, before[0]), by=round(away[-1], 3))


def _known(one: Hours, reference: Sequence[int], lasting: Sequence[int]) -> bool:
    settled = sum(at_ms in one for at_ms in reference) >= SETTLED_HOURS
    return settled and all(at_ms in one for at_ms in lasting)


def _stays(one: Hours, reference: Sequence[int], lasting: Sequence[int]) -> bool:
    usual = median(one[at_ms] for at_ms in reference if at_ms in one)
    return all(abs(one[at_ms] - usual) < QUIET for at_ms in lasting)
