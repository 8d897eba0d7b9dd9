"""News of commits: a counter that grows, for those who wait in the event loop."""

import asyncio
import threading


class News:
    """`publish` may be called from any thread; every commit of judging or of a delivery is news."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    @property
    def count(self) -> int:
        """How much has happened so far."""
        return self._count

    def publish(self) -> None:
        """Something was committed."""
        with self._lock:
            self._count += 1
            waiting, self._waiting = self._waiting, []
        for loop, event in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    async def wait(self, after: int) -> int:
        """Return the counter once it is above `after`."""
        while True:
            with self._lock:
                if self._count > after:
                    return self._count
                event = asyncio.Event()
                entry = (asyncio.get_running_loop(), event)
                self._waiting.append(entry)
            try:
                await event.wait()
            finally:
                with self._lock:
                    if entry in self._waiting:
                        self._waiting.remove(entry)
