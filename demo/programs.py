"""Real programs as children: started, watched, stopped, killed; none outlives the starter.

Each child leads a process group of its own, so Ctrl-C in a terminal reaches the starter only, which then
ends the children in order. All are forked by one thread that lives as long as the starter: the tether ends
a child when the thread that forked it is gone.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

TETHER = Path(__file__).with_name("tether.py")
STOP_WITHIN_S = 10.0
TAIL_LINES = 15


class ProgramFailed(Exception):
    """A program ended when it should run, or a command failed; the message has the end of its log."""


@dataclass(slots=True, kw_only=True)
class Program:
    """One named program and its log file; may be started again after it ended."""

    name: str
    command: Sequence[str]
    log: Path
    forker: ThreadPoolExecutor
    environment: Mapping[str, str] = field(default_factory=dict)
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _log_from: int = field(default=0, init=False)

    @property
    def running(self) -> bool:
        """Whether it runs now."""
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int:
        """Its process id; ProgramFailed when it was never started."""
        if self._child is None:
            raise ProgramFailed(f"{self.name} was never started")
        return self._child.pid

    def start(self) -> None:
        """Start it; nothing happens when it runs."""
        if not self.running:
            self._log_from = self.log.stat().st_size if self.log.exists() else 0
            self._child = self.forker.submit(self._fork).result()

    def check(self) -> None:
        """ProgramFailed unless it runs."""
        if not self.running:
            code = None if self._child is None else self._child.returncode
            raise ProgramFailed(f"{self.name} ended with {code}; end of {self.log}:\n{self.tail()}")

    def stop(self) -> int | None:
        """Ask it to end (SIGTERM), insist after a while; its exit code, None when it was never started."""
        if self._child is None:
            return None
        self.signal(signal.SIGTERM)
        try:
            self._child.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._end_group()
        return self._child.returncode

    def kill(self) -> None:
        """End it at once, as kill -9 does."""
        if self._child is not None:
            self.signal(signal.SIGKILL)
            self._child.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program itself."""
        if self._child is not None and self._child.poll() is None:
            self._child.send_signal(number)

    def said(self, word: str) -> bool:
        """Whether this word stands in its log since it was started last."""
        with self.log.open("rb") as log:
            log.seek(self._log_from)
            return word.encode() in log.read()

    def tail(self) -> str:
        """The last lines of its log."""
        with suppress(OSError):
            return "\n".join(self.log.read_text("utf-8", errors="replace").splitlines()[-TAIL_LINES:])
        return ""

    def _fork(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return spawn(self.command, log, self.environment)

    def _end_group(self) -> None:
        if self._child is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, signal.SIGKILL)


def spawn(command: Sequence[str], log: IO[bytes], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a tethered child in a process group of its own, output to the log."""
    surroundings = {**os.environ, "PYTHONUNBUFFERED": "1", **environment, "TETHER_STARTER": str(os.getpid())}
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(TETHER), *command],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=surroundings,
        start_new_session=True,
    )


def run(
    command: Sequence[str], *, within_s: float = 90.0, environment: Mapping[str, str] | None = None
) -> str:
    """Run a command to its end; its output, or ProgramFailed with what it said."""
    done = subprocess.run(
        list(command),
        capture_output=True,
        text=True,
        timeout=within_s,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    if done.returncode != 0:
        said = f"{done.stdout}{done.stderr}".strip()
        raise ProgramFailed(f"{' '.join(command)}: exit {done.returncode}\n{said}")
    return done.stdout


def installed(name: str) -> str:
    """The command of this name that belongs to the running Python's environment."""
    return str(Path(sys.executable).with_name(name))
