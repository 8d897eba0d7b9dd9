"""A broken outbox is put aside, never repaired in place and never deleted; a new one begins unattended."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coldchain_runtime.durable import make_folder, sync_folder
from coldchain_runtime.logs import Log

from .contract import CorruptOutbox
from .sqlite import SqliteOutbox

OUTBOX_FILE: Final = "outbox.sqlite"
QUARANTINE_FOLDER: Final = "quarantine"
log = Log(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An outbox ready for use, and where a broken one was put if there was one."""

    outbox: SqliteOutbox
    quarantined: Path | None = None
    reason: str = ""


def open_outbox(data_dir: Path, condemned: str = "") -> Opened:
    """Open the outbox of a data folder; `condemned` says why the file is known to be broken.

    Raises OutboxFull without room for a new one, NewerOutbox for a file of a newer version.
    """
    path = data_dir / OUTBOX_FILE
    try:
        if condemned:
            raise CorruptOutbox(condemned)
        return Opened(outbox=SqliteOutbox(path))
    except CorruptOutbox as error:
        aside = put_aside(path)
        log.error("outbox.quarantined", file=str(aside), reason=str(error))
        return Opened(outbox=SqliteOutbox(path), quarantined=aside, reason=str(error))


def put_aside(path: Path) -> Path:
    """Move the file with its journal into the quarantine folder, under the next free number."""
    folder = path.parent / QUARANTINE_FOLDER
    make_folder(folder)
    number = 1
    while (aside := folder / f"{path.stem}-{number}{path.suffix}").exists():
        number += 1
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    sync_folder(folder)
    sync_folder(path.parent)
    return aside
