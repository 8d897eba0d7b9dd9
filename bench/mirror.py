"""The mirror beside a bare writer of the same bodies, and how long a day's outage takes to catch up.

Both write alternately, each time into a fresh InfluxDB 2.7: the bare writer posts the very bodies that the
mirror wrote, over as many connections, and does nothing else. Figures are medians.
"""

from __future__ import annotations

import queue
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from bench.outage import MINUTES, behind, prepared
from bench.servers import influx, influxd
from bench.table import Row
from coldchain_backend.influx import Influx, Place, Precision, Written, wires
from coldchain_backend.mirror.writer import LANES
from coldchain_runtime.secrets import Secret

ROUNDS: Final = 3
Body = tuple[bytes, Precision]


class Noting(Influx):
    """The real thing, noting what it wrote."""

    def __init__(self, url: str, place: Place) -> None:
        super().__init__(wires(url), place)
        self.bodies: list[Body] = []

    def write(self, body: bytes, precision: Precision) -> Written:
        self.bodies.append((body, precision))
        return super().write(body, precision)


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What one run took: seconds by the clock, of our own CPU, of InfluxDB's; and the points written."""

    wall_s: float
    own_s: float
    influx_s: float
    points: int


def measure() -> list[Row]:
    """Both figures, where there is an InfluxDB."""
    program = influxd()
    if program is None:
        return []
    folder, bodies = prepared(), list[Body]()
    mirrored, bare = list[Took](), list[Took]()
    for number in range(ROUNDS):
        mirrored.append(_mirrored(program, folder, bodies))
        bare.append(_bare(program, bodies, mirrored[0].points))
        told = f"{mirrored[-1].wall_s:.1f} s, {bare[-1].wall_s:.1f} s bare"
        print(f"mirror, round {number + 1} of {ROUNDS}: {told}", file=sys.stderr, flush=True)
    return list(_rows(mirrored, bare))


def _rows(mirrored: Sequence[Took], bare: Sequence[Took]) -> Iterator[Row]:
    took_s, bare_s = median(one.wall_s for one in mirrored), median(one.wall_s for one in bare)
    own_s, points, day = median(one.own_s for one in mirrored), mirrored[0].points, 1440 / MINUTES
    yield Row(
        name="mirror, points written", value=points / took_s, unit="points/s", baseline=points / bare_s,
        baseline_name="bare writer, the same bodies",
    )  # fmt: skip
    yield Row(name="mirror beside the bare writer", value=bare_s / took_s, unit="×")
    yield Row(
        name="catch-up after a day at 1000 points × 1/min", value=took_s * day, unit="s",
        baseline=own_s * day, baseline_name="s of our own CPU",
    )  # fmt: skip
    yield Row(
        name="mirror, own CPU", value=own_s / points * 1e6, unit="µs/point",
        baseline=median(one.influx_s for one in bare) / points * 1e6,
        baseline_name="InfluxDB's own, the same bodies",
    )  # fmt: skip


def _mirrored(program: Path, folder: Path, bodies: list[Body]) -> Took:
    """The day is caught up; the bodies of the first time are kept."""
    with influx(program) as (server, token), tempfile.TemporaryDirectory(prefix="coldchain-bench-") as name:
        copy = Path(shutil.copytree(folder, Path(name) / "copy"))
        bucket = Noting(f"http://127.0.0.1:{server.port}", _place(token))
        with behind(copy, bucket) as one:
            bucket.bodies.clear()
            before, began, cpu = server.cpu_s(), time.perf_counter(), time.process_time()
            one.catch_up()
            took = Took(
                wall_s=time.perf_counter() - began, own_s=time.process_time() - cpu,
                influx_s=server.cpu_s() - before, points=one.state.tally.points,
            )  # fmt: skip
            bodies[:] = bodies or bucket.bodies
    return took


def _bare(program: Path, bodies: Sequence[Body], points: int) -> Took:
    """The same bodies, one after the other, over as many connections."""
    with influx(program) as (server, token):
        bucket = Influx(wires(f"http://127.0.0.1:{server.port}"), _place(token))
        bucket.facts()
        waiting = queue.SimpleQueue[Body | None]()
        for body in [*bodies, *[None] * LANES]:
            waiting.put(body)
        threads = [threading.Thread(target=_post, args=(bucket, waiting)) for _ in range(LANES)]
        before, began, cpu = server.cpu_s(), time.perf_counter(), time.process_time()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = Took(
            wall_s=time.perf_counter() - began, own_s=time.process_time() - cpu,
            influx_s=server.cpu_s() - before, points=points,
        )  # fmt: skip
        bucket.close()
    return took


def _post(bucket: Influx, waiting: queue.SimpleQueue[Body | None]) -> None:
    while (body := waiting.get()) is not None:
        bucket.write(*body)


def _place(token: str) -> Place:
    return Place(bucket="bench", org="bench", token=Secret(token))
