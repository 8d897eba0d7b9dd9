"""Hashes of the batches that are in evidence, by run and number, in flat files: 16 bytes at (seq − 1) × 16.

Derived from the ledger: `sync` before the ledger offset they stand for is written down, and replay from
there writes the rest again.
"""

import os
from collections import OrderedDict
from pathlib import Path
from typing import Final

from coldchain_runtime.durable import make_folder

WIDTH: Final = 16
MAX_SEQ: Final = 1_000_000_000
OPEN_FILES: Final = 128


class BatchHashes:
    """One sparse file per run; few are open at a time."""

    def __init__(self, directory: Path) -> None:
        make_folder(directory)
        self._directory = directory
        self._open: OrderedDict[str, int] = OrderedDict()

    def put(self, gateway: str, run: str, seq: int, *hashes: str) -> None:
        """Note the hashes (hex) of a batch and of those that follow it."""
        noted = b"".join([bytes.fromhex(one)[:WIDTH] for one in hashes])
        os.pwrite(self._descriptor(gateway, run), noted, (seq - 1) * WIDTH)

    def get(self, gateway: str, run: str, seq: int) -> bytes | None:
        """The first bytes of the batch's hash, or None if none is noted."""
        found = os.pread(self._descriptor(gateway, run), WIDTH, (seq - 1) * WIDTH)
        return found if len(found) == WIDTH and any(found) else None

    def sync(self) -> None:
        """Make what was noted durable."""
        for descriptor in self._open.values():
            os.fdatasync(descriptor)

    def close(self) -> None:
        while self._open:
            os.close(self._open.popitem()[1])

    def _descriptor(self, gateway: str, run: str) -> int:
        name = f"{gateway}-{run}.hashes"
        descriptor = self._open.get(name)
        if descriptor is not None:
            self._open.move_to_end(name)
            return descriptor
        if len(self._open) >= OPEN_FILES:
            _, oldest = self._open.popitem(last=False)
            os.fdatasync(oldest)
            os.close(oldest)
        descriptor = os.open(self._directory / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._open[name] = descriptor
        return descriptor
