"""Runs of batches: which numbers of a chain are there, in any order of arrival, and whether they link.

A run is kept as intervals of consecutive numbers whose batches link by hash; a run that came in order is
one interval however long it is.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


@dataclass(slots=True, kw_only=True)
class Interval:
    """Consecutive numbers: what the first builds on, and the hash of the last.

    `prev` and `hash` are 64 hex digits; a declared hole has no `prev` and the hash that was declared.
    """

    first: int
    last: int
    prev: str | None
    hash: str


class Added(Enum):
    """What became of a number."""

    NEW = "new"
    PRESENT = "present"  # the number is there already
    UNLINKED = "unlinked"  # taken, but its prev is not the hash of the number before, or the next disagrees


class Run:
    """The numbers of one run, from 1."""

    __slots__ = ("_firsts", "_intervals")

    def __init__(self, intervals: Iterable[Interval] = ()) -> None:
        self._intervals = sorted(intervals, key=lambda interval: interval.first)
        self._firsts = [interval.first for interval in self._intervals]

    @property
    def intervals(self) -> tuple[Interval, ...]:
        return tuple(self._intervals)

    @property
    def held(self) -> int:
        """The highest number below which none is missing; 0 if number 1 is."""
        if self._intervals and self._intervals[0].first == 1:
            return self._intervals[0].last
        return 0

    @property
    def newest(self) -> int:
        """The highest number that is there; 0 if none is."""
        return self._intervals[-1].last if self._intervals else 0

    @property
    def head(self) -> str | None:
        """Hash of the highest number."""
        return self._intervals[-1].hash if self._intervals else None

    def missing(self) -> list[tuple[int, int]]:
        """Holes below the highest number, as (first, last)."""
        holes, expected = [], 1
        for interval in self._intervals:
            if interval.first > expected:
                holes.append((expected, interval.first - 1))
            expected = interval.last + 1
        return holes

    def __contains__(self, seq: int) -> bool:
        position = bisect_right(self._firsts, seq) - 1
        return position >= 0 and seq <= self._intervals[position].last

    def add(self, seq: int, prev: str | None, hash_: str) -> Added:
        """Take one number."""
        return self.take(Interval(first=seq, last=seq, prev=prev, hash=hash_))

    def declare(self, first: int, last: int, hash_: str) -> None:
        """Take the numbers of a declared hole that are not there; the rest says nothing."""
        for start, end in _outside(first, last, self._intervals):
            self.take(Interval(first=start, last=end, prev=None, hash=hash_ if end == last else ""))

    def take(self, new: Interval) -> Added:
        """Take consecutive numbers whose batches link; all of them, or none where one is there already."""
        position = bisect_right(self._firsts, new.first)
        before = self._intervals[position - 1] if position else None
        after = self._intervals[position] if position < len(self._intervals) else None
        if (before and new.first <= before.last) or (after and new.last >= after.first):
            return Added.PRESENT
        joins_before = before is not None and before.last + 1 == new.first
        joins_after = after is not None and new.last + 1 == after.first
        linked = not (joins_before and before and _broken(before.hash, new.prev))
        linked = linked and not (joins_after and after and _broken(new.hash, after.prev))
        if joins_after and after:
            new = Interval(first=new.first, last=after.last, prev=new.prev, hash=after.hash)
            del self._intervals[position], self._firsts[position]
        if joins_before and before:
            before.last, before.hash = new.last, new.hash
        else:
            self._intervals.insert(position, new)
            self._firsts.insert(position, new.first)
        return Added.NEW if linked else Added.UNLINKED


def _broken(hash_: str, prev: str | None) -> bool:
    """Whether both are known and differ."""
    return bool(hash_) and prev is not None and hash_ != prev


def _outside(first: int, last: int, taken: Iterable[Interval]) -> list[tuple[int, int]]:
    """The parts of first…last that no interval covers."""
    free, start = [], first
    for interval in taken:
        if interval.last < start or interval.first > last:
            continue
        if interval.first > start:
            free.append((start, interval.first - 1))
        start = interval.last + 1
    if start <= last:
        free.append((start, last))
    return free
