"""The lane of the backlog: it goes as fast as judging does, loses nothing, and holds up no live batch."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldchain.seal import GENESIS, Batch, seal
from coldchain_backend.ingest import Fate, Written
from coldchain_backend.ingest.lanes import (
    BEHIND_RECORDS,
    OLD_MS,
    PATIENCE_MS,
    SLICE_BYTES,
    WAITING,
    Lane,
    lane_of,
)
from coldchain_backend.ledger import Busy, DiskFull, MarkName, mark_record
from support.doors import NOW_MS, Door, request
from support.ledgers import GATEWAY, sealed
from support.soak import rounds
from support.still_clock import StillClock

LARGE = sealed(9, lines=3_000)
"""A run of which two batches do not fit into a slice."""
SMALL = sealed(9, lines=1)


class PacedDoor(Door):
    """A door whose judging comes as far as a test lets it: `per_look` records with every look of a waiter."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.judged, self.per_look, self.most_waiting = self.ledger.end, 0, 0
        self.weights: dict[int, int] = {}
        self.admission.pace_backlog(self._look, self.clock)

    def _look(self) -> int:
        waits = sum(len(one.payload) for one in self.ledger.read(self.judged, 10_000))
        self.most_waiting = max(self.most_waiting, waits)
        self.judged = min(self.ledger.end, self.judged + self.per_look)
        return self.judged


@pytest.fixture
def door(tmp_path: Path) -> PacedDoor:
    return PacedDoor(tmp_path / "ingest")


async def old(door: Door, batches: list[Batch]) -> Written:
    return await door.admission.write_sealed("gw", request(batches), "backlog")


def fates(written: Written) -> list[Fate]:
    return [one.fate for one in written.fates]


async def test_judging_that_keeps_up_lets_all_of_a_backlog_in(door: PacedDoor) -> None:
    door.per_look = 1
    written = await old(door, LARGE[:8])
    assert fates(written) == [Fate.STORED] * 8
    assert written.error is None
    assert door.most_waiting < 3 * SLICE_BYTES


async def test_behind_judging_the_backlog_is_told_to_come_again_and_live_batches_are_taken(
    door: PacedDoor,
) -> None:
    batches = LARGE[:8]
    began_ms = door.clock.now_ms()
    written = await old(door, batches[:7])
    assert isinstance(written.error, Busy)
    stored = fates(written).count(Fate.STORED)
    assert fates(written) == [Fate.STORED] * stored + [Fate.LATER] * (7 - stored)
    assert 1 <= stored <= 2
    assert PATIENCE_MS <= door.clock.now_ms() - began_ms < PATIENCE_MS + 1_000
    assert door.admission.refusals["backlog_later"] == 7 - stored
    assert fates(await door.admission.write_sealed("gw", request(batches[7:]), "live")) == [Fate.STORED]
    door.per_look = 1
    assert {*fates(await old(door, batches))} == {Fate.STORED, Fate.DUPLICATE}
    assert sorted(door.stored()) == [("r1", seq) for seq in range(1, 9)]


async def test_who_is_behind_for_another_reason_takes_no_backlog_either(door: PacedDoor) -> None:
    door.ledger.put([mark_record(MarkName.ALIVE) for _ in range(BEHIND_RECORDS + 1)])
    assert fates(await old(door, sealed(1))) == [Fate.LATER]
    door.per_look = 1
    assert fates(await old(door, sealed(1))) == [Fate.STORED]


async def test_what_the_ledger_would_not_have_is_for_later_with_all_behind_it(door: PacedDoor) -> None:
    door.per_look = 1
    door.ledger.mood = DiskFull("the disk is full")
    written = await old(door, LARGE[:4])
    assert isinstance(written.error, DiskFull)
    assert fates(written) == [Fate.LATER] * 4
    assert door.stored() == []


class Stuck(StillClock):
    """Whoever sleeps stays asleep until all others have had their turn."""

    async def sleep(self, seconds: float) -> None:
        for _ in range(WAITING + 2):
            await asyncio.sleep(0)
        await super().sleep(seconds)


async def test_more_requests_than_may_wait_are_sent_away_at_once(tmp_path: Path) -> None:
    door = PacedDoor(tmp_path / "ingest")
    door.clock = Stuck(NOW_MS)
    door.admission.pace_backlog(lambda: 0, door.clock)
    door.ledger.put([mark_record(MarkName.ALIVE) for _ in range(BEHIND_RECORDS + 1)])
    at_ms: list[int] = []

    async def one(batch: Batch) -> None:
        assert fates(await old(door, [batch])) == [Fate.LATER]
        at_ms.append(door.clock.now_ms() - NOW_MS)

    await asyncio.gather(*(one(batch) for batch in sealed(WAITING + 3)))
    assert sum(waited < PATIENCE_MS for waited in at_ms) == 3
    assert max(at_ms) < 2 * PATIENCE_MS


@settings(
    max_examples=rounds(25, 800), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_the_lanes_and_judging_do_what_is_answered_stored_is_there_once(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    door = PacedDoor(tmp_path_factory.mktemp("door"))
    batches = data.draw(st.sampled_from((SMALL, LARGE)))[: data.draw(st.integers(1, 9))]
    numbers = st.lists(st.integers(0, len(batches) - 1), min_size=1, max_size=6)
    sends = data.draw(st.lists(st.tuples(numbers, st.sampled_from(("live", "backlog"))), max_size=6))
    door.per_look = data.draw(st.integers(0, 3))
    answered: set[int] = set()

    async def send(wanted: list[int], lane: str) -> None:
        body = request([batches[number] for number in wanted])
        written = await door.admission.write_sealed("gw", body, lane)
        assert lane == "backlog" or written.error is None
        assert len(written.fates) == len(wanted)
        answered.update(one.seq for one in written.fates if one.fate.durable)

    async def all_at_once() -> None:
        await asyncio.gather(*(send(wanted, lane) for wanted, lane in sends))

    asyncio.run(all_at_once())
    assert sorted(door.stored()) == [("r1", seq) for seq in sorted(answered)]


@pytest.mark.parametrize(
    ("said", "age_ms", "lane"),
    [
        ("backlog", 0, Lane.BACKLOG),
        (" Backlog ", 0, Lane.BACKLOG),
        ("live", 10 * OLD_MS, Lane.LIVE),
        ("something", 10 * OLD_MS, Lane.LIVE),
        (None, 0, Lane.LIVE),
        (None, OLD_MS, Lane.LIVE),
        (None, OLD_MS + 1, Lane.BACKLOG),
        (None, -OLD_MS, Lane.LIVE),
    ],
)
def test_a_request_says_its_lane_or_its_newest_reading_does(
    said: str | None, age_ms: int, lane: Lane
) -> None:
    batches = [said_at(NOW_MS - 90 * OLD_MS), said_at(NOW_MS - age_ms)]
    assert lane_of(said, batches, NOW_MS) is lane


@pytest.mark.parametrize("body", [b"\n", b"no time here\n", b"x -5\n"])
def test_a_batch_without_a_time_is_live(body: bytes) -> None:
    batch = seal(GATEWAY, org="demo", run="r1", seq=1, prev=GENESIS, body=body)
    assert lane_of(None, [batch], NOW_MS) is Lane.LIVE
    assert lane_of(None, [], NOW_MS) is Lane.LIVE


def said_at(time_ms: int) -> Batch:
    body = b"reading,sensor=a temperature=1 %d\n" % time_ms
    return seal(GATEWAY, org="demo", run="r1", seq=1, prev=GENESIS, body=body)
