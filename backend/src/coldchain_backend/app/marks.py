"""Service marks: start and stop, and alive marks, which let due times fire when nothing else is written."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Protocol

from coldchain.errors import Unavailable
from coldchain.seal import Key, encode_public
from coldchain_backend.ledger import Ledger, MarkName, mark_record
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

TICK_S: Final = 0.1
AT_MOST_EVERY_MS: Final = 1_000
AT_LEAST_EVERY_MS: Final = 10_000
_log = Log("backend")


@asynccontextmanager
async def between_marks(ledger: Ledger, key: Key) -> AsyncIterator[None]:
    """The log says when the service started, under which key, and when it stopped in order."""
    await ledger.append([mark_record(MarkName.START, {"key": encode_public(key.public)})])
    try:
        yield
    finally:
        try:
            await ledger.append([mark_record(MarkName.STOP)])
        except Unavailable as error:
            _log.error("backend.stop_not_marked", reason=str(error))


class Judged(Protocol):
    """How far judging has come."""

    @property
    def offset(self) -> int: ...

    @property
    def stamp_ms(self) -> int: ...

    def next_due_ms(self) -> int | None: ...


class Heart:
    """Appends an alive mark when something is due and no record has come, and at least one in 10 s."""

    def __init__(self, ledger: Ledger, judging: Judged, clock: Clock) -> None:
        self._ledger = ledger
        self._judging = judging
        self._clock = clock
        self._beaten_ms = 0

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            await self._clock.sleep(TICK_S)
            now_ms = self._clock.now_ms()
            if now_ms - self._beaten_ms >= AT_MOST_EVERY_MS and self._wanted(now_ms):
                self._beaten_ms = now_ms
                await self._ledger.append([mark_record(MarkName.ALIVE)])

    def _wanted(self, now_ms: int) -> bool:
        if self._judging.offset < self._ledger.end:
            return False
        due_ms = self._judging.next_due_ms()
        is_due = due_ms is not None and self._judging.stamp_ms < due_ms <= now_ms
        return is_due or now_ms - self._judging.stamp_ms >= AT_LEAST_EVERY_MS
