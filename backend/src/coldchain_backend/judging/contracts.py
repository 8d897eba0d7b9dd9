"""What judging remembers, and where: values kept between records, and the port that keeps them.

Everything between `begin` and `commit` is one transaction, with the offset that was read up to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

from coldchain.excursions import Excursion, State
from coldchain.exposure import Account
from coldchain.profiles import Level
from coldchain.readings import Quality, Value
from coldchain_backend.alerts import AlertKind, DeskBook, DueName
from coldchain_backend.alerts import Remembered as DeskRemembered
from coldchain_backend.fleet import StateEntry, ZoneTest
from coldchain_backend.judging.revocations import Revocation
from coldchain_backend.ledger import Record
from coldchain_backend.series import Conflict, SeriesStore

HOUR_MS = 3_600_000


class CourseKey(NamedTuple):
    """One quantity of one sensor from the instant on at which it came to stand where it stands."""

    sensor: str
    from_ms: int
    quantity: str


class Gone(StrEnum):
    """Why an excursion no longer is one."""

    WITHDRAWN = "withdrawn"
    MERGED = "merged"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredExcursion:
    """An excursion under its lasting id.

    created      place in the order in which the log brought them forth
    end_value    the reading that closed it
    held_ms      closed, but the gateway has holes: the alert's end waits at most until this stamp
    incomplete   that waiting ended without the holes being filled
    into         the excursion that it is now part of
    because      the ledger record of a fleet version or an act that made this revision; None: readings did
    noted        the ledger record with which it became as it is, and the stamp of then
    """

    id: str
    key: CourseKey
    point: str
    created: int
    excursion: Excursion
    revision: int = 1
    end_value: float | None = None
    held_ms: int | None = None
    incomplete: bool = False
    gone: Gone | None = None
    into: str | None = None
    because: int | None = None
    noted: int = 0
    noted_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCourse:
    """How far a course has come. `state` follows from readings alone.

    hour_ms      the hour of its last reading; a snapshot stands at its beginning
    late_*       late readings between these instants wait to be judged at the stamp late_due_ms
    """

    key: CourseKey
    point: str
    state: State
    hour_ms: int | None = None
    late_from_ms: int | None = None
    late_to_ms: int | None = None
    late_due_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """How far the roll-ups of a course have come, in full hours; `holes` below wait to be folded again."""

    to_ms: int = 0
    holes: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDay:
    """The account of the local day [day_ms, end_ms) of a course, as far as it was in use; by its profile."""

    key: CourseKey
    day_ms: int
    end_ms: int
    point: str
    profile: str
    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorState:
    """What is known of a sensor: `heard_ms` is the log's stamp, `last_ms` event time.

    silent_since_ms   it is silent since its last reading of this instant, and that was told at `silent_ms`
    """

    sensor: str
    gateway: str | None = None
    heard_ms: int | None = None
    last_ms: int | None = None
    values: Mapping[str, Value] = field(default_factory=dict)
    quality: Quality = Quality.GOOD
    silent_since_ms: int | None = None
    silent_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayState:
    """What is known of a gateway, all in stamps of the log.

    known_ms      since when it is expected
    returned_ms   when it was heard again after being quiet
    offline_ms    when its absence was told
    going_down    it said that it goes down in order
    health        the fields of its last health line
    """

    gateway: str
    known_ms: int
    heard_ms: int | None = None
    returned_ms: int | None = None
    offline_since_ms: int | None = None
    offline_ms: int | None = None
    going_down: bool = False
    health: Mapping[str, float | int | bool | str] = field(default_factory=dict)
    health_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """The sequence of one run: `held` is the highest number below which nothing is missing.

    held_ms   the newest event time in the batch of that number
    """

    run: str
    gateway: str
    held: int = 0
    newest: int = 0
    held_ms: int | None = None
    above: tuple[tuple[int, int], ...] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing below the newest number is missing."""
        return self.held >= self.newest


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionState:
    """A condition of a device that goes on: `subject` is a sensor or gateway, `since_ms` event time.

    level    how loud it was told, None: not yet; `told_ms` is the log's stamp of then
    detail   its figure in a few signs, without words
    """

    kind: AlertKind
    subject: str
    since_ms: int
    level: Level | None = None
    told_ms: int | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetRecord:
    """A fleet version as the ledger brought it."""

    offset: int
    received_ms: int
    payload: bytes

    @classmethod
    def of(cls, record: Record) -> "FleetRecord":
        """The version that a record holds."""
        return cls(offset=record.offset, received_ms=record.received_ms, payload=record.payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActEntry:
    """A record of the ledger that changed something on purpose; `at_ms` is its stamp."""

    offset: int
    at_ms: int
    by: str
    what: str
    subject: str
    why: str = ""
    old: str | None = None
    new: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalAlarm:
    """An alarm that a gateway gave by itself; noted beside the alert of the same point, rule and time."""

    point: str
    rule: str
    gateway: str
    opened_ms: int
    ended_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the log was read: offset and stamp of the last record, and the last start mark."""

    offset: int = 0
    stamp_ms: int = 0
    started_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """All that judging needs to go on.

    `newest`: by when all excursions of a point had opened as they were stored first. None of them has the
    id of a later opening, whatever late readings made of it since.
    """

    progress: Progress
    fleets: Sequence[FleetRecord]
    courses: Sequence[StoredCourse]
    excursions: Sequence[StoredExcursion]
    sensors: Sequence[SensorState]
    gateways: Sequence[GatewayState]
    runs: Sequence[RunState]
    revoked: Mapping[str, int]
    said: Sequence[StateEntry] = ()
    conditions: Sequence[ConditionState] = ()
    folded: Mapping[CourseKey, Folded] = field(default_factory=dict)
    desk: DeskRemembered = field(default_factory=DeskRemembered)
    alert_dues: Sequence[tuple[str, DueName, int]] = ()
    newest: Mapping[str, int] = field(default_factory=dict)


class Memory(DeskBook, Protocol):
    """Keeps what judging remembers. Reads see what was put before, also within the transaction."""

    @property
    def series(self) -> SeriesStore:
        """The series store on the same connection."""
        ...

    def load(self) -> Remembered:
        """Everything as of the last commit; excursions are those that are open or held."""
        ...

    def begin(self) -> None:
        """Begin a transaction."""
        ...

    def commit(self, progress: Progress) -> None:
        """Make everything since `begin` durable, together with how far the log was read."""
        ...

    def rollback(self) -> None:
        """Forget everything since `begin`."""
        ...

    def put_alert_due(self, subject: str, kind: DueName, due_ms: int | None) -> None:
        """Keep a due time of an alert, of what is muted, or of a receiver; None: it is not due any more."""
        ...

    def put_course(self, course: StoredCourse) -> None:
        """Keep the newest state of a course."""
        ...

    def put_snapshot(self, key: CourseKey, hour_ms: int, state: State) -> None:
        """Keep the state before the first reading of an hour."""
        ...

    def snapshot(self, key: CourseKey, until_ms: int) -> tuple[int, State] | None:
        """The last snapshot at or before an instant."""
        ...

    def drop_snapshots(self, key: CourseKey) -> None:
        """Forget snapshots and accounts of a course: it is judged by other rules, or no longer."""
        ...

    def snapshots(self, key: CourseKey, from_ms: int, to_ms: int) -> Mapping[int, State]:
        """Snapshots of from_ms ≤ hour < to_ms."""
        ...

    def put_excursion(self, excursion: StoredExcursion) -> None:
        """Keep the newest version of an excursion."""
        ...

    def excursion(self, excursion_id: str) -> StoredExcursion | None:
        """An excursion by its id, also one that is gone."""
        ...

    def excursions(self, key: CourseKey, from_ms: int, to_ms: int) -> Sequence[StoredExcursion]:
        """Excursions of a course that are not gone: opened before to_ms, closed at from_ms or later."""
        ...

    def put_sensor(self, sensor: SensorState) -> None:
        """Keep what is known of a sensor."""
        ...

    def put_gateway(self, gateway: GatewayState) -> None:
        """Keep what is known of a gateway."""
        ...

    def put_run(self, run: RunState) -> None:
        """Keep the sequence of a run."""
        ...

    def put_fleet(self, fleet: FleetRecord) -> None:
        """Keep a fleet version."""
        ...

    def put_act(self, entry: ActEntry) -> None:
        """Keep what the audit says of an act or a fleet version; the same again changes nothing."""
        ...

    def put_hour(self, key: CourseKey, hour_ms: int, quarters: Sequence[Account]) -> None:
        """Keep the accounts of the four quarters of an hour."""
        ...

    def hours(self, key: CourseKey, from_ms: int, to_ms: int) -> Mapping[int, Sequence[Account]]:
        """The quarters of from_ms ≤ hour < to_ms, by hour; hours that are not folded are missing."""
        ...

    def put_day(self, day: AccountDay) -> None:
        """Keep the account of a local day."""
        ...

    def put_folded(self, key: CourseKey, folded: Folded) -> None:
        """Keep how far the roll-ups of a course have come."""
        ...

    def drop_accounts(self, key: CourseKey, from_ms: int, to_ms: int) -> None:
        """Forget the hours of from_ms ≤ hour < to_ms, and the days that reach into that time."""
        ...

    def put_said(self, entry: StateEntry) -> None:
        """Keep a statement about a zone's state; the same again changes nothing."""
        ...

    def put_zone_test(self, test: ZoneTest) -> None:
        """Keep a test that was recorded; the same again changes nothing."""
        ...

    def put_condition(self, state: ConditionState) -> None:
        """Keep the newest state of a device's condition."""
        ...

    def drop_condition(self, state: ConditionState) -> None:
        """Forget a condition that is over."""
        ...

    def put_revoked(self, key: str, from_ms: int | None) -> None:
        """Remember from which stamp on a key is revoked; None: it no longer is."""
        ...

    def put_revocation(self, act: Revocation) -> None:
        """Keep an act that revokes a key; the same again changes nothing."""
        ...

    def replace_readings(
        self,
        times: Mapping[str, frozenset[int]],
        others: Mapping[str, Sequence[tuple[int, Sequence[int], Mapping[str, Sequence[Value]]]]],
    ) -> None:
        """Take readings of some instants out of the series and put others in, in a transaction of its own
        outside the one of a commit; doing it again changes nothing."""
        ...

    def put_conflict(self, conflict: Conflict) -> None:
        """Keep a named conflict; the same again changes nothing."""
        ...

    def put_local_alarm(self, alarm: LocalAlarm) -> None:
        """Keep the newest version of a local alarm."""
        ...

    def local_alarm(self, point: str, rule: str, gateway: str) -> LocalAlarm | None:
        """The newest local alarm of a point and rule from a gateway."""
        ...

    def count(self, reason: str, number: int, stamp_ms: int, sample: str) -> None:
        """Count what was kept but not judged, by reason, with the newest sample."""
        ...
