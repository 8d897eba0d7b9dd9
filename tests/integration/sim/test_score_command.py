"""`coldchain-sim score` on the real judging: nothing that lasts is missed, and quiet days are quiet."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.soak import rounds

SIM = Path(sys.executable).parent / "coldchain-sim"
SEEDS = rounds(10, 50)
FAULTS = (
    "door", "compressor", "compressor_in_defrost", "drift", "stuck", "clock_skew", "outage", "power_cut",
)  # fmt: skip


def score(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SIM, "score", *options], capture_output=True, text=True, check=False)


@pytest.mark.soak
def test_every_fault_is_told_and_quiet_days_are_quiet() -> None:
    done = score("--seeds", str(SEEDS), "--notes")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {line.split()[0]: line.split() for line in done.stdout.splitlines()[1:] if line[:1] != " "}
    assert sorted(rows) == sorted(("defrost", *FAULTS))
    assert {name: int(row[4]) for name, row in rows.items()} == dict.fromkeys(rows, 0), done.stdout
    assert all(int(rows[name][2]) >= SEEDS for name in FAULTS), done.stdout


def test_a_watcher_that_fails_is_told_and_one_that_says_nothing_misses_everything() -> None:
    failed = score("--seeds", "1", "--only", "compressor", "--watcher", "false")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "ended with 1" in failed.stderr
    silent = score("--seeds", "1", "--only", "compressor", "--watcher", "true", "--notes")
    assert silent.returncode == 1
    assert "missed excursion" in silent.stdout
