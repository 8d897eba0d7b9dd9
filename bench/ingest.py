"""Ingest: sealed batches over HTTP → ledger → series → judged, per CPU second of the server.

1 000 points under three rules each. Beside it, in the same run: a bare server that gunzips the same bodies
and syncs them into a file, and InfluxDB 2.7 taking the same bodies.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator

from bench.loads import Load, Shape
from bench.servers import Requests, backend, bare_cpu_s, influx_cpu_s, influxd
from bench.table import Row
from bench.timing import scaled

SHAPES = (
    Shape(name="ingest batches of 5000", lines=5_000, batches=1, requests=120, sensors=100),
    Shape(name="ingest batches of 10", lines=10, batches=100, requests=300, sensors=10),
    Shape(name="ingest batches of 10, one per request", lines=10, batches=1, requests=2_000, sensors=10),
)
INFLUX = "InfluxDB 2.7"


def measure() -> list[Row]:
    """All shapes."""
    return [row for shape in SHAPES for row in measure_shape(scaled(shape))]


def measure_shape(shape: Shape) -> Iterator[Row]:
    """One shape on fresh servers."""
    load = Load(shape)
    with backend(load) as running:
        start_ms = int(time.time() * 1000)
        for sender in load.senders:  # who writes for the first time costs more
            running.write(sender.name, gzip.compress(sender.batch(shape.sensors, start_ms)))
        requests = load.requests(start_ms)
        running.wait_until_judged()
        before = running.server.cpu_s()
        for gateway, body in requests:
            running.write(gateway, body)
        running.wait_until_judged()
        value = shape.readings / (running.server.cpu_s() - before)
    yield Row(
        name=shape.name,
        value=value,
        unit="readings/cpu-s",
        baseline=shape.readings / bare_cpu_s(requests),
        baseline_name="gunzip + fsync",
    )
    yield from _beside_influx(shape, requests, value)


def _beside_influx(shape: Shape, requests: Requests, value: float) -> Iterator[Row]:
    program = influxd()
    if program is None:
        return
    theirs = shape.readings / influx_cpu_s(program, requests)
    yield Row(name=f"{INFLUX}, the same bodies", value=theirs, unit="readings/cpu-s")
    yield Row(name=f"{shape.name}, of {INFLUX}", value=value / theirs, unit="×")
