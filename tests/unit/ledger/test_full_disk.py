"""A full or failing disk: nothing is promised that is not durable, it is told, and it is over by itself."""

import asyncio
import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from coldchain.errors import Unavailable
from coldchain_backend.ledger import (
    DiskFull,
    FileLedger,
    Kind,
    MarkName,
    NewRecord,
    Verifier,
    mark_record,
    open_ledger,
    read_json,
)
from coldchain_backend.ledger.disk import SystemDisk
from coldchain_backend.ledger.reserve import RESERVE_BYTES
from support.still_clock import StillClock

PLENTY = 1 << 40


class WeakDisk(SystemDisk):
    """A disk with so much room, which can be made to fail."""

    def __init__(self) -> None:
        self.room = PLENTY
        self.error: int | None = None
        self.torn = 0
        self.full_while: Path | None = None
        self.syncs = 0

    def write(self, descriptor: int, data: bytes, position: int) -> None:
        if self.full_while is not None and self.full_while.exists():
            raise OSError(errno.ENOSPC, "no room")
        if self.error is not None:
            super().write(descriptor, data[: self.torn], position)
            raise OSError(self.error, "no luck")
        super().write(descriptor, data, position)

    def sync(self, descriptor: int) -> None:
        self.syncs += 1
        super().sync(descriptor)

    def free(self, directory: Path) -> int:
        return self.room


@pytest.fixture
def disk() -> WeakDisk:
    return WeakDisk()


@pytest.fixture
def ledger(tmp_path: Path, disk: WeakDisk) -> Iterator[FileLedger]:
    with open_ledger(tmp_path / "ledger", "demo", StillClock(), disk=disk) as opened:
        yield opened


def batch(text: bytes = b"x" * 500) -> NewRecord:
    return NewRecord(kind=Kind.BATCH, payload=text)


def marks(ledger: FileLedger) -> list[str]:
    return [
        str(read_json(record.payload)["mark"]) for record in ledger.read(0, 1_000) if record.kind is Kind.MARK
    ]


async def test_many_callers_share_a_sync(ledger: FileLedger, disk: WeakDisk) -> None:
    await ledger.append([batch()])
    before = disk.syncs
    await asyncio.gather(*(ledger.append([batch()]) for _ in range(400)))
    assert ledger.end == 401
    assert disk.syncs - before < 100


async def test_a_failed_write_leaves_nothing_and_the_next_one_is_whole(
    ledger: FileLedger, disk: WeakDisk, tmp_path: Path
) -> None:
    await ledger.append([batch()])
    disk.error, disk.torn = errno.EIO, 77
    with pytest.raises(Unavailable):
        await ledger.append([batch()])
    assert ledger.end == 1
    disk.error = None
    await ledger.append([batch(b"after")])
    assert ledger.read(0, 10)[-1].payload == b"after"
    assert Verifier(tmp_path / "ledger").run(lambda _: None).records == ledger.end


async def test_a_full_disk_is_told_refused_and_over_by_itself(ledger: FileLedger, disk: WeakDisk) -> None:
    await ledger.append([batch()])
    disk.room = RESERVE_BYTES // 8
    for _ in range(3):
        with pytest.raises(DiskFull):
            await ledger.append([batch()])
    assert ledger.disk_full
    assert marks(ledger) == ["disk_full"]
    await ledger.append([mark_record(MarkName.ALIVE)])
    disk.room = 2 * RESERVE_BYTES
    with pytest.raises(DiskFull):
        await ledger.append([batch()])
    disk.room = PLENTY
    await ledger.append([batch()])
    assert not ledger.disk_full
    assert marks(ledger) == ["disk_full", "alive", "disk_recovered"]
    assert (ledger.directory / "reserve").stat().st_size == RESERVE_BYTES


async def test_a_disk_that_is_full_all_at_once_gives_up_the_reserve(
    ledger: FileLedger, disk: WeakDisk
) -> None:
    await ledger.append([batch()])
    disk.full_while = ledger.directory / "reserve"
    with pytest.raises(DiskFull):
        await ledger.append([batch()])
    assert marks(ledger) == ["disk_full"]
    disk.full_while = None
    await ledger.append([batch()])
    assert marks(ledger) == ["disk_full", "disk_recovered"]


async def test_a_closed_ledger_takes_nothing(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "ledger", "demo", StillClock()) as opened:
        await opened.append([batch()])
    with pytest.raises(Unavailable):
        await opened.append([batch()])
