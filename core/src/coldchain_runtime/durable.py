"""Files that are on the disk when the call returns."""

import os
from pathlib import Path

PRIVATE = 0o600
SHARED = 0o644


def write_file_atomic(path: Path, data: bytes, *, private: bool = False) -> None:
    """Put a whole file in place: written beside, fsynced, renamed, and the folder fsynced.

    A reader sees the old content or the new, never a part; `private` files are readable by their owner alone
    from their first byte on. Raises OSError; the old file then still stands.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE if private else SHARED)
    try:
        try:
            os.fchmod(handle, PRIVATE if private else SHARED)
            write_all(handle, data)
            os.fsync(handle)
        finally:
            os.close(handle)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        error.filename = error.filename or str(path)
        raise
    sync_folder(path.parent)


def write_all(handle: int, data: bytes) -> None:
    """Write every byte to a descriptor, however many calls it takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def sync_folder(folder: Path) -> None:
    """Make created, renamed and removed names of a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path, *, private: bool = True) -> None:
    """Make a folder and its missing parents, durably; an existing one stays as it is."""
    if folder.is_dir():
        return
    make_folder(folder.parent, private=False)
    folder.mkdir(mode=0o700 if private else 0o755, exist_ok=True)
    sync_folder(folder.parent)
