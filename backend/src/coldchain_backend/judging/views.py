"""Answers as values: what can be asked of judging, and the port through which it is read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol, TypeAlias

from coldchain.exposure import Account
from coldchain.profiles import Level
from coldchain.readings import Quality, Value
from coldchain.spans import Span
from coldchain_backend.alerts import Alert, AlertKind, AlertState, Life, Mute, Queued, Transition
from coldchain_backend.fleet import StateEntry, ZoneTest
from coldchain_backend.judging.contracts import (
    AccountDay,
    CourseKey,
    FleetRecord,
    Folded,
    GatewayState,
    LocalAlarm,
    Progress,
    RunState,
    SensorState,
    StoredCourse,
    StoredExcursion,
)
from coldchain_backend.judging.revocations import Revocation
from coldchain_backend.series import SeriesReading, Summary


class Condition(StrEnum):
    """How a point stands. `PENDING`: out of limits, no level reached yet."""

    IN_LIMITS = "in_limits"
    PENDING = "pending"
    WARNING = "warning"
    ALARM = "alarm"
    UNKNOWN = "unknown"
    NOT_JUDGED = "not_judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointStatus:
    """A point now. Times are event time, ms UTC.

    stale_after_ms       a newest reading older than this says nothing about now
    unknown_since_ms     nothing is known from here on, whatever the condition says
    catching_up_to_ms    batches are missing; up to here everything is known
    excursion            the worst one that is open
    """

    point_id: str
    sensor: str | None
    condition: Condition
    condition_since_ms: int | None = None
    time_ms: int | None = None
    values: Mapping[str, Value]
    quality: Quality | None = None
    stale_after_ms: int
    unknown_since_ms: int | None = None
    catching_up: bool = False
    catching_up_to_ms: int | None = None
    excursion: StoredExcursion | None = None
    alert_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All points in the order of the fleet file, as of `made_ms`; judged up to the ledger's `offset`."""

    made_ms: int
    offset: int
    judged_to_ms: int
    points: tuple[PointStatus, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Readings of start_ms ≤ time < end_ms, summed up."""

    start_ms: int
    end_ms: int
    low: float
    high: float
    mean: float
    last: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A quantity over time: buckets that have readings, and the gaps (unknown time) between readings."""

    buckets: tuple[Bucket, ...]
    gaps: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """How the telling of one step to one receiver went."""

    id: str
    sequence: int
    receiver: str
    state: str
    attempts: int
    last_error: str | None
    created_ms: int
    due_ms: int
    delivered_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    """One attempt of a delivery: number from 1, when, what became of it and why."""

    delivery: str
    number: int
    at_ms: int
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertStory:
    """An alert with everything that happened to it; `attempts` are those of its deliveries, by time."""

    alert: Alert
    steps: tuple[Transition, ...]
    deliveries: tuple[DeliveryView, ...]
    local_alarms: tuple[LocalAlarm, ...]
    attempts: tuple[AttemptView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the board is made of, from one snapshot of the database."""

    progress: Progress
    sensors: Mapping[str, SensorState]
    courses: Sequence[StoredCourse]
    open: Sequence[StoredExcursion]
    runs: Sequence[RunState]


class DaySums(NamedTuple):
    """Of one point under one profile (`name@version`): how many local days, and their sums in ms."""

    point: str
    profile: str
    days: int
    covered_ms: int
    unknown_ms: int
    in_ms: int


class QuarterSums(NamedTuple):
    """Of a quarter of an hour of a course, ms."""

    covered_ms: int
    unknown_ms: int
    in_ms: int


QuartersByHour: TypeAlias = Mapping[int, Sequence[QuarterSums]]
"""The four quarters of hours, by the hour's beginning."""


class FoldedHour(Protocol):
    """A folded hour; it is read when it is asked for."""

    def total(self) -> Account:
        """Its account."""
        ...

    def quarters(self) -> Sequence[Account]:
        """The accounts of its quarters."""
        ...


class FoldedCells(NamedTuple):
    """What is folded of a course in a time: hours, local days; and how far folding has come."""

    hours: dict[int, FoldedHour]
    days: list[AccountDay]
    folded: Folded


class AlertOrder(StrEnum):
    """In which order alerts are wanted; `LEVEL`: alarms first, of them what goes on, the newest first."""

    NEWEST = "newest"
    OLDEST = "oldest"
    LEVEL = "level"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFilter:
    """Which alerts are wanted; None: any.

    state    as it is shown: what lies over an alert hides what is below
    open     only those whose condition goes on; listed: those that a person still has to do with
    from_ms  only those that fired at or behind this stamp; to_ms: before it
    q        a part of an id; `places` are assets, zones and points whose names have it
    """

    state: AlertState | None = None
    open: bool = False
    listed: bool = False
    level: Level | None = None
    asset: str | None = None
    zone: str | None = None
    kind: AlertKind | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    q: str | None = None
    places: frozenset[str] = frozenset()
    order: AlertOrder = AlertOrder.NEWEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many alerts and deliveries there are.

    alerts       by what they stand as (suppressed and shelved ones too) and level
    deliveries   by state; attempts: by outcome
    queued       by receiver; oldest_ms: when the oldest of them was queued, ms UTC
    dead         dead letters by receiver
    for_digests  tellings that wait for the next digest
    """

    alerts: Mapping[tuple[str, str], int]
    deliveries: Mapping[str, int]
    attempts: Mapping[str, int]
    queued: Mapping[str, int]
    oldest_ms: int | None
    dead: Mapping[str, int]
    for_digests: int


class Recall(Protocol):
    """Reads what judging committed, on connections of its own; from any thread."""

    def progress(self) -> Progress:
        """How far the log was judged."""
        ...

    def fleets(self, after: int) -> Sequence[FleetRecord]:
        """Fleet versions behind an offset."""
        ...

    def said(self, after: int) -> Sequence[StateEntry]:
        """What was said about the states of zones, by records behind an offset."""
        ...

    def facts(self) -> Facts:
        """What the board is made of."""
        ...

    def zone_tests(self, zone: str) -> Sequence[ZoneTest]:
        """Tests that were recorded of a zone, oldest first."""
        ...

    def gateways(self) -> Sequence[GatewayState]:
        """What is known of gateways."""
        ...

    def page(self, sensor: str, from_ms: int, to_ms: int, limit: int) -> Sequence[SeriesReading]:
        """Winning readings by time."""
        ...

    def overview(self, sensor: str, quantity: str, from_ms: int, to_ms: int) -> Summary:
        """One quantity summed up in five minutes, those at the edges cut."""
        ...

    def samples(self, sensor: str, quantity: str, from_ms: int, to_ms: int) -> Sequence[tuple[int, float]]:
        """(time, value) of one quantity by time."""
        ...

    def graded(
        self, sensor: str, quantity: str, from_ms: int, to_ms: int
    ) -> tuple[Sequence[tuple[int, float]], Sequence[int]]:
        """(time, value) of one quantity by time, and the rank of each reading."""
        ...

    def folded_courses(self) -> Sequence[CourseKey]:
        """The courses that have roll-ups."""
        ...

    def hours(self, key: CourseKey, from_ms: int, to_ms: int) -> Mapping[int, Sequence[Account]]:
        """The folded quarters of from_ms ≤ hour < to_ms of a course, by hour."""
        ...

    def days(self, key: CourseKey, from_ms: int, to_ms: int) -> Sequence[AccountDay]:
        """The folded local days of from_ms ≤ day < to_ms of a course, by time."""
        ...

    def folded_cells(
        self, keys: Sequence[CourseKey], hours_ms: Span, days_ms: Span
    ) -> Mapping[CourseKey, FoldedCells]:
        """Folded hours and local days of courses that begin in times, and how far they are folded."""
        ...

    def day_sums(self, quantity: str, from_ms: int, to_ms: int) -> Sequence[DaySums]:
        """The sums of folded local days that lie in a time, by point and profile."""
        ...

    def quarter_sums(self, asked: Sequence[tuple[CourseKey, int, int]]) -> Sequence[QuartersByHour]:
        """For each course and from_ms ≤ hour < to_ms the sums of its folded quarters."""
        ...

    def excursions(
        self, points: Collection[str] | None, from_ms: int, to_ms: int, after: str | None, limit: int
    ) -> Sequence[StoredExcursion]:
        """Excursions that are not gone and overlap a time, newest first, behind the one named `after`."""
        ...

    def excursions_as_of(  # noqa: PLR0913, PLR0917 - a question has this many sides
        self,
        points: Collection[str] | None,
        from_ms: int,
        to_ms: int,
        number: int,
        after: str | None,
        limit: int,
    ) -> Sequence[StoredExcursion]:
        """The same, as they stood when the ledger had so many records."""
        ...

    def history(self, excursion: str) -> Sequence[StoredExcursion]:
        """Every state in which an excursion was kept, oldest first."""
        ...

    def alerts(self, wanted: AlertFilter, after: str | None, limit: int) -> Sequence[Alert]:
        """Alerts, newest first, behind the one named `after`."""
        ...

    def alert_counts(self, wanted: AlertFilter) -> Mapping[AlertState, int]:
        """How many alerts are wanted, by the state that is shown."""
        ...

    def lives(self, from_ms: int, to_ms: int, limit: int) -> Sequence[Life]:
        """The lives of alerts that were on, or people were called for, in a time; at most so many."""
        ...

    def undelivered(self, from_ms: int, to_ms: int) -> Mapping[str, Mapping[str, int]]:
        """How many deliveries that were queued in a time have not arrived: by receiver, by state."""
        ...

    def told_of_open(self, limit: int) -> Sequence[tuple[str, str]]:
        """Ids of alerts whose condition goes on, newest first, each with a receiver that was told of it.

        Those that a group's message tells of stand there by the id of that delivery, too.
        """
        ...

    def told_in(self, delivery: str) -> Sequence[Alert]:
        """The alerts of which a delivery tells, in the order in which they came into it."""
        ...

    def queued(self) -> Sequence[Queued]:
        """Every alert that goes on, with the receivers that have a telling of it; one snapshot."""
        ...

    def mutes(self) -> Sequence[Mute]:
        """What is muted or will be, by id."""
        ...

    def story(self, alert_id: str) -> AlertStory | None:
        """One alert with its steps and deliveries."""
        ...

    def revocations(self) -> Sequence[Revocation]:
        """Acts that revoked keys, in the order of the log."""
        ...

    def unjudged(self) -> Mapping[str, int]:
        """How much was kept but not judged, by reason."""
        ...

    def counts(self) -> Counts:
        """How many alerts and deliveries there are."""
        ...
