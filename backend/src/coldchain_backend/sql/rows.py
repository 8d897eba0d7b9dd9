"""Rows ↔ the values that judging and alerts keep."""

import zlib
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import orjson
from sqlalchemy import RowMapping

from coldchain.errors import IntegrityError
from coldchain.excursions import Excursion, State
from coldchain.exposure import Account, total
from coldchain.profiles import Level
from coldchain.readings import Quality
from coldchain_backend.alerts import AlertKind
from coldchain_backend.fleet import StateEntry, StateSource, ZoneState
from coldchain_backend.judging.contracts import (
    AccountDay,
    ConditionState,
    CourseKey,
    Folded,
    GatewayState,
    Gone,
    LocalAlarm,
    RunState,
    SensorState,
    StoredCourse,
    StoredExcursion,
)
from coldchain_backend.judging.views import QuarterSums

Cell: TypeAlias = str | int | float | bool | bytes | None
Row: TypeAlias = dict[str, Cell]

WORTH: Final = 500
"""A state of fewer bytes is kept as it is."""


def state_blob(state: State) -> bytes:
    """A state as it is stored."""
    return orjson.dumps(state.to_json())


def snapshot_blob(state: State) -> bytes:
    """A state at the beginning of an hour as it is stored: deflated where that is worth it."""
    plain = state_blob(state)
    return zlib.compress(plain) if len(plain) > WORTH else plain


def state_of(blob: bytes) -> State:
    """A state from what was stored."""
    return State.from_json(orjson.loads(inflated(blob)))


def inflated(blob: bytes) -> bytes:
    """The JSON inside a blob, which was deflated or was not. Raises IntegrityError for neither."""
    if blob.startswith((b"[", b"{")):
        return blob
    try:
        return zlib.decompress(blob)
    except zlib.error as error:
        raise IntegrityError(
            f"a stored sum or state cannot be read ({error}): `rebuild` makes all again"
        ) from error


def course_row(course: StoredCourse) -> Row:
    """A course as a row."""
    return {
        "sensor": course.key.sensor,
        "from_ms": course.key.from_ms,
        "quantity": course.key.quantity,
        "point": course.point,
        "state": state_blob(course.state),
        "hour_ms": course.hour_ms,
        "late_from_ms": course.late_from_ms,
        "late_to_ms": course.late_to_ms,
        "late_due_ms": course.late_due_ms,
    }


def course_of(row: RowMapping) -> StoredCourse:
    """A course from its row."""
    return StoredCourse(
        key=CourseKey(row["sensor"], row["from_ms"], row["quantity"]),
        point=row["point"],
        state=state_of(row["state"]),
        hour_ms=row["hour_ms"],
        late_from_ms=row["late_from_ms"],
        late_to_ms=row["late_to_ms"],
        late_due_ms=row["late_due_ms"],
    )


def excursion_row(stored: StoredExcursion) -> Row:
    """An excursion as a row."""
    one = stored.excursion
    return {
        "id": stored.id,
        "sensor": stored.key.sensor,
        "from_ms": stored.key.from_ms,
        "quantity": stored.key.quantity,
        "point": stored.point,
        "created": stored.created,
        "revision": stored.revision,
        "rule": one.rule,
        "opened_ms": one.opened_ms,
        "closed_ms": one.closed_ms,
        "warning_ms": one.warning_ms,
        "alarm_ms": one.alarm_ms,
        "peak": one.peak,
        "peak_ms": one.peak_ms,
        "out_ms": one.out_ms,
        "data_gap": one.data_gap,
        "end_value": stored.end_value,
        "held_ms": stored.held_ms,
        "incomplete": stored.incomplete,
        "gone": None if stored.gone is None else stored.gone.value,
        "into_id": stored.into,
        "because": stored.because,
        "noted": stored.noted,
        "noted_ms": stored.noted_ms,
    }


def excursion_of(row: RowMapping | Row) -> StoredExcursion:
    """An excursion from its row."""
    cells: Any = row  # a row that was read, or one that waits: the same names
    return StoredExcursion(
        id=cells["id"],
        key=CourseKey(cells["sensor"], cells["from_ms"], cells["quantity"]),
        point=cells["point"],
        created=cells["created"],
        revision=cells["revision"],
        excursion=Excursion(
            rule=cells["rule"],
            opened_ms=cells["opened_ms"],
            closed_ms=cells["closed_ms"],
            warning_ms=cells["warning_ms"],
            alarm_ms=cells["alarm_ms"],
            peak=cells["peak"],
            peak_ms=cells["peak_ms"],
            out_ms=cells["out_ms"],
            data_gap=cells["data_gap"],
        ),
        end_value=cells["end_value"],
        held_ms=cells["held_ms"],
        incomplete=cells["incomplete"],
        gone=None if cells["gone"] is None else Gone(cells["gone"]),
        into=cells["into_id"],
        because=cells["because"],
        noted=cells["noted"],
        noted_ms=cells["noted_ms"],
    )


def quarters_blob(quarters: Sequence[Account]) -> bytes:
    """The accounts of an hour's quarters as they are stored: deflated, since SQLite gives a row of more than
    a thousand bytes a page for itself."""
    return zlib.compress(orjson.dumps([one.to_json() for one in quarters]))


def quarters_of(blob: bytes) -> list[Account]:
    """The accounts of an hour's quarters from what was stored; of old, plainly."""
    return [Account.from_json(one) for one in orjson.loads(inflated(blob))]


class StoredHour(NamedTuple):
    """The accounts of an hour's quarters as they are stored; they are read when they are asked for."""

    blob: bytes

    def total(self) -> Account:
        """The account of the hour."""
        return total(orjson.loads(inflated(self.blob)))

    def quarters(self) -> list[Account]:
        """The accounts of its quarters."""
        return quarters_of(self.blob)


def quarter_sums_of(blob: bytes) -> list[QuarterSums]:
    """The sums of an hour's quarters, without the rest of their accounts."""
    return [QuarterSums._make(one["sums"][1:4]) for one in orjson.loads(inflated(blob))]


def day_row(day: AccountDay) -> Row:
    """The account of a day as a row; its sums beside it, for questions over many points."""
    return {
        **day.key._asdict(),
        "day_ms": day.day_ms,
        "end_ms": day.end_ms,
        "point": day.point,
        "profile": day.profile,
        "covered_ms": day.account.covered_ms,
        "unknown_ms": day.account.unknown_ms,
        "in_ms": day.account.in_ms,
        "account": orjson.dumps(day.account.to_json()),
    }


def day_of(row: RowMapping) -> AccountDay:
    """The account of a day from its row."""
    return AccountDay(
        key=CourseKey(row["sensor"], row["from_ms"], row["quantity"]),
        day_ms=row["day_ms"],
        end_ms=row["end_ms"],
        point=row["point"],
        profile=row["profile"],
        account=Account.from_json(orjson.loads(row["account"])),
    )


def folded_row(key: CourseKey, folded: Folded) -> Row:
    """How far a course is folded as a row."""
    return {**key._asdict(), "folded_ms": folded.to_ms, "holes": orjson.dumps(folded.holes)}


def folded_of(row: RowMapping) -> tuple[CourseKey, Folded]:
    """How far a course is folded from its row."""
    holes = tuple((int(begin), int(end)) for begin, end in orjson.loads(row["holes"]))
    key = CourseKey(row["sensor"], row["from_ms"], row["quantity"])
    return key, Folded(to_ms=row["folded_ms"], holes=holes)


def condition_row(state: ConditionState) -> Row:
    """A device's condition as a row."""
    return {
        "kind": state.kind.value,
        "subject": state.subject,
        "since_ms": state.since_ms,
        "level": None if state.level is None else state.level.value,
        "told_ms": state.told_ms,
        "detail": state.detail,
    }


def condition_of(row: RowMapping) -> ConditionState:
    """A device's condition from its row."""
    level = row["level"]
    return ConditionState(
        **{**row, "kind": AlertKind(row["kind"]), "level": None if level is None else Level(level)}
    )


def said_row(entry: StateEntry) -> Row:
    """A statement about a zone as a row."""
    return {
        "zone": entry.zone,
        "source": entry.source.value,
        "from_ms": entry.from_ms,
        "number": entry.number,
        "state": entry.state.value,
        "to_ms": entry.to_ms,
        "by": entry.by,
        "reason": entry.reason,
    }


def said_of(row: RowMapping) -> StateEntry:
    """A statement about a zone from its row."""
    return StateEntry(**{**row, "source": StateSource(row["source"]), "state": ZoneState(row["state"])})


def sensor_row(state: SensorState) -> Row:
    """What is known of a sensor as a row."""
    return {
        "sensor": state.sensor,
        "gateway": state.gateway,
        "heard_ms": state.heard_ms,
        "last_ms": state.last_ms,
        "last_values": orjson.dumps(state.values),
        "quality": state.quality.value,
        "silent_since_ms": state.silent_since_ms,
        "silent_ms": state.silent_ms,
    }


def sensor_of(row: RowMapping) -> SensorState:
    """What is known of a sensor from its row."""
    return SensorState(
        sensor=row["sensor"],
        gateway=row["gateway"],
        heard_ms=row["heard_ms"],
        last_ms=row["last_ms"],
        values=orjson.loads(row["last_values"]),
        quality=Quality(row["quality"]),
        silent_since_ms=row["silent_since_ms"],
        silent_ms=row["silent_ms"],
    )


def gateway_row(state: GatewayState) -> Row:
    """What is known of a gateway as a row."""
    return {
        "gateway": state.gateway,
        "known_ms": state.known_ms,
        "heard_ms": state.heard_ms,
        "returned_ms": state.returned_ms,
        "offline_since_ms": state.offline_since_ms,
        "offline_ms": state.offline_ms,
        "going_down": state.going_down,
        "health": orjson.dumps(state.health),
        "health_ms": state.health_ms,
    }


def gateway_of(row: RowMapping) -> GatewayState:
    """What is known of a gateway from its row."""
    return GatewayState(**{**row, "health": orjson.loads(row["health"])})


def run_row(run: RunState) -> Row:
    """A run as a row."""
    return {
        "run": run.run,
        "gateway": run.gateway,
        "held": run.held,
        "newest": run.newest,
        "held_ms": run.held_ms,
        "above": orjson.dumps(run.above),
    }


def run_of(row: RowMapping) -> RunState:
    """A run from its row."""
    above = tuple((int(first), int(last)) for first, last in orjson.loads(row["above"]))
    return RunState(**{**row, "above": above})


def local_alarm_row(alarm: LocalAlarm) -> Row:
    """A local alarm as a row."""
    return {
        "point": alarm.point,
        "rule": alarm.rule,
        "gateway": alarm.gateway,
        "opened_ms": alarm.opened_ms,
        "ended_ms": alarm.ended_ms,
    }


def local_alarm_of(row: RowMapping) -> LocalAlarm:
    """A local alarm from its row."""
    return LocalAlarm(**row)
