"""`reset-identity`: become another gateway; what the old one kept is put aside, whole."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coldchain.errors import Refused

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from coldchain_gateway.config import Settings

RETIRED: Final = "retired"
# What belongs to the old identity. The head of its chain stays: by it the new key says that it is another.
OF_THE_IDENTITY: Final = (
    "gateway.key",
    "token",
    "backend.key",
    "watch.json",
    "status.json",
    "heard.json",
    "machine",
)
DESCRIPTION: Final = """Makes a new key, as if the gateway were started for the first time. For copies of an
SD card, which otherwise speak with one voice: the backend then tells of two hashes for one number.

The old key and outbox are put aside under retired/ in the data folder, with whatever was not sent. The first
batch of the new key names no earlier run and says why ("another key"); numbers of the old run that nobody
sends any more must be declared lost at the backend, and its key revoked there.
"""
EXAMPLES: Final = """examples:
  sudo systemctl stop coldchain-gateway
  coldchain-gateway --config gateway.toml reset-identity                   asks for the gateway's name
  coldchain-gateway --config gateway.toml reset-identity --confirm truck-7
"""


def add(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    command = commands.add_parser(
        "reset-identity",
        help="become another gateway, for a copied SD card",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--confirm", metavar="NAME", help="the gateway's name, instead of typing it")
    command.add_argument(
        "--leave-unsent", action="store_true", help="go on though readings wait that the backend has not got"
    )
    command.set_defaults(command_body=body)


def body(arguments: argparse.Namespace) -> int:
    """Tell what would be put aside, ask, and do it. Raises Refused."""
    from coldchain_gateway.app.run import only_one
    from coldchain_gateway.config import load
    from coldchain_gateway.identity import KEY_FILE, load_or_create_key

    settings = load(arguments.config)
    if not (settings.data_dir / KEY_FILE).exists():
        raise Refused(f"{settings.data_dir}: no identity yet; `enroll` or `run` makes one")
    name = settings.config.gateway.name
    with only_one(settings):
        old = load_or_create_key(settings.data_dir)
        unsent = _unsent(settings)
        sys.stdout.write(f"{name}, key {old.fingerprint}: {unsent or 'all is sent'}\n")
        if unsent and not arguments.leave_unsent:
            raise Refused(f"{unsent}: let them be sent, or keep them in the archive only (--leave-unsent)")
        confirm(name, arguments.confirm)
        folder = retire(settings.data_dir, old.fingerprint)
        new = load_or_create_key(settings.data_dir)
    sys.stdout.write(
        f"the old identity lies in {folder}\nnew key {new.fingerprint}. Next:\n"
        f"  coldchain-backend gateways revoke {name}   (the old key)\n"
        f"  coldchain-gateway --config {settings.file} enroll\n"
    )
    return 0


def confirm(name: str, given: str | None) -> None:
    """The name must be typed back. Raises Refused."""
    if given is None and not sys.stdin.isatty():
        raise Refused(f"nobody is there to ask: --confirm {name}")
    typed = input(f"type the gateway's name ({name}) to go on: ") if given is None else given
    if typed.strip() != name:
        raise Refused(f"{typed!r} is not {name!r}: nothing was changed")


def retire(data_dir: Path, fingerprint: str) -> Path:
    """Move key and outbox aside, key last: power may fail at any step, and doing it again finishes it."""
    from coldchain_gateway.outbox import OUTBOX_FILE
    from coldchain_runtime.durable import make_folder, sync_folder

    number = 1
    while (folder := data_dir / RETIRED / f"{fingerprint[:8]}-{number}").exists():
        number += 1
    make_folder(folder)
    names = [f"{OUTBOX_FILE}{part}" for part in ("-wal", "-shm", "")]
    for name in (*names, *reversed(OF_THE_IDENTITY)):
        if (data_dir / name).exists():
            (data_dir / name).rename(folder / name)
    sync_folder(folder)
    sync_folder(data_dir)
    return folder


def _unsent(settings: "Settings") -> str:
    """What the backend has not got, in words; empty where it has everything."""
    from coldchain_gateway.outbox import OUTBOX_FILE, SqliteOutbox

    path = settings.data_dir / OUTBOX_FILE
    if not path.exists():
        return ""
    outbox = SqliteOutbox(path)
    try:
        counts = outbox.counts()
    finally:
        outbox.close()
    if not (counts.waiting_batches or counts.unsealed_lines):
        return ""
    return (
        f"{counts.waiting_batches} batches and {counts.unsealed_lines} unsealed lines are not at the backend"
    )
