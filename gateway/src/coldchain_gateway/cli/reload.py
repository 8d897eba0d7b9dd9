"""`reload`: let the running gateway apply a changed configuration, by difference."""

import argparse
import fcntl
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coldchain.errors import Refused, Unavailable

if TYPE_CHECKING:
    from argparse import _SubParsersAction

WITHIN_S: Final = 20.0
LOOK_S: Final = 0.1


def add(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    command = commands.add_parser(
        "reload",
        help="apply a changed configuration to the running gateway",
        description="Checks the file, then lets the running gateway restart only what changed. An identical "
        "file changes nothing. What cannot start is rolled back. Exit status 1: it was not applied.",
        epilog="example: coldchain-gateway --config gateway.toml reload",
    )
    command.set_defaults(command_body=body)


def body(arguments: argparse.Namespace) -> int:
    """Check, ask, and tell what came of it."""
    from coldchain_gateway.config import load
    from coldchain_gateway.health import STATUS_FILE

    settings = load(arguments.config)
    pid = running_pid(settings.data_dir)
    if pid is None and settings.data_dir.exists() and not os.access(settings.data_dir, os.X_OK):
        raise Refused(f"{settings.data_dir} belongs to somebody else: use sudo")
    if pid is None:
        raise Unavailable(f"{settings.data_dir}: no gateway runs on this data folder")
    status = settings.data_dir / STATUS_FILE
    before = done_number(status)
    try:
        os.kill(pid, signal.SIGHUP)
    except PermissionError as error:
        raise Refused(f"process {pid} belongs to somebody else: use sudo") from error
    result = wait_for(status, before)
    changes = result.get("changes")
    for change in changes if isinstance(changes, list) else ():
        sys.stdout.write(f"{change}\n")
    fate = str(result.get("fate"))
    sys.stdout.write(f"{fate}{': ' if result.get('message') else ''}{result.get('message', '')}\n")
    return 0 if fate in {"applied", "unchanged"} else 1


def running_pid(data_dir: Path) -> int | None:
    """The process that holds the data folder; None when nobody does."""
    from coldchain_gateway.app.run import LOCK_FILE

    try:
        with (data_dir / LOCK_FILE).open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(lock.read().strip() or 0) or None
    except (OSError, ValueError):
        return None
    return None


def wait_for(status: Path, before: int) -> dict[str, object]:
    """The result of the next reload. Raises Unavailable when none comes in time."""
    end = time.monotonic() + WITHIN_S
    while time.monotonic() < end:
        time.sleep(LOOK_S)
        result = _result(status)
        number = result.get("number")
        if isinstance(number, int) and number > before:
            return result
    raise Unavailable(f"the gateway has not answered within {WITHIN_S:.0f} s; see its log")


def done_number(status: Path) -> int:
    """How many reloads the running process has done."""
    number = _result(status).get("number")
    return number if isinstance(number, int) else 0


def _result(status: Path) -> dict[str, object]:
    try:
        found = json.loads(status.read_bytes()).get("reload")
    except (OSError, ValueError, AttributeError):
        return {}
    return found if isinstance(found, dict) else {}
