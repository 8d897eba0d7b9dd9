"""How long InfluxDB takes for the queries of each dashboard: 1 000 points, and one zone over a month.

All queries of a board are asked one after the other, where a browser asks several at once; the value is the
sum of their wall times, the best of three rounds.
"""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Iterator
from itertools import islice

from bench.mirrored import DAY_MS, Mirrored
from bench.servers import Server, influx, influxd
from bench.table import Row
from coldchain_dashboards.check import Asking
from coldchain_dashboards.influx import Influx

POINTS = 1000
ZONE = "store-0.chiller"
AT_ONCE = 20_000
ROUNDS = 3
BOARDS = ("compliance", "zone", "alerts", "gateways", "calendar")


def measure() -> list[Row]:
    """The rows of this part; none where there is no InfluxDB."""
    program = influxd()
    if program is None:
        return []
    now_ms = time.time_ns() // 1_000_000
    with influx(program) as (server, token):
        for lines in _fleet(now_ms):
            _fill(server, token, lines)
        source = Influx(url=f"http://127.0.0.1:{server.port}", database="bench", token=token)
        day, month, quarter = (
            Asking(influx=source, now_ms=now_ms, since=since) for since in ("24h", "30d", "90d")
        )
        return [
            *(_row(f"dashboard {name}, 24 h of {POINTS} points", server, day, name) for name in BOARDS),
            _row("dashboard zone, 30 days of one zone", server, month, "zone"),
            _row(f"dashboard calendar, all folds, 90 days of {POINTS} points", server, quarter, "calendar"),
        ]


def _fleet(now_ms: int) -> Iterator[Iterator[str]]:
    """A day of the whole fleet, three months of its days, and a month of one asset."""
    scale = float(os.environ.get("COLDCHAIN_BENCH_SCALE", "1"))
    points = max(64, int(POINTS * scale))
    yield Mirrored(points=points, from_ms=now_ms - DAY_MS, to_ms=now_ms).lines()
    yield Mirrored(points=points, from_ms=now_ms - 90 * DAY_MS, to_ms=now_ms).days()
    yield Mirrored(points=8, from_ms=now_ms - 30 * DAY_MS, to_ms=now_ms).lines()


def _fill(server: Server, token: str, lines: Iterator[str]) -> None:
    headers = {"Authorization": f"Token {token}", "Content-Encoding": "gzip"}
    while batch := list(islice(lines, AT_ONCE)):
        body = gzip.compress("\n".join(batch).encode(), 1)
        server.post("/api/v2/write?org=bench&bucket=bench&precision=ms", body, headers)


def _row(name: str, server: Server, asking: Asking, board: str) -> Row:
    """The time of all queries of a board; beside it what InfluxDB computed."""
    times = []
    for _ in range(ROUNDS):
        began, cpu = time.perf_counter(), server.cpu_s()
        wrong = [one.problem for one in asking.board(board, ZONE) if one.problem]
        if wrong:
            raise RuntimeError(f"{board}: {wrong[0]}")
        times.append((time.perf_counter() - began, server.cpu_s() - cpu))
    best, computed = min(times)
    return Row(name=name, value=best, unit="s", baseline=computed, baseline_name="s of InfluxDB's CPU")
