"""Profiles and rules as people write them in a fleet file, or in a file of profiles of their own."""

from dataclasses import dataclass

from coldchain.profiles import Counting, Mark, Mode, Profile, Reset, Rule, Side, Thermal, Weighting
from coldchain.profiles.profile import USP_ACTIVATION_KJ_MOL
from coldchain.readings import Grade
from coldchain.words import Text
from coldchain_backend.fleetfile.keys import Delay, Id, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleEntry:
    """One limit; `inclusive`: the threshold itself breaks it. Without a delay: no such level."""

    name: Id
    side: Side
    threshold: float
    inclusive: bool = False
    hysteresis: float = 0.0
    warning_after: Delay | None = None
    alarm_after: Delay | None = None
    quantity: str = "temperature"
    mode: Mode = Mode.SINGLE
    window: Interval | None = None
    reset: Reset = Reset.NEVER
    irreversible: bool = False
    ignore_at_start: Delay = 0

    def __post_init__(self) -> None:
        self.rule()

    def rule(self) -> Rule:
        """The rule that core judges by; raises InvalidInput if it makes no sense."""
        return Rule(
            name=self.name,
            side=self.side,
            threshold=self.threshold,
            inclusive=self.inclusive,
            hysteresis=self.hysteresis,
            warning_after_ms=self.warning_after,
            alarm_after_ms=self.alarm_after,
            quantity=self.quantity,
            mode=self.mode,
            window_ms=self.window,
            reset=self.reset,
            irreversible=self.irreversible,
            ignore_at_start_ms=self.ignore_at_start,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermalEntry:
    """How a space drifts while nothing is known of it: towards an ambient, °C, by its own time constant."""

    ambient_high: float
    ambient_low: float
    time_constant: Interval

    def __post_init__(self) -> None:
        self.thermal()

    def thermal(self) -> Thermal:
        """The drift that bounds are computed by; raises InvalidInput if it makes no sense."""
        return Thermal(
            ambient_high=self.ambient_high,
            ambient_low=self.ambient_low,
            time_constant_ms=self.time_constant,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileEntry:
    """Limits of a class of goods, with what they rest on; the built-in profiles need no entry."""

    name: Id
    version: int
    title: Text
    rules: tuple[RuleEntry, ...]
    citation: str
    mark: Mark = Mark.PROPOSED
    gap_factor: float = 2.5
    gap_floor: Delay = 900_000
    note: Text | None = None
    weighting: Weighting = Weighting.HOLD_LAST
    counting: Counting = Counting.RECORDED
    activation_kj_mol: float = USP_ACTIVATION_KJ_MOL
    required_coverage: float = 0.95
    grades: tuple[Grade, ...] = tuple(Grade)
    cadence: Interval | None = None
    cadence_out: Interval | None = None
    indeterminate: bool = False
    corrected: bool = False
    thermal: ThermalEntry | None = None
    recipients: int = 0

    def __post_init__(self) -> None:
        self.profile()

    def profile(self) -> Profile:
        """The profile that core judges by; raises InvalidInput if it makes no sense."""
        return Profile(
            name=self.name,
            version=self.version,
            title=self.title,
            rules=tuple(rule.rule() for rule in self.rules),
            citation=self.citation,
            mark=self.mark,
            gap_factor=self.gap_factor,
            gap_floor_ms=self.gap_floor,
            note=self.note,
            weighting=self.weighting,
            counting=self.counting,
            activation_kj_mol=self.activation_kj_mol,
            required_coverage=self.required_coverage,
            grades=self.grades,
            cadence_ms=self.cadence,
            cadence_out_ms=self.cadence_out,
            indeterminate=self.indeterminate,
            corrected=self.corrected,
            recipients=self.recipients,
            thermal=None if self.thermal is None else self.thermal.thermal(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilesDocument:
    """A file that holds profiles and nothing else."""

    profiles: tuple[ProfileEntry, ...]
