"""Judging's memory in the database: everything put between `begin` and `commit` is one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import orjson
from sqlalchemy import Connection, and_, bindparam, case, delete, func, or_, select

from coldchain.excursions import State
from coldchain.readings import Value
from coldchain_backend.fleet import StateEntry, ZoneTest
from coldchain_backend.judging.batches import AHEAD_MS
from coldchain_backend.judging.contracts import (
    ActEntry,
    ConditionState,
    CourseKey,
    FleetRecord,
    GatewayState,
    LocalAlarm,
    Progress,
    Remembered,
    RunState,
    SensorState,
    StoredCourse,
    StoredExcursion,
)
from coldchain_backend.series import Conflict, SeriesStore, compact
from coldchain_backend.sql import rows, schema
from coldchain_backend.sql.alert_books import alert_dues, desk_memory
from coldchain_backend.sql.dialect import add_or_change
from coldchain_backend.sql.pages import of_course
from coldchain_backend.sql.readings import Beside, Readings, Within
from coldchain_backend.sql.revocation_books import RevocationBooks
from coldchain_backend.sql.rows import Row
from coldchain_backend.sql.session import Database, raw

_HOURS, _CASES = schema.course_hour, schema.excursion
_EVER_MS = 1 << 62
_SNAPSHOT = (
    select(_HOURS.c.hour_ms, _HOURS.c.state)
    .where(of_course(_HOURS), _HOURS.c.hour_ms <= bindparam("until_ms"))
    .order_by(_HOURS.c.hour_ms.desc())
    .limit(1)
)
_SNAPSHOTS = select(_HOURS.c.hour_ms, _HOURS.c.state).where(
    of_course(_HOURS), _HOURS.c.hour_ms >= bindparam("begin_ms"), _HOURS.c.hour_ms < bindparam("to_ms")
)
_BEGAN = case(
    (_CASES.c.revision == 1, _CASES.c.opened_ms),
    (_CASES.c.noted_ms == 0, _EVER_MS),
    else_=_CASES.c.noted_ms + AHEAD_MS,
)
"""When an excursion opened at the latest as it was stored first: late readings may have moved it since, and
its id is of that time. None opens further ahead of its record; of the oldest ones the record is not known."""

_NEWEST = select(_CASES.c.point, func.max(_BEGAN)).group_by(_CASES.c.point)
_EXCURSION = select(_CASES).where(_CASES.c.id == bindparam("wanted"))
_EXCURSIONS = select(_CASES).where(
    of_course(_CASES),
    _CASES.c.opened_ms < bindparam("to_ms"),
    or_(_CASES.c.closed_ms.is_(None), _CASES.c.closed_ms >= bindparam("begin_ms")),
    _CASES.c.gone.is_(None),
)


class Books(RevocationBooks):
    """Puts wait in memory, the newest per key, and are written before a read that could miss them."""

    def __init__(self, database: Database) -> None:
        super().__init__(database.judge())
        self._packed = database.judge_series(self._connection)
        one_file = self._packed is self._connection
        self._readings: Readings = Within(self._packed) if one_file else Beside(self._packed)
        self._series = SeriesStore(raw(self._packed))
        self._counts: dict[str, tuple[int, int, str]] = {}
        self._sensors: dict[str, SensorState] = {}

    @property
    def series(self) -> SeriesStore:
        """The series store on this connection."""
        return self._series

    def tidy(self) -> bool:
        """Join scattered blocks of one sensor, in its own transaction; false if there was nothing to do."""
        with self._readings.alone():
            return compact(raw(self._packed), sensors=1) > 0

    def close(self) -> None:
        """Give the connection back; what is not committed is forgotten."""
        self._packed.close()
        self._connection.close()

    def load(self) -> Remembered:
        with self._connection.begin():
            remembered = _load(self._connection)
        self._readings.settle(remembered.progress.offset)
        return remembered

    def begin(self) -> None:
        self._connection.begin()
        try:
            self._readings.begin()
        except BaseException:
            self.rollback()
            raise

    def commit(self, progress: Progress) -> None:
        self._pages.put(
            schema.progress,
            {
                "id": 1,
                "offset": progress.offset,
                "stamp_ms": progress.stamp_ms,
                "started_ms": progress.started_ms,
            },
        )
        self._series.flush()
        for state in self._sensors.values():
            self._pages.put(schema.sensor_state, rows.sensor_row(state))
        self._sensors.clear()
        self.flush_desk()
        self._pages.flush_all()
        self._add_counts()
        self._readings.commit(progress.offset)
        self._connection.commit()

    def rollback(self) -> None:
        self._readings.rollback()
        self._connection.rollback()
        self._series.discard()
        self._pages.clear()
        self.forget_alerts()
        self._counts.clear()
        self._sensors.clear()

    def put_course(self, course: StoredCourse) -> None:
        self._pages.put(schema.course, rows.course_row(course))

    def put_snapshot(self, key: CourseKey, hour_ms: int, state: State) -> None:
        row: Row = {**key._asdict(), "hour_ms": hour_ms, "state": rows.snapshot_blob(state)}
        self._pages.put(schema.course_hour, row)

    def snapshot(self, key: CourseKey, until_ms: int) -> tuple[int, State] | None:
        self._pages.flush("course_hour")
        found = self._connection.execute(_SNAPSHOT, {**key._asdict(), "until_ms": until_ms}).first()
        return None if found is None else (found[0], rows.state_of(found[1]))

    def snapshots(self, key: CourseKey, from_ms: int, to_ms: int) -> Mapping[int, State]:
        self._pages.flush("course_hour")
        span = {**key._asdict(), "begin_ms": from_ms, "to_ms": to_ms}
        return {hour_ms: rows.state_of(blob) for hour_ms, blob in self._connection.execute(_SNAPSHOTS, span)}

    def drop_snapshots(self, key: CourseKey) -> None:
        self._pages.flush("course_hour")
        self._connection.execute(delete(_HOURS).where(of_course(_HOURS)), key._asdict())
        self.drop_accounts(key, 0, _EVER_MS)
        self._pages.flush("account_frontier")
        table = schema.account_frontier
        self._connection.execute(delete(table).where(of_course(table)), key._asdict())

    def put_condition(self, state: ConditionState) -> None:
        self._pages.put(schema.device_condition, rows.condition_row(state))

    def drop_condition(self, state: ConditionState) -> None:
        table = schema.device_condition
        self._pages.flush("device_condition")
        self._connection.execute(
            delete(table).where(table.c.kind == state.kind.value, table.c.subject == state.subject)
        )

    def put_zone_test(self, test: ZoneTest) -> None:
        self._pages.put(schema.zone_test, {**asdict(test), "kind": test.kind.value})

    def put_said(self, entry: StateEntry) -> None:
        self._pages.put(schema.zone_said, rows.said_row(entry))

    def put_excursion(self, excursion: StoredExcursion) -> None:
        row = rows.excursion_row(excursion)
        self._pages.put(schema.excursion, row)
        self._pages.put(schema.excursion_history, row)

    def excursion(self, excursion_id: str) -> StoredExcursion | None:
        waiting = self._pages.waiting(schema.excursion, (excursion_id,))
        if waiting is not None:
            return rows.excursion_of(waiting)
        found = self._connection.execute(_EXCURSION, {"wanted": excursion_id}).mappings().first()
        return None if found is None else rows.excursion_of(found)

    def excursions(self, key: CourseKey, from_ms: int, to_ms: int) -> Sequence[StoredExcursion]:
        self._pages.flush("excursion")
        span = {**key._asdict(), "begin_ms": from_ms, "to_ms": to_ms}
        return [rows.excursion_of(row) for row in self._connection.execute(_EXCURSIONS, span).mappings()]

    def put_sensor(self, sensor: SensorState) -> None:
        self._sensors[sensor.sensor] = sensor

    def put_gateway(self, gateway: GatewayState) -> None:
        self._pages.put(schema.gateway_state, rows.gateway_row(gateway))

    def put_run(self, run: RunState) -> None:
        self._pages.put(schema.gateway_run, rows.run_row(run))

    def put_fleet(self, fleet: FleetRecord) -> None:
        self._pages.put(
            schema.fleet_version,
            {"offset": fleet.offset, "received_ms": fleet.received_ms, "payload": fleet.payload},
        )

    def put_act(self, entry: ActEntry) -> None:
        self._pages.put(schema.act, asdict(entry))

    def replace_readings(
        self,
        times: Mapping[str, frozenset[int]],
        others: Mapping[str, Sequence[tuple[int, Sequence[int], Mapping[str, Sequence[Value]]]]],
    ) -> None:
        with self._readings.alone():
            self._series.replace(times, others)

    def put_conflict(self, conflict: Conflict) -> None:
        row: Row = {
            "sensor": conflict.sensor,
            "time_ms": conflict.time_ms,
            "other": orjson.dumps(conflict.other, option=orjson.OPT_SORT_KEYS),
            "kept": orjson.dumps(conflict.kept, option=orjson.OPT_SORT_KEYS),
        }
        self._pages.put(schema.reading_conflict, row)

    def put_local_alarm(self, alarm: LocalAlarm) -> None:
        self._pages.put(schema.local_alarm, rows.local_alarm_row(alarm))

    def local_alarm(self, point: str, rule: str, gateway: str) -> LocalAlarm | None:
        self._pages.flush("local_alarm")
        table = schema.local_alarm
        wanted = (
            select(table)
            .where(table.c.point == point, table.c.rule == rule, table.c.gateway == gateway)
            .order_by(table.c.opened_ms.desc())
            .limit(1)
        )
        found = self._connection.execute(wanted).mappings().first()
        return None if found is None else rows.local_alarm_of(found)

    def count(self, reason: str, number: int, stamp_ms: int, sample: str) -> None:
        before, _, _ = self._counts.get(reason, (0, 0, ""))
        self._counts[reason] = (before + number, stamp_ms, sample)

    def _add_counts(self) -> None:
        if not self._counts:
            return
        table = schema.unjudged
        counted = add_or_change(
            self._connection,
            table,
            lambda new: {
                "total": table.c.total + new["total"],
                "last_ms": new["last_ms"],
                "sample": new["sample"],
            },
        )
        for reason, (number, stamp_ms, sample) in self._counts.items():
            added = {"reason": reason, "total": number, "last_ms": stamp_ms, "sample": sample}
            self._connection.execute(counted, added)
        self._counts.clear()


def _load(connection: Connection) -> Remembered:
    progress = connection.execute(select(schema.progress)).mappings().first()
    fleets = connection.execute(
        select(schema.fleet_version).order_by(schema.fleet_version.c.offset)
    ).mappings()
    table = schema.excursion
    lasting = and_(table.c.gone.is_(None), or_(table.c.closed_ms.is_(None), table.c.held_ms.is_not(None)))
    return Remembered(
        progress=Progress()
        if progress is None
        else Progress(
            offset=progress["offset"], stamp_ms=progress["stamp_ms"], started_ms=progress["started_ms"]
        ),
        fleets=[FleetRecord(**row) for row in fleets],
        courses=[rows.course_of(row) for row in connection.execute(select(schema.course)).mappings()],
        excursions=[
            rows.excursion_of(row) for row in connection.execute(select(table).where(lasting)).mappings()
        ],
        sensors=[rows.sensor_of(row) for row in connection.execute(select(schema.sensor_state)).mappings()],
        gateways=[
            rows.gateway_of(row) for row in connection.execute(select(schema.gateway_state)).mappings()
        ],
        runs=[rows.run_of(row) for row in connection.execute(select(schema.gateway_run)).mappings()],
        revoked={row[0]: row[1] for row in connection.execute(select(schema.revoked_key))},
        conditions=[
            rows.condition_of(row) for row in connection.execute(select(schema.device_condition)).mappings()
        ],
        folded=dict(
            rows.folded_of(row) for row in connection.execute(select(schema.account_frontier)).mappings()
        ),
        desk=desk_memory(connection),
        alert_dues=alert_dues(connection),
        newest=dict(map(tuple, connection.execute(_NEWEST))),
        said=[
            rows.said_of(row)
            for row in connection.execute(
                select(schema.zone_said).order_by(schema.zone_said.c.number, schema.zone_said.c.from_ms)
            ).mappings()
        ],
    )
