"""From the start of the program to the first reading that is kept, on a line that speaks all the time."""

from __future__ import annotations

import os
import pty
import sqlite3
import sys
import tempfile
import time
import tty
from pathlib import Path

from bench.flooding import cpu_seconds, started
from bench.table import Row

ROUNDS = 5
LIMIT_S = 60.0
LINE_EVERY_S = 0.02
LINE = b'{"id":"a","temperature":4.25}\n'
CONFIG = """\
[gateway]
name = "bench"
organisation = "bench"
[uplink]
url = "http://127.0.0.1:9"
[[source]]
kind = "serial_line"
name = "line"
port = "{port}"
"""


def measure() -> list[Row]:
    """The best of some starts, and what processor each took: the first compiles what is not compiled yet."""
    times = [one_start() for _ in range(ROUNDS)]
    return [
        Row(name="start to first reading", value=1000 * min(wall for wall, _ in times), unit="ms"),
        Row(name="start to first reading, processor", value=1000 * min(cpu for _, cpu in times), unit="ms"),
    ]


def one_start() -> tuple[float, float]:
    """Seconds by the clock and of the processor."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    try:
        with tempfile.TemporaryDirectory() as name:
            config = Path(name) / "gateway.toml"
            config.write_text(CONFIG.format(port=os.ttyname(slave)))
            command = [sys.executable, "-m", "coldchain_gateway", "--config", str(config), "run"]
            began = time.monotonic()
            with started([*command, "--log", "ERROR"]) as gateway:
                while not kept(Path(name) / "data" / "outbox.sqlite"):
                    if time.monotonic() > began + LIMIT_S:
                        raise SystemExit("no reading was kept")
                    os.write(master, LINE)
                    time.sleep(LINE_EVERY_S)
                return time.monotonic() - began, cpu_seconds(gateway.pid)
    finally:
        os.close(master)
        os.close(slave)


def kept(outbox: Path) -> bool:
    """Whether a line of a sensor is durable."""
    if not outbox.exists():
        return False
    try:
        with sqlite3.connect(f"file:{outbox}?mode=ro", uri=True) as database:
            found = database.execute("SELECT count(*) FROM chunk WHERE instr(body, 'sensor=a')").fetchone()
    except sqlite3.OperationalError:
        return False  # being made
    return bool(found[0])
