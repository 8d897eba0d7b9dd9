"""`enroll`: become known to a backend, by a one-time code or through the fleet file."""

import argparse
import sys
from typing import TYPE_CHECKING, Final

from coldchain.errors import ConfigError, Refused, Unavailable

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from coldchain.seal import Key
    from coldchain_gateway.cli.fragment import Known
    from coldchain_gateway.config import Settings

EXAMPLES: Final = """examples:
  coldchain-gateway --config gateway.toml enroll                 print what to put into the fleet file
  coldchain-gateway enroll --url https://cold.example.org --code K7QD-92MF
"""


def add(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    command = commands.add_parser(
        "enroll",
        help="become known to a backend",
        description="With --code: trades a one-time code (coldchain-backend gateways code NAME) for a\n"
        "token. Without: prints what to put into the fleet file: gateway, sensors with\n"
        "their intervals, a zone. Makes the gateway's key if there is none.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--url", help="the backend; default: uplink.url of the configuration")
    command.add_argument("--code", help="the one-time code, valid for a day")
    command.set_defaults(command_body=body)


def body(arguments: argparse.Namespace) -> int:
    """Enrol or print."""
    from coldchain_gateway.cli.fragment import fragment
    from coldchain_gateway.config import load
    from coldchain_gateway.identity import load_or_create_key
    from coldchain_runtime.durable import make_folder

    settings = load(arguments.config)
    make_folder(settings.data_dir)
    key = load_or_create_key(settings.data_dir)
    if arguments.code is None:
        sys.stdout.write(fragment(known_of(settings, key)))
        return 0
    _enrol(settings, key, arguments.url, arguments.code)
    sys.stdout.write(f"enrolled as {settings.config.gateway.name}, fingerprint {key.fingerprint}\n")
    return 0


def known_of(settings: "Settings", key: "Key") -> "Known":
    """What the configuration declares, and what was heard beside it."""
    from coldchain_gateway.cli.fragment import Known
    from coldchain_gateway.discovery.findings import proposed_interval_ms
    from coldchain_gateway.heard import read_heard
    from coldchain_gateway.sources import declared_sensors

    sensors: dict[str, int | None] = {}
    for source in settings.config.source:
        sensors |= declared_sensors(source, settings.template_dirs)
    heard = read_heard(settings.data_dir)
    proposed = {
        one.sensor: interval
        for one in heard
        if one.interval_ms is not None and (interval := proposed_interval_ms([one.interval_ms])) is not None
    }
    return Known(
        organisation=settings.config.gateway.organisation,
        gateway=settings.config.gateway.name,
        key=key,
        sensors=sensors | {one.sensor: None for one in heard if one.sensor not in sensors},
        proposed=proposed,
    )


def _enrol(settings: "Settings", key: "Key", url: str | None, code: str) -> None:
    from coldchain_gateway import BUILT_MS
    from coldchain_gateway.clock_trust import ClockTrust, kernel_synchronised
    from coldchain_gateway.uplink import Connection, Endpoint, enrol, save
    from coldchain_runtime.clock import SystemClock

    endpoint = settings.endpoint() if url is None else Endpoint.parse(url, settings.tls)
    if endpoint is None:
        raise ConfigError("no backend: give --url or [uplink] url", file=str(settings.file))
    gateway = settings.config.gateway
    clock = SystemClock()
    connection = Connection(endpoint, clock, lambda: None)
    connection.validity = ClockTrust(clock, kernel_synchronised, floor_ms=BUILT_MS).validity
    try:
        enrolled = enrol(connection, key, gateway.name, code)
    except Unavailable as error:
        raise Unavailable(f"{url or endpoint}: {error}") from error
    if enrolled.organisation != gateway.organisation:
        raise Refused(
            f"the code is for organisation {enrolled.organisation}, the file says {gateway.organisation}"
        )
    save(enrolled, settings.data_dir, settings.token_file)
