"""`check`: every mistake of the configuration with file, line and key; touches nothing."""

import argparse
from typing import TYPE_CHECKING

from coldchain.errors import InvalidInput

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    command = commands.add_parser(
        "check",
        help="look for mistakes in the configuration, touch nothing",
        description="Reads the configuration, its templates and files. Exit status 1 names every mistake.",
        epilog="example: coldchain-gateway --config gateway.toml check",
    )
    command.set_defaults(command_body=body)


def body(arguments: argparse.Namespace) -> int:
    """Check and tell."""
    from coldchain_gateway.config import load
    from coldchain_gateway.sources import losses_of, open_source
    from coldchain_runtime.clock import SystemClock

    try:
        settings = load(arguments.config)
        for source in settings.config.source:
            open_source(
                source,
                clock=SystemClock(),
                template_dirs=settings.template_dirs,
                folder=settings.file.absolute().parent,
            )
    except InvalidInput as error:
        print(error)  # noqa: T201 - a command line speaks
        return 1
    names = ", ".join(f"{source.name} ({source.kind})" for source in settings.config.source) or "no sources"
    print(f"{arguments.config}: good. {settings.config.gateway.name}: {names}")  # noqa: T201 - a command line speaks
    for source in settings.config.source:
        for line in losses_of(source):
            print(f"  {line}")  # noqa: T201 - a command line speaks
    return 0
