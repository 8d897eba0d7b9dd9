"""The daily backup: made, read back, pruned, and now and then restored for a test; a failure is an alert."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from coldchain.errors import ColdchainError
from coldchain_backend.config import BackupSection, Settings
from coldchain_backend.ledger import Json, MarkName
from coldchain_backend.recovery import Backup, Lock, listed, prune, read_back, try_out
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log
from coldchain_runtime.secrets import resolve

LOOK_S: Final = 60.0
AGAIN_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
_log = Log("backup")


class DailyBackups:
    """`mark` writes a service mark into the ledger."""

    def __init__(
        self,
        settings: Settings,
        wish: BackupSection,
        clock: Clock,
        mark: Callable[[MarkName, dict[str, Json]], Awaitable[None]],
    ) -> None:
        self._settings, self._wish, self._clock, self._mark = settings, wish, clock, mark
        self._target = settings.folder / wish.folder
        self._lock: Lock | None = None
        self._failed_ms: int | None = None
        self._tested_ms: int | None = None

    async def run(self) -> None:
        """Back up once a day until cancelled."""
        while True:
            await self.turn()
            await self._clock.sleep(LOOK_S)

    async def turn(self) -> bool:
        """Make today's backup if it is due; whether one was made."""
        now_ms = self._clock.now_ms()
        if self._failed_ms is not None and now_ms - self._failed_ms < AGAIN_MS:
            return False
        try:
            if not await asyncio.to_thread(self._due, now_ms):
                return False
            details = await asyncio.to_thread(self._make, now_ms)
        except (ColdchainError, OSError) as error:
            self._failed_ms = now_ms
            _log.error("backup.failed", folder=str(self._target), reason=str(error))
            await self._mark(MarkName.BACKUP_FAILING, {"reason": str(error)[:500]})
            return False
        self._failed_ms = None
        _log.event("backup.made", backup=str(details["name"]), tested=str(details["tested"]))
        await self._mark(MarkName.BACKUP, details)
        return True

    def _due(self, now_ms: int) -> bool:
        hour, minute = self._wish.at.split(":")
        at_ms = now_ms - now_ms % DAY_MS + (int(hour) * 60 + int(minute)) * 60_000
        newest_ms = max((one.made_ms for one in listed(self._target)), default=0)
        return newest_ms < (at_ms if at_ms <= now_ms else at_ms - DAY_MS)

    def _make(self, now_ms: int) -> dict[str, Json]:
        settings = self._settings
        if self._lock is None:
            self._lock = Lock.of(resolve(self._wish.passphrase, settings.folder))
        backup = Backup(settings.data_dir, settings.organisation, self._target, self._lock, settings.place)
        path = backup.make(now_ms, _nothing)
        read_back(path, self._lock)
        test = self._tested_ms is None or now_ms - self._tested_ms >= self._wish.test_days * DAY_MS
        if test:
            try_out(path, self._lock, settings.data_dir, _nothing)
            self._tested_ms = now_ms
        for old in prune(self._target, self._wish.keep):
            _log.event("backup.pruned", backup=old.name)
        return {"name": path.name, "bytes": path.stat().st_size, "tested": test}


def _nothing(_: int) -> None:
    """Nobody looks at a progress bar."""
