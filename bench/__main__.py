"""`make bench`: every figure beside its budget and a bare baseline; exit 1 where a budget is missed.

python -m bench [steps codec decodes wired bus start gateway slow_disk drain quiet
                 ingest latency backlog stores compliance verify mirror dashboards storm told hanging]

COLDCHAIN_BENCH_SCALE=0.1 makes the long parts short; INFLUXD and TELEGRAF name whom to compare with.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from typing import Protocol, cast

from bench.peers import telegraf
from bench.servers import influxd
from bench.table import Budget, Row, print_table

SUITES = (
    "steps", "codec", "decodes", "wired", "bus", "start", "gateway", "slow_disk", "drain", "quiet",
    "ingest", "latency", "backlog", "stores", "compliance", "verify", "mirror", "dashboards",
    "storm", "told", "hanging",
)  # fmt: skip

BUDGETS = {
    # Per CPU second of the measured process; a machine shared with others gives less than one alone.
    "gateway readings": Budget(at_least=15_000),
    "readings/s beside Telegraf, memory buffer": Budget(at_least=1.0),
    "readings/s beside Telegraf, disk buffer": Budget(at_least=5.0),
    "readings/s beside Telegraf, memory buffer, window of 20": Budget(at_least=1.0),
    # 0.9 of what 9600 baud carry: 17 bytes and twice 3.5 characters of silence are 25 ms.
    "bus readings, 32 units at 9600 baud": Budget(at_least=36),
    "gateway readings, broker's window of 20": Budget(at_least=15_000),
    "readings where a sync takes 200 ms": Budget(at_least=500),
    "gateway RSS": Budget(at_most=40),
    "gateway RSS with 5 million readings waiting": Budget(at_most=40),
    "drain after an outage": Budget(at_least=20_000),
    "live reading beside the drain, latest": Budget(at_most=3_000),
    "idle CPU, 50 sensors at 10 s": Budget(at_most=1),
    "RSS, 50 sensors at 10 s": Budget(at_most=40),
    "over the air, 10 sensors at 10 s": Budget(at_most=100),
    "start to first reading": Budget(at_most=1_000),
    "ingest batches of 5000": Budget(at_least=150_000),
    "ingest batches of 5000, of InfluxDB 2.7": Budget(at_least=0.75),
    "ingest batches of 10": Budget(at_least=40_000),
    "accepted → alert committed, p99": Budget(at_most=1_000),
    "… p99 during a 20 × backfill": Budget(at_most=1_000),
    "… p99 during a backlog at full speed": Budget(at_most=1_000),
    "backlog beside live ÷ in order": Budget(at_most=3),
    "live judged behind a backlog request, p99": Budget(at_most=1_000),
    "backend RSS at 10 000 points": Budget(at_most=300),
    "backend start to ready": Budget(at_most=3),
    "one sensor, raw day": Budget(at_most=10),
    "mean of 5 min × 1000 sensors": Budget(at_most=200),
    "a year of compliance × 1000 points": Budget(at_most=1_000),
    "… with edges that cut days": Budget(at_most=1_000),
    "series at 10 s": Budget(at_most=8),
    "ledger, batches of 10": Budget(at_most=30),
    "steps": Budget(at_least=300_000),
    "verify batches of 5000": Budget(at_least=300_000),
    "verify batches of 10": Budget(at_least=60_000),
    "mirror beside the bare writer": Budget(at_least=0.9),
    "catch-up after a day at 1000 points × 1/min": Budget(at_most=30),
    "dashboard compliance, 24 h of 1000 points": Budget(at_most=2),
    "dashboard zone, 24 h of 1000 points": Budget(at_most=2),
    "dashboard alerts, 24 h of 1000 points": Budget(at_most=2),
    "dashboard gateways, 24 h of 1000 points": Budget(at_most=2),
    "dashboard calendar, 24 h of 1000 points": Budget(at_most=2),
    "dashboard zone, 30 days of one zone": Budget(at_most=1),
    "… of the others alone": Budget(at_most=2),
    **{
        f"{what}, {where}": Budget(at_most=limit)
        for where in ("SQLite", "PostgreSQL")
        for what, limit in (
            ("10000 excursions at once → committed", 10),
            ("… memory grown by", 600),
            ("accepted → committed p99 at 10 000 points a minute", 1_000),
            ("committed → attempt p99 at 10 000 points a minute", 1_000),
            ("accepted → attempt p99 at 10 000 points a minute", 2_000),
            ("accepted → attempt p99 during a 20 × backfill", 2_000),
            ("… criticals that go behind others", 0),
            ("… most tellings in a minute, of the rate", 1),
            ("accepted → committed p99 during a 20 × backfill", 1_000),
            ("committed → attempt p99 during a 20 × backfill", 1_000),
        )
    },
}


class Suite(Protocol):
    """A module of this folder."""

    def measure(self) -> list[Row]: ...


def main(names: list[str]) -> int:
    rows: list[Row] = []
    for name in names or SUITES:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        suite = cast("Suite", importlib.import_module(f"bench.{name}"))
        rows += suite.measure()
    print_table(rows, BUDGETS)
    measured = {row.name for row in rows}
    unmeasured = [] if names else sorted(set(BUDGETS) - measured - set(_not_to_be_measured()))
    for name in unmeasured:
        print(f"not measured: {name}")
    missed = [row.name for row in rows if row.name in BUDGETS and not BUDGETS[row.name].met_by(row.value)]
    return 1 if missed or unmeasured else 0


def _not_to_be_measured() -> Iterator[str]:
    """Budgets of what is compared with a program that is not here."""
    for name in BUDGETS:
        if name.startswith(("dashboard", "mirror", "catch-up")) or name.endswith("InfluxDB 2.7"):
            if influxd() is None:
                yield name
        elif "beside Telegraf" in name and telegraf() is None:
            yield name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
