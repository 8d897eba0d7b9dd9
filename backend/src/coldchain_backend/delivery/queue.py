"""The queue of deliveries: durable rows, leased, first in first out per alert."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A leased delivery; `attempts` were made so far."""

    id: str
    alert: str
    sequence: int
    receiver: str
    created_ms: int
    attempts: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits for a receiver: how many, since when, the next due time, the most attempts of one."""

    receiver: str
    count: int
    oldest_ms: int
    due_ms: int
    attempts: int


class Queue(Protocol):
    """Only the first undelivered row of each (alert, receiver) is ever given out."""

    def waiting(self, now_ms: int) -> Sequence[Waiting]:
        """Receivers for whom something waits; their next due time as of `now_ms`."""
        ...

    def lease(
        self, receiver: str, now_ms: int, until_ms: int, limit: int, *, due_only: bool
    ) -> Sequence[Queued]:
        """Take the oldest rows that nobody holds; with `due_only` those whose time has come."""
        ...

    def delivered(self, delivery: str, now_ms: int) -> None:
        """It arrived."""
        ...

    def postponed(self, delivery: str, now_ms: int, due_ms: int, reason: str) -> None:
        """It failed and is due again."""
        ...

    def dead(self, delivery: str, now_ms: int, reason: str) -> None:
        """It is given up; the next row of its alert may go."""
        ...

    def release(self, receiver: str, now_ms: int) -> None:
        """The receiver is back: everything that waits for it is due now."""
        ...

    def free(self) -> None:
        """Drop the leases of this holder: the process that had them is gone. Those of others stay."""
        ...
