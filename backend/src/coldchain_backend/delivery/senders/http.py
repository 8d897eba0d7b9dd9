"""HTTP: one POST to an address that the guard let pass; no redirects, no proxies, bounded in all ways."""

import ssl
from collections.abc import Iterable
from typing import Final

import httpcore
import httpx

from coldchain_backend.delivery.request import Answer, NoResponse, Request, Response
from coldchain_backend.delivery.senders.attempts import attempted
from coldchain_backend.delivery.senders.guard import CONNECT_S, Guard
from coldchain_backend.delivery.senders.pools import Pools

TIMEOUT_S: Final = 15.0
"""For the whole attempt, however slowly an answer trickles."""

MAX_ANSWER: Final = 16 * 1024
_PORTS: Final = {"http": 80, "https": 443}
_FAULTS: Final = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)
Option = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


class _Guarded(httpcore.AsyncNetworkBackend):
    """Connects by host name, through the guard."""

    def __init__(self, guard: Guard) -> None:
        self._guard, self._plain = guard, httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's port
        local_address: str | None = None,
        socket_options: Iterable[Option] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """The first permitted address that can be reached; never a look-up of its own."""
        last: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in await self._guard.resolve(host, port):
            try:
                return await self._plain.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last


class HttpSender:
    """Connections are kept per address for a short while; the courier bounds how many there are."""

    def __init__(
        self, guard: Guard, *, timeout_s: float = TIMEOUT_S, trust: ssl.SSLContext | None = None
    ) -> None:
        self._timeout_s = timeout_s
        self._pools = Pools(trust or httpx.create_ssl_context(), _Guarded(guard))

    async def close(self) -> None:
        """Close what is kept."""
        await self._pools.close()

    async def send(self, request: Request) -> Answer:
        """Make one attempt; never raises for what the other side or the network does."""
        try:
            url = httpx.URL(request.url)
        except httpx.InvalidURL:
            return NoResponse(reason="not an http(s) URL", forbidden=True)
        if url.scheme not in _PORTS or not url.host or url.userinfo:
            return NoResponse(reason="not an http(s) URL", forbidden=True)
        return await attempted(self._post(request, url), self._timeout_s)

    async def _post(self, request: Request, url: httpx.URL) -> Answer:
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        own = {"host": url.netloc.decode("ascii"), "accept-encoding": "identity",
               "content-length": str(len(request.body))}  # fmt: skip
        limits = {"connect": CONNECT_S, "read": self._timeout_s, "write": self._timeout_s}
        headers = [(name, value) for name, value in {**request.headers, **own}.items()]
        timeouts = {"timeout": limits}
        try:
            async with (
                self._pools.to(target) as pool,
                pool.stream(
                    "POST", target, headers=headers, content=request.body, extensions=timeouts
                ) as answer,
            ):
                return await _read(answer)
        except _FAULTS as error:
            return NoResponse(reason=f"{type(error).__name__}: {error}"[:300])


async def _read(answer: httpcore.Response) -> Response:
    """The beginning of an answer."""
    body = b""
    async for part in answer.aiter_stream():
        body += part
        if len(body) >= MAX_ANSWER:
            break
    named = ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in answer.headers)
    return Response(status=answer.status, headers=dict(named), body=body[:MAX_ANSWER])
