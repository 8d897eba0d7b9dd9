"""Who is told of what, as a fleet declares it: schedules, escalations and routes by name."""

from dataclasses import dataclass
from enum import StrEnum

from coldchain.profiles import Level
from coldchain_backend.fleet.local_times import ScheduledTime


class AlertClass(StrEnum):
    """`ALARM` is about goods and devices, `SYSTEM` about the product itself."""

    ALARM = "alarm"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedTimes:
    """What holds on the days from `first` to `last` (ISO dates, both within) in place of the weekly times.

    `times` begin on those days; their own days of the week do not matter. None of them: the schedule rests.
    """

    first: str
    last: str
    times: tuple[ScheduledTime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSchedule:
    """When something is on, by the clock of an IANA zone; of two exceptions for one day the later counts."""

    name: str
    time_zone: str
    times: tuple[ScheduledTime, ...]
    exceptions: tuple[DatedTimes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Receivers that are told: at any time, or while the schedule of that name is on."""

    receivers: tuple[str, ...]
    schedule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationStep:
    """After `wait_ms` without an acknowledgement `calls` are told, `times` times so far apart.

    Without calls the route's own receivers are told again.
    """

    wait_ms: int
    calls: tuple[Call, ...] = ()
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Who is told next while nobody acknowledges; the steps are gone through 1 + `repeat` times.

    acknowledged_for_ms   an alert that still goes on so long after it was acknowledged is told again
    """

    name: str
    steps: tuple[EscalationStep, ...] = ()
    repeat: int = 0
    acknowledged_for_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a route is for; an empty part means any, but of levels: alarm, and of classes: alarm.

    kinds   of alerts, as in `AlertKind`
    """

    assets: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    asset_kinds: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    levels: tuple[Level, ...] = ()
    kinds: tuple[str, ...] = ()
    classes: tuple[AlertClass, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An alert that matches is told to `calls`; `goes_on`: the routes behind it are looked at, too."""

    name: str
    match: Match = Match()
    calls: tuple[Call, ...]
    escalation: str | None = None
    goes_on: bool = False
