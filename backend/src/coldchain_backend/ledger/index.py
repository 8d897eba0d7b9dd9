"""Where records stand: a place every so many records, in memory or beside a closed segment.

An index is derived: without its file it is made again by walking the segment.
"""

import struct
from bisect import bisect_right
from contextlib import suppress
from pathlib import Path
from typing import Final

from coldchain_backend.ledger.segments import Damage, Place, open_segment, read_start, walk
from coldchain_runtime.durable import write_file_atomic

STRIDE: Final = 64
_ENTRY: Final = struct.Struct("<QQQ32s")
_MAGIC: Final = b"ccl1-index\n"


class SegmentIndex:
    """Places within one segment, ascending, the first at its first record."""

    def __init__(self, first: Place) -> None:
        self._offsets = [first.offset]
        self._places = [first]

    def note(self, place: Place) -> None:
        """Remember the place if it lies far enough behind the last one. Places come in order."""
        if place.offset - self._offsets[-1] >= STRIDE:
            self._places.append(place)  # first, so that a reader's `before` always finds it
            self._offsets.append(place.offset)

    def before(self, offset: int) -> Place:
        """The nearest place at or before the record `offset`."""
        return self._places[max(bisect_right(self._offsets, offset) - 1, 0)]

    def save(self, segment: Path) -> None:
        """Write the index beside its segment."""
        entries = (_ENTRY.pack(p.offset, p.position, p.received_ms, p.previous) for p in self._places)
        write_file_atomic(segment.with_suffix(".idx"), _MAGIC + b"".join(entries))

    @staticmethod
    def first_of(segment: Path) -> int:
        """The first offset of a segment, from its index alone. Raises Damage where there is none."""
        data = b""
        with suppress(FileNotFoundError):
            data = segment.with_suffix(".idx").read_bytes()[len(_MAGIC) :][: _ENTRY.size]
        if len(data) != _ENTRY.size:
            why = f"it was archived as {segment.readlink()}, which cannot be reached"
            raise Damage(why, segment=segment.name, position=0, offset=None)
        first: int = _ENTRY.unpack(data)[0]
        return first

    @classmethod
    def load(cls, segment: Path) -> "SegmentIndex":
        """The index of a closed segment, from its file or from a walk."""
        _, first = read_start(segment)
        index = cls(first)
        try:
            data = segment.with_suffix(".idx").read_bytes()
        except FileNotFoundError:
            data = b""
        if data.startswith(_MAGIC) and (len(data) - len(_MAGIC)) % _ENTRY.size == 0:
            for offset, position, received_ms, previous in _ENTRY.iter_unpack(data[len(_MAGIC) :]):
                index.note(
                    Place(offset=offset, position=position, received_ms=received_ms, previous=previous)
                )
            return index
        with open_segment(segment) as file:
            for _, place in walk(file, segment.name, first):
                index.note(place)
        return index
