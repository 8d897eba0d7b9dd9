"""The lane of the backlog: old batches go into the ledger no faster than they are judged.

Judging reads the ledger in its order, so a live batch waits for whatever stands before it. A gateway's second
lane says `Coldchain-Lane: backlog`; its batches are appended a slice at a time while little of it waits to be
judged. Live ones never wait here.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Final

from coldchain.seal import Batch
from coldchain_backend.ingest.contracts import Fate, fate_of
from coldchain_backend.ingest.store import BatchStore, Stored
from coldchain_backend.ledger import Busy, Ledger
from coldchain_runtime.clock import Clock

SLICE_BYTES: Final = 256 << 10
"""Some 3 000 readings in batches of 10, 5 000 in large ones: a tenth of a second of judging."""
BEHIND_RECORDS: Final = 1_000
"""Further behind than this, whatever the reason, judging has enough to do with what is live."""
WAITING: Final = 8
"""So many requests wait at once, each with its unpacked body in memory."""
PATIENCE_MS: Final = 5_000
"""So long a request waits in all; gateways wait 20 s for an answer."""
OLD_MS: Final = 300_000
LOOK_S: Final = 0.02
_WHY: Final = "judging is behind; live batches go first"


class Lane(StrEnum):
    """What a gateway says of a request: batches just closed, or what had to wait."""

    LIVE = "live"
    BACKLOG = "backlog"


class Backlog:
    """Stores what came in the lane of the backlog. `judged`: the offset up to which judging has come."""

    def __init__(self, store: BatchStore, ledger: Ledger, judged: Callable[[], int], clock: Clock) -> None:
        self._store, self._ledger, self._judged, self._clock = store, ledger, judged, clock
        self._waiting = 0
        self._turn = asyncio.Lock()
        self._unjudged: deque[tuple[int, int]] = deque()

    def takes(self, said: str | None, batches: Sequence[Batch]) -> bool:
        """Whether a request, which names its lane or does not, is of the backlog."""
        return lane_of(said, batches, self._clock.now_ms()) is Lane.BACKLOG

    async def store(self, writer: str, batches: Sequence[Batch]) -> Stored:
        """Store in slices, each when judging has caught up; what had no place in time is for later."""
        if self._waiting >= WAITING:
            return _later(batches)
        self._waiting += 1
        try:
            return await self._in_slices(writer, batches)
        finally:
            self._waiting -= 1

    async def _in_slices(self, writer: str, batches: Sequence[Batch]) -> Stored:
        until_ns = self._clock.monotonic_ns() + PATIENCE_MS * 1_000_000
        done = Stored(fates=())
        for first, end in _slices(batches):
            async with self._turn:
                if not await self._caught_up(until_ns):
                    return _joined(done, _later(batches[first:]))
                done = _joined(done, await self._store.store(writer, batches[first:end]))
                self._unjudged.append((self._ledger.end, sum(map(_weight, batches[first:end]))))
            if done.error is not None:
                return _joined(done, _later(batches[end:], str(done.error)))
        return done

    async def _caught_up(self, until_ns: int) -> bool:
        """Wait until little is before judging; false where that takes too long."""
        while self._behind():
            if self._clock.monotonic_ns() >= until_ns:
                return False
            await self._clock.sleep(LOOK_S)
        return True

    def _behind(self) -> bool:
        judged = self._judged()
        while self._unjudged and self._unjudged[0][0] <= judged:
            self._unjudged.popleft()
        waits = sum(size for _, size in self._unjudged)
        return waits > SLICE_BYTES or self._ledger.end - judged > BEHIND_RECORDS


def lane_of(said: str | None, batches: Sequence[Batch], now_ms: int) -> Lane:
    """The lane of a request; of one that does not say, by the age of its newest reading."""
    if said is not None:
        return Lane.BACKLOG if said.strip().lower() == Lane.BACKLOG else Lane.LIVE
    newest_ms = _last_ms(batches[-1].body) if batches else now_ms
    return Lane.BACKLOG if 0 < newest_ms < now_ms - OLD_MS else Lane.LIVE


def _last_ms(body: bytes) -> int:
    """The time of the last line; 0 where there is none to read."""
    digits = body[-24:].rstrip(b"\n").rpartition(b" ")[2]
    return int(digits) if digits.isdigit() else 0


def _weight(batch: Batch) -> int:
    """Bytes in the ledger; the seal and what stands around it are about as much as five readings."""
    return len(batch.body) + 512


def _slices(batches: Sequence[Batch]) -> Iterator[tuple[int, int]]:
    """Where slices of at most SLICE_BYTES begin and end; a batch alone may be larger."""
    first, size = 0, 0
    for index, batch in enumerate(batches):
        size += _weight(batch)
        if size > SLICE_BYTES and index > first:
            yield first, index
            first, size = index, _weight(batch)
    if first < len(batches):
        yield first, len(batches)


def _later(batches: Sequence[Batch], why: str = _WHY) -> Stored:
    return Stored(fates=[fate_of(batch, Fate.LATER, why) for batch in batches], error=Busy(why))


def _joined(one: Stored, other: Stored) -> Stored:
    return Stored(fates=[*one.fates, *other.fates], error=one.error or other.error)
