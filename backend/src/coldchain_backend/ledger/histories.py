"""The batches of all runs, joined over segments: what is missing and why, and where histories fork."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

from coldchain_backend.ledger.inspection import Beside, Found, NamedHead, Never, RunName
from coldchain_backend.ledger.report import UNDECLARED, Fork, Missing
from coldchain_backend.ledger.runs import Added, Run

TWO = "two batches of one number"
ABOVE = "a number above the head that the next run named"
OTHER_HEAD = "the next run named another head"
OTHER_NEIGHBOUR = "it builds on the other batch of the number before"


class Histories:
    """Takes segments in their order. `partial`: the records before the first one were not read."""

    def __init__(self, *, partial: bool = False) -> None:
        self._partial = partial
        self._runs: dict[RunName, Run] = {}
        self._owners: dict[RunName, str] = {}
        self._conflicts: list[Beside] = []
        self._unlinked: list[Beside] = []
        self._never: list[Never] = []
        self._heads: list[NamedHead] = []
        self.faults: list[str] = []

    @property
    def owners(self) -> Mapping[RunName, str]:
        """Name of the gateway of each run."""
        return self._owners

    def take(self, found: Found) -> None:
        """Join what one segment holds."""
        self._owners.update(found.owners)
        for name, part in found.runs.items():
            run = self._runs.setdefault(name, Run())
            for interval in part.intervals:
                added = run.take(replace(interval))
                numbers = f"batches {name[1]} {interval.first}-{interval.last}"
                if added is Added.PRESENT:
                    self.faults.append(f"segment {found.name}: {numbers} stand there a second time")
                elif added is Added.UNLINKED:
                    self._unlinked.append(
                        Beside(run=name, seq=interval.first, offset=0, prev="", hash=interval.hash)
                    )
        self._conflicts += found.conflicts
        self._unlinked += found.unlinked
        self._never += found.never
        self._heads += found.heads

    def finish(self) -> tuple[list[Missing], list[Fork]]:
        """What is missing, and the forks; a broken link that no fork explains is added to the faults."""
        forks = [*self._two_batches(), *self._beyond()]
        forked = {(fork.key, fork.run) for fork in forks}
        for one in [*self._unlinked, *self._unlike_declared()]:
            if one.run in forked:
                forks.append(self._fork(one.run, one.seq, OTHER_NEIGHBOUR, [one.offset]))
            else:
                where = f"record {one.offset}: " if one.offset else ""
                self.faults.append(f"{where}batch {one.run[1]} {one.seq} does not build on its neighbour")
        return sorted(self._missing(), key=lambda hole: (hole.gateway, hole.run, hole.first)), forks

    def _fork(self, run: RunName, seq: int, why: str, offsets: Iterable[int]) -> Fork:
        gateway = self._owners.get(run, run[0])
        records = tuple(sorted(offset for offset in offsets if offset))
        return Fork(gateway=gateway, key=run[0], run=run[1], seq=seq, why=why, records=records)

    def _two_batches(self) -> Iterator[Fork]:
        by_number: dict[tuple[RunName, int], list[int]] = {}
        for one in self._conflicts:
            by_number.setdefault((one.run, one.seq), []).append(one.offset)
        for (run, seq), offsets in by_number.items():
            there = seq in self._runs.get(run, Run())
            yield self._fork(run, seq, TWO if there or len(offsets) > 1 else ABOVE, offsets)

    def _beyond(self) -> Iterator[Fork]:
        for head in self._heads:
            run = self._runs.get(head.run)
            if run is None:
                continue
            if run.newest > head.seq:
                yield self._fork(head.run, run.newest, ABOVE, [head.offset])
            elif run.newest == head.seq and head.hash and run.head != head.hash:
                yield self._fork(head.run, head.seq, OTHER_HEAD, [head.offset])

    def _unlike_declared(self) -> Iterator[Beside]:
        """Batches that do not build on the hash with which the numbers before them were declared."""
        for never in self._never:
            for interval in self._runs.get(never.run, Run()).intervals:
                joins = never.hash and interval.first == never.last + 1
                if joins and interval.prev is not None and interval.prev != never.hash:
                    prev = interval.prev
                    yield Beside(run=never.run, seq=interval.first, offset=0, prev=prev, hash=interval.hash)

    def _missing(self) -> Iterator[Missing]:
        names = {*self._runs, *(never.run for never in self._never), *(head.run for head in self._heads)}
        for name in names:
            run = self._runs.get(name, Run())
            if self._partial and not run.intervals:
                continue
            never = [one for one in self._never if one.run == name]
            named = [head.seq for head in self._heads if head.run == name]
            newest = max([run.newest, *named, *(one.last for one in never)])
            first = run.intervals[0].first if self._partial else 1
            for start, end in _gaps(run, first, newest):
                yield from self._reasons(name, start, end, never)

    def _reasons(self, run: RunName, first: int, last: int, never: list[Never]) -> Iterator[Missing]:
        """A gap cut where the declared reason changes."""
        edges = {first, last + 1}
        for one in never:
            edges |= {edge for edge in (one.first, one.last + 1) if first < edge <= last}
        for start, end in pairwise(sorted(edges)):
            said = [one.reason for one in never if one.first <= start <= one.last]
            yield Missing(
                gateway=self._owners.get(run, run[0]),
                key=run[0],
                run=run[1],
                first=start,
                last=end - 1,
                reason=said[-1] if said else UNDECLARED,
            )


def _gaps(run: Run, first: int, newest: int) -> Iterator[tuple[int, int]]:
    """Numbers of first…newest that the run does not hold."""
    expected = first
    for interval in run.intervals:
        if interval.first > expected:
            yield expected, interval.first - 1
        expected = max(expected, interval.last + 1)
    if expected <= newest:
        yield expected, newest
