"""Words that both databases understand: each does on SQLite what it says, and PostgreSQL is told the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, create_engine, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import make_url

from coldchain_backend.sql.arrays import of_arrays
from coldchain_backend.sql.dialect import add_or_change, add_or_keep, add_or_replace, greatest, put_rows

POSTGRESQL = make_url("postgresql+psycopg://").get_dialect()()
metadata = MetaData()
COUNTS = Table(
    "counts",
    metadata,
    Column("offset", String, primary_key=True),
    Column("total", Integer, nullable=False),
    Column("by", String, nullable=False),
)
NAMES = Table("names", metadata, Column("name", String, primary_key=True))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{tmp_path / 'words.sqlite'}")
    metadata.create_all(engine)
    with engine.connect() as connection:
        connection.execute(add_or_keep(connection, COUNTS), {"offset": "a", "total": 1, "by": "me"})
        yield connection
    engine.dispose()


def counts(connection: Connection) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.execute(select(COUNTS).order_by(COUNTS.c.offset))]


def test_rows_reach_the_driver_whatever_the_order_of_their_columns(connection: Connection) -> None:
    rows = [{"by": "you", "offset": "a", "total": 7}, {"by": "they", "offset": "b", "total": 2}]
    put_rows(connection, add_or_replace(connection, COUNTS), rows)
    put_rows(connection, add_or_keep(connection, COUNTS), [{"offset": "b", "total": 9, "by": "me"}])
    put_rows(connection, add_or_keep(connection, NAMES), [{"name": "x"}, {"name": "x"}])
    assert counts(connection) == [("a", 7, "you"), ("b", 2, "they")]
    assert connection.execute(select(NAMES)).all() == [("x",)]


def test_a_row_that_is_there_is_replaced(connection: Connection) -> None:
    rows = [{"offset": "a", "total": 7, "by": "you"}, {"offset": "b", "total": 2, "by": "you"}]
    connection.execute(add_or_replace(connection, COUNTS), rows)
    assert counts(connection) == [("a", 7, "you"), ("b", 2, "you")]


def test_a_row_that_is_there_stays(connection: Connection) -> None:
    rows = [{"offset": "a", "total": 7, "by": "you"}, {"offset": "b", "total": 2, "by": "you"}]
    connection.execute(add_or_keep(connection, COUNTS), rows)
    assert counts(connection) == [("a", 1, "me"), ("b", 2, "you")]


def test_a_row_that_is_there_is_changed_by_what_was_to_be_added(connection: Connection) -> None:
    counted = add_or_change(connection, COUNTS, lambda new: {"total": COUNTS.c.total + new["total"]})
    for _ in range(2):
        connection.execute(counted, {"offset": "a", "total": 5, "by": "you"})
    connection.execute(counted, {"offset": "b", "total": 5, "by": "you"})
    assert counts(connection) == [("a", 11, "me"), ("b", 5, "you")]


def test_a_table_of_keys_alone_has_nothing_to_replace(connection: Connection) -> None:
    for _ in range(2):
        connection.execute(add_or_replace(connection, NAMES), {"name": "a"})
    assert connection.execute(select(NAMES.c.name)).scalars().all() == ["a"]


@pytest.mark.parametrize(("left", "right", "largest"), [(1, 2, 2), (3, 2, 3), (4, 4, 4)])
def test_the_greatest_of_two_columns(connection: Connection, left: int, right: int, largest: int) -> None:
    connection.execute(add_or_replace(connection, COUNTS), {"offset": "a", "total": left, "by": "me"})
    found = connection.execute(select(greatest(COUNTS.c.total, COUNTS.c.total - left + right)))
    assert found.scalar() == largest


def test_rows_are_locked_only_where_a_database_can(connection: Connection) -> None:
    wanted = select(COUNTS).with_for_update(skip_locked=True, of=COUNTS)
    assert str(wanted.compile(dialect=POSTGRESQL)).endswith("FOR UPDATE OF counts SKIP LOCKED")
    assert connection.execute(wanted).all() == [("a", 1, "me")]


def test_postgresql_is_told_the_same_with_its_own_words_quoted() -> None:
    text = str(select(greatest(COUNTS.c.total, COUNTS.c.total), COUNTS.c.offset).compile(
        dialect=POSTGRESQL
    ))  # fmt: skip
    assert text.startswith('SELECT greatest(counts.total, counts.total) AS greatest_1, counts."offset"')


def test_many_rows_reach_postgresql_as_an_array_for_each_column() -> None:
    kept = postgresql.insert(COUNTS).on_conflict_do_nothing()
    told = of_arrays(POSTGRESQL, kept, ("by", "offset", "total"))
    assert "unnest(CAST(%(by)s::VARCHAR AS VARCHAR[])" in told
    assert "CAST(%(total)s::VARCHAR AS INTEGER[])" in told
    assert "ON CONFLICT" in told
