"""Tables of alerts: what they are, what lies over them, what is due, what digests tell."""

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, String, Table

from coldchain_backend.sql.tables.columns import DERIVED, id_column, metadata, time_column

alert = Table(
    "alert",
    metadata,
    id_column("id"),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False),
    Column("level", String, nullable=False),
    Column("asset", String),
    Column("point", String),
    Column("sequence", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("paged", Boolean, nullable=False),
    Column("told", LargeBinary, nullable=False),
    time_column("fired_ms"),
    Column("cause_id", String, nullable=False),
    Column("cause", LargeBinary, nullable=False),
    Column("acknowledged_by", String),
    time_column("acknowledged_ms", nullable=True),
    Column("acknowledged_reason", String),
    Column("standing", String, nullable=False, server_default=""),
    Column("zone", String),
    Column("source", String, nullable=False, server_default=""),
    time_column("paged_ms", nullable=True),
    time_column("counted_ms", nullable=True),
    Column("handling", LargeBinary),
    Index("alert_newest", "fired_ms", "id"),
    Index("alert_state", "state", "fired_ms"),
    Index("alert_standing", "standing", "fired_ms"),
    Index("alert_paged", "paged_ms"),
    info=DERIVED,
)

alert_transition = Table(
    "alert_transition",
    metadata,
    id_column("alert"),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    time_column("at_ms"),
    time_column("event_ms"),
    Column("level", String, nullable=False),
    Column("pages", Boolean, nullable=False),
    Column("value", Float),
    Column("by", String),
    Column("reason", String),
    Column("note", String),
    info=DERIVED,
)

alert_due = Table(
    "alert_due",
    metadata,
    id_column("subject"),
    id_column("kind"),
    time_column("due_ms", nullable=True),
    info=DERIVED,
)

alert_mute = Table(
    "alert_mute",
    metadata,
    id_column("id"),
    Column("kind", String, nullable=False),
    time_column("to_ms", nullable=True),
    Column("document", LargeBinary, nullable=False),
    info=DERIVED,
)

alert_memo = Table(
    "alert_memo",
    metadata,
    id_column("name"),
    Column("value", LargeBinary, nullable=False),
    info=DERIVED,
)

digest_entry = Table(
    "digest_entry",
    metadata,
    id_column("receiver"),
    id_column("alert"),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("type", String, nullable=False),
    time_column("at_ms"),
    Column("critical", Boolean, nullable=False),
    Column("digest", String),
    Column("line", String, nullable=False, server_default=""),
    Index("digest_entry_waiting", "receiver", "digest"),
    Index("digest_entry_told", "digest"),
    Index("digest_entry_of_alert", "alert"),
    info=DERIVED,
)
