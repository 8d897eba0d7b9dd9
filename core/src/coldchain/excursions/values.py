"""What judging a series takes and gives: events, changes, excursions and the state between two steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from sys import float_info

from coldchain.errors import InvalidInput
from coldchain.gaps import gap_limit_ms
from coldchain.profiles import Level, Profile, Rule, Side

STEP = 0.001
"""Values are compared after rounding to this step (°C, %RH)."""


class ChangeKind(StrEnum):
    """What a step did to an excursion."""

    OPENED = "opened"
    LEVEL_REACHED = "level_reached"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A value at an instant (ms UTC)."""

    time_ms: int
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Until:
    """The instant (ms UTC) up to which time has passed."""

    time_ms: int


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a series is judged by: the rules of one quantity of a profile, and the expected interval in ms."""

    profile: Profile
    interval_ms: int
    quantity: str = "temperature"

    def __post_init__(self) -> None:
        if self.interval_ms <= 0:
            raise InvalidInput(f"an expected interval cannot be {self.interval_ms} ms")

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The profile's rules for the quantity."""
        return self.profile.rules_for(self.quantity)

    def band(self, places: Sequence["Excursion | None"]) -> tuple[float, float]:
        """The values (both ends included) that surely break every open rule and no other."""
        low, high = -float_info.max, float_info.max
        for rule, place in zip(self.rules, places, strict=True):
            if (rule.side is Side.HIGH) is (place is None):
                high = min(high, rule.threshold - STEP)
            else:
                low = max(low, rule.threshold + STEP)
        return low, high

    @cached_property
    def limit_ms(self) -> int:
        """The longest known time between two readings."""
        return gap_limit_ms(self.profile, self.interval_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Excursion:
    """One excursion as far as it is known; `out_ms` is known time out of limits, gaps left out."""

    rule: str
    opened_ms: int
    closed_ms: int | None = None
    warning_ms: int | None = None
    alarm_ms: int | None = None
    peak: float
    peak_ms: int
    out_ms: int = 0
    data_gap: bool = False

    @property
    def level(self) -> Level | None:
        """The highest level reached; None while delays are still running."""
        if self.alarm_ms is not None:
            return Level.ALARM
        return Level.WARNING if self.warning_ms is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happened to an excursion at `at_ms` of event time, and how it stands then.

    `value` is the reading that did it, or the last one where time alone did it.
    """

    kind: ChangeKind
    at_ms: int
    value: float
    level: Level | None
    excursion: Excursion

    @property
    def rule(self) -> str:
        """The rule's name."""
        return self.excursion.rule

    @property
    def opened_ms(self) -> int:
        """When the excursion began."""
        return self.excursion.opened_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a point's series has come to: the last reading, time accounted for, and one place per rule."""

    last_ms: int | None = None
    last_value: float = 0.0
    accounted_ms: int = 0
    places: tuple[Excursion | None, ...] = ()

    @property
    def frontier_ms(self) -> int | None:
        """The instant behind which a reading is late and the caller must step again from an earlier state."""
        return None if self.last_ms is None else max(self.last_ms, self.accounted_ms)

    @property
    def open(self) -> tuple[Excursion, ...]:
        """The excursions that have not ended."""
        return tuple(place for place in self.places if place is not None)

    def to_json(self) -> dict[str, object]:
        """Give the state as plain values for storage."""
        places = [None if p is None else [getattr(p, name) for name in _STORED] for p in self.places]
        return {
            "last_ms": self.last_ms,
            "last": self.last_value,
            "accounted_ms": self.accounted_ms,
            "places": places,
        }

    @classmethod
    def from_json(cls, stored: dict[str, object]) -> "State":
        """Read what `to_json` gave; raises InvalidInput where it is something else."""
        match stored:
            case {"last_ms": int() | None as last_ms, "last": int() | float() as last} if isinstance(
                places := stored.get("places"), list
            ) and isinstance(accounted := stored.get("accounted_ms"), int):
                kept = tuple(None if place is None else _place(place) for place in places)
                return cls(last_ms=last_ms, last_value=float(last), accounted_ms=accounted, places=kept)
        raise InvalidInput("not a stored state of excursions")


_STORED = ("rule", "opened_ms", "warning_ms", "alarm_ms", "peak", "peak_ms", "out_ms", "data_gap")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All excursions of a series in the order of their opening, and the state behind it."""

    excursions: tuple[Excursion, ...]
    state: State


def excursion_id(point: str, rule: str, opened_ms: int) -> str:
    """Name an excursion by its cause: point, rule and the event time of the reading that first opened it."""
    cause = f"excursion\n{point}\n{rule}\n{opened_ms}"
    return "ex_" + sha256(cause.encode()).hexdigest()[:20]


def _place(stored: object) -> Excursion:
    match stored:
        case [
            str() as rule,
            int() as opened_ms,
            int() | None as warning_ms,
            int() | None as alarm_ms,
            int() | float() as peak,
            int() as peak_ms,
            int() as out_ms,
            bool() as data_gap,
        ]:
            return Excursion(
                rule=rule,
                opened_ms=opened_ms,
                warning_ms=warning_ms,
                alarm_ms=alarm_ms,
                peak=float(peak),
                peak_ms=peak_ms,
                out_ms=out_ms,
                data_gap=data_gap,
            )
    raise InvalidInput("not a stored excursion")
