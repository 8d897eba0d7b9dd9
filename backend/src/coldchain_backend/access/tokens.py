"""Tokens of people, sessions and gateways, and one-time codes; durable, known by their SHA-256 only.

Every token has 192 random bits, so a plain hash tells nothing; a code has 40, is good once and for a day, and
wrong ones are answered no faster than the lock that they share allows.
"""

import hashlib
import secrets
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import orjson

from coldchain.errors import IntegrityError
from coldchain_backend.access.roles import Role
from coldchain_runtime.durable import write_file_atomic

CODE_LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_MS: Final = 24 * 3_600_000
FILE: Final = "access.json"


class Purpose(StrEnum):
    """What a token is for."""

    PERSON = "person"
    SESSION = "session"  # made from a person's token when a browser logs in
    GATEWAY = "gateway"
    CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a token allows; times are UTC ms. `parent` is the hash of the token that a session came from."""

    name: str
    purpose: Purpose
    made_ms: int
    role: Role | None = None
    expires_ms: int | None = None
    parent: str = ""


class Tokens:
    """All tokens of one organisation. Methods may be called from any thread and are durable on return."""

    def __init__(self, path: Path, grants: dict[str, Grant]) -> None:
        self._path = path
        self._grants = grants
        self._lock = threading.Lock()

    def issue(self, grant: Grant) -> str:
        """A new token for this grant; it is shown once, here."""
        token = secrets.token_urlsafe(24)
        self._change(lambda grants: grants.update({_hashed(token): grant}))
        return token

    def issue_code(self, name: str, now_ms: int) -> str:
        """A one-time code under which a gateway of this name may enrol; an older one is void."""
        letters = "".join(secrets.choice(CODE_LETTERS) for _ in range(8))
        code = f"{letters[:4]}-{letters[4:]}"
        grant = Grant(name=name, purpose=Purpose.CODE, made_ms=now_ms, expires_ms=now_ms + CODE_MS)

        def replace(grants: dict[str, Grant]) -> None:
            _drop(grants, lambda _, known: known.purpose is Purpose.CODE and known.name == name)
            grants[_hashed(code)] = grant

        self._change(replace)
        return code

    def find(self, token: str, now_ms: int) -> Grant | None:
        """What a token allows now; None for a wrong, expired or revoked one."""
        with self._lock:
            grant = self._grants.get(_hashed(token))
            if grant is None or _over(grant, now_ms):
                return None
            parent = self._grants.get(grant.parent) if grant.parent else None
        return None if grant.parent and (parent is None or _over(parent, now_ms)) else grant

    def session_of(self, token: str, now_ms: int) -> str | None:
        """A session for the person of this token, for a browser's cookie; None if the token is no good."""
        grant = self.find(token, now_ms)
        if grant is None or grant.purpose is not Purpose.PERSON:
            return None
        return self.issue(
            Grant(
                name=grant.name,
                purpose=Purpose.SESSION,
                made_ms=now_ms,
                role=grant.role,
                expires_ms=grant.expires_ms,
                parent=_hashed(token),
            )
        )

    def spend_code(self, code: str, name: str, now_ms: int) -> bool:
        """Use a code up; False for one that is wrong, for another name, spent or too old."""
        hashed, good = _hashed(code.strip().upper()), False

        def spend(grants: dict[str, Grant]) -> None:
            nonlocal good
            known = grants.get(hashed)
            good = (
                known is not None
                and known.purpose is Purpose.CODE
                and known.name == name
                and not _over(known, now_ms)
            )
            if good:
                del grants[hashed]

        self._change(spend)
        return good

    def revoke(self, purpose: Purpose, name: str) -> int:
        """Void all tokens of a name; how many there were."""
        gone = 0

        def forget(grants: dict[str, Grant]) -> None:
            nonlocal gone
            gone = _drop(grants, lambda _, known: known.purpose is purpose and known.name == name)

        self._change(forget)
        return gone

    def revoke_person(self, name: str) -> int:
        """Void every token and session of a person; how many there were."""
        return self.revoke(Purpose.PERSON, name) + self.revoke(Purpose.SESSION, name)

    def end_sessions(self, name: str) -> int:
        """End every session of a person; how many there were."""
        return self.revoke(Purpose.SESSION, name)

    def forget(self, token: str) -> None:
        """Void one token, as when a browser logs out."""
        self._change(lambda grants: grants.pop(_hashed(token), None))

    def _change(self, change: Callable[[dict[str, Grant]], object]) -> None:
        """Apply to a copy, write it, and only then let it hold."""
        with self._lock:
            grants = dict(self._grants)
            change(grants)
            if grants != self._grants:
                _write(self._path, grants)
                self._grants = grants


def open_tokens(data_dir: Path) -> Tokens:
    """The tokens in a data folder. Raises IntegrityError for a file that is none."""
    path = data_dir / FILE
    if not path.exists():
        return Tokens(path, {})
    try:
        stored = orjson.loads(path.read_bytes())
        return Tokens(path, {hashed: _grant_of(fields) for hashed, fields in stored["tokens"].items()})
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"{path}: not a file of tokens: {error!r}") from error


def _write(path: Path, grants: dict[str, Grant]) -> None:
    stored = {"format": 1, "tokens": {hashed: asdict(grant) for hashed, grant in grants.items()}}
    write_file_atomic(path, orjson.dumps(stored, option=orjson.OPT_INDENT_2) + b"\n", private=True)


def _grant_of(fields: dict[str, str | int | None]) -> Grant:
    role, expires = fields["role"], fields["expires_ms"]
    return Grant(
        name=str(fields["name"]),
        purpose=Purpose(str(fields["purpose"])),
        made_ms=int(fields["made_ms"] or 0),
        role=None if role is None else Role(str(role)),
        expires_ms=None if expires is None else int(expires),
        parent=str(fields["parent"]),
    )


def _drop(grants: dict[str, Grant], unwanted: Callable[[str, Grant], bool]) -> int:
    names = [hashed for hashed, grant in grants.items() if unwanted(hashed, grant)]
    for hashed in names:
        del grants[hashed]
    return len(names)


def _over(grant: Grant, now_ms: int) -> bool:
    return grant.expires_ms is not None and now_ms >= grant.expires_ms


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
