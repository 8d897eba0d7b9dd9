"""Opening a ledger after any end: a torn tail is cut back to the last whole record, other damage is refused.

A power cut can only tear the group that was being written: nobody was told that it is durable. So what is
damaged is a torn tail if no whole record of a later group follows it and no checkpoint lies at or behind it.
What is cut off is kept beside the segment.
"""

from dataclasses import dataclass
from pathlib import Path

from coldchain_backend.ledger import chain
from coldchain_backend.ledger.checkpoints import read_checkpoints
from coldchain_backend.ledger.disk import Disk
from coldchain_backend.ledger.index import SegmentIndex
from coldchain_backend.ledger.packed import is_packed
from coldchain_backend.ledger.packing import unpack_segment
from coldchain_backend.ledger.segments import (
    BUFFER,
    HEADER,
    Damage,
    Place,
    read_start,
    segment_numbers,
    segment_path,
    walk,
)
from coldchain_runtime.durable import sync_folder, write_file_atomic


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Where writing goes on.

    firsts   first offset of each segment by its number
    cut      bytes that were cut off a torn tail, 0 if it was whole
    """

    number: int
    place: Place
    index: SegmentIndex | None
    firsts: dict[int, int]
    cut: int = 0


def open_segments(directory: Path, organisation: str, disk: Disk) -> Opened:
    """Check the newest segment record by record, mend a torn tail. Raises Damage for any other fault."""
    numbers = segment_numbers(directory)
    if numbers and is_packed(
        segment_path(directory, numbers[-1])
    ):  # those behind it are gone: it is written on
        unpack_segment(segment_path(directory, numbers[-1]))
    cut = _drop_unborn(directory, numbers)
    if not numbers:
        place = Place(offset=1, position=0, previous=chain.genesis(organisation))
        return Opened(number=0, place=place, index=None, firsts={}, cut=cut)
    firsts = _firsts(directory, numbers, organisation)
    path = segment_path(directory, numbers[-1])
    _, first = read_start(path)
    place, index = first, SegmentIndex(first)
    try:
        with path.open("rb", buffering=BUFFER) as file:
            for _, place in walk(file, path.name, first):
                index.note(place)
    except Damage as damage:
        cut += _mend(directory, path, place, damage, disk)
    return Opened(number=numbers[-1], place=place, index=index, firsts=firsts, cut=cut)


def _drop_unborn(directory: Path, numbers: list[int]) -> int:
    """Remove a newest segment whose first line was never completed; its size in bytes."""
    if not numbers:
        return 0
    path = segment_path(directory, numbers[-1])
    data = path.read_bytes()[:512] if path.stat().st_size < 512 else b"\n"
    if b"\n" in data and not data.startswith(b"\0"):
        return 0
    path.unlink()
    sync_folder(directory)
    numbers.pop()
    return len(data)


def _firsts(directory: Path, numbers: list[int], organisation: str) -> dict[int, int]:
    """First offsets, with a check that no segment is missing and all are this organisation's."""
    firsts: dict[int, int] = {}
    for number in numbers:
        path = segment_path(directory, number)
        if path.is_symlink() and not path.exists():  # archived, and its archive is away: the server starts
            firsts[number] = SegmentIndex.first_of(path)
            continue
        start, _ = read_start(path)
        if start.organisation != organisation:
            why = f"the segment belongs to {start.organisation}, not to {organisation}"
            raise Damage(why, segment=path.name, position=0, offset=start.first)
        if firsts and number - 1 not in firsts:
            raise Damage(
                "the segment before it is missing", segment=path.name, position=0, offset=start.first
            )
        firsts[number] = start.first
    return firsts


def _mend(directory: Path, path: Path, place: Place, damage: Damage, disk: Disk) -> int:
    """Cut the file back to `place` if what follows is a torn group; bytes cut. Raises `damage` otherwise."""
    with path.open("rb") as file:
        file.seek(place.position)
        rest = file.read()
    told = max((checkpoint.offset for checkpoint in read_checkpoints(directory)), default=0)
    if told >= place.offset or _holds_two_groups(rest, place.offset):
        raise damage
    write_file_atomic(directory / f"{path.name}.cut-{place.position}", rest)
    with path.open("r+b") as file:
        disk.truncate(file.fileno(), place.position)
        disk.sync(file.fileno())
    return len(rest)


def _holds_two_groups(rest: bytes, offset: int) -> bool:
    """Whether headers of records from `offset` on carry more than one stamp: one group has one stamp."""
    stamps = {
        match[3]
        for match in HEADER.finditer(rest)
        if offset <= int(match[1])
        and (match.start() == 0 or rest[match.start() - 1 : match.start()] == b"\n")
    }
    return len(stamps) > 1
