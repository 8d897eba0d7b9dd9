"""How fast the data folder grows and how full its disk is: measured on a timetable, told while there is time.

Sizes are noted once an hour and kept for two weeks, so that the forecast survives a restart.
"""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from coldchain.errors import Unavailable
from coldchain_backend.ledger import Json, MarkName
from coldchain_backend.web.services import Room
from coldchain_runtime.clock import Clock
from coldchain_runtime.durable import write_file_atomic
from coldchain_runtime.logs import Log

LOOK_S: Final = 60.0
SHOWN_MS: Final = 60_000
NOTE_MS: Final = 3_600_000
KEPT: Final = 14 * 24
DATABASES: Final = ("coldchain.sqlite", "series.sqlite")
DAY_MS: Final = 86_400_000
FILLING: Final = 0.80
NEARLY_FULL: Final = 0.90
BACK: Final = 0.02
"""So far below its mark must the disk be again before an alert about it ends."""

_log = Log("upkeep")


class Noted(NamedTuple):
    """The bytes of the data folder at an instant (ms UTC), and of each store in it by name."""

    at_ms: int
    size: int
    stores: Mapping[str, int] = {}


def bytes_per_day(notes: Sequence[Noted], store: str | None = None) -> float | None:
    """How much is added a day, in all or to one store, by the first and last of the notes that know it; None
    while they span less than an hour."""
    known = [
        (one.at_ms, one.size if store is None else one.stores[store])
        for one in notes
        if store is None or store in one.stores
    ]
    if len(known) < 2 or known[-1][0] - known[0][0] < NOTE_MS:
        return None
    return (known[-1][1] - known[0][1]) * DAY_MS / (known[-1][0] - known[0][0])


def days_until_full(free: int, per_day: float | None) -> float | None:
    """When the disk is full if everything goes on like this; None where that is not foreseeable."""
    return None if per_day is None or per_day <= 0 else free / per_day


def marks_for(used: float, told: frozenset[MarkName]) -> list[MarkName]:
    """What to tell when so large a share of the disk is used and those conditions were told."""
    marks = []
    for limit, begin, end in (
        (FILLING, MarkName.DISK_FILLING, MarkName.DISK_EASED),
        (NEARLY_FULL, MarkName.DISK_NEARLY_FULL, MarkName.DISK_ROOM),
    ):
        if used >= limit and begin not in told:
            marks.append(begin)
        elif used < limit - BACK and begin in told:
            marks.append(end)
    return marks


def first_look(used: float) -> frozenset[MarkName]:
    """What to take as told after a start: a condition that is over is ended, one that goes on told again.

    The same condition again changes nothing, nor does the end of one that was never told.
    """
    limits = {MarkName.DISK_FILLING: FILLING, MarkName.DISK_NEARLY_FULL: NEARLY_FULL}
    return frozenset(mark for mark, limit in limits.items() if used < limit)


_BEGIN: Final = {MarkName.DISK_EASED: MarkName.DISK_FILLING, MarkName.DISK_ROOM: MarkName.DISK_NEARLY_FULL}


class Upkeep:
    """Looks every minute. `mark` writes a service mark into the ledger; `series` tells how many bytes the
    readings take, asked outside the event loop."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        mark: Callable[[MarkName, dict[str, Json]], Awaitable[None]],
        series: Callable[[], int],
    ) -> None:
        self._folder, self._clock, self._mark, self._series = folder, clock, mark, series
        self._file = folder / "growth.json"
        self._notes = _read(self._file)
        self._told: frozenset[MarkName] | None = None
        self._shown: tuple[int, Room] | None = None

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.turn()
            await self._clock.sleep(LOOK_S)

    async def turn(self) -> None:
        """Note the size if an hour has passed; tell what has changed about the disk."""
        now_ms = self._clock.now_ms()
        if not self._notes or now_ms - self._notes[-1].at_ms >= NOTE_MS:
            await asyncio.to_thread(self._note, now_ms)
        usage = await asyncio.to_thread(shutil.disk_usage, self._folder)
        used = 1 - usage.free / usage.total
        told = first_look(used) if self._told is None else self._told
        for mark in marks_for(used, told):
            try:
                await self._mark(mark, {"used_percent": round(100 * used, 1)})
            except Unavailable as error:
                _log.error("upkeep.not_told", mark=mark.value, reason=str(error))
                return
            told = told - {_BEGIN[mark]} if mark in _BEGIN else told | {mark}
        self._told = told

    def room(self) -> Room:
        """Sizes and forecast, at most a minute old; reads the folder and the series."""
        now_ms = self._clock.now_ms()
        if self._shown is None or now_ms - self._shown[0] >= SHOWN_MS:
            self._shown = now_ms, self._look(now_ms)
        return self._shown[1]

    def _look(self, now_ms: int) -> Room:
        usage = shutil.disk_usage(self._folder)
        now = self._noted(now_ms)
        notes = [*self._notes, now]
        per_day = bytes_per_day(notes)
        grows = {store: bytes_per_day(notes, store) for store in now.stores}
        return Room(
            **now.stores,
            others=now.size - sum(now.stores.values()),
            disk_total=usage.total,
            disk_free=usage.free,
            bytes_per_day=per_day,
            days_until_full=days_until_full(usage.free, per_day),
            grows={store: growth for store, growth in grows.items() if growth is not None},
        )

    def _noted(self, now_ms: int) -> Noted:
        sizes = {path.name: _size(path) for path in self._folder.iterdir()}
        files = sum(size for name, size in sizes.items() if name.startswith(DATABASES))
        series = min(self._series(), files)
        stores = {"ledger": sizes.get("ledger", 0), "series": series, "database": files - series}
        return Noted(now_ms, sum(sizes.values()), stores)

    def _note(self, now_ms: int) -> None:
        try:
            noted = self._noted(now_ms)
        except Unavailable as error:
            _log.error("upkeep.not_noted", reason=str(error))
            return
        self._notes = [*self._notes, noted][-KEPT:]
        try:
            write_file_atomic(self._file, orjson.dumps([list(note) for note in self._notes]))
        except OSError as error:
            _log.error("upkeep.not_noted", reason=str(error))


def _read(file: Path) -> list[Noted]:
    """The notes of before; without a readable file there are none."""
    try:
        return [
            Noted(int(at_ms), int(size), {name: int(part) for name, part in dict(*stores).items()})
            for at_ms, size, *stores in orjson.loads(file.read_bytes())
        ]
    except (OSError, ValueError, TypeError):
        return []


def _size(path: Path) -> int:
    """Bytes of a file or of all files below a folder; what vanishes meanwhile counts as nothing."""
    try:
        if not path.is_dir():
            return path.stat().st_blocks * 512
    except OSError:
        return 0
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += (Path(folder) / name).stat().st_blocks * 512
            except OSError:
                continue
    return total
