"""Segment files: names, first line, and the one walk over records that start, readers and `verify` share."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from coldchain.errors import IntegrityError
from coldchain_backend.ledger import chain
from coldchain_backend.ledger.packed import holds_packed, is_packed, open_packed, unpacked_size
from coldchain_backend.ledger.records import Kind, Record

MAX_PAYLOAD: Final = 64 * 1024 * 1024
HEADER_BYTES: Final = 160
BUFFER: Final = 1024 * 1024
HEADER: Final = re.compile(
    rb"ccl1 ([1-9][0-9]{0,17}) (batch|fleet|act|mark) (0|[1-9][0-9]{0,15}) (0|[1-9][0-9]{0,8})"
    rb" ([0-9a-f]{64})\n"
)
_FIRST_LINE: Final = re.compile(
    rb"ccl1-segment organisation=([A-Za-z0-9][A-Za-z0-9._-]{0,63})"
    rb" first=([1-9][0-9]{0,17}) previous=([0-9a-f]{64})\n"
)
_KINDS: Final = {kind.value.encode(): kind for kind in Kind}
_NAME: Final = re.compile(r"([0-9]{8})\.seg")


class Damage(IntegrityError):
    """A segment that does not say what was written: which record, where, and why."""

    def __init__(self, why: str, *, segment: str, position: int, offset: int | None) -> None:
        named = "" if offset is None else f"record {offset}, "
        super().__init__(f"{named}segment {segment}, byte {position}: {why}")
        self.why = why
        self.segment = segment
        self.position = position
        self.offset = offset


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentStart:
    """A segment's first line: whose log, its first record's offset, the hash that this one builds on."""

    organisation: str
    first: int
    previous: bytes

    def encode(self) -> bytes:
        return b"ccl1-segment organisation=%b first=%d previous=%b\n" % (
            self.organisation.encode(),
            self.first,
            self.previous.hex().encode(),
        )


class Place(NamedTuple):
    """Where a walk stands: the next record's offset and byte, and what it must build on."""

    offset: int
    position: int
    previous: bytes
    received_ms: int = 0


def segment_path(directory: Path, number: int) -> Path:
    return directory / f"{number:08d}.seg"


def segment_numbers(directory: Path) -> list[int]:
    """Numbers of the segments in a ledger's folder, ascending."""
    matches = (_NAME.fullmatch(path.name) for path in directory.iterdir())
    return sorted(int(match[1]) for match in matches if match)


def segment_files(directory: Path) -> list[Path]:
    """The segments of a ledger's folder in their order; none where there is no such folder."""
    if not directory.is_dir():
        return []
    return [segment_path(directory, number) for number in segment_numbers(directory)]


def open_segment(path: Path) -> BinaryIO:
    """A segment's own bytes, packed or not.

    Raises Damage where it was archived and its archive cannot be reached, OSError else.
    """
    try:
        file = path.open("rb", buffering=BUFFER)
        return open_packed(file) if holds_packed(file.fileno()) else file
    except FileNotFoundError as error:
        if not path.is_symlink():
            raise
        why = f"it was archived as {path.readlink()}, which cannot be reached"
        raise Damage(why, segment=path.name, position=0, offset=None) from error


def segment_size(path: Path) -> int:
    """How many bytes a segment has, however it is kept. Raises OSError."""
    return unpacked_size(path) if is_packed(path) else path.stat().st_size


def read_start(path: Path) -> tuple[SegmentStart, Place]:
    """First line of a segment, and where its records begin. Raises Damage if it has none."""
    with open_segment(path) as file:
        line = file.readline(512)
    match = _FIRST_LINE.fullmatch(line)
    if match is None:
        raise Damage("the segment's first line is not one", segment=path.name, position=0, offset=None)
    previous = bytes.fromhex(match[3].decode())
    start = SegmentStart(organisation=match[1].decode(), first=int(match[2]), previous=previous)
    return start, Place(offset=start.first, position=len(line), previous=previous)


def read_first_stamp(path: Path) -> int | None:
    """The stamp of a segment's first record, ms UTC; None where it has none that can be read."""
    try:
        _, place = read_start(path)
    except Damage:
        return None
    with open_segment(path) as file:
        file.seek(place.position)
        match = HEADER.fullmatch(file.readline(HEADER_BYTES))
    return None if match is None else int(match[3])


def walk(file: BinaryIO, name: str, place: Place) -> Iterator[tuple[Record, Place]]:
    """Records from `place` to the end of the file, each with the place behind it.

    Every record is checked: form, number, stamp, hash. Raises Damage at the first that fails.
    """
    file.seek(place.position)
    while line := file.readline(HEADER_BYTES):
        match = HEADER.fullmatch(line)
        if match is None:
            raise _damage("not a record header", name, place)
        offset, received_ms, length = int(match[1]), int(match[3]), int(match[4])
        if offset != place.offset:
            raise _damage(f"record {offset} stands where {place.offset} belongs", name, place)
        if received_ms < place.received_ms:
            raise _damage("its stamp lies before that of the record before", name, place)
        payload = file.read(length + 1) if length <= MAX_PAYLOAD else b""
        if len(payload) != length + 1 or payload[-1:] != b"\n":
            raise _damage("its length does not lead to its end", name, place)
        payload = payload[:-1]
        digest = chain.link(place.previous, line[:-66] + b"\n", payload)
        told = digest.hex()
        if told.encode() != match[5]:
            raise _damage("its hash does not fit header, payload and the record before", name, place)
        record = Record(
            offset=offset,
            kind=_KINDS[match[2]],
            received_ms=received_ms,
            payload=payload,
            hash=told,
        )
        position = place.position + len(line) + length + 1
        place = Place(offset=offset + 1, position=position, previous=digest, received_ms=received_ms)
        yield record, place


def _damage(why: str, name: str, place: Place) -> Damage:
    return Damage(why, segment=name, position=place.position, offset=place.offset)
