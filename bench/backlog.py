"""A backlog of 72 h drained beside live readings, against the same requests with nothing live beside them.

A point says one reading a minute, a gateway of a hundred points one batch. All gateways come back after 72 h
and send forty old batches a request. Readings are made when they are needed, so that any number fits into
memory; the clock is set; judging and its database are real. SCALE=20 is all of 10 000 points.
"""

from __future__ import annotations

import gc
import math
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.loads import ORGANISATION, Load, Sender, Shape
from bench.table import Row
from bench.timing import SCALE
from coldchain.seal import GENESIS, Batch
from coldchain_backend.fleet import fleet_record
from coldchain_backend.fleetfile import parse
from coldchain_backend.judging import Judging, Settings
from coldchain_backend.judging.follow import chunks
from coldchain_backend.ledger import (
    BatchMeta,
    Kind,
    MarkName,
    NewRecord,
    Record,
    batch_record,
    mark_record,
)
from coldchain_backend.sql import Books, open_database

SHAPE = Shape(
    name="backlog", lines=100, batches=40, requests=0, sensors=100,
    points=max(100, round(5 * SCALE) * 100), interval="60s",
)  # fmt: skip
"""A request of the backlog has as many batches as are appended before a live one can go first."""
MINUTES = 72 * 60
MINUTE_MS = 60_000
T0 = 1_795_305_600_000
ROUNDS = -(-MINUTES // SHAPE.batches)
ALIVE = mark_record(MarkName.ALIVE)
SIGNATURE = "A" * 86
"""Judging takes what stands in evidence; nobody signs what nobody verifies."""


class House:
    """Judging of one load in a folder; what it has judged is let go."""

    def __init__(self, folder: Path, load: Load) -> None:
        self.offset, self.spent_s = 0, 0.0
        self.books = Books(open_database(folder / "coldchain.sqlite"))
        self.judging = Judging(self.books, Settings(organisation=ORGANISATION))
        text = load.fleet()
        payload = fleet_record(plan=parse(text), text=text, by="bench", reason=None, base=0)
        self.take([NewRecord(kind=Kind.FLEET, payload=payload)], T0)

    def take(self, new: Sequence[NewRecord], at_ms: int) -> float:
        """Records arrive at an instant and are judged; seconds by the clock until they were."""
        placed = [
            Record(
                offset=self.offset + number, kind=one.kind, received_ms=at_ms, payload=one.payload, hash=""
            )
            for number, one in enumerate(new, 1)
        ]
        self.offset += len(placed)
        before, began = time.thread_time(), time.perf_counter()
        for chunk in chunks(placed):
            self.judging.consume(chunk)
        self.spent_s += time.thread_time() - before
        return time.perf_counter() - began


def said(sender: Sender, minutes: Sequence[int]) -> list[NewRecord]:
    """What a gateway's points said in some minutes, a batch for each."""
    first = sender.number * sender.sensors
    return [
        batch_record(
            BatchMeta(gateway=sender.name, run=f"run-{sender.name}", seq=minute + 1),
            Batch(
                org=ORGANISATION,
                gateway=sender.key.fingerprint,
                run=f"run-{sender.name}",
                seq=minute + 1,
                prev=GENESIS,
                hash=GENESIS,
                sig=SIGNATURE,
                body=_body(first, sender.sensors, minute),
            ).encode(),
        )
        for minute in minutes
    ]


def _body(first: int, sensors: int, minute: int) -> bytes:
    """Readings of one minute: within limits, each point a little warmer than the one before."""
    celsius, at_ms = 4.0 + minute % 60 / 30, T0 + (minute + 1) * MINUTE_MS
    return b"".join(
        [
            b"reading,sensor=s%05d temperature=%.2f,counter=%di %d\n"
            % (first + sensor, celsius + sensor / 1000, minute, at_ms)
            for sensor in range(sensors)
        ]
    )


def measure() -> list[Row]:
    """CPU per reading without and with live readings beside, and how long a live batch waits meanwhile."""
    return list(_measured())


def _measured() -> Iterator[Row]:
    load = Load(SHAPE)
    count = SHAPE.points * (MINUTES + ROUNDS)
    what = f"72 h of {SHAPE.points} points"
    print(f"{what} in order …", file=sys.stderr, flush=True)
    in_order_s, _ = _drained(load, live_beside=False)
    print(f"{what} beside live readings …", file=sys.stderr, flush=True)
    beside_s, waits = _drained(load, live_beside=True)
    yield Row(name="backlog judged in order", value=count / in_order_s, unit="readings/cpu-s")
    yield Row(name="backlog judged beside live", value=count / beside_s, unit="readings/cpu-s")
    yield Row(name="backlog beside live ÷ in order", value=beside_s / in_order_s, unit=f"× cpu ({what})")
    yield Row(
        name="live judged behind a backlog request, p99",
        value=1000 * waits[len(waits) * 99 // 100],
        unit="ms",
    )


def _drained(load: Load, *, live_beside: bool) -> tuple[float, list[float]]:
    """All gateways come back at once, the oldest first; a live batch goes beside each request, or behind all.

    Gives CPU seconds of judging, and how long each request took, ascending.
    """
    with tempfile.TemporaryDirectory(prefix="coldchain-bench-") as name:
        house, waits = House(Path(name), load), []
        house.take([ALIVE], T0 + MINUTES * MINUTE_MS)
        house.spent_s = 0.0  # what became due in 72 h of silence is not the backlog's
        gc.collect()
        for turn in range(ROUNDS):
            backlog = range(turn * SHAPE.batches, min((turn + 1) * SHAPE.batches, MINUTES))
            at_ms = T0 + (MINUTES + turn + 1) * MINUTE_MS
            house.take([ALIVE], at_ms)
            for sender in load.senders:
                live = said(sender, [MINUTES + turn]) if live_beside else []
                waits.append(house.take([*said(sender, backlog), *live], at_ms))
                at_ms += math.ceil(1000 * waits[-1])
        at_ms = T0 + (MINUTES + ROUNDS + 1) * MINUTE_MS
        if not live_beside:
            for sender in load.senders:
                house.take(said(sender, range(MINUTES, MINUTES + ROUNDS)), at_ms)
        house.take([ALIVE], at_ms + MINUTE_MS)
        house.books.close()
        return house.spent_s, sorted(waits)
