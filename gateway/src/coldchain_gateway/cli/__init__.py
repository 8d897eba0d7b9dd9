"""Commands: each module has `add(subparsers)` and returns an exit status.

0 all is well · 1 the answer is "no" (check found mistakes, status shows an alarm) · 2 wrong usage ·
3 the configuration cannot be used · 4 refused (wrong code, data folder in use) · 5 try again later
"""

import argparse
import logging
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from coldchain.errors import IntegrityError, InvalidInput, Refused, Unavailable
from coldchain_gateway import __version__
from coldchain_runtime.output import fault_text, reader_left, spoken

COMMANDS: Final = (
    "run",
    "check",
    "status",
    "probe",
    "discover",
    "outbox",
    "reload",
    "enroll",
    "reset-identity",
)
CONFIG_STATUS: Final = 3
REFUSED_STATUS: Final = 4
LATER_STATUS: Final = 5
_UNHEARD: Final = logging.NullHandler()
EXAMPLES: Final = """examples:
  coldchain-gateway --config gateway.toml check       look for mistakes, touch nothing
  coldchain-gateway --config gateway.toml enroll      print what to put into the fleet file
  coldchain-gateway --config gateway.toml enroll --url https://cold.example.org --code K7QD-92MF
  coldchain-gateway discover                          what is there? drafts a configuration
  coldchain-gateway --config gateway.toml probe --watch   warm a probe in your hand and name it
  coldchain-gateway --config gateway.toml run         read, keep, seal, send
  coldchain-gateway --config gateway.toml status      how is it?
  coldchain-gateway --config gateway.toml reload      apply a changed file, restart only what changed
  coldchain-gateway --config gateway.toml outbox list what is kept; also verify, export, retry

exit status: 0 well, 1 mistakes or alarm, 2 usage, 3 configuration, 4 refused, 5 try again later
"""


def parser(given: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The whole command line; for a command that is named in what was given, that one alone: `run` pays for
    no other."""
    top = argparse.ArgumentParser(
        prog="coldchain-gateway",
        description="Reads sensors, keeps every reading, seals and sends it.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument(
        "--config", type=Path, default=Path("gateway.toml"), metavar="FILE", help="default: gateway.toml"
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    named = next((word for word in _words(given) if word in COMMANDS), None)
    for name in COMMANDS if named is None else (named,):
        import_module(f"{__name__}.{name.replace('-', '_')}").add(commands)
    return top


def _words(given: Sequence[str]) -> Iterator[str]:
    """What was given, without the value of `--config`, which may be called like a command."""
    before = ""
    for word in given:
        if before != "--config":
            yield word
        before = word


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    return spoken(lambda: _obeyed(given))


def _obeyed(given: Sequence[str]) -> int:
    chosen = parser(given).parse_args(given)
    # What goes wrong is told by the command's own words; `run` has a log.
    logging.getLogger().addHandler(_UNHEARD)
    try:
        code: int = chosen.command_body(chosen)
    except InvalidInput as error:
        return _told(error, CONFIG_STATUS)
    except (Refused, IntegrityError) as error:
        return _told(error, REFUSED_STATUS)
    except (Unavailable, OSError) as error:
        if reader_left(error):
            raise
        return _told(error, LATER_STATUS)
    return code


def _told(error: Exception, status_code: int) -> int:
    print(fault_text(error), file=sys.stderr)  # noqa: T201 - a command line speaks
    return status_code
