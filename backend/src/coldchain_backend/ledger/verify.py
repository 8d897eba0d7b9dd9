"""Verification of a ledger, from its files alone: every record's chain, every batch's seal and chain.

Segments are read side by side in several processes and joined in their order. Works beside a running server:
what the server is writing meanwhile is left out.
"""

import fcntl
import os
from base64 import b64decode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from coldchain.seal import fingerprint
from coldchain_backend.ledger import chain
from coldchain_backend.ledger.checkpoints import Checkpoint, read_checkpoints
from coldchain_backend.ledger.crew import Crew
from coldchain_backend.ledger.histories import Histories
from coldchain_backend.ledger.inspection import Found, Progress, Task
from coldchain_backend.ledger.named_keys import NamedKeys
from coldchain_backend.ledger.report import Report
from coldchain_backend.ledger.segments import (
    Damage,
    Place,
    read_first_stamp,
    segment_numbers,
    segment_path,
    segment_size,
)
from coldchain_backend.ledger.statement import Statement
from coldchain_backend.ledger.stubs import read_stubs

ALONE_BYTES: Final = 24 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What to verify and by what.

    keys         public keys that are known from elsewhere
    statements   checkpoints that came from elsewhere
    from_ms, to_ms   only segments with records received in this time; None: no bound
    jobs         processes
    alone_bytes  what is smaller is read by this process alone: others would take longer to start
    """

    keys: Sequence[bytes] = ()
    statements: Sequence[Statement] = ()
    from_ms: int | None = None
    to_ms: int | None = None
    jobs: int = 1
    alone_bytes: int = ALONE_BYTES

    @property
    def partial(self) -> bool:
        """Whether only a part of the ledger is asked for."""
        return self.from_ms is not None or self.to_ms is not None


class Verifier:
    """One pass over a ledger's folder."""

    def __init__(self, directory: Path, keys: Sequence[bytes] = (), *, scope: Scope | None = None) -> None:
        self._directory = directory
        self._scope = scope or Scope(keys=keys)
        self._live = _is_live(directory)
        self._checkpoints = read_checkpoints(directory)
        self._numbers = segment_numbers(directory)
        self._chosen = [
            number for number in self._numbers if not self._scope.partial or self._overlaps(number)
        ]
        self._stubs = [one for one in read_stubs(directory) if one.segment not in self._numbers]
        self._named = NamedKeys(all=set(self._scope.keys), backend=set(self._scope.keys))
        self.report = Report()

    def size(self) -> int:
        """Bytes to read."""
        paths = map(self._path, self._chosen)
        return sum(segment_size(path) for path in paths if path.exists())

    def run(self, progress: Progress) -> Report:
        """Read everything; `progress` is told how many more bytes are done."""
        jobs = self._scope.jobs if self.size() >= self._scope.alone_bytes else 1
        with Crew(min(jobs, max(len(self._chosen), 1)), progress) as crew:
            for named in crew.named_keys([self._path(number) for number in self._numbers]):
                self._named.join(named)
            self._look_at_stubs()
            found = crew.inspect(self._tasks())
            self._join(found)
        return self.report

    def _path(self, number: int) -> Path:
        return segment_path(self._directory, number)

    def _overlaps(self, number: int) -> bool:
        """Whether a segment holds records received in the time that is asked for."""
        begins_ms = read_first_stamp(self._path(number))
        behind = self._numbers[self._numbers.index(number) + 1 :][:1]
        ends_ms = read_first_stamp(self._path(behind[0])) if behind else None
        before_end = self._scope.to_ms is None or begins_ms is None or begins_ms < self._scope.to_ms
        behind_start = self._scope.from_ms is None or ends_ms is None or ends_ms >= self._scope.from_ms
        return before_end and behind_start

    def _tasks(self) -> list[Task]:
        statements = self._scope.statements
        offsets = [*(one.offset for one in self._checkpoints), *(one.log.offset for one in statements)]
        task = Task(
            path=self._directory,
            keys={fingerprint(key): key for key in self._named.all},
            offsets=frozenset(offsets),
            numbers=frozenset((h.key, h.run, h.seq) for one in statements for h in one.heads),
            asked=(self._scope.from_ms, self._scope.to_ms),
        )
        newest = self._numbers[-1:]
        return [
            replace(task, path=self._path(number), live=self._live and [number] == newest)
            for number in self._chosen
        ]

    def _join(self, all_found: Sequence[Found]) -> None:
        report = self.report
        histories = Histories(partial=self._scope.partial or bool(self._stubs))
        before: Found | None = None
        for number, found in zip(self._chosen, all_found, strict=True):
            self._link(number, before, found)
            self._count(found)
            histories.take(found)
            before = found
        hashes = {offset: hash_ for found in all_found for offset, hash_ in found.hashes.items()}
        self._against(self._checkpoints, hashes, ours=True)
        self._against([one.log for one in self._scope.statements], hashes, ours=False)
        self._heads(all_found)
        report.holes, report.forks = histories.finish()
        for fault in histories.faults:
            report.fault(fault)
        report.keys = {key: name for (key, _), name in histories.owners.items()}

    def _link(self, number: int, before: Found | None, found: Found) -> None:
        """A segment must follow from the one before it."""
        start, report = found.start, self.report
        if start is None or found.end is None:
            return
        report.organisation = report.organisation or start.organisation
        place = None if before is None else before.end
        if before is None and (not self._scope.partial or number == len(self._stubs) + 1):
            place = self._behind_stubs(report.organisation)
        position = self._chosen.index(number)
        first = number if self._scope.partial else len(self._stubs) + 1
        expected = self._chosen[position - 1] + 1 if position else first
        offset = start.first if place is None else place.offset
        why = None
        if number != expected:
            why = f"segment {expected:08d}.seg is missing"
        elif start.organisation != report.organisation:
            why = f"it belongs to {start.organisation}"
        elif place is not None and (start.first, start.previous) != (place.offset, place.previous):
            why = f"the segment begins at record {start.first} or on another hash than the one before ends"
        elif place is not None and found.records and found.from_ms < place.received_ms:
            why = "its stamps lie before those of the segment before"
        if why is not None:
            report.fault(str(Damage(why, segment=found.name, position=0, offset=offset)))

    def _look_at_stubs(self) -> None:
        """Stubs must be signed by the backend and follow from one another; then their keys are known."""
        place = Place(offset=1, position=0, previous=b"")
        for number, stub in enumerate(self._stubs, start=1):
            name = f"{stub.segment:08d}.stub"
            if self._named.backend and not any(stub.signed_by(key) for key in self._named.backend):
                self.report.fault(f"{name} is not signed by the backend")
                continue
            follows = place.previous in (b"", bytes.fromhex(stub.previous)) and stub.first == place.offset
            if stub.segment != number or not follows:
                self.report.fault(f"{name} does not follow from the one before")
            place = Place(offset=stub.last + 1, position=0, previous=bytes.fromhex(stub.hash))
            self.report.expired += stub.last - stub.first + 1
            self._named.join(
                NamedKeys(all=set(map(b64decode, stub.keys)), backend=set(map(b64decode, stub.backend)))
            )

    def _behind_stubs(self, organisation: str) -> Place:
        """Where the first segment must begin."""
        if not self._stubs:
            return Place(offset=1, position=0, previous=chain.genesis(organisation))
        last = self._stubs[-1]
        return Place(offset=last.last + 1, position=0, previous=bytes.fromhex(last.hash))

    def _count(self, found: Found) -> None:
        report, end = self.report, found.end
        for fault in found.faults:
            report.fault(fault)
        report.records += found.records
        report.asked += found.asked
        report.batches += found.batches
        report.lines += found.lines
        report.unknown += found.unknown
        report.clones += len(found.conflicts)
        report.gateways |= found.gateways
        if end is not None and found.start is not None and found.records:
            report.first = report.first or found.start.first
            report.from_ms = report.from_ms or found.from_ms
            report.last, report.to_ms, report.head = end.offset - 1, end.received_ms, end.previous.hex()

    def _against(self, checkpoints: Sequence[Checkpoint], hashes: dict[int, str], *, ours: bool) -> None:
        """Checkpoints must be the backend's, and the records they speak of must be there as signed."""
        report = self.report
        for one in checkpoints:
            if self._named.backend and not any(one.signed_by(key) for key in self._named.backend):
                report.fault(f"the checkpoint of record {one.offset} is not signed by the backend")
            elif report.organisation and one.organisation != report.organisation:
                report.fault(f"the checkpoint of record {one.offset} is that of {one.organisation}")
            elif one.offset in hashes:
                if hashes[one.offset] != one.hash:
                    report.fault(f"record {one.offset}: not the one that was signed at {_iso(one.at_ms)}")
            elif one.offset > report.last and self._reaches_end() and not (ours and self._live):
                was = f"record {one.offset} was there at {_iso(one.at_ms)}"
                report.fault(f"record {report.last + 1}: cut off; {was}")

    def _reaches_end(self) -> bool:
        return self._chosen[-1:] == self._numbers[-1:]

    def _heads(self, all_found: Sequence[Found]) -> None:
        """Batches that a checkpoint from elsewhere names must be there as they were."""
        there: dict[tuple[str, str, int], set[str]] = {}
        for found in all_found:
            for number, hashes in found.numbers.items():
                there.setdefault(number, set()).update(hashes)
        for statement in self._scope.statements:
            if self._named.backend and not any(statement.signed_by(key) for key in self._named.backend):
                self.report.fault(
                    f"the checkpoint of {_iso(statement.log.at_ms)} is not signed by the backend"
                )
                continue
            for head in statement.heads:
                hashes = there.get((head.key, head.run, head.seq), set())
                if head.hash and head.hash not in hashes and not (self._scope.partial and not hashes):
                    what = "not the one that was signed" if hashes else "not there any more"
                    was = f"batch {head.run} {head.seq} of {head.gateway}: {what}"
                    self.report.fault(f"{was} at {_iso(statement.log.at_ms)}")


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _is_live(directory: Path) -> bool:
    """Whether a server has the ledger open."""
    try:
        with _opened(directory / "lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _iso(time_ms: int) -> str:
    """A time as people read it, UTC."""
    return datetime.fromtimestamp(time_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
