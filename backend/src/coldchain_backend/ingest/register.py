"""What ingest knows of the ledger, and the one way by which it adds to it: keys, numbers, times heard."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coldchain.seal import fingerprint
from coldchain_backend.ingest import snapshot
from coldchain_backend.ingest.hashes import BatchHashes
from coldchain_backend.ingest.keys import GatewayKeys
from coldchain_backend.ingest.replay import replay
from coldchain_backend.ingest.sequences import Sequences
from coldchain_backend.ledger import Ledger, NewRecord, Record

SNAPSHOT_EVERY: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHead:
    """The last number of a run and its hash (empty where it was declared never to come); `key`: fingerprint.

    held   the highest number below which nothing is missing or undeclared
    """

    gateway: str
    key: str
    run: str
    seq: int
    held: int
    hash: str


class Register:
    """Derived from the ledger; a snapshot makes the start short. Lives in one event loop."""

    def __init__(self, ledger: Ledger, organisation: str, folder: Path) -> None:
        self._ledger = ledger
        self._organisation = organisation
        self._snapshot = folder / "ingest.json"
        self._hashes = BatchHashes(folder / "hashes")
        self.sequences = Sequences(self._hashes)
        known = snapshot.load(self._snapshot, organisation, self.sequences)
        self.keys = GatewayKeys(known.keys)
        self.heard_ms: dict[str, int] = {}
        self._offset = self._saved = known.offset
        self._appending = 0
        self._settled = asyncio.Event()
        self._settled.set()

    def catch_up(self) -> None:
        """Read what the ledger holds behind the snapshot; at start, before the first write."""
        self._offset = replay(
            self._ledger, self._offset, keys=self.keys, sequences=self.sequences, heard_ms=self.heard_ms
        )

    def close(self) -> None:
        """Write the snapshot down."""
        self._save()
        self._hashes.close()

    def heads(self) -> list[RunHead]:
        """The newest run of every key, and every incomplete one."""
        found = []
        for key in self.keys:
            name = fingerprint(key.public)
            for run, held in self.sequences.held(name):
                state = self.sequences.state(name, run).run
                newest, hash_ = state.newest, state.head or ""
                found.append(RunHead(gateway=key.name, key=name, run=run, seq=newest, held=held, hash=hash_))
        return found

    async def append(self, records: Sequence[NewRecord], take: Callable[[Sequence[Record]], None]) -> None:
        """Make records durable, then know them by `take`, also when the one who asked is gone meanwhile.

        Raises Unavailable: then none of them is in the ledger.
        """
        await asyncio.shield(asyncio.create_task(self._append(records, take)))

    async def _append(self, records: Sequence[NewRecord], take: Callable[[Sequence[Record]], None]) -> None:
        """A snapshot says that every record up to its offset is known: when one is due, new records wait
        until the last ones have landed."""
        await self._settled.wait()
        self._appending += 1
        try:
            placed = await self._ledger.append(records)
            take(placed)
            self._offset = max(self._offset, placed[-1].offset)
        finally:
            self._appending -= 1
            due = self._offset - self._saved >= SNAPSHOT_EVERY
            if due and self._appending == 0:
                self._save()
                due = False
            if due:
                self._settled.clear()
            elif self._appending == 0:
                self._settled.set()

    def _save(self) -> None:
        self._hashes.sync()
        snapshot.save(self._snapshot, self._organisation, self._offset, self.keys, self.sequences)
        self._saved = self._offset
