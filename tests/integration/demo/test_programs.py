"""Programs of the stage start, fail loudly, stop, and never outlive their starter."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from demo.programs import Program, ProgramFailed, run
from demo.waiting import wait_for

ROOT = Path(__file__).resolve().parents[3]
FOREVER = [sys.executable, "-c", "import signal; print('here', flush=True); signal.pause()"]
PARENT = """
import signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
print("child", child.pid, flush=True)
signal.pause()
"""
STARTER = """
import sys, signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from demo.programs import Program
command = [sys.executable, "-c", "import signal; signal.pause()"]
with ThreadPoolExecutor(1) as forker:
    program = Program(name="x", command=command, log=Path(sys.argv[1]), forker=forker)
    program.start()
    print(program.pid, flush=True)
    signal.pause()
"""


@pytest.fixture
def forker() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=1) as one:
        yield one


def program(command: list[str], tmp_path: Path, forker: ThreadPoolExecutor) -> Program:
    return Program(name="x", command=command, log=tmp_path / "x.log", forker=forker)


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_a_program_starts_again_after_it_was_killed(tmp_path: Path, forker: ThreadPoolExecutor) -> None:
    one = program(FOREVER, tmp_path, forker)
    one.start()
    first = one.pid
    wait_for("its word", lambda: one.said("here"), within_s=10.0)
    one.kill()
    assert not one.running
    one.start()
    assert one.pid != first
    wait_for("its word again", lambda: one.said("here"), within_s=10.0)
    assert one.stop() == -signal.SIGTERM
    assert one.tail() == "here\nhere"


def test_a_program_that_ends_is_told_with_the_end_of_its_log(
    tmp_path: Path, forker: ThreadPoolExecutor
) -> None:
    one = program([sys.executable, "-c", "print('no such sensor'); raise SystemExit(3)"], tmp_path, forker)
    one.start()
    wait_for("its end", lambda: not one.running, within_s=10.0)
    with pytest.raises(ProgramFailed, match=r"ended with 3(.|\n)*no such sensor"):
        one.check()
    one.stop()


def test_its_children_end_with_it(tmp_path: Path, forker: ThreadPoolExecutor) -> None:
    one = program([sys.executable, "-c", PARENT], tmp_path, forker)
    one.start()
    wait_for("its child", lambda: one.said("child"), within_s=10.0)
    child = int(one.tail().split()[1])
    one.stop()
    wait_for("the child's end", lambda: not alive(child), within_s=5.0)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's tether is Linux's")
def test_nothing_outlives_a_starter_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path / "log")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as starter:
        assert starter.stdout is not None
        child = int(starter.stdout.readline())
        assert alive(child)
        starter.kill()
    wait_for("the child's end", lambda: not alive(child), within_s=5.0)


def test_a_command_that_fails_says_what_it_said() -> None:
    assert run([sys.executable, "-c", "print('fine')"]) == "fine\n"
    with pytest.raises(ProgramFailed, match=r"exit 2\nwrong key"):
        run([sys.executable, "-c", "import sys; sys.stderr.write('wrong key'); sys.exit(2)"])
