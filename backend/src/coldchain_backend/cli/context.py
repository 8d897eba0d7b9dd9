"""What every command works with: the configuration, and the running server asked with the admin token."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import typer

from coldchain.errors import ConfigError, InvalidInput, Refused, Unavailable
from coldchain_backend.config import Settings, load
from coldchain_backend.identity import ADMIN_TOKEN_FILE

TIMEOUT_S = 30.0
Document = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The command's configuration file."""

    config: Path

    @property
    def settings(self) -> Settings:
        return load(self.config)

    def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Document:
        """The server's answer. Raises Unavailable, Refused, ConfigError or InvalidInput with its message."""
        settings = self.settings
        try:
            token = (settings.data_dir / ADMIN_TOKEN_FILE).read_text(encoding="ascii").strip()
        except OSError as error:
            raise Refused(f"no admin token: {error}; has the server been started here?") from error
        try:
            answer = httpx.request(
                method,
                settings.url + path,
                json=body,
                headers={"Authorization": f"Bearer {token}"},
                timeout=TIMEOUT_S,
                trust_env=False,
            )
        except httpx.HTTPError as error:
            raise Unavailable(f"no server at {settings.url}: {error}") from error
        return _read(answer)


def context_of(context: typer.Context) -> Context:
    """The context that the main command made."""
    found = context.obj
    if not isinstance(found, Context):
        raise InvalidInput("no configuration")
    return found


def _read(answer: httpx.Response) -> Document:
    try:
        document = answer.json() if answer.content else {}
    except ValueError as error:
        raise Unavailable(f"the server answered {answer.status_code} with what is not JSON") from error
    if answer.is_success and isinstance(document, dict):
        return document
    message = str(document.get("message", "")) if isinstance(document, dict) else ""
    mistakes = document.get("mistakes") if isinstance(document, dict) else None
    if isinstance(mistakes, list) and mistakes:
        raise ConfigError.of([_mistake(one) for one in mistakes])
    if answer.status_code in (401, 403):
        raise Refused(f"the server refused: {message or answer.status_code}")
    raise (Unavailable if answer.status_code >= 500 else InvalidInput)(
        message or f"HTTP {answer.status_code}"
    )


def _mistake(fields: Mapping[str, object]) -> ConfigError:
    line = fields.get("line")
    return ConfigError(
        str(fields.get("message", "")),
        file=str(fields.get("file", "")),
        line=line if isinstance(line, int) else None,
        key=str(fields.get("key", "")),
    )
