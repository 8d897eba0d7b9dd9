"""A profile: rules that belong together, how they are measured, and what a verdict needs to rest on."""

from dataclasses import dataclass
from enum import StrEnum
from math import inf, isfinite

from coldchain.errors import InvalidInput
from coldchain.profiles.rules import Rule, Side
from coldchain.readings import Grade
from coldchain.words import Text

USP_ACTIVATION_KJ_MOL = 83.144
"""ΔH of USP <1160>; with its R of 8.3144e-3 kJ/(mol·K), ΔH/R is 10 000 K."""


class Mark(StrEnum):
    """What stands behind a limit."""

    LAW = "law"
    STANDARD = "standard"
    PRACTICE = "practice"
    PROPOSED = "proposed"


class Weighting(StrEnum):
    """Which values the time between two readings has, for means and sums; time out of limits is always
    `hold_last`.

    `hold_last`: that of the earlier reading. `trapezoid`: each integrand runs straight from one to the next.
    """

    HOLD_LAST = "hold_last"
    TRAPEZOID = "trapezoid"


class Counting(StrEnum):
    """How long n readings at one interval are, for a period that nobody named and for what is told of time.

    `recorded`: n × interval: the last reading stands for one interval. `elapsed`: (n − 1) × interval: the
    period ends with the last reading. `points`: every reading counts one interval, whatever came next.
    """

    RECORDED = "recorded"
    ELAPSED = "elapsed"
    POINTS = "points"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thermal:
    """How a space drifts while nothing is known of it: towards an ambient, °C, with its own time constant.

    `ambient_high` bounds heat and `ambient_low` bounds cold; after one time constant 63 % of the way is gone.
    """

    ambient_high: float
    ambient_low: float
    time_constant_ms: int

    def __post_init__(self) -> None:
        if not (isfinite(self.ambient_high) and isfinite(self.ambient_low)):
            raise InvalidInput("ambient temperatures must be numbers")
        if not -100 <= self.ambient_low <= self.ambient_high <= 100:
            raise InvalidInput("ambient temperatures lie between −100 and 100 °C, the low one first")
        if self.time_constant_ms <= 0:
            raise InvalidInput("a time constant must be longer than 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Limits of a class of goods, with what they rest on.

    A gap between two readings longer than `gap_factor` × the expected interval, and than `gap_floor_ms`, is
    unknown time (reference: gaps). `required_coverage`: the share of required time that readings of
    sufficient `grades` must cover before a verdict is conform. `cadence_ms` and, out of limits,
    `cadence_out_ms`: how often each point must be recorded, where that has to be proved. `indeterminate`:
    values within the calibration uncertainty of a limit prove nothing. `corrected`: judge values corrected
    by the certificate, not raw ones. `recipients`: so many different people an alarm must reach before a zone
    may be in use.
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
    weighting: Weighting = Weighting.HOLD_LAST
    counting: Counting = Counting.RECORDED
    activation_kj_mol: float = USP_ACTIVATION_KJ_MOL
    required_coverage: float = 0.95
    grades: tuple[Grade, ...] = tuple(Grade)
    cadence_ms: int | None = None
    cadence_out_ms: int | None = None
    indeterminate: bool = False
    corrected: bool = False
    thermal: Thermal | None = None
    recipients: int = 0

    def __post_init__(self) -> None:
        names = [rule.name for rule in self.rules]
        if not names or len(set(names)) != len(names):
            raise InvalidInput(f"profile {self.name}: rules must be there and have different names")
        if self.version < 1 or not 1 <= self.gap_factor < inf or self.gap_floor_ms < 0:
            raise InvalidInput(
                f"profile {self.name}: version ≥ 1, gap_factor ≥ 1 and gap floor ≥ 0 are needed"
            )
        if not 0 <= self.required_coverage <= 1:
            raise InvalidInput(f"profile {self.name}: required_coverage is a share, 0 to 1")
        if not 0 <= self.recipients <= 100:
            raise InvalidInput(f"profile {self.name}: recipients is a number of people, 0 to 100")
        if not 1 <= self.activation_kj_mol <= 500:
            raise InvalidInput(f"profile {self.name}: an activation energy of 1 to 500 kJ/mol is needed")
        if not self.grades:
            raise InvalidInput(f"profile {self.name}: at least one grade must suffice")
        if min(self.cadence_ms or 1, self.cadence_out_ms or 1) <= 0:
            raise InvalidInput(f"profile {self.name}: a cadence must be longer than 0")

    def rules_for(self, quantity: str) -> tuple[Rule, ...]:
        """The rules that judge one quantity, in the profile's order."""
        return tuple(rule for rule in self.rules if rule.quantity == quantity)

    def limits(self, quantity: str = "temperature") -> tuple[float | None, float | None]:
        """The band in which no value breaks anything: (lowest, highest), None where a side is open."""
        by_value = [rule for rule in self.rules_for(quantity) if rule.by_value]
        lows = [rule.threshold for rule in by_value if rule.side is Side.LOW]
        highs = [rule.threshold for rule in by_value if rule.side is Side.HIGH]
        return max(lows, default=None), min(highs, default=None)
