"""What a command prints goes where it goes: a reader who leaves early (`| head`) is no mistake."""

import os
import select
import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import Final

READER_LEFT: Final = 141
"""Exit status of a program whose reader left, as shells say it: 128 and the number of SIGPIPE."""


def spoken(command: Callable[[], int]) -> int:
    """Run a command and return its exit status; where nobody reads its output any more, 141 and silence.

    A BrokenPipeError of `command` is its output's: see `reader_left`. A standard output that was closed from
    the start takes what is written and keeps nothing; one that has no sign for a letter gets its number.
    """
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        if sys.stdout is None:
            sys.stdout = os.fdopen(os.dup(nothing), "w")
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        code = command()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(nothing, sys.stdout.fileno())
        return READER_LEFT
    finally:
        os.close(nothing)
    return code


def reader_left(error: Exception) -> bool:
    """Whether this error is of our own output, and of no connection."""
    if not isinstance(error, BrokenPipeError):
        return False
    looked = select.poll()
    looked.register(sys.stdout.fileno(), select.POLLOUT)
    return any(event & select.POLLERR for _, event in looked.poll(0))


def fault_text(error: Exception) -> str:
    """An error in a line for whoever gave the command: of a file its name, and what the system says of it."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)
