"""What nobody sealed, sealed on receipt with the backend's own key: one run in order, many writers a sync."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from coldchain.errors import Unavailable
from coldchain.seal import GENESIS, Batch, Key, seal
from coldchain_backend.ingest.register import Register
from coldchain_backend.ingest.unsealed import Received, bodies
from coldchain_backend.ledger import NOTHING, BatchMeta, Grade, NewRecord, Record, batch_record

RECEIPT_RUN: Final = "receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    writer: str
    received: Received
    grade: Grade
    read_to: int | None
    answer: "asyncio.Future[None]"


class Receipts:
    """The backend's own run; a number is used up only when its batch is durable."""

    def __init__(self, register: Register, organisation: str, key: Key) -> None:
        self._register = register
        self._organisation = organisation
        self._key = key
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def keep(
        self, writer: str, received: Received, grade: Grade = Grade.RECEIPT, read_to: int | None = None
    ) -> None:
        """Return when the readings are durable. Raises Unavailable: then none of them is."""
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(
            _Waiting(writer=writer, received=received, grade=grade, read_to=read_to, answer=answer)
        )
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        await answer

    async def _write(self) -> None:
        """Write groups until nothing waits: one begins when the last one ended."""
        while self._waiting:
            group, self._waiting = self._waiting, []
            batches, records = self._seal(group)
            try:
                await self._register.append(records, partial(self._take, batches))
                _settle(group, None)
            except Unavailable as error:
                _settle(group, error)
            finally:
                _settle(group, Unavailable("the write was broken off"))

    def _take(self, batches: Sequence[Batch], placed: Sequence[Record]) -> None:
        del placed
        for batch in batches:
            self._register.sequences.take(batch, NOTHING)

    def _seal(self, group: Sequence[_Waiting]) -> tuple[list[Batch], list[NewRecord]]:
        run = self._register.sequences.state(self._key.fingerprint, RECEIPT_RUN).run
        seq, prev = run.newest, run.head or GENESIS
        batches: list[Batch] = []
        records: list[NewRecord] = []
        for one in group:
            parts = list(bodies(one.received.lines))
            for number, body in enumerate(parts):
                seq += 1
                batch = seal(
                    self._key, org=self._organisation, run=RECEIPT_RUN, seq=seq, prev=prev, body=body
                )
                prev = batch.hash
                meta = _meta(one, seq, first=number == 0, last=number == len(parts) - 1)
                batches.append(batch)
                records.append(batch_record(meta, batch.encode()))
        return batches, records


def _meta(one: _Waiting, seq: int, *, first: bool, last: bool) -> BatchMeta:
    """What was not stored is noted beside the first batch of its request; what was read up to, the last."""
    received = one.received
    return BatchMeta(
        gateway=one.writer,
        run=RECEIPT_RUN,
        seq=seq,
        grade=one.grade,
        unmapped=dict(received.unmapped) if first else None,
        unread=len(received.bad) if first else 0,
        sample=received.sample if first else None,
        read_to=one.read_to if last else None,
    )


def _settle(group: Sequence[_Waiting], error: Unavailable | None) -> None:
    for one in group:
        if one.answer.done():
            continue
        if error is None:
            one.answer.set_result(None)
        else:
            one.answer.set_exception(error)
