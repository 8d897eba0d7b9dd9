"""The contract of a ledger: append durably, read from an offset."""

from collections.abc import Sequence
from typing import Protocol

from coldchain.errors import Unavailable
from coldchain_backend.ledger.records import NewRecord, Record

READ_BYTES = 16 * 1024 * 1024


class Busy(Unavailable):
    """More writes wait than the ledger holds."""


class DiskFull(Unavailable):
    """Nothing can be made durable until there is room again."""


class Ledger(Protocol):
    """One organisation's log: append-only, hash-chained, in one order.

    Records are numbered from 1 without gaps; their stamps never fall. What `append` returned is durable and
    is seen by every `read` from then on; what is not durable is seen by nobody.
    """

    async def append(self, records: Sequence[NewRecord]) -> Sequence[Record]:
        """Append all records or none, next to each other, and return when they are durable.

        Raises Unavailable if they could not be made durable (queue full, disk full, closed): then none of
        them is in the ledger.
        """
        ...

    def read(self, after: int, limit: int) -> Sequence[Record]:
        """Up to `limit` durable records with offset > `after`, in order; fewer once they pass READ_BYTES.

        From any thread. An empty answer means that there is none yet. Raises IntegrityError naming the
        record where the file is damaged.
        """
        ...

    def wait(self, after: int, timeout: float) -> bool:
        """Block this thread until there is a record with offset > `after` (true), or `timeout` seconds."""
        ...

    @property
    def end(self) -> int:
        """Offset of the newest durable record; 0 in an empty ledger."""
        ...

    @property
    def head(self) -> str:
        """Hash of the newest durable record; the chain's genesis in an empty ledger."""
        ...
