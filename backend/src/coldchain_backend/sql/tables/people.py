"""Tables of people and of the audit of what is kept."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table

from coldchain_backend.sql.tables.columns import DERIVED, KEPT, id_column, metadata, time_column

person = Table(
    "person",
    metadata,
    id_column("id"),
    Column("name_en", String, nullable=False),
    Column("name_zh", String, nullable=False),
    Column("language", String, nullable=False),
    Column("email", String, nullable=False),
    Column("mobile", String, nullable=False),
    Column("phone", String, nullable=False),
    Column("role", String),
    Column("disabled", Boolean, nullable=False),
    info=KEPT,
)

person_password = Table(
    "person_password",
    metadata,
    id_column("person"),
    Column("hash", String, nullable=False),
    time_column("set_ms"),
    info=KEPT,
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    time_column("at_ms"),
    Column("by", String, nullable=False),
    Column("what", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("why", String, nullable=False),
    Column("old", String),
    Column("new", String),
    Index("audit_time", "at_ms", "id"),
    info=KEPT,
)

act = Table(
    "act",
    metadata,
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    time_column("at_ms"),
    Column("by", String, nullable=False),
    Column("what", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("why", String, nullable=False),
    Column("old", String),
    Column("new", String),
    Index("act_time", "at_ms", "offset"),
    info=DERIVED,
)
"""Acts and fleet versions of the ledger, as the audit lists them."""
