"""HTTP connections to InfluxDB, one kept per thread; every wait and every answer is bounded."""

import http.client
import ssl
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from coldchain.errors import InvalidInput
from coldchain_backend.influx.outcome import Answer, InfluxTrouble, Trouble

LARGEST_ANSWER: Final = 64 << 20


class Wire:
    """Sends a request and gives the answer; a connection that was closed meanwhile is opened again."""

    def __init__(self, url: str, *, timeout_s: float, ca: Path | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInput(f"{url!r} is not an http:// or https:// address")
        self._host, self._port, self._path = parts.hostname, parts.port, parts.path.rstrip("/")
        self._timeout_s = timeout_s
        self._tls = ssl.create_default_context(cafile=ca) if parts.scheme == "https" else None
        self._connection: http.client.HTTPConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the next request opens one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send one request. Raises InfluxTrouble where no answer comes.

        All that is ever sent may be sent twice.
        """
        kept = self._connection is not None
        try:
            return self._ask(method, path, body, headers)
        except (http.client.HTTPException, OSError) as error:
            self.close()
            if isinstance(error, TimeoutError):
                raise InfluxTrouble(Trouble.SLOW, f"no answer within {self._timeout_s:.0f} s") from error
            if not kept:
                raise InfluxTrouble(Trouble.DOWN, f"no answer: {error or type(error).__name__}") from error
        try:
            return self._ask(method, path, body, headers)
        except (http.client.HTTPException, OSError) as error:
            self.close()
            slow = isinstance(error, TimeoutError)
            raise InfluxTrouble(Trouble.SLOW if slow else Trouble.DOWN, f"no answer: {error}") from error

    def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        connection = self._opened()
        connection.request(method, self._path + path, body, dict(headers))
        answer = connection.getresponse()
        said = answer.read(LARGEST_ANSWER + 1)
        if len(said) > LARGEST_ANSWER:
            self.close()
            raise InfluxTrouble(Trouble.DOWN, f"an answer longer than {LARGEST_ANSWER >> 20} MiB")
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(status=answer.status, body=said, headers=named)

    def _opened(self) -> http.client.HTTPConnection:
        if self._connection is None:
            if self._tls is None:
                self._connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
            else:
                self._connection = http.client.HTTPSConnection(
                    self._host, self._port, timeout=self._timeout_s, context=self._tls
                )
        return self._connection
