"""The database: opened, checked against what this version knows, and its connections."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from coldchain.errors import IntegrityError, Unavailable
from coldchain_backend.sql.formats import check_format, older_format, stored_format, upgrade

BUSY_S: Final = 30.0
_PRIMARY: Final = 0xFF  # of an extended result code, https://sqlite.org/rescode.html
_PASSING: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
    }
)
"""What may be otherwise the next time: nothing is wrong with the question or the file."""
DATABASE_FILE: Final = "coldchain.sqlite"
"""The name of the database in the data folder."""


class Database:
    """One SQLite file in WAL mode, synchronous FULL: `write` begins immediately, `read` sees one snapshot."""

    def __init__(self, path: Path) -> None:
        self.place = str(path)
        self._writing = _engine(path, "BEGIN IMMEDIATE")
        self._reading = _engine(path, "BEGIN")

    def write(self) -> Connection:
        """A connection whose transactions are the only ones that write."""
        return self._writing.connect()

    def read(self) -> Connection:
        """A connection for reading; from any thread, one thread at a time."""
        return self._reading.connect()

    def judge(self) -> Connection:
        """The connection of the one who writes what is derived."""
        return self.write()

    def judge_series(self, judging: Connection) -> Connection:
        """The connection to readings of the one who has `judging`: the same where one file holds both."""
        return judging

    def write_series(self) -> Connection:
        """A connection whose transactions are the only ones that write readings."""
        return self.write()

    def series(self) -> Connection:
        """A connection for reading readings, on one snapshot of them."""
        return self.read()

    def close(self) -> None:
        """Close all connections that were given back."""
        self._writing.dispose()
        self._reading.dispose()


def open_database(path: Path) -> Database:
    """Open or make the database.

    Raises Refused for one that a newer or older version wrote, IntegrityError for a damaged one, Unavailable
    where it cannot be opened now.
    """
    database = Database(path)
    try:
        check_version(database)
    except OperationalError as error:
        database.close()
        raise Unavailable(f"{path}: {error.orig}") from error
    except DatabaseError as error:
        database.close()
        raise IntegrityError(
            f"{path}: {error.orig}; move it aside, and `rebuild` makes it again from the ledger"
        ) from error
    except BaseException:
        database.close()
        raise
    return database


def raw(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection below, for the series store."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise Unavailable("the series store needs SQLite")
    return driver


def _engine(path: Path, begin: str) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"check_same_thread": False, "timeout": BUSY_S},
        poolclass=QueuePool,
        pool_size=8,
        max_overflow=24,
    )

    def prepare(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        del entry
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-32768"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        connection.isolation_level = None

    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    def unavailable(context: ExceptionContext) -> Unavailable | None:
        fault = context.original_exception
        code: int = getattr(fault, "sqlite_errorcode", sqlite3.SQLITE_OK)
        return Unavailable(f"{path}: {fault}") if code & _PRIMARY in _PASSING else None

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", start)
    event.listen(engine, "handle_error", unavailable)
    return engine


def migrate(path: Path) -> tuple[str, Path] | None:
    """Bring an older database to this version's format, after a copy of it was made beside.

    Gives the format it had and the copy; None where there is nothing to do. Nobody may have it open. Raises
    Refused for one that a newer version wrote, Unavailable where there is none.
    """
    if not path.is_file():
        raise Unavailable(f"{path}: no database here")
    database = Database(path)
    try:
        with database.read() as connection:
            found = older_format(connection, database.place)
        if found is None:
            return None
        copy = path.with_name(f"{path.name}.format-{found}")
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        with database.write() as connection:
            upgrade(connection)
            connection.commit()
    finally:
        database.close()
    return found, copy


def check_version(database: Database) -> None:
    """Make the tables in an empty place. Raises Refused for a format that is not this version's."""
    with database.judge() as connection:
        empty = not connection.dialect.has_table(connection, "progress")
        if empty and stored_format(connection) is None:
            upgrade(connection)
            connection.commit()
            return
        check_format(connection, database.place)
