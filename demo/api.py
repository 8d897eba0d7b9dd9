"""The backend's HTTP interface, as a stranger would call it: standard library only."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
PAGE = 500
direct = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
"""Past any proxy that the environment names: what is asked runs on this machine."""


class ApiError(Exception):
    """The backend answered with an error, or not at all; `status` is 0 then."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}" if status else message)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """Calls with one bearer token."""

    url: str
    token: str

    def get(self, path: str, **query: str | int | None) -> Json:
        """The decoded answer; ApiError for every status but 2xx."""
        asked = urllib.parse.urlencode({name: value for name, value in query.items() if value is not None})
        return self._call("GET", f"{path}?{asked}" if asked else path, None)

    def post(self, path: str, body: Json) -> Json:
        """Send JSON, get the decoded answer."""
        return self._call("POST", path, json.dumps(body).encode())

    def items(self, path: str, **query: str | int | None) -> Iterator[Mapping[str, Json]]:
        """All items of a list, page after page."""
        after: str | int | None = None
        while True:
            page = self.get(path, **query, limit=PAGE, after=after)
            found = page.get("items") if isinstance(page, dict) else None
            if not isinstance(page, dict) or not isinstance(found, list):
                raise ApiError(0, f"{path}: not a list")
            yield from (item for item in found if isinstance(item, dict))
            following = page.get("next")
            if not isinstance(following, (str, int)):
                return
            after = following

    def _call(self, method: str, path: str, body: bytes | None) -> Json:
        request = urllib.request.Request(self.url + path, data=body, method=method)  # noqa: S310 - own server
        request.add_header("Authorization", f"Bearer {self.token}")
        if body is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with direct(request, timeout=10.0) as answer:
                said = answer.read()
        except urllib.error.HTTPError as error:
            raise ApiError(error.code, error.read(2_000).decode("utf-8", errors="replace")) from error
        except OSError as error:
            raise ApiError(0, str(error)) from error
        decoded: Json = json.loads(said) if said else None
        return decoded


def ready(url: str) -> bool:
    """Whether the backend at this address says that it is ready."""
    try:
        with direct(f"{url}/readyz", timeout=2.0) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
