"""The ledger on disk: segments in a folder, one writer thread, any number of readers."""

import fcntl
import os
import threading
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from coldchain.errors import Unavailable
from coldchain.seal import Key
from coldchain_backend.ledger import chain
from coldchain_backend.ledger.active import SEGMENT_BYTES, ActiveSegment
from coldchain_backend.ledger.checkpoints import Checkpoint, signed, write_checkpoint
from coldchain_backend.ledger.contract import READ_BYTES
from coldchain_backend.ledger.disk import Disk, SystemDisk
from coldchain_backend.ledger.index import SegmentIndex
from coldchain_backend.ledger.opening import open_segments
from coldchain_backend.ledger.records import MarkName, NewRecord, Record, mark_record
from coldchain_backend.ledger.reserve import Reserve
from coldchain_backend.ledger.segments import Place, open_segment, segment_path, walk
from coldchain_backend.ledger.stamps import Stamps
from coldchain_backend.ledger.tail import Tail
from coldchain_backend.ledger.writer import Writer
from coldchain_runtime.clock import Clock
from coldchain_runtime.durable import make_folder


class FileLedger:
    """See the contract. Made by `open_ledger`."""

    def __init__(
        self, directory: Path, organisation: str, clock: Clock, disk: Disk, segment_bytes: int
    ) -> None:
        opened = open_segments(directory, organisation, disk)
        self.directory = directory
        self.organisation = organisation
        self._clock = clock
        self._segment = ActiveSegment(directory, organisation, disk, segment_bytes=segment_bytes)
        if opened.index is not None:
            self._segment.resume(opened.number, opened.place, opened.index)
        self._reserve = Reserve(directory, disk)
        self._tail = Tail()
        self._grown = threading.Condition()
        self._end = opened.place.offset - 1
        self._head = opened.place.previous if self._end else chain.genesis(organisation)
        self._firsts = dict(opened.firsts)
        self._indexes: dict[int, SegmentIndex] = {}
        stamps = Stamps(clock, opened.place.received_ms)
        self._writer = Writer(self._segment, stamps, self._reserve, self._publish)
        self._cut = opened.cut

    @property
    def full(self) -> bool:
        """Whether evidence is refused because the disk has no room."""
        return self._reserve.full

    def begin(self) -> None:
        """Tell a repair, then take writes. Raises OSError."""
        self._reserve.keep()
        if self._cut:
            self._writer.put([mark_record(MarkName.REPAIRED, {"bytes": self._cut})])
        self._writer.start()

    def close(self) -> None:
        """Write what waits, then let go of the files."""
        self._writer.close()
        self._segment.close()

    async def append(self, records: Sequence[NewRecord]) -> Sequence[Record]:
        if not records:
            return []
        return await self._writer.submit(records)

    def read(self, after: int, limit: int) -> Sequence[Record]:
        with self._grown:
            end = self._end
            if after >= end or limit <= 0:
                return []
            found = self._tail.read(max(after, 0), limit)
            numbers, firsts = list(self._firsts), list(self._firsts.values())
        if found is not None:
            return found
        position = max(bisect_right(firsts, max(after, 0) + 1) - 1, 0)
        return self._read_segment(numbers[position], max(after, 0), limit, end)

    def _read_segment(self, number: int, after: int, limit: int, end: int) -> list[Record]:
        """Records of one segment; a read that reaches its end stops there."""
        path = segment_path(self.directory, number)
        found: list[Record] = []
        size = 0
        place = self._place_before(number, after + 1)
        with open_segment(path) as file:
            for record, _ in walk(file, path.name, place):
                if record.offset <= after:
                    continue
                found.append(record)
                size += len(record.payload)
                if len(found) >= limit or size >= READ_BYTES or record.offset >= end:
                    break
        return found

    def _place_before(self, number: int, offset: int) -> Place:
        newest = self._segment.index  # before the number: `roll` sets them in the other order
        if number == self._segment.number:
            return newest.before(offset)
        with self._grown:
            index = self._indexes.get(number)
        if index is None:
            index = SegmentIndex.load(segment_path(self.directory, number))
            with self._grown:
                self._indexes[number] = index
        return index.before(offset)

    def wait(self, after: int, timeout: float) -> bool:
        with self._grown:
            return self._grown.wait_for(lambda: self._end > after, timeout)

    @property
    def end(self) -> int:
        return self._end

    @property
    def head(self) -> str:
        return self._head.hex()

    @property
    def disk_full(self) -> bool:
        """Whether evidence is refused because the disk is full."""
        return self._reserve.full

    def checkpoint(self, key: Key) -> Checkpoint:
        """Sign the present head and note it beside the segments. Raises OSError."""
        with self._grown:
            offset, head = self._end, self.head
        unsigned = Checkpoint(
            organisation=self.organisation, offset=offset, hash=head, at_ms=self._clock.now_ms()
        )
        checkpoint = signed(key, unsigned)
        write_checkpoint(self.directory, checkpoint)
        return checkpoint

    def _publish(self, records: Sequence[Record]) -> None:
        with self._grown:
            self._firsts.setdefault(self._segment.number, records[0].offset)
            self._tail.extend(records)
            self._end = records[-1].offset
            self._head = bytes.fromhex(records[-1].hash)
            self._grown.notify_all()


@contextmanager
def open_ledger(
    directory: Path,
    organisation: str,
    clock: Clock,
    *,
    disk: Disk | None = None,
    segment_bytes: int = SEGMENT_BYTES,
) -> Iterator[FileLedger]:
    """Open or make the ledger in `directory`, alone on it, and write what waits at the end.

    Raises Damage where it is damaged, Unavailable where another process has it open.
    """
    make_folder(directory)
    lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unavailable(f"another process has the ledger {directory} open") from error
        ledger = FileLedger(directory, organisation, clock, disk or SystemDisk(), segment_bytes)
        try:
            ledger.begin()
            yield ledger
        finally:
            ledger.close()
    finally:
        os.close(lock)
