"""HTTP: one POST to the address that the guard let pass; no redirects, no proxies, a bounded answer."""

from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

import httpx

from coldchain.errors import Refused, Unavailable
from coldchain_backend.delivery.request import NoResponse, Request, Response
from coldchain_backend.delivery.senders.guard import Address, networks, resolve

TIMEOUT_S: Final = 15.0
MAX_ANSWER: Final = 16 * 1024
_PORTS: Final = {"http": 80, "https": 443}


class HttpSender:
    """`allow_private`: networks that may be reached although they are not public."""

    def __init__(self, allow_private: Sequence[str], *, timeout_s: float = TIMEOUT_S) -> None:
        self._allowed = networks(allow_private)
        self._client = httpx.AsyncClient(
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(keepalive_expiry=10),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def send(self, request: Request) -> Response | NoResponse:
        """Make one attempt; never raises for what the other side or the network does."""
        try:
            url = httpx.URL(request.url)
        except httpx.InvalidURL as error:
            return NoResponse(reason=f"not a URL: {error}", forbidden=True)
        if url.scheme not in _PORTS or not url.host or url.userinfo:
            return NoResponse(reason="not an http(s) URL", forbidden=True)
        try:
            address = await resolve(url.host, url.port or _PORTS[url.scheme], self._allowed)
            return await self._post(request, url, address)
        except Refused as error:
            return NoResponse(reason=str(error), forbidden=True)
        except Unavailable as error:
            return NoResponse(reason=str(error))
        except httpx.HTTPError as error:
            return NoResponse(reason=f"{type(error).__name__}: {error}"[:300])

    async def _post(self, request: Request, url: httpx.URL, address: Address) -> Response:
        """Connect to `address` under the host's name, so that a second look-up cannot lead elsewhere."""
        headers = {**request.headers, "host": url.netloc.decode()}
        pinned = url.copy_with(host=str(address))
        extensions = {"sni_hostname": url.host}
        async with self._client.stream(
            "POST", pinned, content=request.body, headers=headers, extensions=extensions
        ) as answer:
            body = b""
            async for part in answer.aiter_raw():
                body += part
                if len(body) >= MAX_ANSWER:
                    break
            return Response(status=answer.status_code, headers=dict(answer.headers), body=body[:MAX_ANSWER])
