"""What a broken outbox still holds goes into the new one: batches that wait, unsealed lines, messages.

A batch is taken when its bytes are what was sealed; it is sent under its own run and number, so nothing of it
need be declared a hole. What cannot be read is declared by the successor run.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

from coldchain.seal import Batch, read_batch

from .batches import add_hole, compress
from .contract import CorruptOutbox
from .database import Named
from .remains import KeptBatch, KeptRun, Remains
from .sqlite import SqliteOutbox

STEP: Final = 100
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Salvaged:
    """How much was saved of a broken outbox; `unreadable` rows were not."""

    batches: int = 0
    lines: int = 0
    unreadable: int = 0


def salvage(broken: Path, outbox: SqliteOutbox) -> Salvaged:
    """Move what can be read into `outbox`, which is new; nothing where not even its tables can be found.

    Raises OutboxFull when the new one has no room: throw it away, the next start tries anew.
    """
    try:
        with Remains(broken) as remains:
            return _Saving(remains, outbox).everything()
    except CorruptOutbox:
        return Salvaged()


class _Saving:
    def __init__(self, remains: Remains, outbox: SqliteOutbox) -> None:
        self._remains = remains
        self._database = outbox.database
        self._undated = 0

    def everything(self) -> Salvaged:
        self._chains()
        batches = sum(self._batches(some) for some in _steps(self._waiting()))
        lines = self._chunks()
        with self._database.write() as transaction:
            transaction.many("salvage_message", self._remains.messages())
        unreadable = self._remains.unreadable + self._undated
        return Salvaged(batches=batches, lines=lines, unreadable=unreadable)

    def _chains(self) -> None:
        with self._database.write() as transaction:
            for run in self._remains.runs():
                transaction.run("salvage_run", _run_values(run))
            for hole, declared in self._remains.holes():
                if not declared:
                    add_hole(transaction, hole)

    def _waiting(self) -> Iterator[tuple[KeptBatch, Batch, bytes]]:
        for kept in self._remains.batches():
            if kept.state == "waiting" and kept.encoded is not None:
                sealed = read_batch(kept.encoded)
                if isinstance(sealed, Batch):
                    yield kept, sealed, compress(kept.encoded)

    def _batches(self, some: list[tuple[KeptBatch, Batch, bytes]]) -> int:
        with self._database.write() as transaction:
            for kept, sealed, packed in some:
                run = KeptRun(run=sealed.run, seq=sealed.seq, hash=sealed.hash, held=0)
                transaction.run("salvage_run", _run_values(run))
                values: Named = {
                    "run": sealed.run,
                    "seq": sealed.seq,
                    "hash": sealed.hash,
                    "prev": sealed.prev,
                    "lines": kept.lines,
                    "bytes": len(packed),
                    "closed_ms": kept.closed_ms,
                    "urgent": int(kept.urgent),
                }
                batch_id = transaction.run("salvage_batch", values).lastrowid
                transaction.run("add_body", (batch_id, packed))
        return len(some)

    def _chunks(self) -> int:
        with self._database.write() as transaction:
            for boot in self._remains.boots():
                transaction.run("salvage_boot", (boot.boot, boot.last_ms, boot.offset_ms))
        lines = 0
        for some in _steps(self._remains.chunks()):
            with self._database.write() as transaction:
                for chunk in some:
                    if chunk.boot is None:  # nobody knows any more when that was
                        self._undated += 1
                        continue
                    values: Named = {
                        "boot": chunk.boot.boot,
                        "trusted": int(chunk.trusted),
                        "first_ms": chunk.first_ms,
                        "lines": chunk.lines,
                        "bytes": len(chunk.body),
                        "body": chunk.body,
                    }
                    transaction.run("add_chunk", values)
                    lines += chunk.lines
        return lines


def _run_values(run: KeptRun) -> Named:
    return {"run": run.run, "seq": run.seq, "hash": run.hash, "held": run.held}


def _steps(items: Iterable[_T]) -> Iterator[list[_T]]:
    """A few at a time, each for one transaction."""
    iterator = iter(items)
    while some := list(islice(iterator, STEP)):
        yield some
