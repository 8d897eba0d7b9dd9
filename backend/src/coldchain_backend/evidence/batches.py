"""The sealed batches that hold a zone's readings, as they are, with all that lie between them in a run."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Final

from coldchain.lineprotocol import reading_key
from coldchain.seal import Batch, read_batches
from coldchain_backend.ledger import (
    FOLLOWED,
    BatchMeta,
    Grade,
    Kind,
    Ledger,
    Record,
    check_kept,
    declared,
    split_batch,
)

CHUNK: Final = 2_000
EARLY_MS: Final = 3_600_000
"""A gateway's clock may have been so far ahead of ours."""

RunName = tuple[str, str]
Progress = Callable[[int], None]
"""Told how many more records are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Readings of a sensor in from_ms ≤ time < to_ms."""

    sensor: str
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which batches: those with wanted readings, among the records up to `as_of`.

    `revoked`: stamp from which on a key's batches are not judged, by fingerprint.
    """

    wanted: Sequence[Wanted]
    as_of: int
    revoked: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A batch in the spool: its place there, and how it came."""

    record: int
    seq: int
    hash: str
    position: int
    length: int
    received_ms: int
    grade: str


@dataclass(slots=True, kw_only=True)
class Found:
    """Batches by run in the order of their numbers, and what was declared never to come."""

    runs: dict[RunName, list[Kept]] = field(default_factory=dict)
    owners: dict[RunName, str] = field(default_factory=dict)
    never: list[tuple[RunName, int, int, str]] = field(default_factory=list)

    def holes(self) -> Iterator[tuple[RunName, int, int, str]]:
        """Numbers that are missing between the first and the last, and why."""
        for run, kept in self.runs.items():
            expected = kept[0].seq
            for one in kept:
                if one.seq > expected:
                    yield run, expected, one.seq - 1, self._reason(run, expected, one.seq - 1)
                expected = max(expected, one.seq + 1)

    def received_behind(self, at_ms: int) -> list[int]:
        """Stamps of the batches that were received behind an instant."""
        return [one.received_ms for kept in self.runs.values() for one in kept if one.received_ms > at_ms]

    def sources(self) -> list[tuple[str, str, int]]:
        """How many batches came from whom, and how."""
        counted = Counter(
            (self.owners[run].removeprefix(FOLLOWED), one.grade)
            for run, kept in self.runs.items()
            for one in kept
        )
        return sorted((name, grade, count) for (name, grade), count in counted.items())

    def forks(self) -> Iterator[tuple[RunName, int]]:
        """Numbers under which there are two batches."""
        for run, kept in self.runs.items():
            seen: dict[int, str] = {}
            for one in kept:
                if seen.setdefault(one.seq, one.hash) != one.hash:
                    yield run, one.seq

    def _reason(self, run: RunName, first: int, last: int) -> str:
        reasons = [why for name, a, b, why in self.never if name == run and a <= last and b >= first]
        return ", ".join(dict.fromkeys(reasons)) or "not declared"


def collect(ledger: Ledger, search: Search, spool: IO[bytes], progress: Progress) -> Found:
    """Read the ledger twice from where the first reading can be: which runs, then their batches.

    Raises InvalidInput where some of it was let go, IntegrityError for a damaged ledger.
    """
    first_ms = min(one.from_ms for one in search.wanted) - EARLY_MS
    check_kept(ledger, first_ms)
    span, revoked = (_first_offset(ledger, first_ms), search.as_of), search.revoked
    ranges: dict[RunName, tuple[int, int]] = {}
    found = Found()
    test = _tester(search.wanted)
    for record, meta, batch in _batches(ledger, span, progress):
        del record
        run = (batch.gateway, batch.run)
        found.owners[run] = meta.gateway
        found.never += [
            ((batch.gateway, hole.run), hole.first, hole.last, hole.reason) for hole in declared(batch).holes
        ]
        if test(batch.body):
            low, high = ranges.get(run, (batch.seq, batch.seq))
            ranges[run] = min(low, batch.seq), max(high, batch.seq)
    position = spool.seek(0)
    for record, meta, batch in _batches(ledger, span, progress):
        run = (batch.gateway, batch.run)
        low, high = ranges.get(run, (1, 0))
        if low <= batch.seq <= high:
            data = batch.encode()
            spool.write(data)
            late = batch.gateway in revoked and record.received_ms >= revoked[batch.gateway]
            kept = Kept(
                record=record.offset, seq=batch.seq, hash=batch.hash, position=position, length=len(data),
                received_ms=record.received_ms, grade="revoked" if late else _grade(meta),
            )  # fmt: skip
            found.runs.setdefault(run, []).append(kept)
            position += len(data)
    for kept_ones in found.runs.values():
        kept_ones.sort(key=lambda one: one.seq)
    return found


def _batches(
    ledger: Ledger, span: tuple[int, int], progress: Progress
) -> Iterator[tuple[Record, BatchMeta, Batch]]:
    """The batches among the records behind one offset and up to another."""
    after, end = span
    while after < end and (records := ledger.read(after, min(CHUNK, end - after))):
        for record in records:
            if record.kind is Kind.BATCH:
                meta, encoded = split_batch(record.payload)
                batch = next(read_batches(encoded), None)
                if isinstance(batch, Batch):
                    yield record, meta, batch
        progress(records[-1].offset - after)
        after = records[-1].offset


def _first_offset(ledger: Ledger, from_ms: int) -> int:
    """The offset before the first record that was received at or behind an instant."""
    offsets = range(ledger.end)
    return bisect_left(offsets, from_ms, key=lambda offset: ledger.read(offset, 1)[0].received_ms)


def _tester(wanted: Sequence[Wanted]) -> Callable[[bytes], bool]:
    """Whether a body holds one of the readings."""
    marks = [(reading_key(one.sensor) + b" ", one) for one in wanted]
    patterns = [
        (mark, re.compile(b"^" + re.escape(mark) + rb".* (\d{1,18}) *\r?$", re.M), one) for mark, one in marks
    ]

    def test(body: bytes) -> bool:
        return any(
            mark in body and any(one.from_ms <= int(time) < one.to_ms for time in pattern.findall(body))
            for mark, pattern, one in patterns
        )

    return test


def _grade(meta: BatchMeta) -> str:
    """How a batch came, as the archive says it; of a followed store with its name: nobody signs for it."""
    return meta.gateway if meta.grade is Grade.FOLLOWED else meta.grade.value
