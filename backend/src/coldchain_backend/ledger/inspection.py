"""One segment, read record by record: what it holds and what in it is not as it was written.

Segments are inspected each on its own, in any process; `verify` joins what was found in their order.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from coldchain.errors import IntegrityError
from coldchain.seal import BadBatch, Batch, check, read_batches
from coldchain_backend.ledger.declared import declared
from coldchain_backend.ledger.records import (
    ActName,
    BatchMeta,
    Grade,
    Json,
    Kind,
    Record,
    read_json,
    split_batch,
)
from coldchain_backend.ledger.report import MAX_FAULTS
from coldchain_backend.ledger.runs import Added, Run
from coldchain_backend.ledger.segments import (
    HEADER,
    HEADER_BYTES,
    MAX_PAYLOAD,
    Damage,
    Place,
    SegmentStart,
    open_segment,
    read_start,
    segment_size,
    walk,
)

TRIES: Final = 10
PAUSE_S: Final = 0.1
LOST: Final = "lost"
FOREVER_MS: Final = 1 << 62
Progress = Callable[[int], None]
RunName = tuple[str, str]
"""Key fingerprint and run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A segment to inspect.

    keys      public keys by fingerprint
    offsets   records, and `numbers` batches (key, run, number), whose hashes are asked for
    asked     the time [from, to), ms of receipt, whose records are counted by themselves; None: no bound
    live      the server may be writing it
    """

    path: Path
    keys: Mapping[str, bytes]
    offsets: frozenset[int] = frozenset()
    numbers: frozenset[tuple[str, str, int]] = frozenset()
    asked: tuple[int | None, int | None] = (None, None)
    live: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A batch that does not follow from the others of its run: one of two, or unlinked to its neighbour."""

    run: RunName
    seq: int
    offset: int
    prev: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Never:
    """Numbers that were declared not to come; `hash` of the last one, or empty."""

    run: RunName
    first: int
    last: int
    hash: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedHead:
    """The last number of a run, as its successor named it."""

    run: RunName
    seq: int
    hash: str
    offset: int


@dataclass(slots=True, kw_only=True)
class Found:
    """What one segment holds. `end` is the place behind its last record, None if there is no first line."""

    name: str
    start: SegmentStart | None = None
    end: Place | None = None
    records: int = 0
    asked: int = 0
    batches: int = 0
    lines: int = 0
    unknown: int = 0
    from_ms: int = 0
    faults: list[str] = field(default_factory=list)
    gateways: set[str] = field(default_factory=set)
    owners: dict[RunName, str] = field(default_factory=dict)
    runs: dict[RunName, Run] = field(default_factory=dict)
    conflicts: list[Beside] = field(default_factory=list)
    unlinked: list[Beside] = field(default_factory=list)
    never: list[Never] = field(default_factory=list)
    heads: list[NamedHead] = field(default_factory=list)
    hashes: dict[int, str] = field(default_factory=dict)
    numbers: dict[tuple[str, str, int], set[str]] = field(default_factory=dict)

    def fault(self, text: str) -> None:
        """Note a fault."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(text)


def inspect(task: Task, progress: Progress) -> Found:
    """Read a segment; `progress` is told how many more bytes are done."""
    found = Found(name=task.path.name)
    try:
        found.start, place = read_start(task.path)
    except Damage as damage:
        found.fault(str(damage))
        return found
    inspector = _Inspector(task, found, progress)
    on: Place | None = place
    while on is not None and len(found.faults) < MAX_FAULTS:
        broken = inspector.read_on(on)
        if broken is None:
            break
        found.fault(str(broken))
        on = _behind(task.path, inspector.place)
    found.end = inspector.place
    return found


class _Inspector:
    """Looks at the records of one segment. `place` lies behind the last whole one."""

    def __init__(self, task: Task, found: Found, progress: Progress) -> None:
        self._task, self._found, self._progress = task, found, progress
        from_ms, to_ms = task.asked
        self._from_ms, self._to_ms = from_ms or 0, FOREVER_MS if to_ms is None else to_ms
        self.place = Place(offset=0, position=0, previous=b"")

    def read_on(self, place: Place) -> Damage | None:
        """Read from `place` to the end of the file as it is now, or to the first damage."""
        self.place = place
        size, tries, reached = segment_size(self._task.path), 0, place.position
        while True:
            try:
                self._walk(size)
            except Damage as damage:
                tries = tries + 1 if self.place.position == reached else 1
                reached = self.place.position
                if not self._task.live or tries > TRIES:
                    return damage
                time.sleep(PAUSE_S)
            else:
                return None

    def _walk(self, size: int) -> None:
        with open_segment(self._task.path) as file:
            for record, behind in walk(file, self._task.path.name, self.place):
                self._progress(behind.position - self.place.position)
                self.place = behind
                self._record(record)
                if self._task.live and behind.position >= size:
                    return

    def _record(self, record: Record) -> None:
        found = self._found
        found.records += 1
        found.asked += self._from_ms <= record.received_ms < self._to_ms
        found.from_ms = found.from_ms or record.received_ms
        if record.offset in self._task.offsets:
            found.hashes[record.offset] = record.hash
        try:
            if record.kind is Kind.BATCH:
                self._batch(record)
            else:
                self._lost(record.kind, read_json(record.payload))
        except IntegrityError as error:
            found.fault(f"record {record.offset}: {error}")

    def _lost(self, kind: Kind, fields: dict[str, Json]) -> None:
        """Numbers that a person declared lost."""
        if kind is not Kind.ACT or fields.get("act") != ActName.DECLARE_LOST.value:
            return
        key, first, last = fields.get("key"), fields.get("first"), fields.get("last")
        if isinstance(key, str) and isinstance(first, int) and isinstance(last, int) and 1 <= first <= last:
            run, reason = (key, str(fields.get("run"))), f"{LOST}: {fields.get('reason', '')}"
            self._found.never.append(Never(run=run, first=first, last=last, hash="", reason=reason))

    def _batch(self, record: Record) -> None:
        meta, encoded = split_batch(record.payload)
        framed = list(read_batches(encoded))
        if len(framed) != 1 or isinstance(framed[0], BadBatch):
            raise IntegrityError("it does not hold one sealed batch")
        batch, found = framed[0], self._found
        found.batches += 1
        found.lines += batch.body.count(b"\n")
        if meta.grade is Grade.SEALED:
            found.gateways.add(meta.gateway)
        self._seal(batch, record.offset)
        self._chain(batch, meta, record.offset)
        self._declarations(batch, record.offset)

    def _seal(self, batch: Batch, offset: int) -> None:
        public = self._task.keys.get(batch.gateway)
        if public is None:
            self._found.unknown += 1
            return
        fault = check(batch, public)
        if fault is not None:
            what = f"batch {batch.run} {batch.seq}: its {fault.value} does not hold"
            self._found.fault(f"record {offset}: {what}")

    def _chain(self, batch: Batch, meta: BatchMeta, offset: int) -> None:
        found, name = self._found, (batch.gateway, batch.run)
        if (meta.run, meta.seq) != (batch.run, batch.seq):
            found.fault(f"record {offset}: its first line names another batch than the seal")
        found.owners[name] = meta.gateway
        number = (batch.gateway, batch.run, batch.seq)
        if number in self._task.numbers:
            found.numbers.setdefault(number, set()).add(batch.hash)
        if meta.conflict:
            found.conflicts.append(_beside(batch, offset))
            return
        added = found.runs.setdefault(name, Run()).add(batch.seq, batch.prev, batch.hash)
        if added is Added.UNLINKED:
            found.unlinked.append(_beside(batch, offset))
        elif added is Added.PRESENT:
            found.fault(f"record {offset}: batch {batch.run} {batch.seq} stands there a second time")

    def _declarations(self, batch: Batch, offset: int) -> None:
        said = declared(batch)
        for hole in said.holes:
            run = (batch.gateway, hole.run)
            never = Never(run=run, first=hole.first, last=hole.last, hash=hole.hash, reason=hole.reason)
            self._found.never.append(never)
        if said.previous is not None and batch.seq == 1:
            run = (batch.gateway, said.previous.run)
            head = NamedHead(run=run, seq=said.previous.seq, hash=said.previous.hash, offset=offset)
            self._found.heads.append(head)


def _beside(batch: Batch, offset: int) -> Beside:
    run = (batch.gateway, batch.run)
    return Beside(run=run, seq=batch.seq, offset=offset, prev=batch.prev, hash=batch.hash)


def _behind(path: Path, place: Place) -> Place | None:
    """Where reading can go on behind a damaged record: at the next one, believing the hash it claims."""
    with open_segment(path) as file:
        file.seek(place.position)
        match = HEADER.fullmatch(file.readline(HEADER_BYTES))
        if match is not None and int(match[1]) == place.offset and int(match[4]) <= MAX_PAYLOAD:
            end = file.tell() + int(match[4]) + 1
            file.seek(end)
            if HEADER.fullmatch(file.readline(HEADER_BYTES)) is not None:
                return _at(place, place.offset + 1, end, match[5])
        return _next_header(file.seek, file.read, place)


def _next_header(seek: Callable[[int], int], read: Callable[[int], bytes], place: Place) -> Place | None:
    """Behind the next whole-looking record, which is believed for the sake of those that follow it."""
    seek(place.position + 1)
    rest = read(MAX_PAYLOAD)
    for match in HEADER.finditer(rest):
        starts_line = rest[match.start() - 1 : match.start()] == b"\n"
        if starts_line and int(match[1]) > place.offset:
            end = match.end() + int(match[4]) + 1
            if end <= len(rest) and rest[end - 1 : end] == b"\n":
                return _at(place, int(match[1]) + 1, place.position + 1 + end, match[5])
    return None


def _at(place: Place, offset: int, position: int, claimed: bytes) -> Place:
    previous = bytes.fromhex(claimed.decode())
    return Place(offset=offset, position=position, previous=previous, received_ms=place.received_ms)
