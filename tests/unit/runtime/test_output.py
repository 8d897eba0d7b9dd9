"""Readers of a command's output who leave early, and an output that is not there."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from coldchain.errors import InvalidInput
from coldchain_runtime.output import fault_text

PROGRAM = """
import sys
from coldchain_runtime.output import reader_left, spoken

def command():
    try:
        for number in range({lines}):
            print("line", number)
        {raises}
    except OSError as error:
        if reader_left(error):
            raise
        print("told:", error, file=sys.stderr)
        return 5
    return 3

sys.exit(spoken(command))
"""


def ran(lines: int, raises: str = "pass", *, closed: bool = False, heard: bool = False) -> tuple[int, str]:
    """Exit status and error output of a program whose output nobody reads, unless it is `heard`."""
    read, write = os.pipe()
    if not heard:
        os.close(read)
    program = textwrap.dedent(PROGRAM).format(lines=lines, raises=raises)
    command = [sys.executable, "-c", program]
    if closed:
        command = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
    try:
        ended = subprocess.run(
            command, stdout=write, stderr=subprocess.PIPE, text=True, timeout=30, check=False
        )
    finally:
        os.close(write)
        if heard:
            os.close(read)
    return ended.returncode, ended.stderr


@pytest.mark.parametrize("lines", [1, 100_000], ids=["noticed at the end", "noticed while printing"])
def test_a_reader_who_left_is_no_mistake(lines: int) -> None:
    assert ran(lines) == (141, "")


def test_a_connection_that_broke_is_told_as_before() -> None:
    code, said = ran(0, "raise BrokenPipeError(32, 'the broker hung up')", heard=True)
    assert (code, said) == (5, "told: [Errno 32] the broker hung up\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_letter_that_the_output_has_no_sign_for_gets_its_number(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    program = "import sys; from coldchain_runtime.output import spoken\nspoken(lambda: print('4 °C 冷') or 0)"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30, check=True).stdout
    assert said.decode(encoding) == {"ascii": "4 \\xb0C \\u51b7\n", "latin-1": "4 °C \\u51b7\n"}.get(
        encoding, "4 °C 冷\n"
    )


def test_an_output_that_was_closed_from_the_start_keeps_nothing() -> None:
    assert ran(10, closed=True) == (3, "")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (FileNotFoundError(2, "No such file or directory", "a.json"), "a.json: No such file or directory"),
        (PermissionError(13, "Permission denied", Path("/x/y")), "/x/y: Permission denied"),
        (ConnectionRefusedError(111, "Connection refused"), "[Errno 111] Connection refused"),
        (InvalidInput("as it is"), "as it is"),
    ],
)
def test_a_fault_of_a_file_begins_with_its_name(fault: Exception, said: str) -> None:
    assert fault_text(fault) == said
