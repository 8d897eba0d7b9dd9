"""HTTP to the backend: one kept-alive connection per lane, blocking, for use in a thread."""

import http.client
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from coldchain.errors import ConfigError, Unavailable
from coldchain_gateway.clock_trust import Validity
from coldchain_runtime.clock import Clock

from .patience import PatientResponse
from .tls import Tls, TlsConnection

TIMEOUT_S: Final = 20.0
MAX_ANSWER: Final = 8 * 1024 * 1024
USER_AGENT: Final = "coldchain-gateway"


class Unreachable(Unavailable):
    """The backend gave no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer with the instants (CLOCK_BOOTTIME ms) of request and answer."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes = field(repr=False)
    sent_boot_ms: int
    received_boot_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where the backend is and how it is trusted."""

    scheme: str
    host: str
    port: int
    path: str  # in front of /api, without a slash at its end
    tls: Tls

    @staticmethod
    def parse(url: str, tls: Tls | None = None) -> "Endpoint":
        """Raises ConfigError for anything that is not an http or https URL."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(f"{url!r} is not an http:// or https:// URL", key="uplink.url")
        return Endpoint(
            scheme=parts.scheme,
            host=parts.hostname,
            port=port or (443 if parts.scheme == "https" else 80),
            path=parts.path.rstrip("/"),
            tls=Tls(None) if tls is None else tls,
        )

    def open(self, timeout_s: float, validity: Callable[[], Validity | None]) -> http.client.HTTPConnection:
        """A connection that is not open yet; `validity`: by what time its certificate is judged."""
        if self.scheme == "http":
            return http.client.HTTPConnection(self.host, self.port, timeout=timeout_s)
        return TlsConnection(self.host, self.port, timeout_s, self.tls, validity)


class Connection:
    """Requests one after another over one connection, reopened as needed."""

    def __init__(
        self, endpoint: Endpoint, clock: Clock, token: Callable[[], str | None], timeout_s: float = TIMEOUT_S
    ) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._token = token
        self._timeout_s = timeout_s
        self._open: http.client.HTTPConnection | None = None
        self.validity: Callable[[], Validity | None] = lambda: None

    def request(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """Ask once; again on a fresh connection if the kept one had died. Raises Unreachable."""
        kept = self._open is not None
        try:
            return self._request(method, path, body, headers)
        except (ConnectionError, http.client.BadStatusLine) as error:
            self.close()
            if not kept:
                raise Unreachable(_said(error)) from error
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unreachable(_said(error)) from error
        try:
            return self._request(method, path, body, headers)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unreachable(_said(error)) from error

    def _request(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        connection = self._open
        if connection is None:
            connection = self._open = self._endpoint.open(self._timeout_s, self.validity)
            connection.response_class = partial(PatientResponse, self._clock)  # type: ignore[assignment]  # makes one
            connection.auto_open = 0  # closed from beside, it stays closed
            connection.connect()
        sent = self._boot_ms()
        token = self._token()
        every = {"User-Agent": USER_AGENT} | dict(headers)
        if token is not None:
            every["Authorization"] = f"Token {token}"
        connection.request(method, self._endpoint.path + path, body, every)
        with connection.getresponse() as response:
            content = response.read(MAX_ANSWER + 1)
        if len(content) > MAX_ANSWER:
            raise http.client.HTTPException(f"answer larger than {MAX_ANSWER} bytes")
        if response.length:  # reading so many bytes at most takes a torn answer for a whole one
            raise http.client.IncompleteRead(content, response.length)
        received = self._boot_ms()
        if response.will_close:
            self.close()
        return Answer(
            status=response.status,
            headers={name.lower(): value for name, value in response.getheaders()},
            body=content,
            sent_boot_ms=sent,
            received_boot_ms=received,
        )

    def _boot_ms(self) -> int:
        return self._clock.boottime_ns() // 1_000_000

    def close(self) -> None:
        """Close; the next request opens anew. From another thread: makes a running request fail."""
        if self._open is not None:
            self._open.close()
            self._open = None


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
