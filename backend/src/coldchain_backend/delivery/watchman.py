"""What the courier looks after beside sending: clocks that stepped, criticals that do not arrive."""

from collections.abc import Callable, Sequence
from typing import Final, ParamSpec, Protocol, TypeVar

from coldchain.errors import Unavailable
from coldchain_backend.delivery.lanes import Lane
from coldchain_backend.delivery.queue import Queue
from coldchain_backend.delivery.retry import LONGEST_WAIT_MS
from coldchain_runtime.logs import Log

LEASE_MS: Final = 120_000
OVERDUE_MS: Final = 300_000
OVERDUE_LOOK_MS: Final = 5_000
OVERDUE_AT_ONCE: Final = 200
MEND_LOOK_MS: Final = 60_000
P = ParamSpec("P")
R = TypeVar("R")
_log = Log("courier")


class Announcements(Protocol):
    """Tells the log, so that alerts decide who hears of it. Raises Unavailable: told later."""

    async def failing(self, receiver: str, reason: str) -> None:
        """A receiver has not been reached for long, or says that it is no more."""
        ...

    async def recovered(self, receiver: str) -> None:
        """It has been reached again."""
        ...

    async def undelivered(self, receiver: str, alerts: Sequence[str]) -> None:
        """Something critical has not arrived for long: somebody else must hear of these alerts."""
        ...


class Kept(Protocol):
    """Asks the database, outside the event loop."""

    async def __call__(self, ask: Callable[P, R], /, *args: P.args, **how: P.kwargs) -> R: ...


class Watchman:
    """`overdue_ms`: a critical that has not arrived for so long is told to somebody else, once."""

    def __init__(self, queue: Queue, announce: Announcements, overdue_ms: int) -> None:
        self._queue, self._announce, self._overdue_ms = queue, announce, overdue_ms
        self._looked_ms = self._mended_ms = 0

    async def mend(self, now_ms: int, kept: Kept) -> None:
        """Free leases and due times that no attempt can have set: the host's clock was ahead."""
        if now_ms - self._mended_ms < MEND_LOOK_MS:
            return
        self._mended_ms = now_ms
        leased_most_ms, due_most_ms = now_ms + LEASE_MS, now_ms + LONGEST_WAIT_MS
        if count := await kept(self._queue.mend, now_ms, leased_most_ms, due_most_ms):
            _log.warning("courier.mended", deliveries=count)

    async def look(self, now_ms: int, kept: Kept) -> None:
        """Tell the log of criticals that have not arrived for long."""
        if now_ms - self._looked_ms < OVERDUE_LOOK_MS:
            return
        self._looked_ms = now_ms
        before_ms = now_ms - self._overdue_ms
        found = await kept(self._queue.overdue, before_ms, OVERDUE_AT_ONCE)
        try:
            for receiver in dict.fromkeys(one.receiver for one in found):
                his = [one for one in found if one.receiver == receiver]
                await self._announce.undelivered(receiver, list(dict.fromkeys(one.alert for one in his)))
                await kept(self._queue.announced, [one.id for one in his])
                _log.error("courier.undelivered", receiver=receiver, deliveries=len(his))
        except Unavailable as error:
            _log.error("courier.not_announced", reason=str(error))

    async def tell(self, lane: Lane, *, failing: bool) -> bool:
        """Say that a receiver fails, or is well again; False where the log cannot take it now."""
        try:
            if failing:
                await self._announce.failing(lane.receiver, lane.last_reason)
            else:
                await self._announce.recovered(lane.receiver)
        except Unavailable as error:
            _log.error("courier.not_announced", receiver=lane.receiver, reason=str(error))
            return False
        return True
