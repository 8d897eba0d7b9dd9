"""Profiles: named, versioned, cited limits of a class of goods, each with several rules."""

from dataclasses import dataclass
from enum import StrEnum
from math import inf, isfinite

from coldchain.errors import InvalidInput
from coldchain.quantities import QUANTITIES
from coldchain.words import Text


class Level(StrEnum):
    """How loud an excursion is; "severity" stands only in foreign payloads."""

    WARNING = "warning"
    ALARM = "alarm"

    @property
    def rank(self) -> int:
        """Order of the levels: the higher, the louder."""
        return 2 if self is Level.ALARM else 1


class Side(StrEnum):
    """The side of the limit on which it is broken."""

    HIGH = "high"
    LOW = "low"


class Mark(StrEnum):
    """What stands behind a limit."""

    LAW = "law"
    STANDARD = "standard"
    PRACTICE = "practice"
    PROPOSED = "proposed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One limit with two levels, each reached after its own delay of event time out of limits.

    `inclusive`: the threshold itself breaks the limit. `hysteresis` (≥ 0, in the quantity's unit): how far
    behind the threshold a value must be to end the excursion. A delay of None leaves its level out.
    """

    name: str
    side: Side
    threshold: float
    inclusive: bool
    hysteresis: float = 0.0
    warning_after_ms: int | None = None
    alarm_after_ms: int | None = None
    quantity: str = "temperature"

    def __post_init__(self) -> None:
        quantity = QUANTITIES.get(self.quantity)
        if quantity is None or quantity.kind != "float":
            raise InvalidInput(f"rule {self.name}: {self.quantity} has no limits")
        if not isfinite(self.threshold) or not quantity.low <= self.threshold <= quantity.high:
            raise InvalidInput(f"rule {self.name}: {self.threshold} is not possible for {self.quantity}")
        if not isfinite(self.hysteresis) or self.hysteresis < 0:
            raise InvalidInput(f"rule {self.name}: hysteresis cannot be {self.hysteresis}")
        if self.warning_after_ms is None and self.alarm_after_ms is None:
            raise InvalidInput(f"rule {self.name}: neither a warning nor an alarm")
        if min(self.delays) < 0 or (len(self.delays) == 2 and self.delays[0] > self.delays[1]):
            raise InvalidInput(
                f"rule {self.name}: delays must be ≥ 0 and the warning's not above the alarm's"
            )

    @property
    def delays(self) -> tuple[int, ...]:
        """The delays that this rule has, warning first, in ms."""
        return tuple(delay for delay in (self.warning_after_ms, self.alarm_after_ms) if delay is not None)

    def broken_by(self, value: float) -> bool:
        """Tell whether a value (rounded to 0.001) opens an excursion."""
        if value == self.threshold:
            return self.inclusive
        return (value > self.threshold) is (self.side is Side.HIGH)

    def cleared_by(self, value: float) -> bool:
        """Tell whether a value (rounded to 0.001) ends an excursion: clear of threshold and hysteresis."""
        if self.broken_by(value):
            return False
        edge = (
            self.threshold - self.hysteresis if self.side is Side.HIGH else self.threshold + self.hysteresis
        )
        edge = round(edge, 3)
        return value <= edge if self.side is Side.HIGH else value >= edge


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Limits of a class of goods, with what they rest on.

    A gap between two readings longer than `gap_factor` × the expected interval, and than `gap_floor_ms`, is
    unknown time (reference: gaps).
    """

    name: str
    version: int
    title: Text
    rules: tuple[Rule, ...]
    citation: str
    mark: Mark
    gap_factor: float = 2.5
    gap_floor_ms: int = 900_000
    note: Text | None = None

    def __post_init__(self) -> None:
        names = [rule.name for rule in self.rules]
        if not names or len(set(names)) != len(names):
            raise InvalidInput(f"profile {self.name}: rules must be there and have different names")
        if self.version < 1 or not 1 <= self.gap_factor < inf or self.gap_floor_ms < 0:
            raise InvalidInput(
                f"profile {self.name}: version ≥ 1, gap_factor ≥ 1 and gap floor ≥ 0 are needed"
            )

    def rules_for(self, quantity: str) -> tuple[Rule, ...]:
        """The rules that judge one quantity, in the profile's order."""
        return tuple(rule for rule in self.rules if rule.quantity == quantity)

    def limits(self, quantity: str = "temperature") -> tuple[float | None, float | None]:
        """The band in which nothing is broken: (lowest, highest), None where a side is open."""
        lows = [rule.threshold for rule in self.rules_for(quantity) if rule.side is Side.LOW]
        highs = [rule.threshold for rule in self.rules_for(quantity) if rule.side is Side.HIGH]
        return max(lows, default=None), min(highs, default=None)
