"""The contract of a ledger: append durably, read from an offset."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from coldchain.errors import InvalidInput, Unavailable
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


def oldest_kept(ledger: Ledger) -> Record | None:
    """The oldest record that is there, where older ones were let go; None where all are there."""
    first = ledger.read(0, 1)
    return first[0] if first and first[0].offset > 1 else None


def check_kept(ledger: Ledger, from_ms: int) -> None:
    """Raises InvalidInput where not all that was received from an instant on is there."""
    oldest = oldest_kept(ledger)
    if oldest is not None and from_ms <= oldest.received_ms:
        since = datetime.fromtimestamp(oldest.received_ms // 1000, UTC)
        raise InvalidInput(
            f"what was received before {since:%Y-%m-%dT%H:%M:%SZ} was let go after its retention, and this"
            " rests on it: ask from a later time on"
        )
