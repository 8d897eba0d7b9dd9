"""Held numbers: which batches of which run are in evidence or declared, for every gateway key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from coldchain.seal import Batch
from coldchain_backend.ingest.hashes import WIDTH, BatchHashes
from coldchain_backend.ledger import Added, Declared, Interval, Run


class Standing(StrEnum):
    """How a batch stands to what is in evidence."""

    NEW = "new"
    DUPLICATE = "duplicate"  # this very batch is there
    CONFLICT = "conflict"  # another batch has its number
    BEYOND = "beyond"  # its number lies above the head that the run's successor named


@dataclass(slots=True, kw_only=True)
class RunState:
    """One run of one key; `named_head` is its last number as its successor named it."""

    run: Run = field(default_factory=Run)
    named_head: int | None = None
    others: set[bytes] = field(default_factory=set)

    @property
    def complete(self) -> bool:
        """Whether nothing is known to be missing."""
        return self.run.held >= max(self.run.newest, self.named_head or 0)


class Sequences:
    """Runs by key fingerprint, in the order in which they were first seen."""

    def __init__(self, hashes: BatchHashes) -> None:
        self._hashes = hashes
        self._gateways: dict[str, dict[str, RunState]] = {}

    def standing(self, batch: Batch) -> Standing:
        """Where a batch, whose seal is verified, belongs."""
        state = self._gateways.get(batch.gateway, {}).get(batch.run)
        if state is None:
            return Standing.NEW
        if batch.seq in state.run:
            noted = self._hashes.get(batch.gateway, batch.run, batch.seq)
            mine = bytes.fromhex(batch.hash)[:WIDTH]
            if mine == noted or mine in state.others:
                return Standing.DUPLICATE
            return (
                Standing.NEW if noted is None else Standing.CONFLICT
            )  # None: declared a hole, came after all
        if state.named_head is not None and batch.seq > state.named_head:
            return Standing.BEYOND
        return Standing.NEW

    def take_linked(self, batches: Sequence[Batch]) -> None:
        """Batches that follow each other, each on the one before, are in evidence now; none was before."""
        first, last = batches[0], batches[-1]
        interval = Interval(first=first.seq, last=last.seq, prev=first.prev, hash=last.hash)
        if self.state(first.gateway, first.run).run.take(interval) is Added.PRESENT:
            for batch in batches:
                self._take(batch)
            return
        self._hashes.put(first.gateway, first.run, first.seq, *[batch.hash for batch in batches])

    def take(self, batch: Batch, declared: Declared) -> Added:
        """A batch is in evidence now."""
        added = self._take(batch)
        for hole in declared.holes:
            self.state(batch.gateway, hole.run).run.declare(hole.first, hole.last, hole.hash)
        if declared.previous is not None and batch.seq == 1:
            self.state(batch.gateway, declared.previous.run).named_head = declared.previous.seq
        return added

    def _take(self, batch: Batch) -> Added:
        state = self.state(batch.gateway, batch.run)
        added = state.run.add(batch.seq, batch.prev, batch.hash)
        mine = bytes.fromhex(batch.hash)[:WIDTH]
        if added is Added.PRESENT and self._hashes.get(batch.gateway, batch.run, batch.seq) not in (
            None,
            mine,
        ):
            state.others.add(mine)
        else:
            self._hashes.put(batch.gateway, batch.run, batch.seq, batch.hash)
        return added

    def declare_lost(self, gateway: str, run: str, first: int, last: int) -> None:
        """A person declared numbers lost."""
        self.state(gateway, run).run.declare(first, last, "")

    def held(self, gateway: str) -> list[tuple[str, int]]:
        """(run, held) of the newest run and of every run that is not complete."""
        runs = list(self._gateways.get(gateway, {}).items())
        return [
            (name, state.run.held)
            for position, (name, state) in enumerate(runs)
            if position == len(runs) - 1 or not state.complete
        ]

    def state(self, gateway: str, run: str) -> RunState:
        """The state of a run, made when it is first heard of."""
        runs = self._gateways.setdefault(gateway, {})
        state = runs.get(run)
        if state is None:
            state = runs[run] = RunState()
        return state

    def restore(self, gateway: str, run: str, state: RunState) -> None:
        """Take up the state of a run that a snapshot remembered."""
        self._gateways.setdefault(gateway, {})[run] = state

    def items(self) -> Iterator[tuple[str, str, RunState]]:
        """Every run as (key fingerprint, run, state)."""
        for gateway, runs in self._gateways.items():
            for run, state in runs.items():
                yield gateway, run, state
