"""Commands: each module has `add(subparsers)` and returns an exit status.

0 all is well · 1 the answer is "no" (check found mistakes, status shows an alarm) · 2 wrong usage ·
3 the configuration cannot be used · 4 refused (wrong code, data folder in use) · 5 try again later
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from coldchain.errors import IntegrityError, InvalidInput, Refused, Unavailable
from coldchain_gateway import __version__
from coldchain_gateway.cli import check, discover, enroll, outbox, probe, reload, reset_identity, run, status

CONFIG_STATUS: Final = 3
REFUSED_STATUS: Final = 4
LATER_STATUS: Final = 5
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


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
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
    for module in (run, check, status, probe, discover, outbox, reload, enroll, reset_identity):
        module.add(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    chosen = parser().parse_args(arguments)
    try:
        code: int = chosen.command_body(chosen)
    except InvalidInput as error:
        return _told(error, CONFIG_STATUS)
    except (Refused, IntegrityError) as error:
        return _told(error, REFUSED_STATUS)
    except (Unavailable, OSError) as error:
        return _told(error, LATER_STATUS)
    return code


def _told(error: Exception, status_code: int) -> int:
    print(error, file=sys.stderr)  # noqa: T201 - a command line speaks
    return status_code
