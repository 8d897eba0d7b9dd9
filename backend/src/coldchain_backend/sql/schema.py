"""The tables. Derived ones can be made again from the ledger; kept ones cannot."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, LargeBinary, String, Table, false

from coldchain_backend.sql.tables import DERIVED, KEPT, alerts, columns, mirror, people, series
from coldchain_backend.sql.tables.columns import id_column as _id
from coldchain_backend.sql.tables.columns import time_column as _time

metadata = columns.metadata

progress = Table(
    "progress",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("offset", BigInteger, nullable=False),
    _time("stamp_ms"),
    _time("started_ms"),
    info=DERIVED,
)

fleet_version = Table(
    "fleet_version",
    metadata,
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    _time("received_ms"),
    Column("payload", LargeBinary, nullable=False),
    info=DERIVED,
)

course = Table(
    "course",
    metadata,
    _id("sensor"),
    _time("from_ms", key=True),
    _id("quantity"),
    Column("point", String, nullable=False),
    Column("state", LargeBinary, nullable=False),
    _time("hour_ms", nullable=True),
    _time("late_from_ms", nullable=True),
    _time("late_to_ms", nullable=True),
    _time("late_due_ms", nullable=True),
    info=DERIVED,
)

course_hour = Table(
    "course_hour",
    metadata,
    _id("sensor"),
    _time("from_ms", key=True),
    _id("quantity"),
    _time("hour_ms", key=True),
    Column("state", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
    info=DERIVED,
)


def _told_of_excursion() -> "list[Column[Any]]":
    """What an excursion is, without its identity."""
    return [
        Column("sensor", String, nullable=False),
        _time("from_ms"),
        Column("quantity", String, nullable=False),
        Column("point", String, nullable=False),
        Column("created", BigInteger, nullable=False),
        Column("revision", Integer, nullable=False),
        Column("rule", String, nullable=False),
        _time("opened_ms"),
        _time("closed_ms", nullable=True),
        _time("warning_ms", nullable=True),
        _time("alarm_ms", nullable=True),
        Column("peak", Float, nullable=False),
        _time("peak_ms"),
        Column("out_ms", BigInteger, nullable=False),
        Column("data_gap", Boolean, nullable=False),
        Column("end_value", Float),
        _time("held_ms", nullable=True),
        Column("incomplete", Boolean, nullable=False),
        Column("gone", String),
        Column("into_id", String),
        Column("because", BigInteger),
    ]


account_hour = Table(
    "account_hour",
    metadata,
    _id("sensor"),
    _time("from_ms", key=True),
    _id("quantity"),
    _time("hour_ms", key=True),
    Column("quarters", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
    info=DERIVED,
)

account_day = Table(
    "account_day",
    metadata,
    _id("sensor"),
    _time("from_ms", key=True),
    _id("quantity"),
    _time("day_ms", key=True),
    _time("end_ms"),
    Column("point", String, nullable=False),
    Column("profile", String, nullable=False),
    Column("covered_ms", BigInteger, nullable=False),
    Column("unknown_ms", BigInteger, nullable=False),
    Column("in_ms", BigInteger, nullable=False),
    Column("account", LargeBinary, nullable=False),
    Index(
        "account_day_sums",
        "quantity",
        "day_ms",
        "point",
        "profile",
        "covered_ms",
        "unknown_ms",
        "in_ms",
    ),
    sqlite_with_rowid=False,
    info=DERIVED,
)

account_frontier = Table(
    "account_frontier",
    metadata,
    _id("sensor"),
    _time("from_ms", key=True),
    _id("quantity"),
    _time("folded_ms"),
    Column("holes", LargeBinary, nullable=False),
    info=DERIVED,
)

excursion = Table(
    "excursion",
    metadata,
    _id("id"),
    *_told_of_excursion(),
    Column("noted", BigInteger, nullable=False, server_default="0"),
    Column("noted_ms", BigInteger, nullable=False, server_default="0"),
    Index("excursion_of_course", "sensor", "from_ms", "quantity", "opened_ms"),
    Index("excursion_of_point", "point", "opened_ms"),
    Index("excursion_open", "closed_ms", "held_ms"),
    info=DERIVED,
)

excursion_history = Table(
    "excursion_history",
    metadata,
    _id("id"),
    Column("noted", BigInteger, primary_key=True, autoincrement=False),
    _time("noted_ms"),
    *_told_of_excursion(),
    Index("excursion_history_of_point", "point", "opened_ms"),
    info=DERIVED,
)

zone_said = Table(
    "zone_said",
    metadata,
    _id("zone"),
    _id("source"),
    _time("from_ms", key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("state", String, nullable=False),
    _time("to_ms", nullable=True),
    Column("by", String, nullable=False),
    Column("reason", String),
    Index("zone_said_number", "number"),
    info=DERIVED,
)

zone_test = Table(
    "zone_test",
    metadata,
    _id("zone"),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    _time("at_ms"),
    Column("by", String, nullable=False),
    Column("reason", String, nullable=False),
    info=DERIVED,
)

sensor_state = Table(
    "sensor_state",
    metadata,
    _id("sensor"),
    Column("gateway", String),
    _time("heard_ms", nullable=True),
    _time("last_ms", nullable=True),
    Column("last_values", LargeBinary, nullable=False),
    Column("quality", String, nullable=False),
    _time("silent_since_ms", nullable=True),
    _time("silent_ms", nullable=True),
    info=DERIVED,
)

gateway_state = Table(
    "gateway_state",
    metadata,
    _id("gateway"),
    _time("known_ms"),
    _time("heard_ms", nullable=True),
    _time("returned_ms", nullable=True),
    _time("offline_since_ms", nullable=True),
    _time("offline_ms", nullable=True),
    Column("going_down", Boolean, nullable=False),
    Column("health", LargeBinary, nullable=False),
    _time("health_ms", nullable=True),
    info=DERIVED,
)

gateway_run = Table(
    "gateway_run",
    metadata,
    _id("run"),
    Column("gateway", String, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("newest", BigInteger, nullable=False),
    _time("held_ms", nullable=True),
    Column("above", LargeBinary, nullable=False),
    info=DERIVED,
)

device_condition = Table(
    "device_condition",
    metadata,
    _id("kind"),
    _id("subject"),
    _time("since_ms"),
    Column("level", String),
    _time("told_ms", nullable=True),
    Column("detail", String),
    info=DERIVED,
)

revoked_key = Table("revoked_key", metadata, _id("fingerprint"), _time("from_ms"), info=DERIVED)

revocation = Table(
    "revocation",
    metadata,
    _time("number", key=True),
    Column("key", String, nullable=False),
    _time("from_ms"),
    _time("at_ms"),
    Column("by", String, nullable=False),
    Column("reason", String, nullable=False),
    info=DERIVED,
)

reading_conflict = Table(
    "reading_conflict",
    metadata,
    _id("sensor"),
    _time("time_ms", key=True),
    Column("other", LargeBinary, primary_key=True),
    Column("kept", LargeBinary, nullable=False),
    info=DERIVED,
)

local_alarm = Table(
    "local_alarm",
    metadata,
    _id("point"),
    _id("rule"),
    _id("gateway"),
    _time("opened_ms", key=True),
    _time("ended_ms", nullable=True),
    info=DERIVED,
)

unjudged = Table(
    "unjudged",
    metadata,
    _id("reason"),
    Column("total", BigInteger, nullable=False),
    _time("last_ms"),
    Column("sample", String, nullable=False),
    info=DERIVED,
)

alert, alert_transition, alert_due = alerts.alert, alerts.alert_transition, alerts.alert_due
alert_mute, alert_memo, digest_entry = alerts.alert_mute, alerts.alert_memo, alerts.digest_entry

delivery = Table(
    "delivery",
    metadata,
    _id("id"),
    Column("alert", String, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("receiver", String, nullable=False),
    Column("state", String, nullable=False),
    _time("created_ms"),
    _time("due_ms"),
    _time("leased_until_ms"),
    Column("leased_by", String),
    Column("attempts", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("last_error", String),
    _time("delivered_ms", nullable=True),
    Column("critical", Boolean, nullable=False, server_default=false()),
    Column("reached", String),
    Column("overdue", Boolean, nullable=False, server_default=false()),
    Index("delivery_queue", "state", "receiver", "alert", "sequence"),
    Index("delivery_of_alert", "alert", "sequence"),
    Index("delivery_by_time", "created_ms"),
    info=KEPT,
)

delivery_attempt = Table(
    "delivery_attempt",
    metadata,
    _id("delivery"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    _time("at_ms"),
    Column("outcome", String, nullable=False),
    Column("detail", String, nullable=False),
    Index("delivery_attempt_by_time", "at_ms"),
    info=KEPT,
)

receiver_standing = Table(
    "receiver_standing",
    metadata,
    _id("receiver"),
    Column("settings", String, nullable=False),
    Column("standing", String, nullable=False),
    _time("since_ms"),
    Column("reason", String, nullable=False),
    _time("tested_ms", nullable=True),
    Column("tested_by", String),
    Column("test_arrived", Boolean),
    Column("test_detail", String),
    info=KEPT,
)

person, person_password = people.person, people.person_password
audit, act = people.audit, people.act
series_block, series_summary = series.series_block, series.series_summary
series_sensor, series_mark = series.series_sensor, series.series_mark
mirror_change = mirror.mirror_change
