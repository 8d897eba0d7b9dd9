"""`run`: read, keep, seal, send, until told to stop."""

import argparse
import asyncio
import ctypes
import signal
from typing import TYPE_CHECKING, Final

from coldchain_runtime import logs

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from coldchain_gateway.config import Settings

M_ARENA_MAX: Final = -8  # malloc.h
M_MMAP_THRESHOLD: Final = -3
M_TRIM_THRESHOLD: Final = -1
LARGE_BYTES: Final = 64 * 1024


def add(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    command = commands.add_parser(
        "run",
        help="read, keep, seal and send until told to stop",
        description="Runs until SIGTERM or Ctrl-C, then commits, seals and tries to send, within 5 s. "
        "SIGHUP applies a changed configuration (see `reload`). "
        "Starts in any order with broker and backend, and without a network.",
        epilog="example: coldchain-gateway --config /etc/coldchain/gateway.toml run",
    )
    command.add_argument(
        "--log", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"), help="log level"
    )
    command.set_defaults(command_body=body)


def body(arguments: argparse.Namespace) -> int:
    """Run; again at once with a new outbox when the old one broke."""
    from coldchain_gateway.config import load

    share_one_heap()
    logs.set_up(arguments.log)
    settings = load(arguments.config)
    condemned = ""
    while True:
        condemned = asyncio.run(_until_stopped(settings, condemned))
        if not condemned:
            return 0


def share_one_heap() -> None:
    """One malloc arena for all threads: one per thread, as glibc has it, costs 5 MB under load.

    Batches are half a megabyte each: mapped by themselves, they are given back at once.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
        mallopt(M_TRIM_THRESHOLD, LARGE_BYTES)


async def _until_stopped(settings: "Settings", condemned: str) -> str:
    from coldchain_gateway.app import Ending, serve
    from coldchain_runtime.clock import SystemClock

    ending = Ending()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.ask, signal.Signals(number).name.lower())
    loop.add_signal_handler(signal.SIGHUP, ending.reload.set)
    await serve(settings, SystemClock(), ending, condemned)
    return ending.condemned
