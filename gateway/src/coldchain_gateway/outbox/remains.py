"""What can be read of an outbox's file without owning it: a damaged one, or one that a gateway is using.

Where pages are broken, the rows around them are still found: a range of ids that cannot be read is halved
until the rest of it can.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar
from urllib.parse import quote

from coldchain.seal import Batch, batch_hash, read_batches

from .batches import decompress
from .contract import Boot, CorruptOutbox, Hole, HoleReason
from .database import Row, Scalar, blob, integer, know_shelves, optional_integer, queries

WINDOW_IDS: Final = 1000
# Beyond so many unreadable ids a table is given up: nothing but broken pages is left of it.
MOST_UNREADABLE: Final = 20_000
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBatch:
    """A batch as its row tells of it; `encoded` is None where its bytes are not what was sealed."""

    run: str
    seq: int
    hash: str
    state: str
    lines: int
    closed_ms: int
    urgent: bool = False
    encoded: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptChunk:
    """Unsealed lines with the name of their boot, None where that is lost."""

    boot: Boot | None
    trusted: bool
    first_ms: int
    lines: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRun:
    """A chain: its newest number and hash, and what the backend holds of it."""

    run: str
    seq: int
    hash: str
    held: int


def _address(path: Path) -> str:
    """Reading wants a shared index beside the file; where nobody can write, nobody changes the file."""
    journal = path.with_name(path.name + "-wal")
    alone = not journal.exists() or journal.stat().st_size == 0
    frozen = alone and not os.access(path.parent, os.W_OK)
    return f"file:{quote(str(path.absolute()))}?mode=ro{'&immutable=1' if frozen else ''}"


class Remains:
    """Reads only. Raises CorruptOutbox where not even the tables can be found."""

    def __init__(self, path: Path) -> None:
        try:
            self._connection = sqlite3.connect(_address(path), uri=True, isolation_level=None, timeout=5.0)
            # Without this SQLite refuses a file that is shorter than its header says.
            self._connection.execute("PRAGMA writable_schema = ON")
            know_shelves(self._connection)
            self._version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
            self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.DatabaseError as error:
            raise CorruptOutbox(f"{path}: {error}") from error
        self.unreadable = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def runs(self) -> list[KeptRun]:
        """Chains, oldest first."""
        return [run for _, run in self._numbered_runs()]

    def _numbered_runs(self) -> list[tuple[int, KeptRun]]:
        return list(self._made("run", _run))

    def boots(self) -> list[Boot]:
        """Boots, oldest first."""
        return list(self._made("boot", _boot))

    def holes(self) -> list[tuple[Hole, bool]]:
        """Holes, and whether a sealed batch has declared them."""
        return list(self._made("hole", _hole))

    def batches(self, *, bodies: bool = True) -> Iterator[KeptBatch]:
        """Every batch that can be read, oldest first; perhaps with its bytes, held against its hash.

        One whose row is lost is known by its bytes and counts as waiting: to send it again is harmless.
        """
        names = {number: kept.run for number, kept in self._numbered_runs()}
        seen: set[int] = set()
        table = "batch" if self._version > 1 else "batch_of_format_1"
        for number, chain, kept in self._made(table, _batch):
            seen.add(number)
            named = replace(kept, run=names.get(chain, ""))
            yield self._with_bytes(number, named) if bodies else named
        for number in self._made("body", lambda row: integer(row[0])) if bodies else ():
            if number not in seen and (encoded := self._encoded(number)) and (sealed := _sound(encoded)):
                yield KeptBatch(
                    run=sealed.run,
                    seq=sealed.seq,
                    hash=sealed.hash,
                    state="waiting",
                    lines=sealed.body.count(b"\n"),
                    closed_ms=int(sealed.body.rstrip().rpartition(b" ")[2]),
                    encoded=encoded,
                )

    def _with_bytes(self, number: int, kept: KeptBatch) -> KeptBatch:
        encoded = self._encoded(number)
        sealed = None if encoded is None else _sound(encoded)
        if sealed is None or (sealed.seq, sealed.hash) != (kept.seq, kept.hash):
            return kept
        return replace(kept, run=sealed.run, encoded=encoded)

    def chunks(self) -> Iterator[KeptChunk]:
        """Every chunk of unsealed lines that can be read, in the order in which they were kept."""
        boots = {boot.ordinal: boot for boot in self.boots()}
        for number, ordinal, chunk in self._made("chunk", _chunk):
            body = self._bytes("chunk_body", number)
            if body is not None and body.endswith(b"\n") and body.count(b"\n") == chunk.lines:
                yield replace(chunk, boot=boots.get(ordinal), body=body)
            else:
                self.unreadable += 1

    def messages(self) -> list[tuple[int, int, bytes]]:
        """(session, shelf, digests) of remembered messages as stored now; none if any is unreadable."""
        query = "remains_message" if self._version > 2 else "remains_message_of_format_2"
        try:
            found = self._connection.execute(queries()[query]).fetchall()
            return [(integer(session), integer(shelf), blob((stored,))) for session, shelf, stored in found]
        except (sqlite3.DatabaseError, CorruptOutbox):
            return []

    def _encoded(self, batch_id: int) -> bytes | None:
        packed = self._bytes("body", batch_id)
        try:
            return None if packed is None else decompress(packed)
        except CorruptOutbox:
            self.unreadable += 1
            return None

    def _bytes(self, query: str, row_id: int) -> bytes | None:
        try:
            row = self._connection.execute(queries()[query], (row_id,)).fetchone()
        except sqlite3.DatabaseError:
            row = None
        if row is None or not isinstance(row[0], bytes):
            self.unreadable += 1
            return None
        return bytes(row[0])

    def _made(self, table: str, make: Callable[[Row], _T]) -> Iterator[_T]:
        """What `make` makes of each readable row; a row that holds what it cannot is unreadable too."""
        for row in self._rows(table):
            try:
                yield make(row)
            except (CorruptOutbox, ValueError):
                self.unreadable += 1

    def _rows(self, table: str) -> Iterator[Row]:
        """All readable rows of a table in the order of their ids."""
        first, last = self._range(table)
        for low in range(first, last + 1, WINDOW_IDS):
            yield from self._within(table, low, min(last, low + WINDOW_IDS - 1))
            if self.unreadable > MOST_UNREADABLE:
                return

    def _range(self, table: str) -> tuple[int, int]:
        """The ids of a table; where its ends are broken, the newest that were ever given out."""
        name = "batch" if table.startswith("batch") else table
        counted = "batch" if name == "body" else name  # bytes have the number of their batch
        last = self._number(f"remains_last_{name}") or self._number("remains_given_out", counted) or 0
        first = self._number(f"remains_first_{name}")
        return (max(1, last - MOST_UNREADABLE) if first is None else first), last

    def _number(self, query: str, *values: Scalar) -> int | None:
        try:
            row = self._connection.execute(queries()[query], values).fetchone()
        except sqlite3.DatabaseError:
            return None
        return None if row is None or not isinstance(row[0], int) else row[0]

    def _within(self, table: str, first: int, last: int) -> Iterator[Row]:
        spans = [(first, last)]
        while spans:
            low, high = spans.pop()
            try:
                with closing(self._connection.execute(queries()[f"remains_{table}"], (low, high))) as cursor:
                    rows: list[Row] = cursor.fetchall()
            except sqlite3.DatabaseError:
                self.unreadable += low == high
                middle = (low + high) // 2
                if low < high and self.unreadable <= MOST_UNREADABLE:
                    spans += [(middle + 1, high), (low, middle)]
                continue
            yield from rows


def _run(row: Row) -> tuple[int, KeptRun]:
    return integer(row[0]), KeptRun(
        run=str(row[1]), seq=integer(row[2]), hash=str(row[3]), held=integer(row[4])
    )


def _boot(row: Row) -> Boot:
    ordinal, last_ms, offset_ms = integer(row[0]), integer(row[2]), optional_integer(row[3])
    return Boot(ordinal=ordinal, boot=str(row[1]), last_ms=last_ms, offset_ms=offset_ms)


def _hole(row: Row) -> tuple[Hole, bool]:
    first, last, reason = integer(row[2]), integer(row[3]), HoleReason(str(row[5]))
    hole = Hole(run=str(row[1]), first=first, last=last, hash=str(row[4]), reason=reason)
    return hole, row[6] is not None


def _batch(row: Row) -> tuple[int, int, KeptBatch]:
    """Its id, the number of its chain, and what the row tells."""
    return (
        integer(row[0]),
        integer(row[1]),
        KeptBatch(
            run="",
            seq=integer(row[2]),
            hash=str(row[3]),
            state=str(row[4]),
            lines=integer(row[5]),
            closed_ms=integer(row[6]),
            urgent=bool(row[7]),
        ),
    )


def _chunk(row: Row) -> tuple[int, int, KeptChunk]:
    """Its id, the number of its boot, and what the row tells."""
    trusted, first_ms, lines = bool(row[2]), integer(row[3]), integer(row[4])
    kept = KeptChunk(boot=None, trusted=trusted, first_ms=first_ms, lines=lines, body=b"")
    return integer(row[0]), integer(row[1]), kept


def _sound(encoded: bytes) -> Batch | None:
    """The one batch in these bytes, if its hash holds."""
    found = list(read_batches(encoded))
    if len(found) != 1 or not isinstance(found[0], Batch):
        return None
    batch = found[0]
    digest = batch_hash(
        org=batch.org, gateway=batch.gateway, run=batch.run, seq=batch.seq, prev=batch.prev, body=batch.body
    )
    return batch if digest.hex() == batch.hash else None
