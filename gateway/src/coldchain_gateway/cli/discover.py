"""`discover`: what is there? Listens, asks where it may, and drafts a configuration."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coldchain.errors import InvalidInput

from .seconds import seconds

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from coldchain_gateway.discovery.findings import PortFound, UnitFound

EXAMPLES: Final = """examples:
  coldchain-gateway discover                            which ports are there, who has them; 1-Wire probes
  coldchain-gateway discover --port /dev/ttyUSB0        listen; if nobody speaks, ask Modbus units 1 to 32
  coldchain-gateway discover --port /dev/ttyUSB0 --listen-only
  coldchain-gateway discover --mqtt 127.0.0.1:1883 --for 60
  coldchain-gateway discover --port /dev/ttyUSB0 --unit /dev/ttyUSB0:1=xy-md02 --write gateway.toml
  coldchain-gateway discover --port /dev/ttyACM0 --columns /dev/ttyACM0=sensor,temperature,humidity

A port is opened only if it is named or confirmed and no other process has it. It is listened to first; where
anybody else speaks, nothing is sent. Of a unit's candidate register maps none is picked for you: compare
with its display and name one by --unit.

exit status: 0 sensors were found, 1 none, 2 usage, 3 input or register map, 4 refused, 5 try again later
"""


def add(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    command = commands.add_parser(
        "discover",
        help="find sensors on ports, brokers and 1-Wire, and draft a configuration",
        description="Finds sensors. Listens before it asks, asks only on ports named or confirmed.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    more = command.add_argument
    more("--port", action="append", default=[], metavar="PORT", help="a serial port that may be used")
    more("--baud", type=int, help="the speed, where it is known (default: usual ones are tried)")
    more("--parity", choices=("N", "E", "O"), default="N", help="with --baud")
    more("--stop-bits", type=int, choices=(1, 2), default=1, help="with --baud")
    more("--listen-only", action="store_true", help="send nothing on any port")
    more("--units", default="1-32", metavar="FROM-TO", help="Modbus addresses to ask (1-32)")
    more("--unit", action="append", default=[], metavar="PORT:ADDRESS=TEMPLATE", help="your choice")
    more("--columns", action="append", default=[], metavar="PORT=A,B,…", help="a port's lines are CSV")
    more("--pattern", action="append", default=[], metavar="PORT=REGEX", help="a port's lines fit this")
    more("--modbus-tcp", action="append", default=[], metavar="HOST:PORT", help="a Modbus TCP device")
    more("--mqtt", action="append", default=[], metavar="HOST:PORT", help="a broker to listen to")
    more("--mqtt-user", metavar="NAME", help="user name at the broker")
    more("--mqtt-password", metavar="file:PATH", help="reference to its password: file:PATH or env:NAME")
    more("--time-zone", metavar="ZONE", help="of devices that tell local time, such as Asia/Shanghai")
    more("--onewire", type=Path, default=Path("/sys/bus/w1/devices"), metavar="ROOT", help="1-Wire folder")
    more("--templates", type=Path, action="append", default=[], metavar="DIR", help="your own register maps")
    more(
        "--for", dest="listen_s", type=seconds, default=5.0, metavar="SECONDS", help="how long to listen (5)"
    )
    more("--name", default="gateway", help="the gateway's name in the draft")
    more("--organisation", default="my-organisation", help="its organisation in the draft")
    more("--write", type=Path, metavar="FILE", help="write the draft there after showing it")
    more("--json", action="store_true", help="findings and draft as JSON")
    command.set_defaults(command_body=body)


def body(arguments: argparse.Namespace) -> int:
    """Find, show, draft."""
    from coldchain_gateway.discovery.draft import Draft, write_draft
    from coldchain_gateway.discovery.search import ask_ports, plan_of, search
    from coldchain_gateway.discovery.shown import shown

    if arguments.write is not None and arguments.write.exists():
        raise InvalidInput(f"{arguments.write}: there is such a file already; it is not overwritten")
    if arguments.write is not None and not os.access(arguments.write.absolute().parent, os.W_OK):
        raise InvalidInput(f"{arguments.write}: no folder to write into is there")
    ask = _ask if sys.stdin.isatty() and not arguments.json else None
    plan = plan_of(arguments, ask_ports(arguments.port, ask, tell))
    findings = search(plan, tell)
    picks = dict(plan.picks)
    if ask is not None:
        for port in findings.ports:
            _choose(port, picks)
    draft = Draft(
        name=arguments.name,
        organisation=arguments.organisation,
        picks=picks,
        intervals={template.name: template.interval for template in plan.templates},
    )
    text = draft.text(findings)
    if arguments.json:
        document = {"findings": asdict(findings), "configuration": text}
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1, default=str) + "\n")
    else:
        sys.stdout.write("\n".join([*shown(findings), "", text]))
    if arguments.write is not None and (ask is None or _ask(f"write this to {arguments.write}?")):
        write_draft(arguments.write, text)
        tell(f"written: {arguments.write}; next: coldchain-gateway --config {arguments.write} check")
    return 0 if findings.anything else 1


def tell(text: str) -> None:
    """What goes on, on standard error: one changing line on a terminal."""
    end = "\r" if sys.stderr.isatty() else "\n"
    sys.stderr.write(f"{text:<76}{end}" if end == "\r" else f"{text}\n")
    sys.stderr.flush()


def _ask(question: str) -> bool:
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _choose(port: "PortFound", picks: dict[tuple[str, int], str]) -> None:
    for unit in port.units:
        names = [candidate.template for candidate in unit.candidates]
        if names and (port.port, unit.address) not in picks:
            chosen = _chosen(unit, names)
            if chosen is not None:
                picks[port.port, unit.address] = chosen


def _chosen(unit: "UnitFound", names: Sequence[str]) -> str | None:
    from coldchain_gateway.discovery.shown import unit_lines

    sys.stdout.write("\n".join(unit_lines(unit)) + "\n")
    said = input("which of these agrees with its display? (name; empty: none yet) ").strip()
    return said if said in names else None
