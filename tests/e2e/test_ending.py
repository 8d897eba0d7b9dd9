"""However the demonstration ends, it leaves no process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support import parts
from support.processes import descendants, gone_within

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN_S = 60.0
ENDS_WITHIN_S = 20.0


@contextmanager
def demonstration(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], set[int]]]:
    """A running demonstration and every process below it."""
    parts.require("mosquitto")
    output = tmp_path / "said"
    with output.open("wb") as said:
        running = subprocess.Popen(
            [sys.executable, "-m", "demo", "--directory", str(tmp_path / "run")],
            cwd=ROOT,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + STARTS_WITHIN_S
        while b"login#" not in output.read_bytes():
            assert running.poll() is None, output.read_text()
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.1)
        below = descendants(running.pid)
        assert len(below) >= 4
        yield running, below
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left(tmp_path: Path, how: signal.Signals) -> None:
    with demonstration(tmp_path) as (running, below):
        running.send_signal(how)
        code = running.wait(ENDS_WITHIN_S)
        assert gone_within(below, ENDS_WITHIN_S) == set()
        if how is signal.SIGINT:
            assert code == 0
