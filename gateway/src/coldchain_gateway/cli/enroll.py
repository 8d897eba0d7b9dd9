"""`enroll`: become known to a backend, by a one-time code or through the fleet file."""

import argparse
from typing import TYPE_CHECKING

from coldchain.errors import ConfigError, Refused

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from coldchain.seal import Key
    from coldchain_gateway.config import Settings


def add(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    command = commands.add_parser(
        "enroll",
        help="become known to a backend",
        description="With --code: trades a one-time code (coldchain-backend gateways code NAME) for a token. "
        "Without: prints what to put into the fleet file. Makes the gateway's key if there is none.",
        epilog="example: coldchain-gateway enroll --url https://cold.example.org --code K7QD-92MF",
    )
    command.add_argument("--url", help="the backend; default: uplink.url of the configuration")
    command.add_argument("--code", help="the one-time code, valid for a day")
    command.set_defaults(command_body=body)


def body(arguments: argparse.Namespace) -> int:
    """Enrol or print."""
    from coldchain_gateway.config import load
    from coldchain_gateway.identity import load_or_create_key
    from coldchain_runtime.durable import make_folder

    settings = load(arguments.config)
    make_folder(settings.data_dir)
    key = load_or_create_key(settings.data_dir)
    if arguments.code is None:
        print(fragment(settings.config.gateway.name, key), end="")  # noqa: T201 - a command line speaks
        return 0
    _enrol(settings, key, arguments.url, arguments.code)
    print(f"enrolled as {settings.config.gateway.name}, fingerprint {key.fingerprint}")  # noqa: T201 - likewise
    return 0


def fragment(name: str, key: "Key") -> str:
    """The lines of the fleet file that admit this key."""
    from coldchain.seal import encode_public

    return (
        f"# fingerprint {key.fingerprint}\n"
        f"gateways:\n  - name: {name}\n    key: {encode_public(key.public)}\n"
        f"# then, at the backend: coldchain-backend token create --gateway {name}\n"
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
    enrolled = enrol(connection, key, gateway.name, code)
    if enrolled.organisation != gateway.organisation:
        raise Refused(
            f"the code is for organisation {enrolled.organisation}, the file says {gateway.organisation}"
        )
    save(enrolled, settings.data_dir, settings.token_file)
