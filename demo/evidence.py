"""What was really given out, and what stands in evidence: read by code of the demonstration's own.

The ledger is read from its files as docs/ledger.md describes them and its chain is computed again, so that
the product's reader cannot hide a fault of the product's writer.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from demo.api import Api, Json

_UNESCAPED_SPACE = re.compile(r"(?<!\\) ")
_UNESCAPED_COMMA = re.compile(r"(?<!\\),")
_COUNTER = re.compile(r"(?:^|,)counter=(\d+)i?(?:,|$)")
_ESCAPED = re.compile(r"\\([ ,=\\])")


class BrokenLedger(Exception):
    """The files are not what docs/ledger.md describes, or the chain does not hold; names the record."""


class Name(NamedTuple):
    """What makes a reading one of a kind: the device and its own message number."""

    sensor: str
    counter: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """One reading as the simulator gave it out."""

    transport: str
    sensor: str
    counter: int
    temperature: float
    time_ms: int

    @property
    def name(self) -> Name:
        """Its identity."""
        return Name(self.sensor, self.counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One event of the scenario as the simulator wrote it."""

    time_ms: int
    event: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Truth beside one place of evidence, for one transport; `unknown` is in evidence and never given out."""

    transport: str
    read: int
    held: int
    doubled: int
    missing: frozenset[Name]
    unknown: frozenset[Name]

    @property
    def one_to_one(self) -> bool:
        """Whether every reading is in evidence exactly once, and nothing else is."""
        return self.read > 0 and not (self.doubled or self.missing or self.unknown)


def read_truth(path: Path) -> list[Truth]:
    """All complete lines of truth.jsonl; none when the file is not there yet."""
    return [Truth(**json.loads(line)) for line in _whole_lines(path)]


def read_events(path: Path) -> list[Happened]:
    """All complete lines of events.jsonl; none when the file is not there yet."""
    return [Happened(**json.loads(line)) for line in _whole_lines(path)]


def _whole_lines(path: Path) -> list[str]:
    return path.read_text("utf-8").split("\n")[:-1] if path.exists() else []


def compare(truth: Iterable[Truth], evidence: Iterable[Name]) -> list[Tally]:
    """One tally per transport, by (sensor, counter); a sensor belongs to the transport that truth names."""
    wire_of: dict[str, str] = {}
    given: dict[str, set[Name]] = {}
    for one in truth:
        wire_of[one.sensor] = one.transport
        given.setdefault(one.transport, set()).add(one.name)
    held: dict[str, Counter[Name]] = {wire: Counter() for wire in given}
    for name in evidence:
        if name.sensor in wire_of:
            held[wire_of[name.sensor]][name] += 1
    return [
        Tally(
            transport=wire,
            read=len(names),
            held=held[wire].total(),
            doubled=sum(count - 1 for count in held[wire].values()),
            missing=frozenset(names - held[wire].keys()),
            unknown=frozenset(held[wire].keys() - names),
        )
        for wire, names in sorted(given.items())
    ]


def from_api(api: Api, sensors: Iterable[str]) -> Iterator[Name]:
    """Every reading of these sensors that /api/v1/readings shows."""
    for sensor in sorted(set(sensors)):
        for item in api.items("/api/v1/readings", sensor=sensor):
            name = _named(sensor, item)
            if name is not None:
                yield name


def from_ledger(directory: Path, organisation: str) -> Iterator[Name]:
    """Every reading in the batches of this organisation's log, while the chain is checked."""
    for payload in batches(directory / organisation, organisation):
        for line in payload.decode("utf-8").split("\n")[1:]:
            name = _reading(line)
            if name is not None:
                yield name


def batches(folder: Path, organisation: str) -> Iterator[bytes]:
    """Payloads of the batch records in order; BrokenLedger names the first record that does not hold."""
    previous = hashlib.sha256(f"ccl1 organisation={organisation}\n".encode()).digest()
    expected = 1
    for segment in sorted(folder.glob("*.seg")):
        data = segment.read_bytes()
        first = (
            f"ccl1-segment organisation={organisation} first={expected} previous={previous.hex()}\n".encode()
        )
        if not data.startswith(first):
            raise BrokenLedger(f"{segment.name}: does not go on with record {expected}")
        position = len(first)
        while position < len(data):
            record = _record(data, position, expected, previous, segment.name)
            if record.kind == "batch":
                yield record.payload
            position, previous, expected = record.end, record.hash, expected + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    kind: str
    payload: bytes
    hash: bytes
    end: int


def _record(data: bytes, position: int, expected: int, previous: bytes, where: str) -> _Record:
    """`ccl1 <offset> <kind> <received_ms> <length> <hash>`, payload, newline."""
    newline = data.find(b"\n", position)
    header = data[position:newline].decode("ascii", errors="replace").split(" ")
    if newline < 0 or len(header) != 6 or header[0] != "ccl1" or header[1] != str(expected):
        raise BrokenLedger(f"{where}: no record {expected} at byte {position}")
    end = newline + 1 + int(header[4]) if header[4].isdecimal() else len(data)
    payload = data[newline + 1 : end]
    hashed = hashlib.sha256(previous + " ".join(header[:5]).encode() + b"\n" + payload).digest()
    if hashed.hex() != header[5] or data[end : end + 1] != b"\n":
        raise BrokenLedger(f"{where}: record {expected} was changed")
    return _Record(kind=header[2], payload=payload, hash=hashed, end=end + 1)


def _reading(line: str) -> Name | None:
    """Sensor and counter of one line of measurement `reading`; None for everything else."""
    if not line.startswith("reading,"):
        return None
    series, fields, *_ = _UNESCAPED_SPACE.split(line)
    tags = dict(tag.split("=", 1) for tag in _UNESCAPED_COMMA.split(series)[1:])
    counter = _COUNTER.search(fields)
    if counter is None or "sensor" not in tags:
        return None
    return Name(_ESCAPED.sub(r"\1", tags["sensor"]), int(counter.group(1)))


def _named(sensor: str, item: Mapping[str, Json]) -> Name | None:
    counter = item.get("counter")
    return Name(sensor, int(counter)) if isinstance(counter, (int, float)) else None
