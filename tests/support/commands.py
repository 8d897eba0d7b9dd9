"""The backend's commands, run within the test's own process: a Python start for each would cost seconds."""

from __future__ import annotations

import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO

from coldchain_backend.cli import main


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a command said and how it ended."""

    returncode: int
    stdout: str
    stderr: str


def command(*arguments: str) -> Done:
    """Run `coldchain-backend` with these arguments to its end."""
    out, err, before = StringIO(), StringIO(), sys.argv
    sys.argv = ["coldchain-backend", *arguments]
    code = 0
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        sys.argv = before
    return Done(returncode=code, stdout=out.getvalue(), stderr=err.getvalue())
