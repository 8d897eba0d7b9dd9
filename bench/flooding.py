"""One flood of MQTT messages for whoever takes them: broker, publisher, and what the measured process cost.

The publisher and the broker are the same for all, and a run ends when the last reading is at the sink. What
the measured process is too slow for waits in the broker, which is told to keep all of it.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.ports import LOCAL, free_port

LIMIT_S = 300.0
BROKER = """\
listener {port} 127.0.0.1
allow_anonymous true
max_inflight_messages {window}
max_queued_messages 0
log_dest none
"""
Flood = Callable[[int, int], AbstractContextManager[subprocess.Popen[str] | None]]
"""Begins with the block; gets the broker's port and how many messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run; memory in MB, CPU in seconds of the measured process.

    `published`: when the publisher was done, as a share of the run; near 1 it was the publisher or the broker
    that the run waited for, not the measured process.
    """

    per_second: float
    per_cpu_second: float
    peak_mb: float
    idle_mb: float = 0.0
    published: float = 0.0


def published(port: int, count: int) -> AbstractContextManager[subprocess.Popen[str]]:
    """By a publisher that goes as fast as the broker lets it."""
    return started([sys.executable, "-m", "bench.parts.flood", str(port), str(count)])


@contextmanager
def let_go(port: int, count: int) -> Iterator[None]:
    """Let the broker that keeps its window begin."""
    with socket.create_connection((LOCAL, port)):
        yield


def settled(process: subprocess.Popen[str], at_least_s: float) -> None:
    """Wait until a program has started and subscribed: it needs the processor no more."""
    time.sleep(at_least_s)
    spent = -1.0
    while spent != (spent := cpu_seconds(process.pid)):
        time.sleep(1.0)


def flooded(
    port: int,
    measured: subprocess.Popen[str],
    told: subprocess.Popen[str],
    count: int,
    flood: Flood = published,
) -> Measured:
    """Flood the broker until `told` prints the instant at which everything was there."""
    idle_mb, cpu_before = resident_mb(measured.pid), cpu_seconds(measured.pid)
    began = time.monotonic()
    with flood(port, count) as publisher:
        ended = float(first_line(told))
        done = began if publisher is None else float(first_line(publisher))
    spent = cpu_seconds(measured.pid) - cpu_before
    return Measured(
        per_second=count / (ended - began),
        per_cpu_second=count / spent,
        peak_mb=resident_mb(measured.pid, peak=True),
        idle_mb=idle_mb,
        published=(done - began) / (ended - began),
    )


def first_line(process: subprocess.Popen[str]) -> str:
    """The first line it prints; a benchmark that hangs is ended by its limit."""
    assert process.stdout is not None  # noqa: S101 - `started` asks for it
    os.set_blocking(process.stdout.fileno(), False)
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        over = process.poll() is not None  # asked first: what it said before its end is read yet
        line = process.stdout.readline()
        if line and not line.startswith("live"):
            return line
        if over:
            break
        time.sleep(0.02)
    raise SystemExit("the flood did not arrive")


@contextmanager
def broker(folder: Path, *, window: int) -> Iterator[int]:
    """A mosquitto of its own."""
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(BROKER.format(port=port, window=window))
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    with started([program, "-c", str(config)]):
        time.sleep(0.5)
        yield port


@contextmanager
def exact_broker(*, window: int, count: int) -> Iterator[int]:
    """One that keeps to its window; it has the messages itself and floods once it is let go."""
    port = free_port()
    with started([sys.executable, "-m", "bench.parts.windowed", str(port), str(window), str(count)]):
        time.sleep(0.5)
        yield port


def ready_to_flood(
    folder: Path, *, window: int, count: int, exact: bool
) -> tuple[AbstractContextManager[int], Flood]:
    """A broker that keeps its window more or less exactly, and what makes the flood begin there."""
    if exact:
        return exact_broker(window=window, count=count), let_go
    return broker(folder, window=window), published


@contextmanager
def started(arguments: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """A process that ends with the block."""
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment())
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(6)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def environment() -> dict[str, str]:
    """With compiled modules, as an installation has them: compiling at start would count as memory."""
    path = os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")])
    cache = str(Path(tempfile.gettempdir()) / "coldchain-bench-pycache")
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPATH": path, "PYTHONPYCACHEPREFIX": cache}


def resident_mb(pid: int, *, peak: bool = False) -> float:
    """Resident memory of a process."""
    wanted = "VmHWM:" if peak else "VmRSS:"
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(wanted):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_seconds(pid: int) -> float:
    """User and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
