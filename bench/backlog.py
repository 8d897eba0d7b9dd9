"""A backlog drained beside live readings, against the same readings judged in order as they came.

Ledger and clock are in memory, so that hours pass at once; judging and its database are real.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.hand_clock import HandClock
from bench.loads import ORGANISATION, Load, Sender, Shape
from bench.table import Row
from bench.timing import SCALE
from coldchain_backend.fleet import fleet_record
from coldchain_backend.fleetfile import parse
from coldchain_backend.judging import Follower, Judging, News, Settings
from coldchain_backend.ledger import BatchMeta, Kind, MemoryLedger, NewRecord, batch_record
from coldchain_backend.sql import Books, open_database

SHAPE = Shape(
    name="backlog", lines=10, batches=100, requests=0, sensors=10, points=int(200 * max(SCALE, 0.1))
)
HOURS = max(1, round(72 * SCALE / 12))
TURNS = HOURS * 360
SPACING = 10_000
T0 = 1_795_305_600_000
AT_ONCE = 100


class House:
    """Judging of one load in a folder."""

    def __init__(self, folder: Path, load: Load) -> None:
        self.clock = HandClock(at_ms=T0)
        self.spent_s = 0.0
        self.live_s: list[float] = []
        self.ledger = MemoryLedger(ORGANISATION, self.clock)
        self.books = Books(open_database(folder / "coldchain.sqlite"))
        judging = Judging(self.books, Settings(organisation=ORGANISATION))
        self.follower = Follower(self.ledger, judging, News(), idle=lambda: False)
        text = load.fleet()
        payload = fleet_record(plan=parse(text), text=text, by="bench", reason=None, base=0)
        self.ledger.put([NewRecord(kind=Kind.FLEET, payload=payload)])
        self.follower.catch_up()

    def take(self, records: list[NewRecord], *, live: bool = False) -> None:
        """Records arrive and are judged."""
        self.ledger.put(records)
        before, began = time.thread_time(), time.perf_counter()
        self.follower.catch_up()
        self.spent_s += time.thread_time() - before
        if live:
            self.live_s.append(time.perf_counter() - began)


def records(sender: Sender) -> list[NewRecord]:
    """All batches of a gateway, in order, and one live batch for each request more."""
    count = TURNS + TURNS // AT_ONCE + 2
    return [
        batch_record(
            BatchMeta(gateway=sender.name, run=f"run-{sender.name}", seq=seq),
            sender.said_at(SHAPE.lines, T0 + 60_000, SPACING),
        )
        for seq in range(1, count + 1)
    ]


def measure() -> list[Row]:
    """CPU per reading in order, beside live, and how long a live batch waits behind a request of backlog."""
    print(f"a backlog of {HOURS} h of {SHAPE.points} points …", file=sys.stderr, flush=True)
    return list(_measured())


def _measured() -> Iterator[Row]:
    load = Load(SHAPE)
    said = {sender.name: records(sender) for sender in load.senders}
    count = sum(map(len, said.values())) * SHAPE.lines
    in_order, beside = _in_order(load, said), _beside_live(load, said)
    yield Row(name="judged in order", value=count / in_order.spent_s, unit="readings/cpu-s")
    yield Row(
        name="backlog beside live ÷ in order",
        value=beside.spent_s / in_order.spent_s,
        unit=f"× cpu ({HOURS} h of {SHAPE.points} points)",
    )
    waits = sorted(beside.live_s)
    yield Row(
        name="live judged behind a backlog request, p99",
        value=1000 * waits[len(waits) * 99 // 100],
        unit="ms",
    )


def _in_order(load: Load, said: dict[str, list[NewRecord]]) -> House:
    """Every batch when it was due."""
    with tempfile.TemporaryDirectory() as name:
        house = House(Path(name), load)
        gc.collect()
        for start in range(0, TURNS, AT_ONCE):
            for mine in said.values():
                house.clock.at_ms = T0 + 70_000 + (start + AT_ONCE) * SPACING
                house.take(mine[start : start + AT_ONCE])
        for number in range(TURNS, max(map(len, said.values()))):
            for mine in said.values():
                house.clock.at_ms = T0 + 70_000 + (number + 1) * SPACING
                house.take(mine[number : number + 1])
        house.books.close()
        return house


def _beside_live(load: Load, said: dict[str, list[NewRecord]]) -> House:
    """All gateways come back at once: a live batch first, then the oldest, a live one beside each request."""
    with tempfile.TemporaryDirectory() as name:
        house = House(Path(name), load)
        gc.collect()
        number = TURNS
        for start in range(0, TURNS, AT_ONCE):
            house.clock.at_ms = T0 + 70_000 + (number + 1) * SPACING
            for mine in said.values():
                house.take([*mine[start : start + AT_ONCE], mine[number]], live=True)
                house.clock.at_ms += 20
            number += 1
        for mine in said.values():
            house.take(mine[number:])
        house.clock.at_ms += 10_000
        house.take([batch_record(BatchMeta(gateway="nobody", run="r", seq=1), b"")])
        house.books.close()
        return house
