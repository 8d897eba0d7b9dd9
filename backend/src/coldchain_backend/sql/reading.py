"""Reads what judging, alerts and delivery committed, each question on one snapshot."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, and_, func, or_, select, tuple_

from coldchain.exposure import Account
from coldchain.spans import Span
from coldchain_backend.alerts import Alert, AlertState, Life, Mute, Queued
from coldchain_backend.fleet import StateEntry, TestKind, ZoneTest
from coldchain_backend.judging.batches import WORST_RANK
from coldchain_backend.judging.contracts import (
    AccountDay,
    CourseKey,
    FleetRecord,
    GatewayState,
    LocalAlarm,
    Progress,
    StoredExcursion,
)
from coldchain_backend.judging.revocations import Revocation
from coldchain_backend.judging.views import (
    AlertFilter,
    AlertStory,
    AttemptView,
    Counts,
    DaySums,
    DeliveryView,
    Facts,
    FoldedCells,
    QuartersByHour,
)
from coldchain_backend.series import SeriesReading, SeriesStore, Summary, graded, overview
from coldchain_backend.sql import alert_figures, alert_rows, rows, schema
from coldchain_backend.sql.account_books import account_hours, day_sums, folded_cells, quarter_sums
from coldchain_backend.sql.alert_pages import alert_page, queued_of
from coldchain_backend.sql.counts import counted
from coldchain_backend.sql.excursion_pages import Page, history, standing, stood
from coldchain_backend.sql.pages import of_course
from coldchain_backend.sql.session import Database, raw
from coldchain_backend.sql.told import tells_of, told_in, told_of_open


class Records:
    """Fills the port of judging's answers; from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def progress(self) -> Progress:
        with self._database.read() as connection:
            return _progress(connection)

    def fleets(self, after: int) -> Sequence[FleetRecord]:
        table = schema.fleet_version
        with self._database.read() as connection:
            wanted = select(table).where(table.c.offset > after).order_by(table.c.offset)
            return [FleetRecord(**row) for row in connection.execute(wanted).mappings()]

    def said(self, after: int) -> Sequence[StateEntry]:
        table = schema.zone_said
        with self._database.read() as connection:
            wanted = select(table).where(table.c.number > after).order_by(table.c.number, table.c.from_ms)
            return [rows.said_of(row) for row in connection.execute(wanted).mappings()]

    def facts(self) -> Facts:
        with self._database.read() as connection:
            return _facts(connection)

    def zone_tests(self, zone: str) -> Sequence[ZoneTest]:
        table = schema.zone_test
        with self._database.read() as connection:
            wanted = select(table).where(table.c.zone == zone).order_by(table.c.number)
            found = connection.execute(wanted).mappings()
            return [ZoneTest(**{**row, "kind": TestKind(row["kind"])}) for row in found]

    def gateways(self) -> Sequence[GatewayState]:
        with self._database.read() as connection:
            return list(map(rows.gateway_of, connection.execute(select(schema.gateway_state)).mappings()))

    def page(self, sensor: str, from_ms: int, to_ms: int, limit: int) -> Sequence[SeriesReading]:
        with self._database.series() as connection:
            return SeriesStore(raw(connection)).page(sensor, from_ms, to_ms, limit)

    def overview(self, sensor: str, quantity: str, from_ms: int, to_ms: int) -> Summary:
        with self._database.series() as connection:
            store = SeriesStore(raw(connection))
            return overview(store, sensor, quantity, (from_ms, to_ms), worst_rank=WORST_RANK)

    def samples(self, sensor: str, quantity: str, from_ms: int, to_ms: int) -> Sequence[tuple[int, float]]:
        with self._database.series() as connection:
            store = SeriesStore(raw(connection))
            return store.samples(sensor, quantity, from_ms, to_ms, worst_rank=WORST_RANK)[0]

    def graded(
        self, sensor: str, quantity: str, from_ms: int, to_ms: int
    ) -> tuple[Sequence[tuple[int, float]], Sequence[int]]:
        with self._database.series() as connection:
            store = SeriesStore(raw(connection))
            return graded(store, sensor, quantity, from_ms, to_ms, worst_rank=WORST_RANK)

    def folded_courses(self) -> Sequence[CourseKey]:
        table = schema.account_frontier
        with self._database.read() as connection:
            wanted = select(table.c.sensor, table.c.from_ms, table.c.quantity)
            return [CourseKey(*row) for row in connection.execute(wanted.order_by(*table.primary_key))]

    def folded_hours(self) -> int:
        """How many hours are folded."""
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(schema.account_hour)).scalar() or 0

    def hours(self, key: CourseKey, from_ms: int, to_ms: int) -> Mapping[int, Sequence[Account]]:
        with self._database.read() as connection:
            return account_hours(connection, key, from_ms, to_ms)

    def days(self, key: CourseKey, from_ms: int, to_ms: int) -> Sequence[AccountDay]:
        table = schema.account_day
        wanted = select(table).where(of_course(table), table.c.day_ms >= from_ms, table.c.day_ms < to_ms)
        with self._database.read() as connection:
            found = connection.execute(wanted.order_by(table.c.day_ms), key._asdict()).mappings()
            return [rows.day_of(row) for row in found]

    def folded_cells(
        self, keys: Sequence[CourseKey], hours_ms: Span, days_ms: Span
    ) -> Mapping[CourseKey, FoldedCells]:
        with self._database.read() as connection:
            return folded_cells(connection, keys, hours_ms, days_ms)

    def day_sums(self, quantity: str, from_ms: int, to_ms: int) -> Sequence[DaySums]:
        with self._database.read() as connection:
            return day_sums(connection, quantity, from_ms, to_ms)

    def quarter_sums(self, asked: Sequence[tuple[CourseKey, int, int]]) -> Sequence[QuartersByHour]:
        with self._database.read() as connection:
            return quarter_sums(connection, asked)

    def excursions(
        self, points: Collection[str] | None, from_ms: int, to_ms: int, after: str | None, limit: int
    ) -> Sequence[StoredExcursion]:
        page = Page(points=points, from_ms=from_ms, to_ms=to_ms, after=after, limit=limit)
        with self._database.read() as connection:
            return standing(connection, page)

    def excursions_as_of(  # noqa: PLR0913, PLR0917 - a question has this many sides
        self,
        points: Collection[str] | None,
        from_ms: int,
        to_ms: int,
        number: int,
        after: str | None,
        limit: int,
    ) -> Sequence[StoredExcursion]:
        page = Page(points=points, from_ms=from_ms, to_ms=to_ms, after=after, limit=limit)
        with self._database.read() as connection:
            return stood(connection, page, number)

    def history(self, excursion: str) -> Sequence[StoredExcursion]:
        with self._database.read() as connection:
            return history(connection, excursion)

    def alerts(self, wanted: AlertFilter, after: str | None, limit: int) -> Sequence[Alert]:
        with self._database.read() as connection:
            return alert_page(connection, wanted, after, limit)

    def alert_counts(self, wanted: AlertFilter) -> Mapping[AlertState, int]:
        with self._database.read() as connection:
            return alert_figures.alert_counts(connection, wanted)

    def lives(self, from_ms: int, to_ms: int, limit: int) -> Sequence[Life]:
        with self._database.read() as connection:
            return alert_figures.lives(connection, from_ms, to_ms, limit)

    def undelivered(self, from_ms: int, to_ms: int) -> Mapping[str, Mapping[str, int]]:
        with self._database.read() as connection:
            return alert_figures.undelivered(connection, from_ms, to_ms)

    def queued(self) -> Sequence[Queued]:
        with self._database.read() as connection:
            return queued_of(connection)

    def mutes(self) -> Sequence[Mute]:
        table = schema.alert_mute
        with self._database.read() as connection:
            found = connection.execute(select(table).order_by(table.c.id)).mappings()
            return [alert_rows.mute_of(row) for row in found]

    def told_of_open(self, limit: int) -> Sequence[tuple[str, str]]:
        with self._database.read() as connection:
            return told_of_open(connection, limit)

    def told_in(self, delivery: str) -> Sequence[Alert]:
        with self._database.read() as connection:
            return told_in(connection, delivery)

    def story(self, alert_id: str) -> AlertStory | None:
        steps, queue = schema.alert_transition, schema.delivery
        with self._database.read() as connection:
            asked = select(schema.alert).where(schema.alert.c.id == alert_id)
            found = connection.execute(asked).mappings().first()
            if found is None:
                return None
            alert = alert_rows.alert_of(found)
            taken = connection.execute(
                select(steps).where(steps.c.alert == alert_id).order_by(steps.c.sequence)
            ).mappings()
            told = connection.execute(
                select(*(queue.c[name] for name in DeliveryView.__slots__))
                .where(tells_of(alert_id))
                .order_by(queue.c.created_ms, queue.c.sequence, queue.c.receiver)
            ).mappings()
            return AlertStory(
                alert=alert,
                steps=tuple(alert_rows.transition_of(row) for row in taken),
                deliveries=tuple(DeliveryView(**row) for row in told),
                local_alarms=tuple(_local_alarms(connection, alert)),
                attempts=tuple(_attempts(connection, alert_id)),
            )

    def counts(self) -> Counts:
        with self._database.read() as connection:
            return counted(connection)

    def revocations(self) -> Sequence[Revocation]:
        wanted = select(schema.revocation).order_by(schema.revocation.c.number)
        with self._database.read() as connection:
            acts = [Revocation(**row) for row in connection.execute(wanted).mappings()]
            older = connection.execute(select(schema.revoked_key)).all()
        named = {act.key for act in acts}
        unnamed = [
            Revocation(number=0, key=key, from_ms=from_ms, at_ms=from_ms, by="", reason="")
            for key, from_ms in older
            if key not in named
        ]
        return [*unnamed, *acts]

    def unjudged(self) -> Mapping[str, int]:
        wanted = select(schema.unjudged.c.reason, schema.unjudged.c.total)
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(wanted)}


def _facts(connection: Connection) -> Facts:
    table = schema.excursion
    going_on = select(table).where(table.c.closed_ms.is_(None), table.c.gone.is_(None))
    sensors = [rows.sensor_of(row) for row in connection.execute(select(schema.sensor_state)).mappings()]
    excursions = [rows.excursion_of(row) for row in connection.execute(going_on).mappings()]
    wanted = {one.key for one in excursions}
    key = tuple_(schema.course.c.sensor, schema.course.c.from_ms, schema.course.c.quantity)
    courses = connection.execute(select(schema.course).where(key.in_(wanted))).mappings() if wanted else ()
    return Facts(
        progress=_progress(connection),
        sensors={sensor.sensor: sensor for sensor in sensors},
        courses=[rows.course_of(row) for row in courses],
        open=excursions,
        runs=[rows.run_of(row) for row in connection.execute(select(schema.gateway_run)).mappings()],
    )


def _progress(connection: Connection) -> Progress:
    row = connection.execute(select(schema.progress)).mappings().first()
    if row is None:
        return Progress()
    return Progress(offset=row["offset"], stamp_ms=row["stamp_ms"], started_ms=row["started_ms"])


def _attempts(connection: Connection, alert_id: str) -> list[AttemptView]:
    table, queue = schema.delivery_attempt, schema.delivery
    asked = (
        select(table)
        .join(queue, queue.c.id == table.c.delivery)
        .where(tells_of(alert_id))
        .order_by(table.c.at_ms, table.c.number)
    )
    return [AttemptView(**row) for row in connection.execute(asked).mappings()]


def _local_alarms(connection: Connection, alert: Alert) -> list[LocalAlarm]:
    """Local alarms of the same point and rule whose time overlaps the alert's."""
    table, cause = schema.local_alarm, alert.cause
    wanted = select(table).where(
        table.c.point == cause.subject.point,
        table.c.rule == cause.rule,
        or_(table.c.ended_ms.is_(None), table.c.ended_ms >= cause.opened_ms),
    )
    if cause.end is not None:
        wanted = wanted.where(and_(table.c.opened_ms <= cause.end.event_ms))
    return [rows.local_alarm_of(row) for row in connection.execute(wanted).mappings()]
