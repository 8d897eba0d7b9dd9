"""Batches whose seals are whole → the ledger, each once, however often and from wherever it comes."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from coldchain.errors import Unavailable
from coldchain.seal import Batch
from coldchain_backend.ingest.conditions import Conditions
from coldchain_backend.ingest.contracts import BatchFate, Fate, fate_of
from coldchain_backend.ingest.register import Register
from coldchain_backend.ingest.sequences import Standing
from coldchain_backend.ledger import (
    NOTHING,
    BatchMeta,
    Declared,
    MarkName,
    NewRecord,
    Record,
    batch_record,
    declared,
)

Number = tuple[str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """The fates of a request's batches; `error` says why some are for later."""

    fates: Sequence[BatchFate]
    error: Unavailable | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fresh:
    batch: Batch
    standing: Standing


class BatchStore:
    """Appends what is new. A number that is on its way already is waited for."""

    def __init__(self, register: Register, conditions: Conditions) -> None:
        self._register = register
        self._conditions = conditions
        self._in_flight: dict[Number, asyncio.Future[None]] = {}

    async def store(self, writer: str, batches: Sequence[Batch]) -> Stored:
        """Store in one group; goes on also when the one who asked is gone."""
        return await asyncio.shield(asyncio.create_task(self._store(writer, batches)))

    async def _store(self, writer: str, batches: Sequence[Batch]) -> Stored:
        await self._landed(batches)
        fates: list[BatchFate] = []
        fresh: dict[Number, _Fresh] = {}
        again: list[Batch] = []
        for batch in batches:
            standing = self._register.sequences.standing(batch)
            twin = fresh.get(_number(batch))
            if standing is Standing.DUPLICATE or (twin is not None and twin.batch.hash == batch.hash):
                fates.append(fate_of(batch, Fate.DUPLICATE))
            elif twin is not None:
                again.append(batch)
            else:
                fresh[_number(batch)] = _Fresh(batch=batch, standing=standing)
        error = await self._append(writer, list(fresh.values())) if fresh else None
        fate, why = (Fate.STORED, "") if error is None else (Fate.LATER, str(error))
        fates += [fate_of(one.batch, fate, why) for one in fresh.values()]
        if again and error is None:
            rest = await self._store(writer, again)
            return Stored(fates=[*fates, *rest.fates], error=rest.error)
        return Stored(fates=fates + [fate_of(batch, Fate.LATER, why) for batch in again], error=error)

    async def _landed(self, batches: Sequence[Batch]) -> None:
        while flights := [
            flight for batch in batches if (flight := self._in_flight.get(_number(batch))) is not None
        ]:
            await asyncio.wait(flights)

    async def _append(self, writer: str, fresh: Sequence[_Fresh]) -> Unavailable | None:
        landed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        numbers = [_number(one.batch) for one in fresh]
        self._in_flight.update(dict.fromkeys(numbers, landed))

        def take(placed: Sequence[Record]) -> None:
            for linked, said in _stretches([one.batch for one in fresh]):
                if said is NOTHING:
                    self._register.sequences.take_linked(linked)
                else:
                    self._register.sequences.take(linked[0], said)
            self._register.heard_ms[writer] = placed[-1].received_ms

        try:
            await self._register.append([_record(writer, one) for one in fresh], take)
        except Unavailable as error:
            return error
        finally:
            for number in numbers:
                del self._in_flight[number]
            landed.set_result(None)
        for one in fresh:
            if one.standing is not Standing.NEW:
                await self._conditions.tell(MarkName.CLONE, f"{one.batch.gateway}/{one.batch.run}", writer)
        return None


def _record(writer: str, one: _Fresh) -> NewRecord:
    batch = one.batch
    conflict = one.standing in (Standing.CONFLICT, Standing.BEYOND)
    meta = BatchMeta(gateway=writer, run=batch.run, seq=batch.seq, conflict=conflict)
    return batch_record(meta, batch.encode())


def _stretches(batches: Sequence[Batch]) -> Iterator[tuple[list[Batch], Declared]]:
    """Batches that build on each other and declare nothing, together; each that declares something alone."""
    stretch: list[Batch] = []
    for batch in batches:
        said = declared(batch)
        if stretch and (said is not NOTHING or not _builds_on(batch, stretch[-1])):
            yield stretch, NOTHING
            stretch = []
        if said is NOTHING:
            stretch.append(batch)
        else:
            yield [batch], said
    if stretch:
        yield stretch, NOTHING


def _builds_on(batch: Batch, before: Batch) -> bool:
    same = batch.prev == before.hash and batch.seq == before.seq + 1
    return same and batch.run == before.run and batch.gateway == before.gateway


def _number(batch: Batch) -> Number:
    return batch.gateway, batch.run, batch.seq
