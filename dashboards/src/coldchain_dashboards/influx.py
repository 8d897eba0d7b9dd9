"""Asking InfluxDB in InfluxQL over HTTP: 2.x by its mapping of databases to buckets, and 1.x."""

import http.client
import json
from base64 import b64encode
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode, urlsplit

from coldchain.errors import InvalidInput, Unavailable

WITHIN_S: Final = 60.0
ANSWER_BYTES: Final = 64 << 20


def authorization(token: str) -> str:
    """The header's value for a token of 2.x, or for `user:password` of 1.x; empty for none."""
    if ":" in token:
        return f"Basic {b64encode(token.encode()).decode()}"
    return f"Token {token}" if token else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series of an answer: its tags, its columns with the time first, and how many rows it has."""

    tags: dict[str, str]
    columns: tuple[str, ...]
    values: Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Influx:
    """Where the mirror is. `token` is one of 2.x, `user:password` of 1.x, or empty."""

    url: str
    database: str
    token: str = field(default="", repr=False)

    def ask(self, statement: str) -> list[Series]:
        """Give the rows of one statement; Unavailable where nothing answers, InvalidInput where refused."""
        status, body = self._post(statement)
        try:
            answer = json.loads(body)
        except ValueError:
            raise Unavailable(f"{self.url} answered {status} with something that is not JSON") from None
        result = (answer.get("results") or [{}])[0]
        refused = answer.get("error") or answer.get("message") or result.get("error")
        if refused or status != http.client.OK:
            raise InvalidInput(f"InfluxDB refused ({status}): {refused}")
        return [
            Series(tags=one.get("tags", {}), columns=tuple(one["columns"]), values=one.get("values", []))
            for one in result.get("series", [])
        ]

    def _post(self, statement: str) -> tuple[int, bytes]:
        where = urlsplit(self.url)
        secure = where.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        path = f"{where.path.rstrip('/')}/query?" + urlencode({"db": self.database, "epoch": "ms"})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if self.token:
            headers["Authorization"] = authorization(self.token)
        try:
            with closing(kind(where.hostname or "", where.port, timeout=WITHIN_S)) as connection:
                connection.request("POST", path, urlencode({"q": statement}), headers)
                response = connection.getresponse()
                return response.status, response.read(ANSWER_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"{self.url} does not answer: {error}") from error
