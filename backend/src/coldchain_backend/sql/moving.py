"""Whole states moved between places: a server's copied into one file, a file's taken onto a server.

A copy has the format of a state that stands in a file, so a backup of either is restored to either.
"""

import sqlite3
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Table, delete, func, insert, select, text

from coldchain.errors import Refused, Unavailable
from coldchain_backend.sql import schema
from coldchain_backend.sql.dialect import add_or_replace, is_postgresql
from coldchain_backend.sql.formats import older_format, upgrade
from coldchain_backend.sql.place import Place
from coldchain_backend.sql.session import DATABASE_FILE, Database, migrate, open_database, raw

BEFORE: Final = "_before"
REBUILT: Final = "_rebuild"
MOVED: Final = f"{DATABASE_FILE}.before-postgresql"
_SERIES: Final = frozenset({"series_block", "series_summary", "series_sensor", "series_mark"})
_AT_ONCE: Final = 1000
_TRIES: Final = 100
_PAUSE_S: Final = 0.05


def write_copy(place: Place, target: Path) -> None:
    """Copy a server's state and its readings, both as of one commit, into a file; also beside who judges.

    Raises Unavailable where the server cannot be reached.
    """
    with place.looked_into() as database, database.read() as state, database.series() as readings:
        _at_one_commit(database, state, readings)
        with closing(sqlite3.connect(target)) as file:
            raw(readings).backup(file)
        copy = Database(target)
        with copy.write() as connection, connection.begin():
            _copy_tables(state, connection)
        with copy.write() as connection:
            raw(connection).execute("PRAGMA wal_checkpoint(TRUNCATE)")
        copy.close()


def take_in(place: Place) -> Path:
    """Take the state that stands in the data folder's file onto the server; where the file is kept.

    Raises Refused where the server's schema holds something already.
    """
    file = place.data_dir / DATABASE_FILE
    with place.moving() as database, database.read() as connection:
        if _holds_something(connection):
            raise Refused(f"{database.place} holds a state already; the one in {file} was left as it is")
    _load(place, file)
    return file.rename(place.data_dir / MOVED)


def put_in_place(place: Place, file: Path) -> None:
    """Put a rebuilt state in place of a server's; the old schema stays beside, named with `_before`."""
    with tempfile.TemporaryDirectory(prefix="rebuilt-", dir=place.data_dir) as folder:
        beside = replace(place, data_dir=Path(folder), schema=place.schema + REBUILT)
        with place.moving() as database, database.judge() as judge:
            with judge.begin():
                _execute(judge, "DROP SCHEMA IF EXISTS {} CASCADE", beside.schema)
            _load(beside, file)
            with judge.begin():
                _execute(judge, "DROP SCHEMA IF EXISTS {} CASCADE", place.schema + BEFORE)
                _execute(judge, "ALTER SCHEMA {} RENAME TO {}", place.schema, place.schema + BEFORE)
                _execute(judge, "ALTER SCHEMA {} RENAME TO {}", beside.schema, place.schema)
        beside.file.replace(place.file)


def migrate_server(place: Place) -> tuple[str, str] | None:
    """Bring an older state on the server to this version's format, after its tables were copied beside.

    Gives the format it had and the schema of the copy; None where there is nothing to do. Raises Refused for
    one that a newer version wrote or that another backend has.
    """
    if place.file.is_file():
        migrate(place.file)
    database = place.on_server()
    try:
        with database.judge() as connection, connection.begin():
            found = older_format(connection, database.place)
            if found is None:
                return None
            copy = f"{place.schema}_format_{found}"
            keep_beside(connection, place.schema, copy)
            upgrade(connection)
    finally:
        database.close()
    return found, copy


def keep_beside(connection: Connection, old: str, kept: str) -> None:
    """Copy every table of a schema, with its rows, into another that is made for it."""
    _execute(connection, "DROP SCHEMA IF EXISTS {} CASCADE", kept)
    _execute(connection, "CREATE SCHEMA {}", kept)
    names = text("SELECT tablename FROM pg_tables WHERE schemaname = :schema")
    for name in connection.execute(names, {"schema": old}).scalars().all():
        _execute(connection, "CREATE TABLE {}.{} AS TABLE {}.{}", kept, name, old, name)


def _at_one_commit(database: Database, state: Connection, readings: Connection) -> None:
    """Begin both snapshots between two commits: while the readings are held, none can begin."""
    for _ in range(_TRIES):
        with database.write_series() as gate, gate.begin():
            state.begin()
            offset = state.execute(select(schema.progress.c.offset)).scalar() or 0
            ends = gate.execute(select(schema.series_mark.c.ends)).scalar() or 0
            if offset == ends:
                readings.begin()
                readings.execute(select(func.count()).select_from(schema.series_mark)).scalar()
                return
            state.rollback()
        time.sleep(_PAUSE_S)
    raise Unavailable("state and readings were not at one record; is a backend starting?")


def _load(place: Place, file: Path) -> None:
    """A file's tables into an empty schema, its readings into the file beside."""
    for ending in ("", "-wal", "-shm"):
        place.file.with_name(place.file.name + ending).unlink(missing_ok=True)
    source = open_database(file)
    try:
        with source.read() as old, closing(sqlite3.connect(place.file)) as readings:
            raw(old).backup(readings)
        with place.moving() as database, source.read() as old, old.begin():
            with database.write_series() as series, series.begin():
                _leave_readings(series)
            with database.judge() as new, new.begin():
                _copy_tables(old, new)
            with database.series() as series:
                raw(series).execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        source.close()


def _leave_readings(series: Connection) -> None:
    """Forget all but readings, and say up to which record they go."""
    offset: int = series.execute(select(schema.progress.c.offset)).scalar() or 0
    block = series.execute(select(func.coalesce(func.max(schema.series_block.c.id), 0))).scalar_one()
    for table in _state_tables():
        series.execute(delete(table))
    mark = {"id": 1, "ends": offset, "began": offset, "block": block}
    series.execute(add_or_replace(series, schema.series_mark), mark)


def _copy_tables(old: Connection, new: Connection) -> None:
    for table in _state_tables():
        new.execute(delete(table))
        for some in old.execute(select(table)).mappings().partitions(_AT_ONCE):
            new.execute(insert(table), [dict(row) for row in some])
        if is_postgresql(new):
            _count_on(new, table)


def _count_on(connection: Connection, table: Table) -> None:
    """Let numbers that the server gives go on behind those that were taken over."""
    number = table.autoincrement_column
    if number is None or number.server_default is not None:
        return
    behind = select(func.coalesce(func.max(number), 0) + 1).scalar_subquery()
    named = connection.execute(select(func.pg_get_serial_sequence(table.name, number.name))).scalar()
    if named is not None:
        connection.execute(select(func.setval(named, behind, False)))  # noqa: FBT003 - SQL's own


def _holds_something(connection: Connection) -> bool:
    return any(
        connection.execute(select(func.count()).select_from(table)).scalar()
        for table in (schema.progress, schema.person, schema.delivery)
    )


def _state_tables() -> Sequence[Table]:
    return [table for table in schema.metadata.sorted_tables if table.name not in _SERIES]


def _execute(connection: Connection, statement: str, *names: str) -> None:
    """A statement about things whose names are quoted into it."""
    quoted = connection.dialect.identifier_preparer.quote_identifier
    connection.execute(text(statement.format(*map(quoted, names))))
