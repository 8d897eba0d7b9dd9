"""The gateway on a disk whose syncs take their time, as an SD card's do: strace delays each of them."""

from __future__ import annotations

import shutil
import sys

from bench.gateway import run_gateway
from bench.table import Row

SYNC_MS = (50, 200)
COUNT = 5_000
SETTLE_S = 3.0
SYNCS_AT_START = 100


def measure() -> list[Row]:
    """Readings per second until the last is at the sink, so that none is lost. Nothing without strace."""
    if shutil.which("strace") is None:
        print("strace is not here (make deps)", file=sys.stderr)
        return []
    rows = []
    for sync_ms in SYNC_MS:
        measured = run_gateway(
            window=0, count=COUNT, before=slowed(sync_ms), settle_s=SETTLE_S + SYNCS_AT_START * sync_ms / 1000
        )
        rows.append(
            Row(
                name=f"readings where a sync takes {sync_ms} ms",
                value=measured.per_second,
                unit="readings/s",
                baseline=1000 / sync_ms,
                baseline_name="commits of one reading each",
            )
        )
    return rows


def slowed(sync_ms: int) -> list[str]:
    """What is put before a command."""
    delay = f"inject=fsync,fdatasync:delay_exit={1000 * sync_ms}"
    return [
        "strace",
        "-D",  # the gateway stays the process that is started, measured and stopped
        "-f",
        "-qq",
        "--seccomp-bpf",
        "-o",
        "/dev/null",
        "-e",
        "trace=fsync,fdatasync",
        "-e",
        delay,
    ]
