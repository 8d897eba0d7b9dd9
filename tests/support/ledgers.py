"""Ledgers on disk for tests: written by the real ledger, with gateways' sealed batches in them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from coldchain.seal import GENESIS, Batch, Key, encode_public, seal
from coldchain_backend.ledger import (
    BatchMeta,
    MarkName,
    NewRecord,
    act_record,
    batch_record,
    mark_record,
    open_ledger,
)
from coldchain_backend.ledger.disk import SystemDisk
from coldchain_backend.ledger.reserve import RESERVE_BYTES
from support.still_clock import StillClock

GATEWAY = Key.from_seed(b"g" * 32)
BACKEND = Key.from_seed(b"b" * 32)


def sealed(
    count: int, *, run: str = "r1", key: Key = GATEWAY, org: str = "demo", lines: int = 2
) -> list[Batch]:
    """A run's first batches."""
    batches, prev = [], GENESIS
    for seq in range(1, count + 1):
        body = b"".join(
            b"reading,sensor=s%d temperature=%d.5,counter=%di %d\n"
            % (line, line, seq, 1_795_376_523_000 + seq)
            for line in range(lines)
        )
        batch = seal(key, org=org, run=run, seq=seq, prev=prev, body=body)
        prev = batch.hash
        batches.append(batch)
    return batches


def batch_records(batches: Sequence[Batch], gateway: str = "gw") -> list[NewRecord]:
    """How ingest puts them into the ledger."""
    return [
        batch_record(BatchMeta(gateway=gateway, run=batch.run, seq=batch.seq), batch.encode())
        for batch in batches
    ]


class ModestDisk(SystemDisk):
    """Has room for evidence, but not so much that the ledger holds a reserve back: tests write less."""

    def free(self, directory: Path) -> int:
        return RESERVE_BYTES


def write_ledger(
    folder: Path, batches: int = 6, *, segment_bytes: int = 1_000, checkpoint: bool = False
) -> None:
    """A ledger of several segments, each record a group of its own, one millisecond apart."""
    clock = StillClock()
    records = [
        mark_record(MarkName.START, {"key": encode_public(BACKEND.public)}),
        act_record("enrol", "admin", {"gateway": "gw", "key": encode_public(GATEWAY.public)}),
        *batch_records(sealed(batches)),
        mark_record(MarkName.STOP),
    ]
    with open_ledger(folder, "demo", clock, disk=ModestDisk(), segment_bytes=segment_bytes) as ledger:

        async def fill() -> None:
            for record in records:
                await ledger.append([record])
                clock.advance(1)

        asyncio.run(fill())
        if checkpoint:
            ledger.checkpoint(BACKEND)


def segments(folder: Path) -> list[Path]:
    """Its segment files in order."""
    return sorted(folder.glob("*.seg"))
