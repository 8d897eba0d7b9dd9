"""Clients that connect and do not finish their request: given up after a while, and first when room is short.

Without it a thousand half-open connections, of anybody, hold every file that the process may have open, and
the evidence waits behind them.
"""

import resource
from typing import TYPE_CHECKING, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

PATIENCE_S: Final = 30.0
"""So long may the head of a request take, and each further step of its body."""
STEP: Final = 4096
MOST_FILES: Final = 65_536
MOST_CONNECTIONS: Final = 10_000
KEPT_BACK: Final = 512
"""Files that connections do not get: the ledger, the databases, what is sent, connections on their way."""
SHARE: Final = 16
_UNFINISHED: Final = (h11.IDLE, h11.SEND_BODY)


class PatientProtocol(H11Protocol):
    """Remembers since when the client owes the rest of a request; `most` connections are kept open."""

    most = MOST_CONNECTIONS
    owes = True
    _moved_at = 0.0
    _stepped = 0

    def connection_made(self, transport: "asyncio.Transport") -> None:  # type: ignore[override]  # as theirs
        """Where all places are taken, the longest unfinished make room."""
        super().connection_made(transport)
        self._move()
        if len(self.connections) > self.most:
            waiting = [one for one in self._patient() if one is not self and one.unfinished]
            waiting.sort(key=PatientProtocol.moved_at)
            for one in waiting[: max(1, len(waiting) // SHARE)] or [self]:
                one.transport.abort()
                self.connections.discard(one)

    def data_received(self, data: bytes) -> None:
        """Goes on as theirs does, and notes whether the request came further."""
        before = self.conn.their_state
        if not self.owes and before is h11.IDLE:
            self._move()  # the first bytes of a further request
        super().data_received(data)
        now = self.conn.their_state
        self._stepped += len(data)
        if now is not before or (now is h11.SEND_BODY and self._stepped >= STEP):
            self._move()
        self.owes = now in _UNFINISHED

    def _move(self) -> None:
        self._moved_at, self._stepped = self.loop.time(), 0

    def _patient(self) -> "list[PatientProtocol]":
        return [one for one in self.connections if isinstance(one, PatientProtocol)]

    def moved_at(self) -> float:
        """When the client last brought its request further, on the loop's clock."""
        return self._moved_at

    @property
    def unfinished(self) -> bool:
        """Whether no whole request is under way."""
        return self.conn.their_state in _UNFINISHED

    def overdue(self, now: float, patience_s: float) -> bool:
        """Whether the rest of a request was owed for too long; while we do not read, nothing is owed."""
        return self.owes and not self.flow.read_paused and now - self._moved_at > patience_s


def room_for_connections() -> int:
    """Take as many open files as the system gives, and say how many connections they suffice for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    files = MOST_FILES if soft == resource.RLIM_INFINITY else soft
    return min(MOST_CONNECTIONS, max(files - KEPT_BACK, files // 2))
