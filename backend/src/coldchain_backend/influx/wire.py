"""HTTP connections to InfluxDB, kept for the next request; every wait and every answer is bounded."""

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
    """Sends a request and gives the answer; a connection that was closed meanwhile is opened again.

    From any thread: so many connections are kept as requests were on their way at once.
    """

    def __init__(self, url: str, *, timeout_s: float, ca: Path | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInput(f"{url!r} is not an http:// or https:// address")
        self._host, self._port, self._path = parts.hostname, parts.port, parts.path.rstrip("/")
        self._timeout_s = timeout_s
        self._tls = ssl.create_default_context(cafile=ca) if parts.scheme == "https" else None
        self._kept: list[http.client.HTTPConnection] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept; the next request opens one."""
        while (connection := self._idle()) is not None:
            connection.close()

    def ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send one request. Raises InfluxTrouble where no answer comes.

        All that is ever sent may be sent twice.
        """
        kept = self._idle()
        if kept is not None:
            try:
                return self._ask(kept, method, path, body, headers)
            except TimeoutError as error:
                raise self._slow() from error
            except (http.client.HTTPException, OSError):
                self.close()  # whoever closed this one has most likely closed the others as well
        try:
            return self._ask(self._opened(), method, path, body, headers)
        except TimeoutError as error:
            raise self._slow() from error
        except (http.client.HTTPException, OSError) as error:
            raise InfluxTrouble(Trouble.DOWN, f"no answer: {error or type(error).__name__}") from error

    def _slow(self) -> InfluxTrouble:
        return InfluxTrouble(Trouble.SLOW, f"no answer within {self._timeout_s:.0f} s")

    def _ask(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
    ) -> Answer:
        try:
            connection.request(method, self._path + path, body, dict(headers))
            answer = connection.getresponse()
            said = answer.read(LARGEST_ANSWER + 1)
        except (http.client.HTTPException, OSError):
            connection.close()
            raise
        if len(said) > LARGEST_ANSWER:
            connection.close()
            raise InfluxTrouble(Trouble.DOWN, f"an answer longer than {LARGEST_ANSWER >> 20} MiB")
        self._kept.append(connection)
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(status=answer.status, body=said, headers=named)

    def _idle(self) -> http.client.HTTPConnection | None:
        try:
            return self._kept.pop()
        except IndexError:
            return None

    def _opened(self) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        return http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout_s, context=self._tls)
