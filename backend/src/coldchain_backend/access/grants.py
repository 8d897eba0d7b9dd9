"""What tokens allow, and the file that they are kept in: private, written as a whole."""

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

import orjson

from coldchain.errors import IntegrityError, Refused
from coldchain_backend.access.roles import Role
from coldchain_runtime.durable import write_file_atomic

FILE: Final = "access.json"
SERVER_ADMIN: Final = "admin"
"""Whose the token is that the server makes for itself at its first start; no user is meant by it."""
IDLE_MS: Final = 7 * 86_400_000
USED_STEP_MS: Final = 60_000
"""How exactly it is kept when a token was last used."""
FORMAT: Final = 2
"""1 knew neither people, labels nor last use; it is read, and written as 2."""


class Purpose(StrEnum):
    """What a token is for."""

    PERSON = "person"
    SESSION = "session"  # a browser's cookie
    GATEWAY = "gateway"
    CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a token allows; times are UTC ms.

    name     whose it is: a person's, or a gateway's or another machine's
    person   the id of the person it is bound to: it never allows more than that person may at the time
    role     what it allows at most; None for a session by password: all that the person may
    parent   the hash of the token that a session came from
    label    what it is for, in people's words
    used_ms  when it was last used, to the minute
    """

    name: str
    purpose: Purpose
    made_ms: int
    role: Role | None = None
    expires_ms: int | None = None
    parent: str = ""
    person: str = ""
    label: str = ""
    used_ms: int | None = None


class GrantKeeper:
    """Grants by the hash of their token, in memory and in their file; for any thread."""

    def __init__(self, path: Path, grants: dict[str, Grant]) -> None:
        self._path = path
        self._grants = grants
        self._used: dict[str, int] = {}
        self._lock = threading.Lock()

    def grants(self) -> dict[str, Grant]:
        """All of them, each with when it was last used."""
        with self._lock:
            return {hashed: self._with_use(hashed, grant) for hashed, grant in self._grants.items()}

    def used(self, hashed: str, now_ms: int) -> Grant | None:
        """What a token allows that is used now; None for one that is none or over, or whose parent is."""
        with self._lock:
            grant = self._grants.get(hashed)
            if grant is None or self.over(hashed, grant, now_ms):
                return None
            if grant.parent:
                parent = self._grants.get(grant.parent)
                if parent is None or self.over(grant.parent, parent, now_ms):
                    return None
                self._used[grant.parent] = now_ms
            self._used[hashed] = now_ms
        return grant

    def over(self, hashed: str, grant: Grant, now_ms: int) -> bool:
        """Whether a grant has expired, or is a session that nobody used for long."""
        if grant.expires_ms is not None and now_ms >= grant.expires_ms:
            return True
        if grant.purpose is not Purpose.SESSION:
            return False
        return now_ms - max(grant.made_ms, grant.used_ms or 0, self._used.get(hashed, 0)) >= IDLE_MS

    def change(self, change: Callable[[dict[str, Grant]], object]) -> None:
        """Apply to a copy, write it, and only then let it hold."""
        with self._lock:
            grants = dict(self._grants)
            for hashed, used in self._used.items():
                known = grants.get(hashed)
                if known is not None and used - (known.used_ms or 0) >= USED_STEP_MS:
                    grants[hashed] = replace(known, used_ms=used)
            change(grants)
            if grants != self._grants:
                write_grants(self._path, grants)
                self._grants = grants
            self._used = {hashed: used for hashed, used in self._used.items() if hashed in grants}

    def _with_use(self, hashed: str, grant: Grant) -> Grant:
        used = max(self._used.get(hashed, 0), grant.used_ms or 0)
        return replace(grant, used_ms=used or None)


def read_grants(path: Path) -> dict[str, Grant]:
    """All grants by the hash of their token; none where there is no file.

    Raises IntegrityError for what is no such file, Refused for one that a newer version wrote.
    """
    if not path.exists():
        return {}
    try:
        stored = orjson.loads(path.read_bytes())
        if int(stored.get("format", 1)) > FORMAT:
            raise Refused(f"{path}: written by a newer version (format {stored['format']})")
        return {hashed: _grant_of(fields) for hashed, fields in stored["tokens"].items()}
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"{path}: not a file of tokens: {error!r}") from error


def write_grants(path: Path, grants: dict[str, Grant]) -> None:
    """Put all grants in place of those that were there; durable on return."""
    stored = {"format": FORMAT, "tokens": {hashed: asdict(grant) for hashed, grant in grants.items()}}
    write_file_atomic(path, orjson.dumps(stored, option=orjson.OPT_INDENT_2) + b"\n", private=True)


def _grant_of(fields: dict[str, str | int | None]) -> Grant:
    role, expires, used = fields["role"], fields["expires_ms"], fields.get("used_ms")
    return Grant(
        name=str(fields["name"]),
        purpose=Purpose(str(fields["purpose"])),
        made_ms=int(fields["made_ms"] or 0),
        role=None if role is None else Role(str(role)),
        expires_ms=None if expires is None else int(expires),
        parent=str(fields["parent"]),
        person=str(fields.get("person", "")),
        label=str(fields.get("label", "")),
        used_ms=None if used is None else int(used),
    )
