"""A backend at the far end of a socket pair: nothing is connected, and what it answers is told beforehand."""

from __future__ import annotations

import gzip
import http.client
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from coldchain.seal import Batch, read_batches
from coldchain_gateway.clock_trust import Validity
from coldchain_gateway.uplink import Connection, Endpoint, Tls
from coldchain_runtime.clock import Clock

DATE = "Sun, 22 Nov 2026 19:42:03 GMT"  # what a StillClock shows at first
HEARD_BYTES = 1 << 20


def answer(status: int = 204, body: bytes = b"", **headers: str) -> bytes:
    """An HTTP answer; `_` in the name of a header is a hyphen."""
    named = {"Date": DATE, "Content-Length": str(len(body))} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status} Told\r\n{head}\r\n".encode() + body


class WiredBackend:
    """Gives one answer after another; None hangs up. Where there is none left it cannot be reached."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.heard: list[bytes] = []
        self.opened = 0
        self.hangs_up = False  # after each answer, whatever that says
        self.script: Callable[[bytes], bytes] | None = (
            None  # the answer to each request, in place of `answers`
        )
        self.at_last: Callable[[], None] = lambda: None
        self._ends: list[socket.socket] = []

    def connection(self, clock: Clock, token: Callable[[], str | None] = lambda: "sesame") -> Connection:
        endpoint = WiredEndpoint(
            scheme="http", host="backend", port=80, path="/under", tls=Tls(None), backend=self
        )
        return Connection(endpoint, clock, token)

    def batches(self) -> list[list[int]]:
        """The numbers of the batches in each request."""
        bodies = map(body_of, self.heard)
        return [[one.seq for one in read_batches(body) if isinstance(one, Batch)] for body in bodies]

    def close(self) -> None:
        for end in self._ends:
            end.close()

    def paired(self) -> socket.socket:
        """Raises ConnectionRefusedError when there is nothing more to say."""
        if not self.answers and self.script is None:
            self.at_last()
            raise ConnectionRefusedError("nobody listens")
        self.opened += 1
        near, far = socket.socketpair()
        self._ends += [near, far]
        return near

    def answered(self) -> None:
        """Take the request that lies in the pair and say the next answer."""
        far = self._ends[-1]
        self.heard.append(far.recv(HEARD_BYTES))
        if self.script is not None:
            far.sendall(self.script(self.heard[-1]))
            return
        said = self.answers.pop(0) if self.answers else None
        if not self.answers:
            self.at_last()
        if said is not None:
            far.sendall(said)
        if said is None or self.hangs_up:
            far.close()


class WiredHttp(http.client.HTTPConnection):
    """The library's own connection over a pair."""

    def __init__(self, backend: WiredBackend) -> None:
        super().__init__("backend")
        self._backend = backend

    def connect(self) -> None:
        self.sock = self._backend.paired()

    def getresponse(self) -> http.client.HTTPResponse:
        self._backend.answered()
        return super().getresponse()


@dataclass(frozen=True, slots=True, kw_only=True)
class WiredEndpoint(Endpoint):
    """Opens pairs."""

    backend: WiredBackend

    def open(self, timeout_s: float, validity: Callable[[], Validity | None]) -> http.client.HTTPConnection:
        return WiredHttp(self.backend)


def headers_of(heard: bytes) -> Mapping[str, str]:
    """The headers of a request, names in small letters."""
    lines = heard.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def body_of(heard: bytes) -> bytes:
    """The body of a request, unpacked."""
    return gzip.decompress(heard.partition(b"\r\n\r\n")[2])
