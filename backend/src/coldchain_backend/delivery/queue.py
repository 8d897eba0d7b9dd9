"""The queue of deliveries: durable rows, leased, first in first out per alert."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    QUEUED = "queued"
    DELIVERED = "delivered"
    DEAD = "dead"  # given up; a person can see and send it again
    HELD = "held"  # its receiver is switched off until a person has looked


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A leased delivery; `attempts` were made so far, and the parts `reached` have arrived already."""

    id: str
    alert: str
    sequence: int
    receiver: str
    created_ms: int
    attempts: int
    body: bytes
    critical: bool = False
    reached: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits for a receiver: how many, since when, the next due time, the most attempts of one.

    newest_ms   the newest stamp among them
    critical    whether something critical is among them
    """

    receiver: str
    count: int
    oldest_ms: int
    due_ms: int
    attempts: int
    newest_ms: int = 0
    critical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """Something critical that nobody has received for long."""

    id: str
    alert: str
    sequence: int
    receiver: str
    created_ms: int
    reason: str | None


class Queue(Protocol):
    """Only the first undelivered row of each (alert, receiver) is ever given out."""

    def waiting(self, now_ms: int) -> Sequence[Waiting]:
        """Receivers for whom something waits; their next due time as of `now_ms`."""
        ...

    def lease(  # noqa: PLR0913 - each is one word of the question
        self,
        receiver: str,
        now_ms: int,
        until_ms: int,
        limit: int,
        *,
        due_only: bool,
        others: int | None = None,
    ) -> Sequence[Queued]:
        """Take rows that nobody holds, criticals first, then the oldest; `due_only`: whose time came.

        `others`: once so many are taken, only criticals are; None: all may be of any kind.
        """
        ...

    def delivered(self, delivery: str, now_ms: int, detail: str = "") -> None:
        """It arrived."""
        ...

    def postponed(
        self, delivery: str, now_ms: int, due_ms: int, reason: str, reached: frozenset[str] = frozenset()
    ) -> None:
        """It failed, or only the parts `reached` arrived, and is due again."""
        ...

    def dead(self, delivery: str, now_ms: int, reason: str) -> None:
        """It is given up.

        Where its receiver has heard nothing of the alert yet, what follows of it is given up too: nobody
        hears an end without its beginning. Otherwise the next row may go.
        """
        ...

    def hold(self, receiver: str, reason: str) -> int:
        """Whatever waits for a receiver is held; how many rows."""
        ...

    def unhold(self, receiver: str, now_ms: int) -> int:
        """Whatever is held for a receiver is due now; how many rows."""
        ...

    def release(self, receiver: str, now_ms: int) -> None:
        """The receiver is back: everything that waits for it is due now."""
        ...

    def free(self) -> None:
        """Drop the leases of this holder: the process that had them is gone. Those of others stay."""
        ...

    def mend(self, now_ms: int, leased_most_ms: int, due_most_ms: int) -> int:
        """Free leases and due times that lie further ahead than any can: a clock stepped; how many rows."""
        ...

    def attempted(self, since_ms: int) -> Mapping[str, Sequence[int]]:
        """When each receiver was sent something, ms UTC, since an instant."""
        ...

    def overdue(self, created_before_ms: int, limit: int) -> Sequence[Overdue]:
        """Criticals that nobody has received and of which nobody was told yet, the oldest first."""
        ...

    def announced(self, deliveries: Sequence[str]) -> None:
        """Somebody was told that these are overdue."""
        ...
