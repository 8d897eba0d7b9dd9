"""A disk of a few megabytes, to be filled: a tmpfs of its own, for which one must be root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support import parts


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    """`place` is an empty disk of that size while this is open."""
    if os.geteuid() != 0:
        parts.missing("the right to mount a small disk (run the tests as root)")
    place.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(place)], check=False
    )
    if mounted.returncode != 0:
        parts.missing("the right to mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path, *, leave_bytes: int = 0) -> Path:
    """Take all room but `leave_bytes`; remove the file that is returned to give it back."""
    ballast = place / "ballast"
    with ballast.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(bytes(65_536))
        except OSError:
            pass
        if leave_bytes:
            file.truncate(max(0, file.tell() - leave_bytes))
    return ballast
