"""The outbox's file: opened checked, written in durable transactions, its SQL named in queries.sql."""

import re
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from .contract import CorruptOutbox, NewerOutbox, OutboxFull

# A folder of an installation; importlib.resources would cost half a megabyte of memory.
SQL: Final = Path(__file__).parent
APPLICATION_ID: Final = 0x63633162  # "cc1b"
FORMAT_VERSION: Final = 3
# A file up to this size is read through at start; larger ones are checked by structure only (start <= 1 s).
QUICK_CHECK_BYTES: Final = 48 * 1024 * 1024
# A commit writes whole pages, most of which hold next to nothing new (ADR 0131).
PAGE_BYTES: Final = 1024
# The write-ahead journal is emptied into the file when it has grown to this.
JOURNAL_BYTES: Final = 4 * 1024 * 1024
# Packet ids whose digests stand in one row, and the bytes of one; the files rest on both.
SHELF: Final = 16
DIGEST_BYTES: Final = 8
# So many rows one statement puts in at most; each number of them is a statement of its own to SQLite.
ROWS_TOGETHER: Final = 32
Scalar = int | str | bytes | None
Row = tuple[Scalar, ...]
Named = dict[str, Scalar]


@cache
def queries() -> dict[str, str]:
    """Every statement of queries.sql by its name."""
    text = SQL.joinpath("queries.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], (part.strip() for part in parts[1::2]), strict=True))


def integer(value: Scalar) -> int:
    """A column that the schema declares INTEGER NOT NULL."""
    if not isinstance(value, int):
        raise CorruptOutbox(f"integer column holds {value!r}")
    return value


def optional_integer(value: Scalar) -> int | None:
    """A column that the schema declares INTEGER."""
    return None if value is None else integer(value)


def blob(row: Row | None) -> bytes:
    """The one BLOB NOT NULL column of a row that must exist."""
    if row is None or not isinstance(row[0], bytes):
        raise CorruptOutbox("a row lost its bytes")
    return row[0]


class Shelved:
    """Digests (64-bit numbers) by their place on a shelf → the shelf's bytes; for files before format 3."""

    def __init__(self) -> None:
        self._digests = bytearray(DIGEST_BYTES * SHELF)

    def step(self, place: int, digest: int) -> None:
        at = DIGEST_BYTES * place
        self._digests[at : at + DIGEST_BYTES] = digest.to_bytes(DIGEST_BYTES, "big", signed=True)

    def finalize(self) -> bytes:
        return bytes(self._digests)


def know_shelves(connection: sqlite3.Connection) -> None:
    """Let SQL say `shelved(place, digest)`."""
    connection.create_aggregate("shelved", 2, Shelved)  # type: ignore[arg-type]  # typed for one number only


class Transaction:
    """Named statements within one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._queries = queries()

    def run(self, name: str, values: Sequence[Scalar] | Named = ()) -> sqlite3.Cursor:
        return self._connection.execute(self._queries[name], values)

    def many(self, name: str, rows: Sequence[Sequence[Scalar]]) -> None:
        self._connection.executemany(self._queries[name], rows)

    def together(self, name: str, rows: Sequence[Sequence[Scalar]]) -> None:
        """As `many`, for an INSERT of one row of three values, which is made one of many rows.

        Every statement gives up the interpreter's lock, which a busy receiving thread keeps for milliseconds.
        """
        one, statement = "(?, ?, ?)", self._queries[name]
        for at in range(0, len(rows), ROWS_TOGETHER):
            part = rows[at : at + ROWS_TOGETHER]
            text = statement.replace(one, ", ".join([one] * len(part)), 1)
            self._connection.execute(text, [value for row in part for value in row])

    def rows(self, name: str, values: Sequence[Scalar] | Named = ()) -> list[Row]:
        found: list[Row] = self.run(name, values).fetchall()
        return found

    def row(self, name: str, values: Sequence[Scalar] | Named = ()) -> Row | None:
        found: Row | None = self.run(name, values).fetchone()
        return found


class Database:
    """One connection, used by one thread at a time; a transaction is durable when its block ends."""

    def __init__(self, path: Path) -> None:
        """Open or create. Raises CorruptOutbox when the file cannot be trusted, OutboxFull without room."""
        self._path = path
        self._lock = threading.Lock()
        with _translated():
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            with _translated():
                self._prepare()
        except BaseException:
            self._connection.close()
            raise
        self._transaction = Transaction(self._connection)

    def _prepare(self) -> None:
        run = self._connection.execute
        version = int(run("PRAGMA user_version").fetchone()[0])
        if version > FORMAT_VERSION:
            raise NewerOutbox(f"{self._path}: outbox format {version}, this program knows {FORMAT_VERSION}")
        run(f"PRAGMA page_size = {PAGE_BYTES}")  # of a new file; an older one keeps its own
        run("PRAGMA journal_mode = WAL")  # beside the one writer, commands may read
        run("PRAGMA synchronous = FULL")
        run(f"PRAGMA journal_size_limit = {JOURNAL_BYTES}")
        run("PRAGMA cache_size = -256")
        run("PRAGMA mmap_size = 0")
        run("PRAGMA secure_delete = OFF")  # Debian's library fills with zeros, and so writes, what is dropped
        run("PRAGMA busy_timeout = 2000")
        if version == 0:
            self._create()
        elif int(run("PRAGMA application_id").fetchone()[0]) != APPLICATION_ID:
            raise CorruptOutbox(f"{self._path}: not an outbox")
        self._migrate(version or 1)
        self._check()

    def _create(self) -> None:
        if self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise CorruptOutbox(f"{self._path}: tables without a format version")
        schema = SQL.joinpath("schema.sql").read_text(encoding="utf-8")
        self._connection.executescript(
            f"BEGIN IMMEDIATE; {schema}; PRAGMA application_id = {APPLICATION_ID};"
            f"PRAGMA user_version = 1; COMMIT;"
        )

    def _migrate(self, version: int) -> None:
        """Bring an older file up, step by step, each in one transaction."""
        know_shelves(self._connection)
        for number in range(version + 1, FORMAT_VERSION + 1):
            step = SQL.joinpath(f"migrations/{number:04d}.sql").read_text(encoding="utf-8")
            self._connection.executescript(
                f"BEGIN IMMEDIATE; {step}; PRAGMA user_version = {number}; COMMIT;"
            )

    def _check(self) -> None:
        run = self._connection.execute
        if self._path.exists() and self._path.stat().st_size <= QUICK_CHECK_BYTES:
            verdict = str(run("PRAGMA quick_check(1)").fetchone()[0])
            if verdict != "ok":
                raise CorruptOutbox(f"{self._path}: {verdict}")
        for table in ("boot", "chunk", "message", "run", "batch", "hole", "progress"):
            run(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - names from the line above

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction that is on the disk when the block ends, or never happened."""
        with self._lock, _translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._transaction
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Consistent reads."""
        with self._lock, _translated():
            yield self._transaction

    def page_bytes(self) -> tuple[int, int]:
        """(bytes in use, bytes of the file)."""
        with self._lock, _translated():
            size = int(self._connection.execute("PRAGMA page_size").fetchone()[0])
            pages = int(self._connection.execute("PRAGMA page_count").fetchone()[0])
            free = int(self._connection.execute("PRAGMA freelist_count").fetchone()[0])
        return (pages - free) * size, pages * size

    def limit(self, file_bytes: int, journal_bytes: int = JOURNAL_BYTES) -> None:
        """Refuse to grow beyond that size, and empty the journal before it exceeds its own."""
        with self._lock:
            run = self._connection.execute
            size = int(run("PRAGMA page_size").fetchone()[0])
            run(f"PRAGMA max_page_count = {max(1, file_bytes // size):d}")
            run(f"PRAGMA wal_autocheckpoint = {max(16, journal_bytes // size):d}")
            run(f"PRAGMA journal_size_limit = {journal_bytes:d}")

    def close(self) -> None:
        with self._lock:
            self._connection.close()


_CORRUPT_CODES: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR_SHORT_READ")


@contextmanager
def _translated() -> Iterator[None]:
    """SQLite's errors split by remedy: quarantine, wait for room (or for a disk that answers), or a bug."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(_CORRUPT_CODES) or "no such table" in str(error):
            raise CorruptOutbox(str(error)) from error
        if isinstance(error, sqlite3.OperationalError):
            raise OutboxFull(f"{name} {error}") from error
        raise
