"""Apprise, where it is installed and allowed: one service's plugin, in a thread of its own pool.

Its plugins make their own connections, past the guard: the configuration of the server has to allow it.
"""

import asyncio
import importlib
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol, cast

from coldchain_backend.delivery.request import Answer, NoResponse, Note, Response

TIMEOUT_S: Final = 30.0
"""A plugin may pause for seconds between targets; its thread goes on when nobody waits for it any more."""


class _Library(Protocol):
    """What is used of the module."""

    def Apprise(self) -> "_Fan": ...  # noqa: N802 - the library's name


class _Fan(Protocol):
    """What is used of its object."""

    def add(self, servers: str) -> bool: ...

    def notify(self, *, body: str, title: str) -> bool | None: ...


class AppriseSender:
    """`allowed` by the configuration of the server."""

    def __init__(self, *, allowed: bool, timeout_s: float = TIMEOUT_S, threads: int = 8) -> None:
        self._allowed, self._timeout_s = allowed, timeout_s
        self._pool = ThreadPoolExecutor(threads, "apprise")

    def close(self) -> None:
        """Let go of the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def send(self, note: Note) -> Answer:
        """Make one attempt; never raises for what the other side or the network does."""
        if not self._allowed:
            return NoResponse(reason="apprise is not allowed: [delivery] apprise = true", forbidden=True)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout_s):
                return await loop.run_in_executor(self._pool, _notify, note)
        except TimeoutError:
            return NoResponse(reason=f"apprise did not end within {self._timeout_s:g} s")


def _notify(note: Note) -> Answer:
    try:
        library = cast(_Library, importlib.import_module("apprise"))
    except ImportError:
        return NoResponse(reason="apprise is not installed: coldchain-backend[apprise]", forbidden=True)
    fan, said = library.Apprise(), _Said()
    log = logging.getLogger("apprise")
    if not fan.add(note.url.reveal()):
        return NoResponse(reason="apprise knows no such service", forbidden=True)
    log.addHandler(said)
    try:
        done = fan.notify(body=note.text, title=note.title)
    except TypeError as error:
        return NoResponse(reason=f"apprise refused the note: {error}"[:300], forbidden=True)
    finally:
        log.removeHandler(said)
    return Response(status=200) if done else NoResponse(reason=f"apprise: {said.last or 'not sent'}"[:300])


class _Said(logging.Handler):
    """Keeps the last warning, which names what failed."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage()
