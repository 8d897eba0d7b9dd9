"""Tables of packed readings, in the state's own file or in one beside it."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table

from coldchain_backend.sql.tables.columns import DERIVED, id_column, metadata, time_column

series_block = Table(
    "series_block",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sensor", String, nullable=False),
    time_column("first_ms"),
    time_column("last_ms"),
    Column("count", Integer, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("layout", String, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("series_block_of_sensor", "sensor", "first_ms"),
    info=DERIVED,
)

series_summary = Table(
    "series_summary",
    metadata,
    Column("block", Integer, primary_key=True),
    Column("quantity", String, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    info=DERIVED,
)

series_sensor = Table(
    "series_sensor",
    metadata,
    id_column("sensor"),
    Column("longest_ms", BigInteger, nullable=False),
    Column("small", Integer, nullable=False),
    info=DERIVED,
)

series_mark = Table(
    "series_mark",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ends", BigInteger, nullable=False),
    Column("began", BigInteger, nullable=False),
    Column("block", BigInteger, nullable=False),
    info=DERIVED,
)
