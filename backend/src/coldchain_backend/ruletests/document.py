"""The shape of a rule-test file, key by key, as people write it; `script` turns a case into records."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from coldchain.errors import InvalidInput
from coldchain.verdicts import Outcome, ReasonKind
from coldchain.words import Text
from coldchain_backend.fleet import ZoneState
from coldchain_backend.fleetfile import FleetDocument, problems
from coldchain_backend.fleetfile.keys import Id, Interval, SensorId, TimeZone
from coldchain_backend.fleetfile.profiles import ProfileEntry
from coldchain_runtime.documents import Duration, Place

MAX_SAMPLES: Final = 200_000
_VALUE = re.compile(
    r"(?P<missing>_)(?:x(?P<gap>[0-9]{1,6}))?"
    r"|(?P<start>-?[0-9]+(?:\.[0-9]+)?)(?:(?P<step>[+-][0-9]+(?:\.[0-9]+)?)?x(?P<times>[0-9]{1,6}))?"
)


def day_of(text: str) -> str:
    """A date, `2026-11-22`."""
    try:
        date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"{text!r} is not a date such as 2026-11-22") from error
    return text


def values_of(text: str) -> tuple[float | None, ...]:
    """Samples in the notation of promtool: `5 5.5 _ 4x3 4+0.5x3 _x10`; `_` is a missing one.

    `axn` is a and n more of it, `a+bxn` goes on by b n times, `_xn` is n missing ones.
    """
    found: list[float | None] = []
    for part in text.split():
        match = _VALUE.fullmatch(part)
        if match is None:
            raise InvalidInput(f"{part!r} is no sample; write 5, -18.5, _, 4x3, 4+0.5x3 or _x10")
        if match["missing"]:
            found += [None] * int(match["gap"] or 1)
        else:
            start, step = float(match["start"]), float(match["step"] or 0)
            found += [round(start + step * number, 6) for number in range(int(match["times"] or 0) + 1)]
        if len(found) > MAX_SAMPLES:
            raise InvalidInput(f"more than {MAX_SAMPLES} samples in one series")
    return tuple(found)


Day = Annotated[str, day_of]
Values = Annotated[tuple[float | None, ...], values_of]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesEntry:
    """What one sensor says: its first instant, then a value every so often.

    `interval`: how often it is expected to speak, where that is not `every`.
    """

    start: str
    every: Interval
    values: Values
    quantity: str = "temperature"
    interval: Interval | None = None
    gateway: str = "gw"


@dataclass(frozen=True, slots=True, kw_only=True)
class LateEntry:
    """A reading measured `at` that arrives later: an instant, or `+2h` behind it."""

    sensor: SensorId
    at: str
    value: float
    arrives: str
    quantity: str = "temperature"


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateEntry:
    """A reading of the series that is said again, in a batch of its own; at once, or when it `arrives`."""

    sensor: SensorId
    at: str
    times: int = 1
    arrives: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.times <= 1000:
            raise InvalidInput("times must lie between 1 and 1000")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventEntry:
    """Something that happens beside the readings; exactly one of its kinds.

    gateway_offline  `10:00-12:00`: its batches wait and arrive at the end, the newest first
    lost             `10:00-10:05`: what was sealed then never arrives; `declared`: when that is declared
    going_down       the gateway says that it goes down in order
    restart_at       the backend is restarted in order
    service_down     `10:00-10:30`: the backend is killed, and started again at the end
    fleet_at         this fleet is in force from here on (`fleet`)
    acknowledge      somebody takes notice of all that fires (`by`, `reason`)
    shelve           `10:00-11:00`: somebody shelves all that goes on, until the end
    receiver_down    `10:00-11:00`: `receiver` takes nothing; after `undelivered_after` its fallback is told
    restored         `10:00-12:00`: the backend is lost at the end and comes back as it was at the beginning;
                     gateways then send again what it had taken since
    """

    gateway_offline: str | None = None
    lost: str | None = None
    declared: str | None = None
    going_down: str | None = None
    restart_at: str | None = None
    service_down: str | None = None
    fleet_at: str | None = None
    fleet: FleetDocument | None = None
    acknowledge: str | None = None
    shelve: str | None = None
    receiver_down: str | None = None
    receiver: str | None = None
    undelivered_after: Interval = 600_000
    restored: str | None = None
    by: str = "somebody"
    reason: str = "seen"
    gateway: str = "gw"

    def __post_init__(self) -> None:
        kinds = (
            self.gateway_offline, self.lost, self.going_down, self.restart_at, self.service_down,
            self.fleet_at, self.acknowledge, self.shelve, self.receiver_down, self.restored,
        )  # fmt: skip
        if sum(kind is not None for kind in kinds) != 1:
            raise InvalidInput(
                "an event is one of: gateway_offline, lost, going_down, restart_at, service_down, fleet_at,"
                " acknowledge, shelve, receiver_down, restored"
            )
        if (self.receiver_down is None) is not (self.receiver is None):
            raise InvalidInput("receiver_down and receiver belong together")
        if (self.fleet_at is None) is not (self.fleet is None):
            raise InvalidInput("fleet_at and fleet belong together")
        if self.declared is not None and self.lost is None:
            raise InvalidInput("only what is lost can be declared")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectEntry:
    """One step of an alert: `excursion.fired`, or `alert.fired` whatever it is about.

    `at` is when it was detected, `event_time` what it is about; what is left out may be anything.
    """

    event: str
    at: str | None = None
    event_time: str | None = None
    level: str | None = None
    sensor: str | None = None
    gateway: str | None = None
    rule: str | None = None
    value: float | None = None
    by: str | None = None
    incomplete: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldEntry:
    """What one receiver is told, in order; `at`: when it hears of each, to the file's tolerance."""

    receiver: str
    types: tuple[str, ...]
    at: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.at and len(self.at) != len(self.types):
            raise InvalidInput("`at` has one instant for each of `types`")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictEntry:
    """The verdict on a zone or a sensor's point over a time; what is left out may be anything.

    `reasons`: their kinds in order. `coverage` is a share, `mkt` and `mean` in °C (to 0.001), `out` the time
    beyond the limit of `rule`. `as_of`: as it was known then.
    """

    time: str
    zone: Id | None = None
    sensor: SensorId | None = None
    profile: str | None = None
    as_of: str | None = None
    outcome: Outcome | None = None
    reasons: tuple[ReasonKind, ...] | None = None
    coverage: float | None = None
    mkt: float | None = None
    mean: float | None = None
    rule: str | None = None
    out: Duration | None = None

    def __post_init__(self) -> None:
        if (self.zone is None) is (self.sensor is None):
            raise InvalidInput("a verdict is asked for a zone or for a sensor")
        if (self.rule is None) is not (self.out is None):
            raise InvalidInput("`rule` and `out` belong together")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEntry:
    """One story: a fleet (or just a profile), readings, what else happens, and what must come of it.

    Without `fleet` there is one cold store with one zone under `profile` and a point for each series.
    `expect` is all that happens, in order; with `complete: false` it is some of it. `told_nobody_else`: who
    is not named in `told` hears nothing. `title` and `about` stand on top of what `rules told` writes.
    """

    name: str
    title: Text | None = None
    about: Text | None = None
    profile: str | None = None
    fleet: FleetDocument | None = None
    series: Mapping[str, SeriesEntry]
    late: tuple[LateEntry, ...] = ()
    duplicates: tuple[DuplicateEntry, ...] = ()
    events: tuple[EventEntry, ...] = ()
    until: str | None = None
    zone_state: ZoneState = ZoneState.IN_USE
    expect: tuple[ExpectEntry, ...] | None = None
    complete: bool = True
    expect_no: tuple[str, ...] = ()
    told: tuple[ToldEntry, ...] = ()
    told_nobody_else: bool = False
    verdicts: tuple[VerdictEntry, ...] = ()

    def __post_init__(self) -> None:
        if (self.fleet is None) is (self.profile is None):
            raise InvalidInput("a case needs either `profile` or `fleet`")
        if not self.series:
            raise InvalidInput("a case needs at least one series")
        expects = self.expect_no or self.told or self.told_nobody_else or self.verdicts
        if self.expect is None and not expects:
            raise InvalidInput("a case expects nothing: give `expect`, `expect_no`, `told` or `verdicts`")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTestFile:
    """Rule tests: stories of readings and what they must lead to.

    `day` and `time_zone` are those of instants written as `10:30`; `transit` is what a batch takes from its
    sealing to its arrival; `tolerance` by how much `at` and `event_time` may differ.
    """

    tests: tuple[CaseEntry, ...]
    profiles: tuple[ProfileEntry, ...] = ()
    time_zone: TimeZone = "UTC"
    day: Day = "2026-01-15"
    transit: Duration = 1_000
    heartbeat: Interval = 30_000
    tolerance: Duration = 2_000


def mistakes(file: RuleTestFile) -> Iterable[tuple[Place, str]]:
    """What does not fit together in a file: fleets that contradict themselves, names that stand twice."""
    names = [case.name for case in file.tests]
    for index, case in enumerate(file.tests):
        if names.index(case.name) != index:
            yield ("tests", index, "name"), f"two tests are called {case.name!r}"
        if case.fleet is not None:
            for place, message in problems(case.fleet):
                yield ("tests", index, "fleet", *place), message
        for number, event in enumerate(case.events):
            for place, message in () if event.fleet is None else problems(event.fleet):
                yield ("tests", index, "events", number, "fleet", *place), message
