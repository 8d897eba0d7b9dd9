"""Closed segments are packed beside the running server; nothing of what they say changes."""

import os
from hashlib import file_digest, sha256
from pathlib import Path

from coldchain.errors import IntegrityError
from coldchain_backend.ledger.index import SegmentIndex
from coldchain_backend.ledger.packed import is_packed, open_packed, pack
from coldchain_backend.ledger.segments import segment_files
from coldchain_runtime.durable import sync_folder


def packable(directory: Path) -> list[Path]:
    """Closed segments that lie here and are not packed yet, oldest first. Raises OSError."""
    return [path for path in segment_files(directory)[:-1] if not path.is_symlink() and not is_packed(path)]


def pack_segment(segment: Path) -> tuple[int, int]:
    """Put the packed form in the place of a closed segment; its bytes before and now.

    The packed form is durable, read back and compared before that. Raises OSError, and IntegrityError where
    it does not give back what was packed; the segment then still stands as it was.
    """
    SegmentIndex.load(segment).save(segment)
    beside = segment.with_name(f".{segment.name}.packed")
    with segment.open("rb") as source, beside.open("wb") as target:
        pack(source, target)
        target.flush()
        os.fsync(target.fileno())
        source.seek(0)
        wanted = file_digest(source, "sha256").hexdigest()
    if _unpacked_digest(beside) != wanted:
        beside.unlink()
        raise IntegrityError(f"{segment}: its packed form does not give back what was packed")
    before, now = segment.stat().st_size, beside.stat().st_size
    beside.replace(segment)
    sync_folder(segment.parent)
    return before, now


def unpack_segment(segment: Path) -> None:
    """Put the plain form back in its place, durably. Raises OSError."""
    beside = segment.with_name(f".{segment.name}.plain")
    with open_packed(segment.open("rb")) as source, beside.open("wb") as target:
        while data := source.read(1 << 20):
            target.write(data)
        target.flush()
        os.fsync(target.fileno())
    beside.replace(segment)
    sync_folder(segment.parent)


def _unpacked_digest(path: Path) -> str:
    digest = sha256()
    with open_packed(path.open("rb")) as file:
        while data := file.read(1 << 20):
            digest.update(data)
    return digest.hexdigest()
