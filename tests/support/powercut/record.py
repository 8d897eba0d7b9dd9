"""Runs a real program and records what it does to one folder and to its sockets."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from support import parts
from support.powercut.disk import contents
from support.powercut.replay import Recording, read
from support.powercut.trace import command

PATIENCE_S = 90.0


class Recorder:
    """`with Recorder(program, folder, out) as recorder: …` then `recorder.recording()`.

    `folder` must be there; what it holds at first counts as safe. `out` takes the trace and what the
    program says.
    """

    def __init__(
        self, program: Sequence[str], folder: Path, out: Path, *, environment: Mapping[str, str] | None = None
    ) -> None:
        parts.require("strace")
        self.folder = folder.resolve()
        self._trace = out / "trace"
        self._log = out / "log"
        self._program = list(program)
        self._environment = {**os.environ, **(environment or {})}
        self._before = contents(self.folder)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command(self._program, self._trace), stdout=log, stderr=log, env=self._environment
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def output(self) -> str:
        """What the program has said so far."""
        return self._log.read_text(errors="replace")

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End the program and wait until the recording is whole."""
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.wait(PATIENCE_S)
        self._await_end(self._process.pid)
        self._process = None

    def _await_end(self, pid: int) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not has_end(self._tail(), pid):
            if time.monotonic() > deadline:
                raise TimeoutError(f"the recording of {self._program[0]} has no end")
            time.sleep(0.02)

    def _tail(self) -> str:
        if not self._trace.exists():
            return ""
        with self._trace.open("rb") as trace:
            trace.seek(max(0, self._trace.stat().st_size - 4096))
            return trace.read().decode(errors="replace")

    def recording(self) -> Recording:
        """The recording of the ended program."""
        return read(self._trace, self.folder, self._before)


def has_end(trace: str, pid: int) -> bool:
    """Whether a trace tells the end of a process; strace fills short numbers up with blanks."""
    return re.search(rf"^{pid} +\+\+\+ ", trace, re.MULTILINE) is not None
