"""Sealed batches: the chain's head, what waits, what was acknowledged, refused, or will never be sent."""

import zlib
from collections.abc import Iterable, Sequence

from coldchain.seal import GENESIS

from .contract import CorruptOutbox, Head, HeldFate, Hole, HoleReason, NewBatch, Waiting
from .database import Database, Named, Row, Transaction, blob, integer


def compress(encoded: bytes) -> bytes:
    """gzip, level 1: what a request of one batch sends as it is."""
    packer = zlib.compressobj(level=1, wbits=31)
    return packer.compress(encoded) + packer.flush()


def decompress(packed: bytes) -> bytes:
    """The encoded batch. Raises CorruptOutbox when the bytes are not what was stored."""
    try:
        return zlib.decompress(packed, wbits=31)
    except zlib.error as error:
        raise CorruptOutbox(f"a batch lost its bytes: {error}") from error


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

    def waiting(self, max_batches: int, max_bytes: int, skip: frozenset[int]) -> Sequence[Waiting]:
        found: list[Waiting] = []
        size = 0
        with self._database.read() as transaction:
            for row in transaction.rows("waiting", (max_batches + len(skip),)):
                if integer(row[0]) in skip:
                    continue
                size += integer(row[3])
                if found and (size > max_bytes or len(found) >= max_batches):
                    break
                found.append(_waiting(transaction, row))
        return found

    def newest(self, after_id: int) -> Waiting | None:
        with self._database.read() as transaction:
            row = transaction.row("newest", (after_id,))
            return None if row is None else _waiting(transaction, row)

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
        with self._database.write() as transaction:
            row = transaction.row("run_ordinal", (run,))
            if row is None:
                return HeldFate.UNKNOWN_RUN
            ordinal, top, head_hash, before = integer(row[0]), integer(row[1]), str(row[2]), integer(row[3])
            fate = self._judge_held(transaction, ordinal, before, held)
            transaction.run("note_held", {"held": held, "run": ordinal})
            if fate is not HeldFate.NOTED:
                transaction.run("unsend", {"run": ordinal, "held": held})
                lost = lost_numbers(
                    held,
                    top,
                    head_hash,
                    kept=[
                        (integer(kept[0]), str(kept[1]))
                        for kept in transaction.rows("kept_above", (ordinal, held))
                    ],
                    known=[
                        (integer(hole[0]), integer(hole[1]))
                        for hole in transaction.rows("holes_above", (run, held))
                    ],
                )
                for first, last, digest in lost:
                    add_hole(
                        transaction,
                        Hole(run=run, first=first, last=last, hash=digest, reason=HoleReason.LOST),
                    )
            return fate

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
    previous = dict(kept)
    gone: set[int] = set()
    for first, last in known:
        gone.update(range(max(first, held + 1), min(last, top) + 1))
    ranges: list[tuple[int, int, str]] = []
    start: int | None = None
    for number in range(held + 1, top + 2):
        missing = number <= top and number not in previous and number not in gone
        if missing and start is None:
            start = number
        elif not missing and start is not None:
            digest = head_hash if number > top else previous.get(number, "")
            ranges.append((start, number - 1, digest))
            start = None
    return ranges


def _waiting(transaction: Transaction, row: Row) -> Waiting:
    return Waiting(
        id=integer(row[0]),
        run=str(row[1]),
        seq=integer(row[2]),
        closed_ms=integer(row[4]),
        gzip=blob(transaction.row("body", (row[0],))),
    )
