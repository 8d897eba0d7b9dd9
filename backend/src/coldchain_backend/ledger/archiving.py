"""Closed segments moved to an archive folder: a link stays in their place, so that they are read and verified
as before, wherever they lie."""

import os
import shutil
from collections.abc import Callable, Iterator
from hashlib import file_digest
from itertools import pairwise
from pathlib import Path

from coldchain.errors import IntegrityError
from coldchain_backend.ledger.index import SegmentIndex
from coldchain_backend.ledger.segments import read_first_stamp, segment_files
from coldchain_runtime.durable import make_folder, sync_folder

Progress = Callable[[int], None]
"""Told how many more bytes are done."""


def movable(directory: Path, before_ms: int) -> list[Path]:
    """Closed segments that hold nothing received at or behind an instant and are not archived yet."""
    files = segment_files(directory)
    found = []
    for path, behind in pairwise(files):
        ended_ms = read_first_stamp(behind)
        if not path.is_symlink() and ended_ms is not None and ended_ms <= before_ms:
            found.append(path)
    return found


def archive(segment: Path, folder: Path, organisation: str, progress: Progress) -> Path:
    """Move one closed segment, also beside a running server; where it lies now.

    The copy is read back and compared before the link takes the original's place. Raises OSError, and
    IntegrityError where the copy is not what was copied; the original then still stands.
    """
    make_folder(folder, private=False)
    SegmentIndex.load(segment).save(segment)
    target = folder / f"{organisation}-{segment.name}"
    beside = target.with_name(f".{target.name}.part")
    with segment.open("rb") as source, beside.open("wb") as copy:
        shutil.copyfileobj(source, copy, 1 << 20)
        copy.flush()
        os.fsync(copy.fileno())
    progress(segment.stat().st_size)
    if _digest(beside) != _digest(segment):
        beside.unlink()
        raise IntegrityError(f"{target}: the copy is not what was copied")
    beside.replace(target)
    sync_folder(folder)
    link = segment.with_name(f".{segment.name}.link")
    link.unlink(missing_ok=True)
    link.symlink_to(target.resolve())
    link.replace(segment)
    sync_folder(segment.parent)
    return target


def archived(directory: Path) -> Iterator[tuple[Path, Path]]:
    """Segments that lie elsewhere, and where."""
    for path in segment_files(directory):
        if path.is_symlink():
            yield path, path.readlink()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
