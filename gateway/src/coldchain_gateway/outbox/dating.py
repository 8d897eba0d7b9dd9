"""When a line was: its time is fixed once, when it is sealed.

* Boots with trusted time: exact, by CLOCK_BOOTTIME.
* Boots that never got it: between the last trusted instant before them and the start of the boot that got
  trust; the line's time is the lower bound plus the monotonic distance, boots in between counted.

What a device had in its memory (`history`) stands at the device's own time, however old that is.

Two lines of one series never share a millisecond: a line dated by its acquisition moves to 1 ms after the
newest of its series, one dated by its device moves only off that very instant. When the clock is corrected
backwards by more than `STEP_MS` the memory is void, because displaced readings would lie more than that
could; a collision with what was sealed before the correction is then left to judging, which names it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from coldchain.readings import Quality

from .contract import Boot, Chunk, Entry

STEP_MS: Final = 5000
# A device's own time is believed within these bounds of the acquisition; else the acquisition counts.
SOURCE_AHEAD_MS: Final = 60_000
SOURCE_BEHIND_MS: Final = 30 * 24 * 3600 * 1000
# Before this the product did not exist: the lower bound where nothing was ever trusted (2026-01-01).
FLOOR_MS: Final = 1_767_225_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """How CLOCK_BOOTTIME of one boot becomes UTC; with bounds where it is only an estimate."""

    offset_ms: int
    lower_ms: int | None = None
    upper_ms: int | None = None


def placement_of(boot: Boot, boots: Sequence[Boot]) -> Placement | None:
    """Place a boot among all known ones (ascending); None while no later boot has trusted time either."""
    if boot.offset_ms is not None:
        return Placement(offset_ms=boot.offset_ms)
    upper = next((b.offset_ms for b in boots if b.ordinal > boot.ordinal and b.offset_ms is not None), None)
    if upper is None:
        return None
    trusted = [b for b in boots if b.ordinal < boot.ordinal and b.offset_ms is not None]
    lower = FLOOR_MS
    since = 0
    if trusted and trusted[-1].offset_ms is not None:
        lower = trusted[-1].offset_ms + trusted[-1].last_ms
        since = trusted[-1].ordinal
    between = sum(b.last_ms for b in boots if since < b.ordinal < boot.ordinal)
    return Placement(offset_ms=lower + between, lower_ms=min(lower, upper), upper_ms=upper)


class Dating:
    """Dates lines in the order in which they were kept and remembers each series' newest instant."""

    def __init__(self) -> None:
        self._newest: dict[bytes, int] = {}
        self._draft: dict[bytes, int] = {}
        self._offset: int | None = None

    def corrected(self, offset_ms: int) -> None:
        """The offset in use for the running boot; a step back beyond STEP_MS voids the memory."""
        if self._offset is not None and offset_ms < self._offset - STEP_MS:
            self._newest.clear()
        self._offset = offset_ms

    def keep(self) -> None:
        """What was dated since the last call is sealed."""
        self._newest.update(self._draft)
        self._draft.clear()

    def discard(self) -> None:
        """It was not: the same lines will be dated again, and get the same times."""
        self._draft.clear()

    def remember(self, series: bytes, time_ms: int) -> None:
        """A line that was sealed before this process started."""
        self._newest[series] = max(time_ms, self._newest.get(series, time_ms))

    def date(self, entry: Entry, placement: Placement, *, trusted: bool) -> bytes:
        """The finished line, with newline."""
        series = series_of(entry.line)
        time_ms = entry.boot_ms + placement.offset_ms
        if placement.upper_ms is not None:
            time_ms = min(time_ms, placement.upper_ms)
        newest = self._draft.get(series, self._newest.get(series))
        own = entry.source_ms
        if not entry.history:
            own = None if placement.upper_ms is not None else believable(own, time_ms)
        if own is not None:
            time_ms = own + 1 if own == newest else own
        elif newest is not None and time_ms <= newest:
            time_ms = newest + 1
        self._draft[series] = time_ms if newest is None else max(newest, time_ms)
        if not entry.line.startswith(b"reading,") or (trusted and placement.upper_ms is None):
            return b"%b %d\n" % (entry.line, time_ms)
        # The time of an entry of history rests on no clock of ours, so our bounds say nothing about it.
        by = Placement(offset_ms=0) if entry.history else placement
        return b"%b%b %d\n" % (entry.line, _quality_fields(by), time_ms)

    def date_chunk(self, chunk: Chunk, entries: Iterable[Entry], placement: Placement) -> list[bytes]:
        """All lines of a chunk."""
        if not chunk.trusted or placement.upper_ms is not None:
            return [self.date(entry, placement, trusted=chunk.trusted) for entry in entries]
        newest, draft, offset_ms = self._newest, self._draft, placement.offset_ms
        dated: list[bytes] = []
        for entry in entries:
            line, boot_ms, own_ms, _ = entry
            if own_ms is not None:
                dated.append(self.date(entry, placement, trusted=True))
                continue
            # What `date` comes to for by far the most lines.
            series = series_of(line)
            before = draft.get(series)
            if before is None:
                before = newest.get(series)
            time_ms = boot_ms + offset_ms
            if before is not None and time_ms <= before:
                time_ms = before + 1
            draft[series] = time_ms
            dated.append(b"%b %d\n" % (line, time_ms))
        return dated


def believable(source_ms: int | None, acquired_ms: int) -> int | None:
    """The device's own time if it can be meant, else None."""
    if source_ms is None or not acquired_ms - SOURCE_BEHIND_MS <= source_ms <= acquired_ms + SOURCE_AHEAD_MS:
        return None
    return source_ms


def series_of(line: bytes) -> bytes:
    """Measurement and tags: everything before the first space that is not escaped."""
    end = line.find(b" ")
    while end > 0 and line[end - 1] == 0x5C:
        end = line.find(b" ", end + 1)
    return line[:end]


def _quality_fields(placement: Placement) -> bytes:
    if placement.lower_ms is None or placement.upper_ms is None:
        return b',quality="%b"' % Quality.TIME_PLACED.value.encode()
    return b',quality="%b",time_lower=%di,time_upper=%di' % (
        Quality.TIME_UNSURE.value.encode(),
        placement.lower_ms,
        placement.upper_ms,
    )
