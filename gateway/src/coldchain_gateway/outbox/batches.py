"""Sealed batches: the chain's head, what waits, what was acknowledged, refused, or will never be sent."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from coldchain.seal import GENESIS

from .contract import CorruptOutbox, Head, HeldFate, Hole, HoleReason, NewBatch, Waiting
from .database import Database, Named, Row, Transaction, blob, integer

SMALL_BYTES: Final = 64 * 1024


def compress(encoded: bytes) -> bytes:
    """gzip: what a request of one batch sends as it is; small ones are squeezed, they go over the air."""
    packer = zlib.compressobj(level=9 if len(encoded) <= SMALL_BYTES else 1, wbits=31)
    return packer.compress(encoded) + packer.flush()


def decompress(packed: bytes) -> bytes:
    """The encoded batch. Raises CorruptOutbox when the bytes are not what was stored."""
    try:
        return zlib.decompress(packed, wbits=31)
    except zlib.error as error:
        raise CorruptOutbox(f"a batch lost its bytes: {error}") from error


def pieces(packed: bytes) -> Iterator[bytes]:
    """The encoded batch bit by bit, so that nobody needs room for all of it. Raises CorruptOutbox."""
    unpacker = zlib.decompressobj(wbits=31)
    rest = packed
    try:
        while rest:
            yield unpacker.decompress(rest, SMALL_BYTES)
            rest = unpacker.unconsumed_tail
    except zlib.error as error:
        raise CorruptOutbox(f"a batch lost its bytes: {error}") from error
    if not unpacker.eof:
        raise CorruptOutbox("a batch lost its bytes: its end is missing")


def add_hole(transaction: Transaction, hole: Hole) -> None:
    """Remember a hole; one number that follows an undeclared hole of the same reason only lengthens it."""
    values: Named = {
        "run": hole.run,
        "first": hole.first,
        "last": hole.last,
        "hash": hole.hash,
        "reason": hole.reason.value,
    }
    if hole.first == hole.last:
        extension: Named = {name: values[name] for name in ("run", "last", "hash", "reason")}
        if transaction.run("extend_hole", extension).rowcount:
            return
    transaction.run("add_hole", values)


def give_up(transaction: Transaction, batch_id: int, reason: HoleReason) -> None:
    """This batch will never be sent: its number is a hole, and holes it declared are undeclared again."""
    row = transaction.row("batch_name", (batch_id,))
    if row is None:
        return
    run, seq, digest = str(row[0]), integer(row[1]), str(row[2])
    transaction.run("undeclare_holes", {"declared_run": run, "seq": seq})
    add_hole(transaction, Hole(run=run, first=seq, last=seq, hash=digest, reason=reason))


class Batches:
    """The sealing and sending half of the SQLite outbox."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def head(self) -> Head | None:
        with self._database.read() as transaction:
            row = transaction.row("head")
        return None if row is None else Head(run=str(row[0]), seq=integer(row[1]), hash=str(row[2]))

    def begin_run(self, run: str, holes: Sequence[Hole]) -> None:
        with self._database.write() as transaction:
            transaction.run("begin_run", {"run": run, "hash": GENESIS})
            for hole in holes:
                add_hole(transaction, hole)

    def undeclared(self) -> Sequence[Hole]:
        with self._database.read() as transaction:
            rows = transaction.rows("undeclared")
        return [
            Hole(
                run=str(row[1]),
                first=integer(row[2]),
                last=integer(row[3]),
                hash=str(row[4]),
                reason=HoleReason(str(row[5])),
            )
            for row in rows
        ]

    def seal(self, batch: NewBatch) -> None:
        head = batch.head
        packed = compress(batch.encoded)
        with self._database.write() as transaction:
            values: Named = {
                "run": head.run,
                "seq": head.seq,
                "hash": head.hash,
                "lines": batch.lines,
                "bytes": len(packed),
                "closed_ms": batch.closed_ms,
                "urgent": int(batch.urgent),
            }
            batch_id = transaction.run("add_batch", values).lastrowid
            transaction.run("add_body", (batch_id, packed))
            transaction.run("move_head", {"run": head.run, "seq": head.seq, "hash": head.hash})
            transaction.many("drop_chunk", [(chunk,) for chunk in batch.chunks])
            for hole in batch.declares:
                declared: Named = {
                    "run": hole.run,
                    "first": hole.first,
                    "last": hole.last,
                    "declared_run": head.run,
                    "declared_seq": head.seq,
                }
                transaction.run("declare_hole", declared)

    def waiting(
        self, max_batches: int, max_bytes: int, skip: frozenset[int], after_id: int = 0
    ) -> Sequence[Waiting]:
        found: list[Waiting] = []
        size = 0
        with self._database.read() as transaction:
            for row in transaction.rows("waiting", (after_id, max_batches + len(skip))):
                if integer(row[0]) in skip:
                    continue
                size += integer(row[3])
                if found and (size > max_bytes or len(found) >= max_batches):
                    break
                found.append(_waiting(transaction, row))
        return found

    def newest(self, after_id: int, *, urgent: bool = False) -> Waiting | None:
        with self._database.read() as transaction:
            row = transaction.row("newest_urgent" if urgent else "newest", (after_id,))
            return None if row is None else _waiting(transaction, row)

    def progress(self, uplink: str) -> int:
        with self._database.read() as transaction:
            row = transaction.row("progress", (uplink,))
        return 0 if row is None else integer(row[0])

    def sealed_after(self, batch_id: int) -> Waiting | None:
        with self._database.read() as transaction:
            row = transaction.row("sealed_after", (batch_id,))
            return None if row is None else _waiting(transaction, row)

    def proceed(self, uplink: str, batch_id: int) -> None:
        with self._database.write() as transaction:
            transaction.run("proceed", (uplink, batch_id))

    def newest_bodies(self, count: int) -> Sequence[bytes]:
        """The newest batches, gzip, newest first."""
        with self._database.read() as transaction:
            return [blob(row) for row in transaction.rows("newest_bodies", (count,))]

    def acknowledge(self, ids: Sequence[int], now_ms: int) -> None:
        with self._database.write() as transaction:
            transaction.many("acknowledge", [(now_ms, batch_id) for batch_id in ids])

    def refuse(self, batch_id: int) -> None:
        with self._database.write() as transaction:
            transaction.run("refuse", (batch_id,))
            give_up(transaction, batch_id, HoleReason.REFUSED)

    def held(self, run: str, held: int) -> HeldFate:
        with self._database.read() as transaction:
            row = transaction.row("run_ordinal", (run,))
            if row is None:
                return HeldFate.UNKNOWN_RUN
            known = Head(run=run, seq=integer(row[1]), hash=str(row[2]))
            ordinal, before = integer(row[0]), integer(row[3])
            fate = self._judge_held(transaction, ordinal, before, held)
            if fate is HeldFate.NOTED and held == before:
                return fate
            lost = () if fate is HeldFate.NOTED else self._lost(transaction, ordinal, known, held)
        if fate is not HeldFate.NOTED:
            self._unsend(ordinal, held)
        with self._database.write() as transaction:
            transaction.run("note_held", {"held": held, "run": ordinal})
            for hole in lost:
                add_hole(transaction, hole)
        return fate

    def missing(self, run: str, top: int, top_hash: str) -> Sequence[Hole]:
        with self._database.read() as transaction:
            row = transaction.row("run_ordinal", (run,))
            ordinal, held = (0, 0) if row is None else (integer(row[0]), integer(row[3]))
            head = Head(run=run, seq=top, hash=top_hash)
            return self._lost(transaction, ordinal, head, held)

    def _unsend(self, ordinal: int, held: int) -> None:
        """Little by little, so that neither the journal grows nor a commit waits; `held` is noted last."""
        values: Named = {"run": ordinal, "held": held}
        more = True
        while more:
            with self._database.write() as transaction:
                more = transaction.run("unsend", values).rowcount > 0

    @staticmethod
    def _lost(transaction: Transaction, ordinal: int, head: Head, held: int) -> Sequence[Hole]:
        kept = ((integer(row[0]), str(row[1])) for row in transaction.run("kept_above", (ordinal, held)))
        known = [
            (integer(row[0]), integer(row[1])) for row in transaction.rows("holes_above", (head.run, held))
        ]
        return [
            Hole(run=head.run, first=first, last=last, hash=digest, reason=HoleReason.LOST)
            for first, last, digest in lost_numbers(held, head.seq, head.hash, kept=kept, known=known)
        ]

    @staticmethod
    def _judge_held(transaction: Transaction, ordinal: int, before: int, held: int) -> HeldFate:
        if held < before:
            return HeldFate.FALLEN
        waiting = transaction.row("any_waiting", (ordinal,))
        newest = transaction.row("newest_acknowledged", (ordinal,))
        if waiting is not None and waiting[0] == 0 and newest is not None and integer(newest[0]) > held:
            return HeldFate.STUCK
        return HeldFate.NOTED


def lost_numbers(
    held: int, top: int, head_hash: str, *, kept: Iterable[tuple[int, str]], known: Iterable[tuple[int, int]]
) -> list[tuple[int, int, str]]:
    """Ranges above `held` up to `top` that are neither kept nor known as holes, with the hash of their last.

    `kept` are (number, hash of the one before) in ascending order, so the hash of a lost last is known from
    its successor, or is the head's. Where a known hole follows, nobody knows it any more: empty.
    """
    holes = sorted(known)
    ranges: list[tuple[int, int, str]] = []
    expected = held + 1
    for number, previous in kept:
        ranges += _between(expected, number - 1, previous, holes)
        expected = max(expected, number + 1)
    return ranges + _between(expected, top, head_hash, holes)


def _between(
    first: int, last: int, digest: str, holes: Sequence[tuple[int, int]]
) -> list[tuple[int, int, str]]:
    """What of `first`-`last` no hole (ascending) covers; the hash is known of the very last only."""
    ranges: list[tuple[int, int, str]] = []
    for low, high in holes:
        if first > last or low > last:
            break
        if low > first:
            ranges.append((first, low - 1, ""))
        first = max(first, high + 1)
    return [*ranges, (first, last, digest)] if first <= last else ranges


def _waiting(transaction: Transaction, row: Row) -> Waiting:
    return Waiting(
        id=integer(row[0]),
        run=str(row[1]),
        seq=integer(row[2]),
        closed_ms=integer(row[4]),
        gzip=blob(transaction.row("body", (row[0],))),
    )
