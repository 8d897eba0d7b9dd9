"""The segment that is being written: groups of records go in whole and durable, or not at all."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from coldchain.errors import Unavailable
from coldchain_backend.ledger import chain
from coldchain_backend.ledger.disk import Disk
from coldchain_backend.ledger.index import SegmentIndex
from coldchain_backend.ledger.records import NewRecord, Record
from coldchain_backend.ledger.segments import Place, SegmentStart, segment_path
from coldchain_runtime.durable import sync_folder

SEGMENT_BYTES: Final = 64 * 1024 * 1024


class ActiveSegment:
    """One open file, the place of the next record, and the index of what it holds."""

    def __init__(
        self, directory: Path, organisation: str, disk: Disk, *, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        self.directory = directory
        self.number = 0
        self.place = Place(offset=1, position=0, previous=chain.genesis(organisation))
        self.index = SegmentIndex(self.place)
        self._organisation = organisation
        self._disk = disk
        self._segment_bytes = segment_bytes
        self._descriptor = -1
        self._unclean = False

    @property
    def path(self) -> Path:
        return segment_path(self.directory, self.number)

    def resume(self, number: int, place: Place, index: SegmentIndex) -> None:
        """Go on behind the last whole record of an existing segment."""
        self.number, self.place, self.index = number, place, index
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)

    @property
    def full(self) -> bool:
        """Whether the next group belongs into a new segment."""
        return self._descriptor < 0 or self.place.position >= self._segment_bytes

    def roll(self) -> None:
        """Close this segment, with its index beside it, and begin the next. Raises OSError."""
        start = SegmentStart(
            organisation=self._organisation, first=self.place.offset, previous=self.place.previous
        ).encode()
        path = segment_path(self.directory, self.number + 1)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
        try:
            self._disk.write(descriptor, start, 0)
            self._disk.sync(descriptor)
            sync_folder(self.directory)
        except OSError:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        if self._descriptor >= 0:
            self.index.save(self.path)
            os.close(self._descriptor)
        self._descriptor = descriptor
        self.number += 1
        self.place = Place(
            offset=self.place.offset,
            position=len(start),
            previous=self.place.previous,
            received_ms=self.place.received_ms,
        )
        self.index = SegmentIndex(self.place)

    def put(self, group: Sequence[NewRecord], received_ms: int) -> list[Record]:
        """Write and sync a group. Raises OSError; what it left is cut off before the next."""
        self._clean()
        place, placed, parts, places = self.place, [], [], []
        for new in group:
            record = chain.place(new, place.previous, place.offset, received_ms)
            data = chain.encode(record)
            place = Place(
                offset=place.offset + 1,
                position=place.position + len(data),
                previous=bytes.fromhex(record.hash),
                received_ms=received_ms,
            )
            placed.append(record)
            parts.append(data)
            places.append(place)
        self._unclean = True
        self._disk.write(self._descriptor, b"".join(parts), self.place.position)
        self._disk.sync(self._descriptor)
        self._unclean = False
        self.place = place
        for place in places:
            self.index.note(place)
        return placed

    def _clean(self) -> None:
        """Cut off what a failed write may have left. Raises OSError."""
        if self._unclean:
            self._disk.truncate(self._descriptor, self.place.position)
            self._disk.sync(self._descriptor)
            self._unclean = False

    def discard(self) -> None:
        """Cut off at once what a failed write left. Raises Unavailable; the next `put` tries again."""
        try:
            self._clean()
        except OSError as error:
            raise Unavailable(f"the ledger's file cannot be cut back: {error}") from error

    def close(self) -> None:
        """Close the file; everything in it is durable already."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
