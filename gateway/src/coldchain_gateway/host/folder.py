"""The data folder: may the gateway write there, and is there room?"""

import os
from collections.abc import Iterator
from pathlib import Path

from .finding import Finding


def folder_findings(folder: Path, floor_bytes: int) -> Iterator[Finding]:
    """`folder` need not be there yet; then its nearest parent counts, and what that lacks is a note.
    `floor_bytes`: the disk's last bytes, which the outbox leaves free."""
    there = next(place for place in (folder, *folder.parents) if _exists(place))
    disk, absent = os.statvfs(there), there != folder
    if disk.f_flag & os.ST_RDONLY:
        told = f"{folder}: the file system is mounted read-only; a worn card does that to itself"
        yield Finding(message=told, note=absent)
    elif not os.access(there, os.W_OK | os.X_OK):
        told = f"{folder}: this user may not write there; root becomes the service's user"
        yield Finding(message=told, note=absent)
    elif (free := disk.f_bavail * disk.f_frsize) < floor_bytes:
        told = (
            f"{folder}: {free / 1e6:.0f} MB are free, less than free_space_floor ({floor_bytes / 1e6:.0f} MB)"
        )
        yield Finding(message=f"{told}: the outbox does not grow", note=True)


def _exists(place: Path) -> bool:
    try:
        return place.exists()
    except PermissionError:
        return False
