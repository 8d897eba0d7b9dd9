"""`probe`: what do the configured sensors say, now? `--watch` marks the one that moves."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coldchain.errors import InvalidInput

from .seconds import seconds

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from coldchain_gateway.discovery.looking import Look

EXAMPLES: Final = """examples:
  coldchain-gateway --config gateway.toml probe                 every configured source, for 10 s
  coldchain-gateway --config gateway.toml probe --source bus-1 --for 60
  coldchain-gateway --config gateway.toml probe --watch         warm a probe in your hand and name it
  coldchain-gateway --config gateway.toml probe --json | head
  coldchain-gateway --config gateway.toml probe --source chiller-line --record recording.jsonl

Nothing is kept or sent. A serial port that `run` has open is not available: stop the gateway first
(systemctl stop coldchain-gateway). A broker is listened to with a session of its own.

exit status: 0 every source said something, 1 one said nothing, 3 configuration, 5 try again later
"""


def add(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    command = commands.add_parser(
        "probe",
        help="what do the sensors say now? --watch marks the one that moves",
        description="Reads the configured sources and shows raw, decoded, quality and time.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--source", action="append", default=[], metavar="NAME", help="only this source")
    command.add_argument(
        "--for", dest="for_s", type=seconds, metavar="SECONDS", help="how long (10; --watch: 300)"
    )
    command.add_argument("--watch", action="store_true", help="one line a sensor; marks what moves")
    command.add_argument("--json", action="store_true", help="one JSON object a reading or refusal")
    command.add_argument("--record", type=Path, metavar="FILE", help="write lines as a recording for replay")
    command.set_defaults(command_body=body)


def body(arguments: argparse.Namespace) -> int:
    """Look and show."""
    from coldchain_gateway.config import load
    from coldchain_gateway.discovery.looking import LookPlan, look_at
    from coldchain_gateway.discovery.watching import Watch

    settings = load(arguments.config)
    wanted = arguments.source or [source.name for source in settings.config.source]
    known = {source.name for source in settings.config.source}
    for name in wanted:
        if name not in known:
            raise InvalidInput(f"no source {name!r}; there are: {', '.join(sorted(known)) or 'none'}")
    if arguments.record is not None and arguments.record.exists():
        raise InvalidInput(f"{arguments.record}: there is such a file already; it is not overwritten")
    watch = Watch(redraws=sys.stdout.isatty()) if arguments.watch else None

    def show(look: "Look") -> None:
        if watch is not None:
            sys.stdout.write(watch.seen(look))
        elif arguments.json:
            sys.stdout.write(json.dumps(look.document(), ensure_ascii=False) + "\n")
        else:
            sys.stdout.write("\n".join(look.lines()) + "\n")
        sys.stdout.flush()

    for_s = arguments.for_s or (300.0 if arguments.watch else 10.0)
    plan = LookPlan(settings=settings, sources=tuple(wanted), for_s=for_s, record=arguments.record)
    silent = look_at(plan, show)
    for name, why in silent.items():
        sys.stderr.write(f"{name}: nothing was heard. {why}\n".replace(" \n", "\n"))
    return 1 if silent else 0
