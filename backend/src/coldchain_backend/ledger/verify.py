"""Verification of a whole ledger, from its files alone: every record's chain, every batch's seal and chain.

Works beside a running server: what the server is writing meanwhile is left out.
"""

import fcntl
import os
import time
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from coldchain.errors import IntegrityError
from coldchain.seal import BadBatch, Batch, check, fingerprint, read_batches
from coldchain_backend.ledger import chain
from coldchain_backend.ledger.checkpoints import Checkpoint, read_checkpoints
from coldchain_backend.ledger.declared import declared
from coldchain_backend.ledger.records import (
    BatchMeta,
    Grade,
    Json,
    Kind,
    MarkName,
    Record,
    read_json,
    split_batch,
)
from coldchain_backend.ledger.runs import Added, Run
from coldchain_backend.ledger.segments import (
    BUFFER,
    Damage,
    Place,
    read_start,
    segment_numbers,
    segment_path,
    walk,
)

TRIES: Final = 10
PAUSE_S: Final = 0.1
MAX_FAULTS: Final = 100
Progress = Callable[[int], None]


@dataclass(slots=True, kw_only=True)
class Report:
    """What was found. `faults` name the record each; without any the ledger is intact.

    holes     numbers of sealed batches that are neither there nor declared, per run
    declared  numbers that were declared not to come
    clones    batches that stand beside another of the same number; both are evidence
    unknown   batches whose key stands nowhere in the ledger
    """

    records: int = 0
    batches: int = 0
    lines: int = 0
    gateways: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    holes: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    declared: int = 0
    clones: int = 0
    unknown: int = 0
    head: str = ""

    @property
    def intact(self) -> bool:
        return not self.faults

    def fault(self, text: str) -> None:
        """Note a fault; a flood of them is cut."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(text)


class Verifier:
    """One pass over a ledger's folder. `keys` are public keys that are known from elsewhere."""

    def __init__(self, directory: Path, keys: Sequence[bytes] = ()) -> None:
        self._directory = directory
        self._keys = {fingerprint(key): key for key in keys}
        self._runs: dict[tuple[str, str], Run] = {}
        self._owners: dict[tuple[str, str], str] = {}
        self._checkpoints: dict[int, list[Checkpoint]] = {}
        self._backend_keys: set[bytes] = set(keys)
        self.report = Report()

    def size(self) -> int:
        """Bytes to read."""
        numbers = segment_numbers(self._directory)
        return sum(segment_path(self._directory, number).stat().st_size for number in numbers)

    def run(self, progress: Progress) -> Report:
        """Read everything; `progress` is told how many more bytes are done."""
        live = _is_live(self._directory)
        for checkpoint in read_checkpoints(self._directory):
            self._checkpoints.setdefault(checkpoint.offset, []).append(checkpoint)
        try:
            place = self._segments(progress, live=live)
        except Damage as damage:
            self.report.fault(str(damage))
        else:
            self._beyond(place)
        self._gather()
        return self.report

    def _segments(self, progress: Progress, *, live: bool) -> Place:
        numbers = segment_numbers(self._directory)
        place, organisation = Place(offset=1, position=0, previous=b""), None
        for position, number in enumerate(numbers):
            path = segment_path(self._directory, number)
            start, first = read_start(path)
            organisation = organisation or start.organisation
            expected = place.previous or chain.genesis(organisation)
            if number != position + 1:
                why = f"segment {position + 1:08d}.seg is missing"
                raise Damage(why, segment=path.name, position=0, offset=place.offset)
            if start.organisation != organisation:
                why = f"it belongs to {start.organisation}"
                raise Damage(why, segment=path.name, position=0, offset=place.offset)
            if (start.first, start.previous) != (place.offset, expected):
                why = (
                    f"the segment begins at record {start.first} or on another hash than the one before ends"
                )
                raise Damage(why, segment=path.name, position=0, offset=place.offset)
            place = Place(
                offset=first.offset,
                position=first.position,
                previous=first.previous,
                received_ms=place.received_ms,
            )
            place = self._segment(path, place, progress, live=live and number == numbers[-1])
        return place

    def _segment(self, path: Path, place: Place, progress: Progress, *, live: bool) -> Place:
        size = path.stat().st_size
        tries = 0
        while place.position < size:
            try:
                for record, behind in _records(path, place):
                    progress(behind.position - place.position)
                    place, tries = behind, 0
                    self._record(record)
                    if live and place.position >= size:
                        return place
            except Damage:
                tries += 1
                if not live or tries > TRIES:
                    raise
                time.sleep(PAUSE_S)
        return place

    def _record(self, record: Record) -> None:
        self.report.records += 1
        self.report.head = record.hash
        for checkpoint in self._checkpoints.pop(record.offset, ()):
            if checkpoint.hash != record.hash:
                self.report.fault(
                    f"record {record.offset}: not the one that was signed at {_iso(checkpoint.at_ms)}"
                )
        try:
            if record.kind is Kind.BATCH:
                self._batch(record)
            else:
                self._learn(record.kind, read_json(record.payload))
        except IntegrityError as error:
            self.report.fault(f"record {record.offset}: {error}")

    def _learn(self, kind: Kind, fields: dict[str, Json]) -> None:
        """Public keys and lost numbers that acts, marks and fleet versions name."""
        key = fields.get("key")
        if kind is Kind.FLEET:
            plan = fields.get("plan")
            gateways = plan.get("gateways") if isinstance(plan, dict) else None
            for gateway in gateways if isinstance(gateways, list) else []:
                if isinstance(gateway, dict):
                    self._know(gateway.get("key"))
        elif kind is Kind.MARK and fields.get("mark") == MarkName.START:
            self._backend_keys.update(self._know(key))
        elif kind is Kind.ACT and fields.get("act") == "declare_lost":
            first, last = fields.get("first"), fields.get("last")
            if (
                isinstance(key, str)
                and isinstance(first, int)
                and isinstance(last, int)
                and 1 <= first <= last
            ):
                self._run((key, str(fields.get("run")))).declare(first, last, "")
        elif kind is Kind.ACT:
            self._know(key)

    def _know(self, text: Json) -> list[bytes]:
        if not isinstance(text, str):
            return []
        try:
            public = b64decode(text, validate=True)
        except ValueError:
            return []
        if len(public) != 32:
            return []
        self._keys[fingerprint(public)] = public
        return [public]

    def _batch(self, record: Record) -> None:
        meta, encoded = split_batch(record.payload)
        found = list(read_batches(encoded))
        if len(found) != 1 or isinstance(found[0], BadBatch):
            raise IntegrityError("it does not hold one sealed batch")
        batch = found[0]
        self.report.batches += 1
        self.report.lines += batch.body.count(b"\n")
        if meta.grade is Grade.SEALED:
            self.report.gateways.add(meta.gateway)
        self._seal(batch, record.offset)
        self._chain(batch, meta, record.offset)

    def _seal(self, batch: Batch, offset: int) -> None:
        public = self._keys.get(batch.gateway)
        if public is None:
            self.report.unknown += 1
            return
        fault = check(batch, public)
        if fault is not None:
            self.report.fault(
                f"record {offset}: batch {batch.run} {batch.seq}: its {fault.value} does not hold"
            )

    def _chain(self, batch: Batch, meta: BatchMeta, offset: int) -> None:
        if (meta.run, meta.seq) != (batch.run, batch.seq):
            self.report.fault(f"record {offset}: its first line names another batch than the seal")
        name = (batch.gateway, batch.run)
        self._owners[name] = meta.gateway
        added = self._run(name).add(batch.seq, batch.prev, batch.hash)
        if meta.conflict:
            self.report.clones += 1
        elif added is Added.UNLINKED:
            self.report.fault(
                f"record {offset}: batch {batch.run} {batch.seq} does not build on its neighbour"
            )
        for hole in declared(batch.body).holes:
            self._run((batch.gateway, hole.run)).declare(hole.first, hole.last, hole.hash)
            self.report.declared += hole.last - hole.first + 1

    def _run(self, name: tuple[str, str]) -> Run:
        return self._runs.setdefault(name, Run())

    def _beyond(self, place: Place) -> None:
        """Checkpoints must be ours, and none may speak of a record that is no longer there."""
        for checkpoints in self._checkpoints.values():
            for checkpoint in checkpoints:
                if checkpoint.offset >= place.offset and not _is_live(self._directory):
                    was = f"record {checkpoint.offset} was there at {_iso(checkpoint.at_ms)}"
                    self.report.fault(f"record {place.offset}: cut off; {was}")
        for checkpoint in read_checkpoints(self._directory):
            if self._backend_keys and not any(checkpoint.signed_by(key) for key in self._backend_keys):
                self.report.fault(
                    f"the checkpoint of record {checkpoint.offset} is not signed by the backend"
                )

    def _gather(self) -> None:
        for name, run in self._runs.items():
            missing = run.missing()
            if missing:
                self.report.holes[f"{self._owners.get(name, name[0])} {name[1]}"] = missing


def _records(path: Path, place: Place) -> Iterator[tuple[Record, Place]]:
    with path.open("rb", buffering=BUFFER) as file:
        yield from walk(file, path.name, place)


def _is_live(directory: Path) -> bool:
    """Whether a server has the ledger open."""
    try:
        lock = os.open(directory / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _iso(time_ms: int) -> str:
    """A time as people read it, UTC."""
    return datetime.fromtimestamp(time_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
