"""What the ledger asks of a disk: the port that tests fill with a small or a failing one."""

import os
from pathlib import Path
from typing import Protocol


class Disk(Protocol):
    """Positioned writes and syncs. Everything raises OSError as the system does."""

    def write(self, descriptor: int, data: bytes, position: int) -> None:
        """Write all of `data` at `position`."""
        ...

    def sync(self, descriptor: int) -> None:
        """Return when data and size of the file are on the medium."""
        ...

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut the file to `size` bytes."""
        ...

    def free(self, directory: Path) -> int:
        """Bytes that this process may still write in `directory`."""
        ...


class SystemDisk:
    """The real one."""

    def write(self, descriptor: int, data: bytes, position: int) -> None:
        view = memoryview(data)
        while view:
            written = os.pwrite(descriptor, view, position)
            position += written
            view = view[written:]

    def sync(self, descriptor: int) -> None:
        os.fdatasync(descriptor)

    def truncate(self, descriptor: int, size: int) -> None:
        os.ftruncate(descriptor, size)

    def free(self, directory: Path) -> int:
        system = os.statvfs(directory)
        return system.f_bavail * system.f_frsize
