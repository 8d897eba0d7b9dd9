"""The gateway after an outage: millions of readings wait, and what is live goes beside them.

The backlog is sealed batches of 5 000 readings with the gateway's own key, put into a real outbox.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.flooding import broker, cpu_seconds, resident_mb, started
from bench.gateway import GATEWAY
from bench.table import Row
from coldchain.seal import GENESIS, seal
from coldchain_gateway.identity import HeadFile, KeptHead, load_or_create_key, new_run
from coldchain_gateway.outbox import Head, NewBatch, SqliteOutbox
from demo.ports import free_port

READINGS = int(os.environ.get("COLDCHAIN_BENCH_BACKLOG", "5000000"))
BATCH = 5_000
SPACING_MS = 10_000
SETTLE_S = 5.0
LIMIT_S = 900.0


def fill(data_dir: Path) -> None:
    """Put the backlog there, as a gateway would have left it."""
    data_dir.mkdir()
    key, prev = load_or_create_key(data_dir), GENESIS
    run = new_run(key)
    outbox = SqliteOutbox(data_dir / "outbox.sqlite")
    outbox.begin_run(run, ())
    first_ms = time.time_ns() // 1_000_000 - READINGS // 100 * SPACING_MS
    head = Head(run=run, seq=0, hash=prev)
    for number in range(READINGS // BATCH):
        time_ms = first_ms + number * BATCH // 100 * SPACING_MS
        body = b"".join(
            b"reading,sensor=s%02d temperature=%.2f,counter=%di %d\n"
            % (line % 100, 4 + line % 60 / 30, number * BATCH + line, time_ms + line // 100 * SPACING_MS)
            for line in range(BATCH)
        )
        batch = seal(key, org="bench", run=run, seq=number + 1, prev=prev, body=body)
        head, prev = Head(run=run, seq=batch.seq, hash=batch.hash), batch.hash
        outbox.seal(
            NewBatch(
                head=head, chunks=(), declares=(), lines=BATCH, encoded=batch.encode(), closed_ms=time_ms
            )
        )
    outbox.close()
    HeadFile(data_dir).keep(KeptHead(run=run, seq=head.seq, hash=head.hash))


def measure() -> list[Row]:
    """Memory while everything waits, then the drain beside live readings."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        fill(folder / "data")
        broker_port, sink_port = stack.enter_context(broker(folder, window=0)), free_port()
        config = folder / "gateway.toml"
        config.write_text(
            GATEWAY.format(sink=sink_port, broker=broker_port).replace(
                'seal_after = "1s"', 'seal_after = "500ms"'
            )
        )
        command = [sys.executable, "-m", "coldchain_gateway", "--config", str(config), "run"]
        gateway = stack.enter_context(started([*command, "--log", "ERROR"]))
        time.sleep(SETTLE_S)
        waiting_mb = resident_mb(gateway.pid, peak=True)
        spent, began = cpu_seconds(gateway.pid), time.monotonic()
        sink = stack.enter_context(
            started([sys.executable, "-m", "bench.parts.sink", str(sink_port), str(READINGS)])
        )
        stack.enter_context(started([sys.executable, "-m", "bench.parts.live", str(broker_port)]))
        ended, latest_ms = until_drained(sink)
        seconds, cpu_s = ended - began, cpu_seconds(gateway.pid) - spent
        peak_mb = resident_mb(gateway.pid, peak=True)
    return [
        Row(name="gateway RSS with 5 million readings waiting", value=waiting_mb, unit="MB"),
        Row(name="gateway RSS while it drains", value=peak_mb, unit="MB"),
        Row(name="drain after an outage", value=READINGS / seconds, unit="readings/s"),
        Row(name="drain per CPU second", value=READINGS / cpu_s, unit="readings/cpu-s"),
        Row(name="live reading beside the drain, latest", value=latest_ms, unit="ms"),
    ]


def until_drained(sink: subprocess.Popen[str]) -> tuple[float, float]:
    """(CLOCK_MONOTONIC seconds of the end, how late the latest live reading came, ms)."""
    assert sink.stdout is not None  # noqa: S101 - `started` asks for it
    latest, end = 0.0, time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        word, _, value = sink.stdout.readline().partition(" ")
        if word == "live":
            latest = max(latest, float(value))
        elif word.strip():
            return float(word), latest
    raise SystemExit("the backlog did not drain")
