"""Entries of a fleet file about who is told: schedules, escalations, routes."""

import re
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import WithJsonSchema

from coldchain.errors import InvalidInput
from coldchain.profiles import Level
from coldchain_backend.alerts import AlertKind
from coldchain_backend.alerts.routing import DEFAULT, rungs_of
from coldchain_backend.fleet import (
    AlertClass,
    AssetKind,
    Call,
    DatedTimes,
    Escalation,
    EscalationStep,
    Match,
    NamedSchedule,
    Route,
    ScheduledTime,
)
from coldchain_backend.fleetfile.keys import Id, Interval, TimeZone
from coldchain_backend.fleetfile.zone_entries import MAX_TIMES, TimeOfDay, calendar_date, scheduled_time

MAX_EXCEPTIONS: Final = 200
MAX_TELLINGS: Final = 100
MAX_TIMES_TOLD: Final = 20
LONGEST_EXCEPTION_DAYS: Final = 366
_DATES = re.compile(r"([0-9-]{10})(?:\.\.([0-9-]{10}))?")
_YEARS = range(2000, 2200)


def dates(text: str) -> tuple[str, str]:
    """A day `2026-10-01`, or the days `2026-10-01..2026-10-07`, both ends within."""
    found = _DATES.fullmatch(text.strip())
    if found is None:
        raise InvalidInput(f"{text!r} is not a day 2026-10-01 or days 2026-10-01..2026-10-07")
    first = calendar_date(found[1])
    last = first if found[2] is None else calendar_date(found[2])
    if last < first or (last - first).days > LONGEST_EXCEPTION_DAYS:
        raise InvalidInput(f"{text!r}: the last day lies before the first, or more than a year behind it")
    if first.year not in _YEARS or last.year not in _YEARS:
        raise InvalidInput(f"{text!r} lies outside the years {_YEARS[0]} to {_YEARS[-1]}")
    return first.isoformat(), last.isoformat()


def time_span(text: str) -> ScheduledTime:
    """A time of day without days of the week: `09:00-17:00`, `22:00-06:00`."""
    return scheduled_time(f"daily {text.strip()}")


Dates = Annotated[
    tuple[str, str],
    dates,
    WithJsonSchema({"type": "string", "examples": ["2026-10-01", "2026-10-01..2026-10-07"]}),
]
TimeSpan = Annotated[
    ScheduledTime, time_span, WithJsonSchema({"type": "string", "examples": ["09:00-17:00", "22:00-06:00"]})
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionEntry:
    """Days on which other times hold than every week; without `times` the schedule is off on them."""

    date: Dates
    times: tuple[TimeSpan, ...] = ()

    def __post_init__(self) -> None:
        if len(self.times) > MAX_TIMES:
            raise InvalidInput(f"a day has at most {MAX_TIMES} times")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedScheduleEntry:
    """When somebody is on call, or a window is open, by the clock of an IANA zone.

    A time belongs to the day on which it begins, also over midnight; its end is outside.
    """

    name: Id
    time_zone: TimeZone
    times: tuple[TimeOfDay, ...] = ()
    exceptions: tuple[ExceptionEntry, ...] = ()

    def __post_init__(self) -> None:
        if len(self.times) > MAX_TIMES or len(self.exceptions) > MAX_EXCEPTIONS:
            raise InvalidInput(f"a schedule has at most {MAX_TIMES} times and {MAX_EXCEPTIONS} exceptions")
        if not self.times and not any(one.times for one in self.exceptions):
            raise InvalidInput("a schedule that is never on; give it `times` or exceptions with `times`")

    def schedule(self) -> NamedSchedule:
        """The schedule as the fleet holds it."""
        exceptions = tuple(
            DatedTimes(first=one.date[0], last=one.date[1], times=one.times) for one in self.exceptions
        )
        return NamedSchedule(
            name=self.name, time_zone=self.time_zone, times=self.times, exceptions=exceptions
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCallEntry:
    """Receivers that are told while a schedule is on."""

    schedule: str
    notify: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.notify:
            raise InvalidInput("needs at least one receiver in `notify`")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEntry:
    """After `wait` without an acknowledgement tell `notify`, and of `on_call` whoever is; `times` times.

    Without either the route's own receivers are told again.
    """

    wait: Interval
    notify: tuple[str, ...] = ()
    on_call: tuple[OnCallEntry, ...] = ()
    times: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.times <= MAX_TIMES_TOLD:
            raise InvalidInput(f"`times` is 1 to {MAX_TIMES_TOLD}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationEntry:
    """Who is told next while nobody acknowledges; the steps are gone through once and `repeat` times again.

    `acknowledged_for`: an alert that still goes on so long after it was acknowledged is told again.
    """

    name: Id
    steps: tuple[StepEntry, ...] = ()
    repeat: int = 0
    acknowledged_for: Interval | None = None

    def __post_init__(self) -> None:
        if not self.steps and self.acknowledged_for is None:
            raise InvalidInput("an escalation has `steps`, or at least `acknowledged_for`")
        if not 0 <= self.repeat <= MAX_TIMES_TOLD:
            raise InvalidInput(f"`repeat` is 0 to {MAX_TIMES_TOLD}")
        if len(rungs_of(self.escalation())) > MAX_TELLINGS:
            raise InvalidInput(f"tells more than {MAX_TELLINGS} times; that is no longer heard")

    def escalation(self) -> Escalation:
        """The escalation as the fleet holds it."""
        steps = tuple(
            EscalationStep(wait_ms=one.wait, calls=calls_of(one.notify, one.on_call), times=one.times)
            for one in self.steps
        )
        return Escalation(
            name=self.name, steps=steps, repeat=self.repeat, acknowledged_for_ms=self.acknowledged_for
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchEntry:
    """What a route is for: all keys that are given must fit; `levels` and `classes` are `alarm` if not given.

    People hear of warnings only where a route names the level `warning`.
    """

    assets: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    asset_kinds: tuple[AssetKind, ...] = ()
    profiles: tuple[str, ...] = ()
    levels: tuple[Level, ...] = ()
    kinds: tuple[AlertKind, ...] = ()
    classes: tuple[AlertClass, ...] = ()

    def match(self) -> Match:
        """The same as the fleet holds it."""
        return Match(
            assets=self.assets,
            zones=self.zones,
            asset_kinds=tuple(one.value for one in self.asset_kinds),
            profiles=self.profiles,
            levels=self.levels,
            kinds=tuple(one.value for one in self.kinds),
            classes=self.classes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultRouteEntry:
    """Who is told of alarms that match no route, or of whose route nobody is on call."""

    notify: tuple[str, ...] = ()
    on_call: tuple[OnCallEntry, ...] = ()
    escalation: str | None = None

    def __post_init__(self) -> None:
        if not self.notify and not self.on_call:
            raise InvalidInput("a route tells somebody: `notify`, `on_call`, or both")

    def route(self) -> Route:
        """The route as the fleet holds it."""
        return Route(name=DEFAULT, calls=calls_of(self.notify, self.on_call), escalation=self.escalation)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteEntry:
    """Alerts that match are told to `notify`, and of `on_call` to whoever is; routes are tried in order.

    `then: continue`: the routes behind it are tried, too.
    """

    name: Id
    match: MatchEntry = MatchEntry()
    notify: tuple[str, ...] = ()
    on_call: tuple[OnCallEntry, ...] = ()
    escalation: str | None = None
    then: Literal["stop", "continue"] = "stop"

    def __post_init__(self) -> None:
        if not self.notify and not self.on_call:
            raise InvalidInput("a route tells somebody: `notify`, `on_call`, or both")
        if self.name == DEFAULT:
            raise InvalidInput(f"`{DEFAULT}` is the name of the default route")

    def route(self) -> Route:
        """The route as the fleet holds it."""
        return Route(
            name=self.name,
            match=self.match.match(),
            calls=calls_of(self.notify, self.on_call),
            escalation=self.escalation,
            goes_on=self.then == "continue",
        )


def calls_of(notify: tuple[str, ...], on_call: tuple[OnCallEntry, ...]) -> tuple[Call, ...]:
    """Receivers told at any time first, then those of schedules."""
    always = (Call(receivers=notify),) if notify else ()
    return (*always, *(Call(receivers=one.notify, schedule=one.schedule) for one in on_call))
