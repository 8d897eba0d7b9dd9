"""How long an answer may take: a server that sends a byte now and then must not hold a lane for hours.

A socket's own time limit begins again with every byte.
"""

import http.client
import io
import socket
from typing import TYPE_CHECKING, Final

from coldchain_runtime.clock import Clock

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# Beyond the first wait an answer must come at least so quickly; slower than any network that is one.
LEAST_BYTES_PER_S: Final = 250


class Patience(io.RawIOBase):
    """Reads from a socket, in all no longer than its time limit plus the time for what has come."""

    def __init__(self, raw: io.RawIOBase, wire: socket.socket, clock: Clock) -> None:
        """`raw`: what `wire` was opened as; it outlives a connection that is closed while it is read."""
        super().__init__()
        self._raw = raw
        self._wire = wire
        self._clock = clock
        self._limit_s = wire.gettimeout()
        self._began_ns = clock.monotonic_ns()
        self._received = 0

    def readable(self) -> bool:
        """See the base class."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Raises TimeoutError."""
        if self._limit_s is not None:
            spent_s = (self._clock.monotonic_ns() - self._began_ns) / 1e9
            left_s = self._limit_s + self._received / LEAST_BYTES_PER_S - spent_s
            if left_s <= 0:
                raise TimeoutError(f"the answer takes longer than {spent_s:.0f} s")
            self._wire.settimeout(min(left_s, self._limit_s))
        try:
            count = self._raw.readinto(buffer) or 0
        finally:
            self._wire.settimeout(self._limit_s)
        self._received += count
        return count

    def close(self) -> None:
        """See the base class."""
        self._raw.close()
        super().close()


class PatientResponse(http.client.HTTPResponse):
    """An answer that must come within its time."""

    def __init__(self, clock: Clock, sock: socket.socket, method: str | None = None) -> None:
        super().__init__(sock, method=method)
        self.fp = io.BufferedReader(Patience(self.fp.detach(), sock, clock))
