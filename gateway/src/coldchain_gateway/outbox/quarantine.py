"""A broken outbox is put aside, never repaired in place; a new one begins unattended, with what was saved.

The new file is built beside and renamed when it is whole, so power may fail at any step: an outbox that is
missing beside a file put aside is built again.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from coldchain_runtime.durable import make_folder, sync_folder
from coldchain_runtime.logs import Log

from .contract import CorruptOutbox
from .salvage import Salvaged, salvage
from .sqlite import SqliteOutbox

OUTBOX_FILE: Final = "outbox.sqlite"
BUILDING_FILE: Final = "outbox.new.sqlite"
QUARANTINE_FOLDER: Final = "quarantine"
# Files that are kept for a person to look at; when there is one more, the oldest goes.
MOST_ASIDE: Final = 4
_NUMBERED: Final = re.compile(r"outbox-([0-9]+)\.sqlite")
_PARTS: Final = ("-wal", "-shm", "")
log = Log(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An outbox ready for use; where a broken one was put if there was one, and what was saved of it."""

    outbox: SqliteOutbox
    quarantined: Path | None = None
    reason: str = ""
    salvaged: Salvaged = field(default_factory=Salvaged)


def open_outbox(data_dir: Path, condemned: str = "") -> Opened:
    """Open the outbox of a data folder; `condemned` says why the file is known to be broken.

    Raises OutboxFull without room for a new one, NewerOutbox for a file of a newer version.
    """
    path = data_dir / OUTBOX_FILE
    reason = condemned
    if not condemned:
        left = put_aside_files(data_dir)
        if not path.exists() and left:  # power failed between putting aside and the new one
            return _successor(data_dir, left[-1], "the outbox is missing")
        try:
            return Opened(outbox=SqliteOutbox(path))
        except CorruptOutbox as error:
            reason = str(error)
    aside = put_aside(path)
    log.error("outbox.quarantined", file=str(aside), reason=reason)
    return _successor(data_dir, aside, reason)


def put_aside_files(data_dir: Path) -> list[Path]:
    """The broken outboxes that were put aside, oldest first."""
    folder = data_dir / QUARANTINE_FOLDER
    found = [(int(named[1]), path) for path in folder.glob("*") if (named := _NUMBERED.fullmatch(path.name))]
    return [path for _, path in sorted(found)]


def put_aside(path: Path) -> Path:
    """Move the file with its journal into the quarantine folder, under the next number."""
    folder = path.parent / QUARANTINE_FOLDER
    make_folder(folder)
    earlier = put_aside_files(path.parent)
    number = 1 + (int(earlier[-1].stem.rpartition("-")[2]) if earlier else 0)
    aside = folder / f"{path.stem}-{number}{path.suffix}"
    for suffix in _PARTS:
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    for old in earlier[: max(0, len(earlier) + 1 - MOST_ASIDE)]:
        log.error("outbox.quarantine_full", removed=str(old))
        _remove(old)
    sync_folder(folder)
    sync_folder(path.parent)
    return aside


def _successor(data_dir: Path, aside: Path, reason: str) -> Opened:
    """A new outbox with what could be saved; in its place only when it is whole."""
    building = data_dir / BUILDING_FILE
    _remove(building)
    made = SqliteOutbox(building)
    try:
        saved = salvage(aside, made)
    finally:
        made.close()  # the last connection empties the journal into the file
    building.rename(data_dir / OUTBOX_FILE)
    sync_folder(data_dir)
    log.error(
        "outbox.salvaged", batches=saved.batches, unsealed_lines=saved.lines, unreadable=saved.unreadable
    )
    outbox = SqliteOutbox(data_dir / OUTBOX_FILE)
    return Opened(outbox=outbox, quarantined=aside, reason=reason, salvaged=saved)


def _remove(path: Path) -> None:
    for suffix in _PARTS:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
