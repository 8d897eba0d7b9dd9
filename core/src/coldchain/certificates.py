"""Calibration certificates: what a sensor's values are off by, and how sure that is. Raw values stay the
record."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, isfinite

from coldchain.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One calibration, in force [from_ms, due_ms).

    `points`: (value read, correction to add), ascending; between two points the correction runs straight,
    beyond the ends it stays as at the end. `uncertainty` is ± in the quantity's unit (expanded, k = 2); None
    where the certificate does not say.
    """

    id: str
    from_ms: int
    due_ms: int
    uncertainty: float | None
    points: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if self.uncertainty is not None and not 0 <= self.uncertainty < inf:
            raise InvalidInput(f"certificate {self.id}: its uncertainty must be a number ≥ 0")
        if self.due_ms <= self.from_ms:
            raise InvalidInput(f"certificate {self.id}: it is due before it is in force")
        if not all(isfinite(number) for point in self.points for number in point):
            raise InvalidInput(f"certificate {self.id}: corrections must be numbers")
        if any(after[0] <= before[0] for before, after in zip(self.points, self.points[1:], strict=False)):
            raise InvalidInput(f"certificate {self.id}: its points must ascend")

    def holds(self, at_ms: int) -> bool:
        """Whether the certificate is in force at an instant."""
        return self.from_ms <= at_ms < self.due_ms

    def correction(self, value: float) -> float:
        """What has to be added to a value."""
        if not self.points:
            return 0.0
        index = bisect_right(self.points, value, key=lambda point: point[0])
        if index == 0:
            return self.points[0][1]
        if index == len(self.points):
            return self.points[-1][1]
        (low, at_low), (high, at_high) = self.points[index - 1], self.points[index]
        return at_low + (at_high - at_low) * (value - low) / (high - low)


def in_force(certificates: Sequence[Certificate], at_ms: int) -> Certificate | None:
    """The certificate in force at an instant; of several the one that began last."""
    return max((one for one in certificates if one.holds(at_ms)), key=lambda one: one.from_ms, default=None)


def corrected(
    samples: Iterable[tuple[int, float]], certificates: Sequence[Certificate]
) -> Iterator[tuple[int, float]]:
    """The series with each value corrected by the certificate in force at its instant; raw where there is
    none."""
    for time_ms, value in samples:
        certificate = in_force(certificates, time_ms)
        yield time_ms, value if certificate is None else value + certificate.correction(value)


def uncertainty_over(certificates: Sequence[Certificate], from_ms: int, to_ms: int) -> float | None:
    """The greatest uncertainty of the certificates that a time lies under; None where a part of it has
    none, or one that does not say."""
    at_ms, worst = from_ms, 0.0
    while at_ms < to_ms:
        certificate = in_force(certificates, at_ms)
        if certificate is None or certificate.uncertainty is None:
            return None
        worst = max(worst, certificate.uncertainty)
        later = (one.from_ms for one in certificates if at_ms < one.from_ms < certificate.due_ms)
        at_ms = min(later, default=certificate.due_ms)
    return worst
