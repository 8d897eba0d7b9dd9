"""Ingest over a ledger in memory, with one gateway admitted; and ledgers that refuse."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from coldchain.errors import Unavailable
from coldchain.seal import Batch, Key, encode_public
from coldchain_backend.fleet import Gateway, LineMapping, Plan, fleet_record
from coldchain_backend.ingest import Admission
from coldchain_backend.ledger import Kind, MemoryLedger, NewRecord, Record, read_json, split_batch
from support.ledgers import BACKEND, GATEWAY
from support.still_clock import StillClock

NOW_MS = 1_795_376_523_000


class MoodyLedger(MemoryLedger):
    """A ledger that makes its callers wait, and refuses while `mood` is an error."""

    mood: Unavailable | None = None

    async def append(self, records: Sequence[NewRecord]) -> Sequence[Record]:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if self.mood is not None:
            raise self.mood
        return await super().append(records)


class Door:
    """An admission and what it stands on."""

    def __init__(self, folder: Path, key: Key = GATEWAY) -> None:
        self.clock = StillClock(NOW_MS)
        self.ledger = MoodyLedger("demo", self.clock)
        self.plan = Plan(
            organisation="demo",
            gateways=(Gateway(name="gw", key=encode_public(key.public)),),
            unsealed_allowed=True,
            mapping=(LineMapping(measurement="mqtt", sensor_tag="topic", fields={"temp": "temperature"}),),
        )
        fleet = fleet_record(plan=self.plan, text="", by="test", reason=None, base=0)
        self.ledger.put([NewRecord(kind=Kind.FLEET, payload=fleet)])
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.admission = self.open()

    def open(self) -> Admission:
        """As at a start of the server."""
        admission = Admission(
            ledger=self.ledger,
            key=BACKEND,
            organisation="demo",
            folder=self.folder,
            plan=lambda: self.plan,
        )
        admission.catch_up()
        return admission

    def stored(self) -> list[tuple[str, int]]:
        """(run, number) of every batch in evidence, in its order."""
        return [(meta.run, meta.seq) for meta, _ in map(split_batch, self._payloads(Kind.BATCH))]

    def bodies(self) -> bytes:
        """What the batches in evidence say."""
        return b"".join(
            encoded.split(b"\n", 1)[1] for _, encoded in map(split_batch, self._payloads(Kind.BATCH))
        )

    def marks(self) -> list[str]:
        """Names of the marks."""
        return [str(read_json(payload)["mark"]) for payload in self._payloads(Kind.MARK)]

    def _payloads(self, kind: Kind) -> list[bytes]:
        return [record.payload for record in self.ledger.read(0, 10_000) if record.kind is kind]


def request(batches: Sequence[Batch]) -> bytes:
    """The body of a write."""
    return b"".join(batch.encode() for batch in batches)
