"""The newest records in memory, so that a consumer at the head reads no file."""

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Final

from coldchain_backend.ledger.contract import READ_BYTES
from coldchain_backend.ledger.records import Record

TAIL_BYTES: Final = 8 * 1024 * 1024


class Tail:
    """A window of the newest records, bounded by bytes of payload. Not thread-safe: its owner locks."""

    def __init__(self) -> None:
        self._records: deque[Record] = deque()
        self._bytes = 0

    def extend(self, records: Sequence[Record]) -> None:
        """Add the records behind the newest one."""
        for record in records:
            self._records.append(record)
            self._bytes += len(record.payload)
        while self._bytes > TAIL_BYTES and len(self._records) > 1:
            self._bytes -= len(self._records.popleft().payload)

    def read(self, after: int, limit: int) -> list[Record] | None:
        """Records with offset > `after`, or None if they do not all stand in the window any more."""
        if not self._records or self._records[0].offset > after + 1:
            return None
        start = after + 1 - self._records[0].offset
        found: list[Record] = []
        size = 0
        for record in islice(self._records, start, start + limit):
            found.append(record)
            size += len(record.payload)
            if size >= READ_BYTES:
                break
        return found
