"""What the backend gave this gateway: its token and the key it signs with; and how it is asked for them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coldchain.errors import InvalidInput, Refused, Unavailable
from coldchain.seal import Key, decode_public, encode_public, fingerprint
from coldchain_runtime.durable import write_file_atomic
from coldchain_runtime.secrets import Secret

from .connection import Connection

TOKEN_FILE: Final = "token"  # noqa: S105 - a file's name
BACKEND_KEY_FILE: Final = "backend.key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """The backend's answer to a one-time code."""

    organisation: str
    gateway: str
    token: Secret
    backend_public_key: bytes


class TokenFile:
    """The token, read when it is needed, so that an enrolment is noticed without a restart."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> str | None:
        try:
            return self._path.read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError):
            return None


class PinnedKey:
    """Fingerprint of the backend's key: from enrolment, else from the first authenticated bundle."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / BACKEND_KEY_FILE

    def fingerprint(self) -> str | None:
        """None before any was pinned."""
        try:
            return fingerprint(decode_public(self._path.read_text(encoding="ascii").strip()))
        except (OSError, ValueError, InvalidInput):
            return None

    def pin(self, public: bytes) -> None:
        """Durable when it returns."""
        write_file_atomic(self._path, encode_public(public).encode() + b"\n", private=True)


def enrol(connection: Connection, key: Key, name: str, code: str) -> Enrolled:
    """Trade a one-time code for a token. Raises Refused (wrong code or name) or Unavailable."""
    request = json.dumps({"code": code, "name": name, "public_key": encode_public(key.public)}).encode()
    answer = connection.request(
        "POST", "/api/v1/gateways/enroll", request, {"Content-Type": "application/json"}
    )
    if answer.status == 403:
        raise Refused(f"the code is wrong, used up, older than a day, or not for the name {name!r}")
    if answer.status != 200:
        message = f"the backend answered {answer.status}: {answer.body[:200].decode('utf-8', 'replace')}"
        raise (Unavailable if answer.status >= 500 or answer.status == 429 else Refused)(message)
    try:
        document = json.loads(answer.body)
        return Enrolled(
            organisation=str(document["organisation"]),
            gateway=str(document["gateway"]),
            token=Secret(str(document["token"])),
            backend_public_key=decode_public(str(document["backend_public_key"])),
        )
    except (ValueError, KeyError, TypeError, InvalidInput) as error:
        raise Unavailable(f"the backend's answer is not an enrolment: {error!r}") from error


def save(enrolled: Enrolled, data_dir: Path, token_file: Path) -> None:
    """Keep token and key, 0600."""
    write_file_atomic(token_file, enrolled.token.reveal().encode() + b"\n", private=True)
    PinnedKey(data_dir).pin(enrolled.backend_public_key)
