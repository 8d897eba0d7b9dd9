"""Beats that are expected from outside: a job or service that must call in time, or people are told."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

import orjson

from coldchain.errors import Unavailable
from coldchain_backend.config import BeatSection
from coldchain_backend.ledger import Json, MarkName
from coldchain_backend.web.services import BeatSeen
from coldchain_runtime.clock import Clock
from coldchain_runtime.durable import write_file_atomic
from coldchain_runtime.logs import Log

LOOK_S: Final = 1.0
FILE: Final = "beats.json"
_log = Log("beats")


class Beats:
    """Remembers over restarts when each came last; one that never came counts from when it was expected."""

    def __init__(
        self,
        declared: Sequence[BeatSection],
        folder: Path,
        clock: Clock,
        mark: Callable[[MarkName, dict[str, Json]], Awaitable[None]],
    ) -> None:
        self._declared = {one.name: one for one in declared}
        self._file, self._clock, self._mark = folder / FILE, clock, mark
        known, now_ms = _read(self._file), clock.now_ms()
        self._last = {name: min(known.get(name, now_ms), now_ms) for name in self._declared}
        self._missed: dict[str, bool] = {}
        self._fresh: set[str] = set()

    def all(self) -> Sequence[BeatSeen]:
        """Every expected beat, by name."""
        return [self._seen(name) for name in sorted(self._declared)]

    async def note(self, name: str) -> bool:
        """One came; false for a name that is not expected."""
        if name not in self._declared:
            return False
        self._last[name] = self._clock.now_ms()
        self._fresh.add(name)
        await asyncio.to_thread(self._keep)
        return True

    async def run(self) -> None:
        """Look until cancelled."""
        while self._declared:
            await self.turn()
            await self._clock.sleep(LOOK_S)
        await asyncio.Event().wait()

    async def turn(self) -> None:
        """Tell which beats are missed and which are back."""
        for one in self.all():
            known = self._missed.get(one.name)
            if one.missed and known is not True:
                await self._tell(MarkName.BEAT_MISSED, one)
            elif not one.missed and one.name in self._fresh and known is not False:
                await self._tell(MarkName.BEAT_BACK, one)

    async def _tell(self, mark: MarkName, one: BeatSeen) -> None:
        try:
            await self._mark(mark, {"beat": one.name, "last_ms": one.last_ms})
        except Unavailable as error:
            _log.error("beats.not_told", beat=one.name, reason=str(error))
            return
        self._missed[one.name] = one.missed
        _log.event("beats.missed" if one.missed else "beats.back", beat=one.name)

    def _seen(self, name: str) -> BeatSeen:
        wish = self._declared[name]
        due_ms = self._last[name] + (wish.every_s + wish.grace_s) * 1000
        return BeatSeen(
            name=name, last_ms=self._last[name], due_ms=due_ms, missed=self._clock.now_ms() >= due_ms
        )

    def _keep(self) -> None:
        try:
            write_file_atomic(self._file, orjson.dumps(self._last, option=orjson.OPT_INDENT_2) + b"\n")
        except OSError as error:
            _log.error("beats.not_kept", reason=str(error))


def _read(file: Path) -> dict[str, int]:
    """What was kept; without a readable file nothing."""
    try:
        return {str(name): int(last_ms) for name, last_ms in orjson.loads(file.read_bytes()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
