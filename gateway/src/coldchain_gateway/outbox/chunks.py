"""Lines that are kept and not yet sealed, with the boots that date them and the messages they came in."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from itertools import accumulate, groupby
from operator import itemgetter
from typing import Final

from coldchain_gateway.contracts import maker

from .contract import NOTED_EVERY_MS, Boot, Chunk, Entry, Group, Pending
from .database import (
    DIGEST_BYTES,
    SHELF,
    Database,
    Named,
    Row,
    Transaction,
    blob,
    integer,
    optional_integer,
)

CHUNK_LINES: Final = 1000
CHUNK_BYTES: Final = 128 * 1024
_entry: Final = maker(Entry)
# What a stamp adds to a line, at most (two times, a mark, blank and end of line).
STAMP_BYTES: Final = 42
# So much of a body are its lines without their stamps.
LINES_BYTES: Final = CHUNK_BYTES - CHUNK_LINES * STAMP_BYTES
_LINE: Final = itemgetter(0)
_STAMPS: Final = itemgetter(1, 2)
NO_DIGEST: Final = bytes(DIGEST_BYTES)
# Where the digests of a shelf begin.
PLACES: Final = range(0, DIGEST_BYTES * SHELF, DIGEST_BYTES)
NO_SHELF: Final = NO_DIGEST * SHELF


def encode_entry(entry: Entry) -> bytes:
    """The stored form: the line, its boot time, perhaps the device's own time (`h` before one of history)."""
    if entry.source_ms is None:
        return b"%b %d\n" % (entry.line, entry.boot_ms)
    mark = b"h" if entry.history else b"s"
    return b"%b %d%b%d\n" % (entry.line, entry.boot_ms, mark, entry.source_ms)


def decode_entries(body: bytes) -> Iterator[Entry]:
    """The entries of a chunk, in order."""
    known, known_ms = b"no stamp", 0  # lines that came at once share their stamp
    for stored in body.split(b"\n")[:-1]:
        line, _, stamp = stored.rpartition(b" ")
        if stamp == known or stamp.isdigit():
            if stamp != known:
                known, known_ms = stamp, int(stamp)
            yield _entry((line, known_ms, None, False))
            continue
        history = b"h" in stamp
        boot_ms, _, source_ms = stamp.partition(b"h" if history else b"s")
        own_ms = int(source_ms) if source_ms else None
        yield Entry(line=line, boot_ms=int(boot_ms), source_ms=own_ms, history=history)


def split_into_bodies(entries: Sequence[Entry]) -> Iterator[tuple[int, int, bytes]]:
    """(first boot ms, lines, body) of chunks small enough that a batch can be packed from whole ones."""
    at = 0
    while at < len(entries):
        part = entries[at : at + CHUNK_LINES]
        sizes = list(accumulate(map(len, map(_LINE, part))))
        part = part[: bisect_left(sizes, LINES_BYTES) + 1]
        yield part[0].boot_ms, len(part), b"".join(_stored(part))
        at += len(part)


def _stored(entries: Iterable[Entry]) -> Iterator[bytes]:
    """The stored forms of lines in a row; what came at one instant shares its stamp."""
    for (boot_ms, source_ms), run in groupby(entries, _STAMPS):
        if source_ms is None:
            stamp = b" %d\n" % boot_ms
            yield stamp.join([entry[0] for entry in run])
            yield stamp
        else:
            yield b"".join(map(encode_entry, run))


@cache
def session_number(session: str) -> int:
    """A short stand-in for a session's name: 64 bits of its hash."""
    return int.from_bytes(blake2b(session.encode(), digest_size=8).digest(), "big", signed=True)


def remember(transaction: Transaction, session: int, digests: Mapping[int, bytes]) -> None:
    """Keep digests by packet id, in rows of neighbours: brokers count upwards, so few are read."""
    rows: list[tuple[int, int, bytes]] = []
    for number in sorted({packet_id // SHELF for packet_id in digests}):
        first = number * SHELF
        new = [digests.get(packet_id, b"") for packet_id in range(first, first + SHELF)]
        if b"" in new:
            kept = _shelf(transaction, session, number)
            new = [digest or kept[at : at + DIGEST_BYTES] for digest, at in zip(new, PLACES, strict=True)]
        rows.append((session, number, b"".join(new)))
    transaction.together("remember", rows)


def _shelf(transaction: Transaction, session: int, number: int) -> bytes:
    row = transaction.row("remembered", (session, number))
    return NO_SHELF if row is None else blob(row).ljust(len(NO_SHELF), b"\0")


class Chunks:
    """The keeping half of the SQLite outbox."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def commit(self, group: Group) -> None:
        with self._database.write() as transaction:
            for session in group.forget:
                transaction.run("forget_session", (session_number(session),))
            if group.entries:
                self._add(transaction, group)
            for session, digests in group.messages.items():
                remember(transaction, session_number(session), digests)

    @staticmethod
    def _add(transaction: Transaction, group: Group) -> None:
        noted: Named = {"boot": group.boot, "last_ms": group.boot_ms, "step_ms": NOTED_EVERY_MS}
        transaction.run("note_boot", noted)
        for first_ms, lines, body in split_into_bodies(group.entries):
            values: Named = {
                "boot": group.boot,
                "trusted": int(group.trusted),
                "first_ms": first_ms,
                "lines": lines,
                "bytes": len(body),
                "body": body,
            }
            transaction.run("add_chunk", values)

    def remembered(self, session: str, packet_id: int) -> bytes | None:
        with self._database.read() as transaction:
            kept = _shelf(transaction, session_number(session), packet_id // SHELF)
        at = DIGEST_BYTES * (packet_id % SHELF)
        digest = kept[at : at + DIGEST_BYTES]
        return None if digest == NO_DIGEST else digest

    def trust(self, boot: str, offset_ms: int) -> None:
        with self._database.write() as transaction:
            transaction.run("trust_boot", {"boot": boot, "offset_ms": offset_ms})
            transaction.run("forget_boots")

    def boots(self) -> Sequence[Boot]:
        with self._database.read() as transaction:
            rows = transaction.rows("boots")
        return [
            Boot(
                ordinal=integer(row[0]),
                boot=str(row[1]),
                last_ms=integer(row[2]),
                offset_ms=optional_integer(row[3]),
            )
            for row in rows
        ]

    def pending(self) -> Pending:
        with self._database.read() as transaction:
            total = transaction.row("pending")
            oldest = transaction.row("oldest_chunk")
        if total is None or oldest is None:
            return Pending()
        return Pending(
            lines=integer(total[0]),
            bytes=integer(total[1]),
            oldest_boot=integer(oldest[0]),
            oldest_boot_ms=integer(oldest[1]),
        )

    def unsealed(self, max_lines: int, max_bytes: int) -> Sequence[Chunk]:
        chunks: list[Chunk] = []
        lines = size = 0
        with self._database.read() as transaction:
            for row in transaction.run("unsealed"):
                lines += integer(row[3])
                size += integer(row[4])
                if chunks and (lines > max_lines or size > max_bytes):
                    break
                body = blob(transaction.row("chunk_body", (row[0],)))
                chunks.append(_chunk(row, body))
        return chunks


def _chunk(row: Row, body: bytes) -> Chunk:
    return Chunk(
        id=integer(row[0]), boot=integer(row[1]), trusted=bool(row[2]), lines=integer(row[3]), body=body
    )
