"""A ledger in memory, for tests and rehearsals: the same contract, nothing durable."""

import threading
from collections.abc import Sequence

from coldchain_backend.ledger import chain
from coldchain_backend.ledger.contract import READ_BYTES
from coldchain_backend.ledger.records import NewRecord, Record
from coldchain_runtime.clock import Clock


class MemoryLedger:
    """Keeps its records in a list."""

    def __init__(self, organisation: str, clock: Clock) -> None:
        self._clock = clock
        self._genesis = chain.genesis(organisation)
        self._records: list[Record] = []
        self._grown = threading.Condition()

    async def append(self, records: Sequence[NewRecord]) -> Sequence[Record]:
        return self.put(records)

    def put(self, records: Sequence[NewRecord]) -> Sequence[Record]:
        """`append` for tests that run no event loop."""
        with self._grown:
            stamp = self._clock.now_ms()
            if self._records:
                stamp = max(stamp, self._records[-1].received_ms)
            placed = []
            for new in records:
                previous = bytes.fromhex(self._records[-1].hash) if self._records else self._genesis
                record = chain.place(new, previous, len(self._records) + 1, stamp)
                self._records.append(record)
                placed.append(record)
            self._grown.notify_all()
        return placed

    def copy(self) -> "MemoryLedger":
        """A ledger of its own with the records so far and the same clock."""
        made = MemoryLedger("", self._clock)
        made._genesis, made._records = self._genesis, self._records.copy()
        return made

    def read(self, after: int, limit: int) -> Sequence[Record]:
        found: list[Record] = []
        size = 0
        for record in self._records[max(after, 0) : max(after, 0) + limit]:
            found.append(record)
            size += len(record.payload)
            if size >= READ_BYTES:
                break
        return found

    def wait(self, after: int, timeout: float) -> bool:
        with self._grown:
            return self._grown.wait_for(lambda: len(self._records) > after, timeout)

    @property
    def end(self) -> int:
        return len(self._records)

    @property
    def head(self) -> str:
        return self._records[-1].hash if self._records else self._genesis.hex()
