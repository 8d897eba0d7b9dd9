"""What judging a series takes and gives: events, changes, excursions and the state between two steps."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from sys import float_info
from typing import NamedTuple

from coldchain.errors import InvalidInput
from coldchain.gaps import gap_limit_ms
from coldchain.profiles import Level, Mode, Profile, Reset, Rule, Side

STEP = 0.001
"""Values are compared after rounding to this step (°C, %RH)."""

HOUR_MS = 3_600_000


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


class Series(NamedTuple):
    """Finite values at instants (ms UTC) that ascend strictly, with the lowest and the highest of them."""

    times: Sequence[int]
    values: Sequence[float]
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Until:
    """The instant (ms UTC) up to which time has passed."""

    time_ms: int


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a series is judged by: the rules of one quantity of a profile, and the expected interval in ms.

    `zone` is the time zone whose midnights begin cumulative sums of local days anew.
    """

    profile: Profile
    interval_ms: int
    quantity: str = "temperature"
    zone: tzinfo = UTC

    def __post_init__(self) -> None:
        if self.interval_ms <= 0:
            raise InvalidInput(f"an expected interval cannot be {self.interval_ms} ms")

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The profile's rules for the quantity."""
        return self.profile.rules_for(self.quantity)

    @cached_property
    def plain(self) -> tuple[Rule, ...]:
        """The rules that compare each value and count the time of one excursion."""
        return tuple(rule for rule in self.rules if rule.mode is Mode.SINGLE)

    @cached_property
    def tallied(self) -> tuple[Rule, ...]:
        """The rules that need more of the past: cumulative sums, windows, rates."""
        return tuple(rule for rule in self.rules if rule.mode is not Mode.SINGLE)

    @cached_property
    def ignored_ms(self) -> int:
        """The longest time behind the first reading in which some rule opens nothing."""
        return max((rule.ignore_at_start_ms for rule in self.rules), default=0)

    @cached_property
    def derived(self) -> dict[str, "Judged"]:
        """For each rule of a derived value (mkt, rate): that value judged as any other, by the rule's name.

        A mean kinetic temperature comes once an hour, a rate with each reading.
        """
        return {rule.name: self._of_derived(rule) for rule in self.tallied if not rule.by_value}

    def _of_derived(self, rule: Rule) -> "Judged":
        plain = replace(rule, mode=Mode.SINGLE, window_ms=None, reset=Reset.NEVER)
        interval_ms = HOUR_MS if rule.mode is Mode.MKT else self.interval_ms
        return replace(self, profile=replace(self.profile, rules=(plain,)), interval_ms=interval_ms)

    def band(self, places: Sequence["Excursion | None"]) -> tuple[float, float]:
        """The values (both ends included) that surely break every open plain rule and no other."""
        low, high = -float_info.max, float_info.max
        for rule, place in zip(self.plain, places, strict=True):
            if (rule.side is Side.HIGH) is (place is None):
                high = min(high, rule.threshold - STEP)
            else:
                low = max(low, rule.threshold + STEP)
        return low, high

    @cached_property
    def quiet_band(self) -> tuple[float, float]:
        """The values (both ends included) that surely break no plain rule."""
        return self.band((None,) * len(self.plain))

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
    """What a point's series has come to: the last reading, time accounted for, one place per plain rule.

    `tallies`: one for each rule of another mode. `first_ms`: the first reading, where a rule ignores a start.
    """

    last_ms: int | None = None
    last_value: float = 0.0
    accounted_ms: int = 0
    places: tuple[Excursion | None, ...] = ()
    first_ms: int | None = None
    tallies: tuple["Tally", ...] = ()

    @property
    def frontier_ms(self) -> int | None:
        """The instant behind which a reading is late and the caller must step again from an earlier state."""
        return None if self.last_ms is None else max(self.last_ms, self.accounted_ms)

    @property
    def open(self) -> tuple[Excursion, ...]:
        """The excursions that have not ended."""
        tallied = (one.place for one in self.tallies)
        return tuple(place for place in (*self.places, *tallied) if place is not None)

    def to_json(self) -> dict[str, object]:
        """Give the state as plain values for storage."""
        stored: dict[str, object] = {
            "last_ms": self.last_ms,
            "last": self.last_value,
            "accounted_ms": self.accounted_ms,
            "places": [_stored(place) for place in self.places],
        }
        if self.first_ms is not None:
            stored["first_ms"] = self.first_ms
        if self.tallies:
            stored["tallies"] = [one.to_json() for one in self.tallies]
        return stored

    @classmethod
    def from_json(cls, stored: dict[str, object]) -> "State":
        """Read what `to_json` gave; raises InvalidInput where it is something else."""
        match stored:
            case {"last_ms": int() | None as last_ms, "last": int() | float() as last} if isinstance(
                places := stored.get("places"), list
            ) and isinstance(accounted := stored.get("accounted_ms"), int):
                first_ms, tallies = stored.get("first_ms"), stored.get("tallies")
                return cls(
                    last_ms=last_ms,
                    last_value=float(last),
                    accounted_ms=accounted,
                    places=tuple(_place(place) for place in places),
                    first_ms=first_ms if isinstance(first_ms, int) else None,
                    tallies=tuple(Tally.from_json(one) for one in tallies)
                    if isinstance(tallies, list)
                    else (),
                )
        raise InvalidInput("not a stored state of excursions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a rule of a mode other than single carries on.

    `cumulated` is the open excursion of a cumulative rule and `derived` the course of a derived value (mkt,
    rate). `sums`: cumulative: (period, ms beyond the limit); mkt: (hour in ms, twice the known ms, kinetic
    sum). `recent`: the readings that a rate still looks at.
    """

    cumulated: Excursion | None = None
    derived: State = State()
    sums: tuple[tuple[int, ...], ...] = ()
    recent: tuple[tuple[int, float], ...] = ()

    @property
    def place(self) -> Excursion | None:
        """The rule's open excursion."""
        return self.cumulated or next(iter(self.derived.open), None)

    def to_json(self) -> dict[str, object]:
        """Give the tally as plain values; sums as texts, for they may be longer than 64 bits."""
        return {
            "cumulated": _stored(self.cumulated),
            "derived": self.derived.to_json(),
            "sums": [" ".join(map(str, one)) for one in self.sums],
            "recent": [list(one) for one in self.recent],
        }

    @classmethod
    def from_json(cls, stored: object) -> "Tally":
        """Read what `to_json` gave; raises InvalidInput where it is something else."""
        match stored:
            case {"cumulated": cumulated, "derived": dict() as derived, "sums": [*sums], "recent": [*recent]}:
                return cls(
                    cumulated=_place(cumulated),
                    derived=State.from_json(derived),
                    sums=tuple(tuple(map(int, str(one).split())) for one in sums),
                    recent=tuple((int(time_ms), float(value)) for time_ms, value in recent),
                )
        raise InvalidInput("not a stored tally of a rule")


def _stored(place: Excursion | None) -> list[object] | None:
    return None if place is None else [getattr(place, name) for name in _STORED]


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


def _place(stored: object) -> Excursion | None:
    match stored:
        case None:
            return None
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
