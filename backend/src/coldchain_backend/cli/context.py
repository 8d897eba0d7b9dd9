"""What every command works with: the configuration, and the running server asked with the admin token."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import typer

from coldchain.errors import ConfigError, InvalidInput, Refused, Unavailable
from coldchain_backend.config import Settings, load
from coldchain_backend.identity import ADMIN_TOKEN_FILE

TIMEOUT_S = 30.0
LONG_S = 3_600.0
"""What reads a large part of the ledger may take as long."""
Document = dict[str, object]
Progress = Callable[[int, int | None], object]
"""Told how many bytes came, of how many."""


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
        headers = _headers(settings)
        try:
            answer = httpx.request(
                method, settings.url + path, json=body, headers=headers, timeout=TIMEOUT_S, trust_env=False
            )
        except httpx.HTTPError as error:
            raise Unavailable(f"no server at {settings.url}: {error}") from error
        return _read(answer)

    def download(self, path: str, query: Mapping[str, str], target: Path, progress: Progress) -> None:
        """Write the server's answer to a file, whole or not at all; raises as `ask` does, and OSError."""
        settings = self.settings
        beside = target.with_name(f".{target.name}.part")
        asked = httpx.stream(
            "GET",
            settings.url + path,
            params=query,
            headers=_headers(settings),
            timeout=LONG_S,
            trust_env=False,
        )
        try:
            with asked as answer, beside.open("wb") as file:
                if not answer.is_success:
                    answer.read()
                    _read(answer)
                total = int(answer.headers.get("content-length", 0)) or None
                for chunk in answer.iter_bytes():
                    file.write(chunk)
                    progress(file.tell(), total)
            beside.replace(target)
        except httpx.HTTPError as error:
            raise Unavailable(f"no server at {settings.url}: {error}") from error
        finally:
            beside.unlink(missing_ok=True)


def _headers(settings: Settings) -> dict[str, str]:
    try:
        token = (settings.data_dir / ADMIN_TOKEN_FILE).read_text(encoding="ascii").strip()
    except OSError as error:
        raise Refused(
            f"no admin token in {settings.data_dir}: {error.strerror}; has the server been started here?"
        ) from error
    return {"Authorization": f"Bearer {token}"}


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
