"""The mirror beside a bare writer of the same bodies, and how long a day's outage takes to catch up.

1 000 points that speak once a minute, in batches of ten. The bare writer posts, in the same run and to
another bucket of the same InfluxDB 2.7, the very bodies that the mirror wrote: what InfluxDB takes.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.hand_clock import HandClock
from bench.loads import ORGANISATION, Load, Shape
from bench.servers import influx, influxd
from bench.table import Row
from bench.timing import SCALE
from coldchain_backend.fleet import fleet_record
from coldchain_backend.fleetfile import parse
from coldchain_backend.influx import Influx, Place, Precision, Written, wires
from coldchain_backend.judging import Judging, Settings
from coldchain_backend.ledger import BatchMeta, Kind, MemoryLedger, NewRecord, batch_record
from coldchain_backend.mirror import Guard, Mirror, MirrorPorts, MirrorState
from coldchain_backend.sql import MirroredBooks, MirrorRecords, Records, open_database
from coldchain_runtime.secrets import Secret

POINTS: Final = 1_000
MINUTE: Final = 60_000
MINUTES: Final = max(30, round(1440 * SCALE))
SHAPE: Final = Shape(name="mirror", lines=10, batches=1, requests=0, sensors=10, points=POINTS)
T0: Final = 1_795_305_600_000
CHUNK: Final = 2_000


@dataclass
class Noting(Influx):
    """The real thing, noting what it wrote."""

    bodies: list[tuple[bytes, Precision]] = field(default_factory=list)

    def __init__(self, url: str, place: Place) -> None:
        super().__init__(wires(url), place)
        self.bodies = []

    def write(self, body: bytes, precision: Precision) -> Written:
        self.bodies.append((body, precision))
        return super().write(body, precision)


def measure() -> list[Row]:
    """Both figures, where there is an InfluxDB."""
    program = influxd()
    if program is None:
        return []
    with influx(program) as (server, token), tempfile.TemporaryDirectory(prefix="coldchain-bench-") as name:
        url = f"http://127.0.0.1:{server.port}"
        here, there = (Place(bucket=bucket, org="bench", token=Secret(token)) for bucket in ("bench", "bare"))
        mirrored = Noting(url, here)
        (took_s, cpu_s), points = _catch_up(Path(name), mirrored)
        bare = Influx(wires(url), there)
        bare.create(0)
        began = time.perf_counter()
        for body, precision in mirrored.bodies:
            bare.write(body, precision)
        bare_s = time.perf_counter() - began
        bare.close()
    return list(_rows(took_s, cpu_s, bare_s, points))


def _rows(took_s: float, cpu_s: float, bare_s: float, points: int) -> Iterator[Row]:
    yield Row(
        name="mirror, points written", value=points / took_s, unit="points/s", baseline=points / bare_s,
        baseline_name="bare writer, the same bodies",
    )  # fmt: skip
    yield Row(name="mirror beside the bare writer", value=bare_s / took_s, unit="×/s of it")
    day = 1440 / MINUTES
    yield Row(
        name="catch-up after a day at 1000 points × 1/min", value=took_s * day, unit="s",
        baseline=cpu_s * day, baseline_name="s of our own CPU",
    )  # fmt: skip
    yield Row(name="mirror, own CPU", value=cpu_s / points * 1e6, unit="µs/point")


def _catch_up(folder: Path, bucket: Noting) -> tuple[tuple[float, float], int]:
    """Seconds (wall, our CPU) for a day that was judged while InfluxDB was away, and its points."""
    clock, load = HandClock(at_ms=T0), Load(SHAPE)
    ledger = MemoryLedger(ORGANISATION, clock)
    database = open_database(folder / "coldchain.sqlite")
    books = MirroredBooks(database)
    judging = Judging(books, Settings(organisation=ORGANISATION))
    state = MirrorState(target="bench")
    ports = MirrorPorts(
        ledger=ledger, recall=Records(database), book=MirrorRecords(database), bucket=bucket,
        file=folder / "mirror.json", now_ms=clock.now_ms, organisation=ORGANISATION,
    )  # fmt: skip
    mirror = Mirror(ports, state, Guard(bucket, ORGANISATION, "bench", state, None))
    text = load.fleet()
    plan = fleet_record(plan=parse(text), text=text, by="bench", reason=None, base=0)
    ledger.put([NewRecord(kind=Kind.FLEET, payload=plan)])
    _judge(ledger, judging)
    for minute in range(1 + MINUTES):
        if minute == 1:  # what comes from here on, it does not hear of until it is over
            _judge(ledger, judging)
            _drain(mirror)
        clock.at_ms = T0 + minute * MINUTE
        ledger.put([_record(load, number) for number in range(len(load.senders))])
    _judge(ledger, judging)
    while judging.fold():
        pass
    before = state.tally.points
    bucket.bodies.clear()
    began, cpu = time.perf_counter(), time.process_time()
    _drain(mirror)
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    mirror.close()
    books.close()
    database.close()
    return (took_s, cpu_s), state.tally.points - before


def _record(load: Load, number: int) -> NewRecord:
    sender = load.senders[number]
    meta = BatchMeta(gateway=sender.name, run=f"run-{sender.name}", seq=sender.seq + 1)
    return batch_record(meta, sender.said_at(SHAPE.lines, T0, MINUTE))


def _drain(mirror: Mirror) -> None:
    while mirror.turn():
        pass


def _judge(ledger: MemoryLedger, judging: Judging) -> None:
    while records := ledger.read(judging.offset, CHUNK):
        judging.consume(records)
