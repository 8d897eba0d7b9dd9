"""The one door for measurements: who may write, whose seal is whole, what is new; then into the ledger.

Nothing is answered as stored before the ledger made it durable. The lines themselves are the consumer's work.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coldchain.errors import Unavailable
from coldchain.seal import (
    GENESIS,
    BadBatch,
    Batch,
    Key,
    SealFault,
    check,
    encode_public,
    fingerprint,
    read_batches,
    seal,
)
from coldchain_backend.fleet import Plan
from coldchain_backend.ingest import snapshot
from coldchain_backend.ingest.contracts import BatchFate, Fate, NotAdmitted, Written
from coldchain_backend.ingest.hashes import MAX_SEQ, BatchHashes
from coldchain_backend.ingest.keys import AdmittedBy, GatewayKey, GatewayKeys
from coldchain_backend.ingest.replay import replay
from coldchain_backend.ingest.sequences import Sequences, Standing
from coldchain_backend.ingest.unsealed import Precision, Received, bodies, read_unsealed
from coldchain_backend.ledger import (
    ActName,
    BatchMeta,
    Grade,
    Json,
    Ledger,
    MarkName,
    NewRecord,
    Record,
    act_record,
    batch_record,
    declared,
    mark_record,
)

RECEIPT_RUN: Final = "receipt"
SNAPSHOT_EVERY: Final = 20_000
TOLD_AT_MOST: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A batch whose seal is whole, and under which name its key is admitted."""

    batch: Batch
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Numbers of a run that will never come; `key` is the gateway key's fingerprint."""

    key: str
    run: str
    first: int
    last: int
    reason: str


class Admission:
    """Takes writes of one organisation. Lives in one event loop."""

    def __init__(
        self, *, ledger: Ledger, key: Key, organisation: str, folder: Path, plan: Callable[[], Plan]
    ) -> None:
        self._ledger = ledger
        self._key = key
        self._organisation = organisation
        self._plan = plan
        self._snapshot = folder / "ingest.json"
        self._hashes = BatchHashes(folder / "hashes")
        self._sequences = Sequences(self._hashes)
        known = snapshot.load(self._snapshot, organisation, self._sequences)
        self.keys = GatewayKeys(known.keys)
        self._offset = known.offset
        self._saved = known.offset
        self._followed: Plan | None = None
        self._in_flight: dict[tuple[str, str, int, str], asyncio.Future[None]] = {}
        self._appending = 0
        self._settled = asyncio.Event()
        self._settled.set()
        self._receipt = asyncio.Lock()
        self._told: set[tuple[MarkName, str]] = set()
        self._wrote: dict[str, list[str]] = {}
        self.unmapped: Counter[str] = Counter()
        self.unmapped_sample: dict[str, str] = {}
        self.heard_ms: dict[str, int] = {}
        self.refusals: Counter[str] = Counter()

    def catch_up(self) -> None:
        """Read what the ledger holds behind the snapshot; at start, before the first write."""
        self._offset = replay(
            self._ledger, self._offset, keys=self.keys, sequences=self._sequences, heard_ms=self.heard_ms
        )

    def close(self) -> None:
        """Write the snapshot down."""
        self._save()
        self._hashes.close()

    def _save(self) -> None:
        self._hashes.sync()
        snapshot.save(self._snapshot, self._organisation, self._offset, self.keys, self._sequences)
        self._saved = self._offset

    # --- writes -----------------------------------------------------------------------------------------

    async def write_sealed(self, writer: str, body: bytes) -> Written:
        """Take the batches of one request by the gateway `writer`.

        Raises NotAdmitted where a key is not admitted for that name.
        """
        self._follow_fleet()
        framed = list(read_batches(body))
        whole = [one for one in framed if isinstance(one, Batch)]
        mistakes = [f"byte {one.position}: {one.reason}" for one in framed if isinstance(one, BadBatch)]
        for batch in whole:
            await self._admit(writer, batch)
        fates: list[BatchFate] = []
        pending: list[Batch] = []
        for batch in whole:
            if batch.seq > MAX_SEQ:
                fates.append(_fate(batch, Fate.REFUSED_HASH, f"numbers end at {MAX_SEQ}"))
                continue
            fault = check(batch, self._public(batch))
            if fault is not None:
                self.refusals[f"seal_{fault.value}"] += 1
                fates.append(_refused(batch, fault))
            else:
                pending.append(batch)
        storing = asyncio.create_task(self._store(writer, pending))
        stored, error = await asyncio.shield(storing)  # whoever asked may be gone; the batches are not
        held = self._sequences.held(whole[-1].gateway) if whole else []
        lines = sum(batch.body.count(b"\n") for batch in pending)
        return Written(
            fates=tuple(fates + stored),
            held=tuple(held),
            mistakes=tuple(mistakes),
            stored_lines=lines,
            error=error,
        )

    async def write_unsealed(self, writer: str, body: bytes, precision: Precision, now_ms: int) -> Written:
        """Seal the readings of an unsealed body on receipt; raises NotAdmitted where that is not allowed."""
        plan = self._plan()
        if not plan.unsealed_allowed:
            raise NotAdmitted("unsealed writes are not allowed")
        received = read_unsealed(body, precision, plan.mapping, now_ms)
        self._count(received)
        mistakes = tuple(f"line {bad.number}: {bad.reason}" for bad in received.bad)
        if received.empty:
            return Written(mistakes=mistakes)
        try:
            await self._seal_on_receipt(writer, received)
        except Unavailable as error:
            return Written(mistakes=mistakes, error=error)
        self.heard_ms[writer] = now_ms
        return Written(mistakes=mistakes, stored_lines=len(received.lines))

    async def _seal_on_receipt(self, writer: str, received: Received) -> None:
        async with self._receipt:
            run = self._sequences.state(self._key.fingerprint, RECEIPT_RUN).run
            seq, prev = run.newest, run.head or GENESIS
            batches: list[Batch] = []
            records: list[NewRecord] = []
            for body in bodies(received.lines):
                seq += 1
                batch = seal(
                    self._key, org=self._organisation, run=RECEIPT_RUN, seq=seq, prev=prev, body=body
                )
                prev = batch.hash
                first = not batches
                meta = BatchMeta(
                    gateway=writer,
                    run=RECEIPT_RUN,
                    seq=seq,
                    grade=Grade.RECEIPT,
                    unmapped=dict(received.unmapped) if first else None,
                    unread=len(received.bad) if first else 0,
                    sample=received.sample if first else None,
                )
                batches.append(batch)
                records.append(batch_record(meta, batch.encode()))

            def take(_: Sequence[Record]) -> None:
                for batch in batches:
                    self._sequences.take(batch, declared(b""))

            await self._append(records, take)

    async def _store(self, writer: str, batches: Sequence[Batch]) -> tuple[list[BatchFate], Exception | None]:
        """Append what is new, in one group; a batch that is on its way already is waited for."""
        await self._wait_for_twins(batches)
        fates: list[BatchFate] = []
        fresh: list[Sealed] = []
        for batch in batches:
            standing = self._sequences.standing(batch)
            twin = any(one.batch.hash == batch.hash for one in fresh)
            if standing is Standing.DUPLICATE or twin:
                fates.append(_fate(batch, Fate.DUPLICATE))
            else:
                fresh.append(Sealed(batch=batch, standing=standing))
        if not fresh:
            return fates, None
        landed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        names = [_name(one.batch) for one in fresh]
        self._in_flight.update(dict.fromkeys(names, landed))

        def take(placed: Sequence[Record]) -> None:
            for one in fresh:
                self._sequences.take(one.batch, declared(one.batch.body))
            self.heard_ms[writer] = placed[-1].received_ms

        try:
            await self._append([_record(writer, one) for one in fresh], take)
        except Unavailable as error:
            return fates + [_fate(one.batch, Fate.LATER, str(error)) for one in fresh], error
        finally:
            for name in names:
                self._in_flight.pop(name, None)
            landed.set_result(None)
        await self._tell_clones(writer, fresh)
        return fates + [_fate(one.batch, Fate.STORED) for one in fresh], None

    async def _wait_for_twins(self, batches: Sequence[Batch]) -> None:
        twins = {self._in_flight.get(_name(batch)) for batch in batches} - {None}
        for twin in twins:
            if twin is not None:
                await asyncio.shield(twin)

    async def _append(self, records: Sequence[NewRecord], take: Callable[[Sequence[Record]], None]) -> None:
        """Make records durable, then know them, also when the one who asked is gone meanwhile."""
        await asyncio.shield(asyncio.create_task(self._append_and_know(records, take)))

    async def _append_and_know(
        self, records: Sequence[NewRecord], take: Callable[[Sequence[Record]], None]
    ) -> None:
        """A snapshot says that every record up to its offset is known: when one is due, new records wait
        until the last ones have landed."""
        await self._settled.wait()
        self._appending += 1
        try:
            placed = await self._ledger.append(records)
            take(placed)
            self._offset = max(self._offset, placed[-1].offset)
        finally:
            self._appending -= 1
            due = self._offset - self._saved >= SNAPSHOT_EVERY
            if due and self._appending == 0:
                self._save()
                due = False
            if due:
                self._settled.clear()
            elif self._appending == 0:
                self._settled.set()

    # --- keys -------------------------------------------------------------------------------------------

    async def enrol(self, name: str, public: bytes, by: str) -> None:
        """Admit a key under a name by a one-time code; told where another key is in force under it."""
        self._follow_fleet()
        others = [key for key in self.keys.of(name) if key.public != public]
        details: dict[str, Json] = {"gateway": name, "key": encode_public(public)}

        def take(placed: Sequence[Record]) -> None:
            self.keys.admit(name, public, AdmittedBy.CODE, placed[-1].received_ms)

        await self._append([act_record(ActName.ENROL.value, by, details)], take)
        if others:
            await self._tell(MarkName.TWO_GATEWAYS, name, name)

    async def revoke(self, key: GatewayKey, by: str, reason: str) -> None:
        """Refuse a key from now on."""
        name = fingerprint(key.public)
        details: dict[str, Json] = {"gateway": key.name, "key": name, "reason": reason}

        def take(placed: Sequence[Record]) -> None:
            self.keys.revoke(name, placed[-1].received_ms, reason)

        await self._append([act_record(ActName.REVOKE.value, by, details)], take)

    async def declare_lost(self, lost: Lost, by: str) -> None:
        """A person says that numbers of a run will never come."""
        details: dict[str, Json] = {
            "key": lost.key,
            "run": lost.run,
            "first": lost.first,
            "last": lost.last,
            "reason": lost.reason,
        }

        def take(_: Sequence[Record]) -> None:
            self._sequences.declare_lost(lost.key, lost.run, lost.first, lost.last)

        await self._append([act_record(ActName.DECLARE_LOST.value, by, details)], take)

    def held(self, key: str) -> list[tuple[str, int]]:
        """(run, held) of a key's newest run and of every incomplete one."""
        return self._sequences.held(key)

    def _follow_fleet(self) -> None:
        plan = self._plan()
        if plan is not self._followed:
            self.keys.follow_fleet([(gateway.name, gateway.key) for gateway in plan.gateways], 0)
            self._followed = plan

    async def _admit(self, writer: str, batch: Batch) -> None:
        key = self.keys.find(batch.gateway)
        if (
            key is not None
            and key.name == writer
            and key.revoked_ms is None
            and batch.org == self._organisation
        ):
            if self._alternates(writer, batch.gateway):
                await self._tell(MarkName.TWO_GATEWAYS, writer, writer)
            return
        self.refusals["key"] += 1
        if key is None or key.name != writer:
            await self._tell(MarkName.FOREIGN_KEY, f"{writer}/{batch.gateway}", writer)
        raise NotAdmitted(f"key {batch.gateway} is not admitted for {writer}")

    def _alternates(self, writer: str, key: str) -> bool:
        """Whether a key writes again after another one wrote under the same name: both are alive."""
        wrote = self._wrote.setdefault(writer, [])
        if wrote and wrote[-1] == key:
            return False
        again = key in wrote
        self._wrote[writer] = [*(one for one in wrote if one != key), key]
        return again

    def _public(self, batch: Batch) -> bytes:
        key = self.keys.find(batch.gateway)
        return b"" if key is None else key.public

    # --- told -------------------------------------------------------------------------------------------

    async def _tell_clones(self, writer: str, fresh: Sequence[Sealed]) -> None:
        for one in fresh:
            if one.standing is not Standing.NEW:
                batch = one.batch
                await self._tell(MarkName.CLONE, f"{batch.gateway}/{batch.run}", writer)

    async def _tell(self, mark: MarkName, cause: str, gateway: str) -> None:
        """Mark a condition once a process; a full ledger is no reason to refuse what it is about."""
        if (mark, cause) in self._told or len(self._told) >= TOLD_AT_MOST:
            return
        self._told.add((mark, cause))
        try:
            await self._ledger.append([mark_record(mark, {"gateway": gateway, "cause": cause})])
        except Unavailable:
            self._told.discard((mark, cause))

    def _count(self, received: Received) -> None:
        self.refusals["unread_line"] += len(received.bad)
        for measurement, count in received.unmapped.items():
            if measurement in self.unmapped or len(self.unmapped) < TOLD_AT_MOST:
                self.unmapped[measurement] += count
                self.unmapped_sample.setdefault(measurement, received.sample or "")


def _record(writer: str, one: Sealed) -> NewRecord:
    batch = one.batch
    conflict = one.standing in (Standing.CONFLICT, Standing.BEYOND)
    meta = BatchMeta(gateway=writer, run=batch.run, seq=batch.seq, conflict=conflict)
    return batch_record(meta, batch.encode())


def _name(batch: Batch) -> tuple[str, str, int, str]:
    return batch.gateway, batch.run, batch.seq, batch.hash


def _fate(batch: Batch, fate: Fate, message: str = "") -> BatchFate:
    return BatchFate(run=batch.run, seq=batch.seq, fate=fate, message=message)


def _refused(batch: Batch, fault: SealFault) -> BatchFate:
    fate = Fate.REFUSED_HASH if fault is SealFault.HASH else Fate.REFUSED_SIGNATURE
    return _fate(batch, fate, f"the {fault.value} does not hold")
