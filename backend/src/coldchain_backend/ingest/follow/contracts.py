"""What following needs: a foreign store to ask, a ledger to read, and the one who keeps lines."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from coldchain_backend.influx import Cell
from coldchain_backend.ingest.follow.rules import Rule
from coldchain_backend.ledger import Json, MarkName, Record

Span = tuple[int, int]
"""from ≤ time < to, ns."""
Tags = Mapping[str, str]


class SeriesPoints(NamedTuple):
    """Points of one foreign series, (time in ns, value), by time."""

    tags: Tags
    points: Sequence[tuple[int, Cell]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFacts:
    """What is known of a store.

    there      the bucket or database is there, as far as the token shows
    mirrored   a mirror of this product writes into it
    date_ms    its clock, to the second
    """

    version: str
    there: bool
    mirrored: bool = False
    date_ms: int | None = None


class Source(Protocol):
    """A foreign store. Every method raises InfluxTrouble where it cannot be asked now.

    Numbers are answered whatever kind they have there; what has another type than the rule wants is told by
    `others` alone.
    """

    def look(self) -> StoreFacts:
        """What is known of it now."""
        ...

    def first(self, rule: Rule, from_ns: int) -> int | None:
        """The time (ns) of the first point at or behind an instant."""
        ...

    def count(self, rule: Rule, span: Span) -> int:
        """How many points there are."""
        ...

    def counts(self, rule: Rule, span: Span) -> Iterator[tuple[Tags, int]]:
        """How many points each series has; series without any may be left out."""
        ...

    def points(self, rule: Rule, span: Span) -> Iterator[SeriesPoints]:
        """The points, series by series."""
        ...

    def others(self, rule: Rule, span: Span) -> Mapping[str, int]:
        """How many points have another type than the rule wants, by the name of the type."""
        ...

    def close(self) -> None:
        """Close connections."""
        ...


class LedgerReader(Protocol):
    """The part of a ledger that is read."""

    def read(self, after: int, limit: int) -> Sequence[Record]:
        """Up to `limit` durable records behind `after`, in order."""
        ...

    @property
    def end(self) -> int:
        """Offset of the newest durable record."""
        ...


class Keep(Protocol):
    """Makes lines durable; the store has been read up to `read_to` (ms UTC).

    Raises Unavailable where that cannot be: then none of them is kept.
    """

    def __call__(self, lines: Sequence[bytes], read_to: int) -> None: ...


Mark = Callable[[MarkName, dict[str, Json]], None]
"""Writes a service mark. Raises Unavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowPorts:
    """What a follower works with; `now_ms` reads the clock."""

    source: Source
    ledger: LedgerReader
    keep: Keep
    mark: Mark
    now_ms: Callable[[], int]
