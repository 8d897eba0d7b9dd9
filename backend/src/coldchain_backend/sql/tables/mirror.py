"""The table that serves the mirror."""

from sqlalchemy import BigInteger, Column, LargeBinary, Table

from coldchain_backend.sql.tables.columns import MIRRORED, metadata

mirror_change = Table(
    "mirror_change",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
    info=MIRRORED,
)
