"""The running server as commands talk to it: one address, one token, JSON both ways."""

from collections.abc import Mapping

import httpx

from coldchain.errors import ColdchainError, InvalidInput, Refused, Unavailable
from coldchain_runtime.secrets import Secret

TIMEOUT_S = 30.0
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class Server:
    """Commands that change state go through here; what it refuses is raised by its remedy."""

    def __init__(self, url: str, token: Secret, *, transport: httpx.BaseTransport | None = None) -> None:
        self._url = url.rstrip("/")
        self._client = httpx.Client(
            base_url=self._url,
            headers={"Authorization": f"Bearer {token.reveal()}"},
            timeout=TIMEOUT_S,
            transport=transport,
            trust_env=False,
        )

    def get(self, path: str) -> dict[str, Json]:
        """The JSON object at a path; raises as `post` does."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: Mapping[str, Json]) -> dict[str, Json]:
        """Send JSON and give the answer.

        Raises InvalidInput (the message names every mistake), Refused, or Unavailable if nobody answers.
        """
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: Mapping[str, Json] | None) -> dict[str, Json]:
        try:
            response = self._client.request(method, path, json=None if body is None else dict(body))
            answer = response.json() if response.content else {}
        except httpx.HTTPError as error:
            raise Unavailable(f"no answer from {self._url}: {error}; is `serve` running?") from error
        except ValueError as error:
            raise Unavailable(f"{self._url} answered something that is not JSON") from error
        if not isinstance(answer, dict):
            raise Unavailable(f"{self._url} answered something that is no object")
        if response.is_success:
            return answer
        raise _failure(response.status_code, answer)


def _failure(status: int, answer: Mapping[str, Json]) -> ColdchainError:
    message = _described(answer) or f"the server answered {status}"
    if status in {401, 403}:
        return Refused(message)
    if status in {429, 502, 503, 504} or status >= 500:
        return Unavailable(message)
    return InvalidInput(message)


def _described(answer: Mapping[str, Json]) -> str:
    mistakes = answer.get("mistakes")
    lines = [_mistake(one) for one in mistakes if isinstance(one, dict)] if isinstance(mistakes, list) else []
    return "\n".join(lines) or str(answer.get("message") or "")


def _mistake(one: Mapping[str, Json]) -> str:
    place = f"{one.get('file')}:{one.get('line')}" if one.get("line") else str(one.get("file"))
    return ": ".join(part for part in (place, str(one.get("key") or ""), str(one.get("message"))) if part)
