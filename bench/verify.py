"""`verify`: chain, seals and runs of a ledger, per CPU second of one core.

The baseline hashes the same files with SHA-256 and does nothing else.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import time
from pathlib import Path

from bench.loads import SPACING_MS
from bench.table import Row
from coldchain.seal import GENESIS, Key, encode_public, seal
from coldchain_backend.ledger import (
    BatchMeta,
    NewRecord,
    Scope,
    Verifier,
    act_record,
    batch_record,
    open_ledger,
)
from coldchain_runtime.clock import SystemClock

SENSORS = 100
SHAPES = ((5_000, 200), (10, 10_000))
GROUP = 50
ROUNDS = 3


def records(key: Key, lines: int, count: int) -> list[NewRecord]:
    """The enrolment of a gateway and its batches."""
    found, prev = [act_record("enrol", "bench", {"gateway": "gw", "key": encode_public(key.public)})], GENESIS
    for seq in range(1, count + 1):
        body = b"".join(_line(seq * lines + line) for line in range(lines))
        batch = seal(key, org="bench", run="r", seq=seq, prev=prev, body=body)
        prev = batch.hash
        found.append(batch_record(BatchMeta(gateway="gw", run="r", seq=seq), batch.encode()))
    return found


def _line(number: int) -> bytes:
    turn, sensor = divmod(number, SENSORS)
    temperature = 4.0 + (turn % 60) / 30 + sensor / 1000
    time_ms = 1_795_376_523_000 + turn * SPACING_MS
    return b"reading,sensor=s%03d temperature=%.2f,counter=%di %d\n" % (sensor, temperature, turn, time_ms)


def write(folder: Path, new: list[NewRecord]) -> None:
    """A ledger as the server writes it."""

    async def fill() -> None:
        for start in range(0, len(new), GROUP):
            await ledger.append(new[start : start + GROUP])

    with open_ledger(folder, "bench", SystemClock()) as ledger:
        asyncio.run(fill())


def per_cpu_second(folder: Path, lines: int) -> float:
    """Readings per CPU second, the best of some rounds; raises RuntimeError where it is not intact."""
    best = float("inf")
    for _ in range(ROUNDS):
        before = time.process_time()
        report = Verifier(folder, scope=Scope()).run(lambda _: None)
        best = min(best, time.process_time() - before)
        if report.faults or report.holes or report.lines != lines:
            raise RuntimeError(f"not intact: {report.faults}")
    return lines / best


def bare(folder: Path, lines: int) -> float:
    """Readings per CPU second of hashing the files."""
    before = time.process_time()
    for path in folder.glob("*.seg"):
        hashlib.sha256(path.read_bytes())
    return lines / max(time.process_time() - before, 1e-6)


def measure() -> list[Row]:
    """Large batches and small ones."""
    rows = []
    for lines, count in SHAPES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "ledger"
            write(folder, records(Key.generate(), lines, count))
            rows.append(
                Row(
                    name=f"verify batches of {lines}",
                    value=per_cpu_second(folder, lines * count),
                    unit="readings/cpu-s",
                    baseline=bare(folder, lines * count),
                    baseline_name="SHA-256",
                )
            )
    return rows
