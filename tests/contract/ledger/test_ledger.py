"""One suite judges every ledger."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from coldchain_backend.ledger import Kind, Ledger, MemoryLedger, NewRecord, open_ledger
from support.still_clock import StillClock


def act(text: str) -> NewRecord:
    return NewRecord(kind=Kind.ACT, payload=text.encode())


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture(params=["memory", "file", "file of tiny segments"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path, clock: StillClock) -> Iterator[Ledger]:
    if request.param == "memory":
        yield MemoryLedger("demo", clock)
        return
    size = 300 if "tiny" in request.param else 1 << 20
    with open_ledger(tmp_path / "ledger", "demo", clock, segment_bytes=size) as opened:
        yield opened


async def test_appended_records_are_read_in_order_with_numbers_from_one(ledger: Ledger) -> None:
    first = await ledger.append([act("a"), act("b")])
    second = await ledger.append([act("c")])
    assert [record.offset for record in [*first, *second]] == [1, 2, 3]
    assert list(ledger.read(0, 10)) == [*first, *second]
    assert (ledger.end, ledger.head) == (3, second[0].hash)


async def test_reading_starts_behind_the_offset_and_obeys_the_limit(ledger: Ledger) -> None:
    for number in range(20):
        await ledger.append([act(f"act number {number}")])
    collected: list[int] = []
    after = 3
    while records := ledger.read(after, 4):
        assert len(records) <= 4
        collected += [record.offset for record in records]
        after = records[-1].offset
    assert collected == list(range(4, 21))


async def test_an_empty_ledger_has_nothing_and_a_head(ledger: Ledger) -> None:
    assert ledger.read(0, 5) == []
    assert ledger.end == 0
    assert len(ledger.head) == 64
    assert ledger.wait(0, 0) is False


async def test_an_empty_append_changes_nothing(ledger: Ledger) -> None:
    assert list(await ledger.append([])) == []
    assert ledger.end == 0


async def test_reading_far_beyond_the_end_gives_nothing(ledger: Ledger) -> None:
    await ledger.append([act("a")])
    assert ledger.read(17, 5) == []
    assert ledger.read(0, 0) == []


async def test_payloads_of_any_bytes_come_back(ledger: Ledger) -> None:
    payloads = [b"", b"\n", b"\n\nccl1 2 act 0 0 " + b"0" * 64 + b"\n", bytes(range(256)), b"x" * 100_000]
    await ledger.append([NewRecord(kind=Kind.BATCH, payload=payload) for payload in payloads])
    assert [record.payload for record in ledger.read(0, 10)] == payloads


async def test_stamps_never_fall_though_the_clock_does(ledger: Ledger, clock: StillClock) -> None:
    before = await ledger.append([act("a")])
    clock.wall_ms -= 500
    after = await ledger.append([act("b")])
    clock.advance(600)
    later = await ledger.append([act("c")])
    stamps = [records[0].received_ms for records in (before, after, later)]
    assert stamps == sorted(stamps)
    assert stamps[2] > stamps[0]


async def test_concurrent_appends_keep_each_callers_records_together(ledger: Ledger) -> None:
    async def append(name: int) -> list[int]:
        records = await ledger.append([act(f"{name}/{part}") for part in range(3)])
        return [record.offset for record in records]

    offsets = await asyncio.gather(*(append(name) for name in range(50)))
    assert sorted(offset for group in offsets for offset in group) == list(range(1, 151))
    for name, group in enumerate(offsets):
        assert group == list(range(group[0], group[0] + 3))
        read = ledger.read(group[0] - 1, 3)
        assert [record.payload.decode() for record in read] == [f"{name}/{part}" for part in range(len(read))]


async def test_a_waiting_thread_wakes_when_a_record_comes(ledger: Ledger) -> None:
    waiting = asyncio.create_task(asyncio.to_thread(ledger.wait, 0, 10.0))
    await ledger.append([act("a")])
    assert await waiting is True
