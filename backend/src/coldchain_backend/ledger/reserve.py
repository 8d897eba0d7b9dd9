"""A full disk, as the ledger's states: what may still be written, and when it is over.

A reserve file holds room back. When the disk is full, the reserve is given up, so that marks, acts and the
alert about it still commit, while evidence is refused until there is room for evidence and reserve again.
"""

import os
from pathlib import Path
from typing import Final

from coldchain_backend.ledger.disk import Disk
from coldchain_backend.ledger.records import Kind

RESERVE_BYTES: Final = 16 * 1024 * 1024
SMALL: Final = frozenset({Kind.ACT, Kind.MARK})


class Reserve:
    """Decides by the free bytes of the disk whether evidence is taken."""

    def __init__(self, directory: Path, disk: Disk, *, size: int = RESERVE_BYTES) -> None:
        self._path = directory / "reserve"
        self._directory = directory
        self._disk = disk
        self._size = size
        self.full = False

    def keep(self) -> bool:
        """Hold room back, if there is enough of it. False if the disk is too full for that."""
        if self._path.exists() and self._path.stat().st_size >= self._size:
            return True
        if self._disk.free(self._directory) < 2 * self._size:
            return False
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._disk.write(descriptor, bytes(self._size), 0)
            self._disk.sync(descriptor)
        except OSError:
            self._path.unlink(missing_ok=True)
            return False
        finally:
            os.close(descriptor)
        return True

    def give_up(self) -> None:
        """The disk is full: free the reserve."""
        self.full = True
        self._path.unlink(missing_ok=True)

    def short(self) -> bool:
        """Whether so little is free that evidence must be refused before the disk says so."""
        return self._disk.free(self._directory) < self._size // 4

    def recovered(self) -> bool:
        """Whether there is room again; if so, the reserve is held back again."""
        if self.full and self._disk.free(self._directory) >= 3 * self._size and self.keep():
            self.full = False
            return True
        return False
