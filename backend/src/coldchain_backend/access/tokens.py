"""Tokens of people, sessions and gateways, and one-time codes; durable, known by their SHA-256 only.

Every token has 192 random bits, so a plain hash tells nothing; a code has 40, is good once and for a day, and
wrong ones are answered no faster than the lock that they share allows.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from coldchain_backend.access.grants import FILE, SERVER_ADMIN, Grant, GrantKeeper, Purpose, read_grants

CODE_LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_MS: Final = 24 * 3_600_000
SESSION_MS: Final = 30 * 86_400_000
MAX_SESSIONS: Final = 20
"""Of one person; one more ends the oldest."""
ID_LETTERS: Final = 12


class Tokens:
    """All tokens of one organisation. Methods may be called from any thread and are durable on return."""

    def __init__(self, path: Path, grants: dict[str, Grant]) -> None:
        self._kept = GrantKeeper(path, grants)

    def issue(self, grant: Grant) -> str:
        """A new token for this grant; it is shown once, here."""
        token = secrets.token_urlsafe(24)
        self._kept.change(lambda grants: grants.update({_hashed(token): grant}))
        return token

    def issue_code(self, name: str, now_ms: int) -> str:
        """A one-time code under which a gateway of this name may enrol; an older one is void."""
        letters = "".join(secrets.choice(CODE_LETTERS) for _ in range(8))
        code = f"{letters[:4]}-{letters[4:]}"
        grant = Grant(name=name, purpose=Purpose.CODE, made_ms=now_ms, expires_ms=now_ms + CODE_MS)

        def replace_older(grants: dict[str, Grant]) -> None:
            _drop(grants, lambda _, known: known.purpose is Purpose.CODE and known.name == name)
            grants[_hashed(code)] = grant

        self._kept.change(replace_older)
        return code

    def find(self, token: str, now_ms: int) -> Grant | None:
        """What a token allows now; None for a wrong, expired, revoked or long unused one."""
        return self._kept.used(_hashed(token), now_ms)

    def session_of(self, token: str, now_ms: int) -> str | None:
        """A session for the person of this token, for a browser's cookie; None if the token is no good."""
        grant = self.find(token, now_ms)
        if grant is None or grant.purpose is not Purpose.PERSON:
            return None
        return self._open(replace(grant, label=grant.label or "login link", parent=_hashed(token)), now_ms)

    def open_session(self, person: str, label: str, now_ms: int) -> str:
        """A session for a person who gave the right password; it allows what the person may at any time."""
        grant = Grant(name=person, person=person, purpose=Purpose.SESSION, made_ms=now_ms, label=label)
        return self._open(grant, now_ms)

    def _open(self, of: Grant, now_ms: int) -> str:
        token = secrets.token_urlsafe(24)
        ends = min(now_ms + SESSION_MS, of.expires_ms or now_ms + SESSION_MS)
        session = replace(of, purpose=Purpose.SESSION, made_ms=now_ms, expires_ms=ends, used_ms=None)

        def add(grants: dict[str, Grant]) -> None:
            _drop(grants, lambda hashed, known: self._kept.over(hashed, known, now_ms) and _passing(known))
            mine = [(known.made_ms, hashed) for hashed, known in grants.items() if _same(known, session)]
            for _, hashed in sorted(mine)[: max(0, len(mine) - MAX_SESSIONS + 1)]:
                del grants[hashed]
            grants[_hashed(token)] = session

        self._kept.change(add)
        return token

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
                and not self._kept.over(hashed, known, now_ms)
            )
            if good:
                del grants[hashed]

        self._kept.change(spend)
        return good

    def why_refused(self, code: str, name: str, now_ms: int) -> str:
        """Why a code was not taken, for the audit."""
        known = self._kept.grants().get(_hashed(code.strip().upper()))
        if known is None or known.purpose is not Purpose.CODE:
            return "wrong, used or void"
        if known.expires_ms is not None and now_ms >= known.expires_ms:
            return "expired"
        return "made for another gateway" if known.name != name else "used at the same time"

    def code_until(self, name: str) -> int | None:
        """Until when (ms UTC) the code that was made last for a gateway is or was good; None: it is used."""
        found = self.listed(Purpose.CODE, name=name)
        return found[0][1].expires_ms if found else None

    def listed(self, *purposes: Purpose, name: str | None = None) -> Sequence[tuple[str, Grant]]:
        """Tokens of some purposes by id, the newest first, each with when it was last used."""
        found = [
            (hashed[:ID_LETTERS], grant)
            for hashed, grant in self._kept.grants().items()
            if grant.purpose in purposes and name in (None, grant.name)
        ]
        return sorted(found, key=lambda one: (-one[1].made_ms, one[0]))

    def rotate(self, id: str, now_ms: int, overlap_ms: int) -> tuple[str, Grant] | None:
        """A new token in place of one of the same rights and length of life; None where there is no such.

        The old one is good for `overlap_ms` more, or until it would have ended.
        """
        token, made = secrets.token_urlsafe(24), None

        def turn(grants: dict[str, Grant]) -> None:
            nonlocal made
            hashed = self._by_id(grants, id)
            old = grants.get(hashed)
            if old is None or old.purpose not in (Purpose.PERSON, Purpose.GATEWAY):
                return
            if self._kept.over(hashed, old, now_ms):
                return
            ends = None if old.expires_ms is None else now_ms + old.expires_ms - old.made_ms
            made = replace(old, made_ms=now_ms, expires_ms=ends, used_ms=None)
            until = now_ms + overlap_ms
            grants[hashed] = replace(old, expires_ms=min(until, old.expires_ms or until))
            grants[_hashed(token)] = made

        self._kept.change(turn)
        return None if made is None else (token, made)

    def drop(self, id: str) -> Grant | None:
        """Void one token by its id, with the sessions that came from it; what it was."""
        gone: Grant | None = None

        def forget(grants: dict[str, Grant]) -> None:
            nonlocal gone
            hashed = self._by_id(grants, id)
            gone = grants.pop(hashed, None)
            _drop(grants, lambda _, known: bool(hashed) and known.parent == hashed)

        self._kept.change(forget)
        return gone

    def revoke(self, purpose: Purpose, name: str) -> int:
        """Void all tokens of a name; how many there were."""
        gone = 0

        def forget(grants: dict[str, Grant]) -> None:
            nonlocal gone
            gone = _drop(grants, lambda _, known: known.purpose is purpose and known.name == name)

        self._kept.change(forget)
        return gone

    def revoke_person(self, name: str) -> int:
        """Void every token and session of a user; how many there were.

        Also links that were made for the name before there was a user of it; never the server's own token.
        """
        gone = 0

        def forget(grants: dict[str, Grant]) -> None:
            nonlocal gone
            gone = _drop(grants, lambda _, known: known.person == name or _named(known, name))

        self._kept.change(forget)
        return gone

    def end_sessions(self, name: str, but: str | None = None) -> int:
        """End every session of a person but the one of this token; how many there were."""
        gone, kept = 0, None if but is None else _hashed(but)

        def forget(grants: dict[str, Grant]) -> None:
            nonlocal gone
            gone = _drop(
                grants,
                lambda hashed, known: (
                    known.purpose is Purpose.SESSION and known.name == name and hashed != kept
                ),
            )

        self._kept.change(forget)
        return gone

    def forget(self, token: str) -> None:
        """Void one token, as when a browser logs out."""
        self._kept.change(lambda grants: grants.pop(_hashed(token), None))

    def settle(self, now_ms: int) -> None:
        """Keep when tokens were last used, let go of sessions that are over. To be called now and then."""
        self._kept.change(
            lambda grants: _drop(
                grants, lambda hashed, known: self._kept.over(hashed, known, now_ms) and _passing(known)
            )
        )

    def id_of(self, token: str) -> str:
        """The id under which a token is listed."""
        return _hashed(token)[:ID_LETTERS]

    def _by_id(self, grants: Mapping[str, Grant], id: str) -> str:
        """The whole hash of an id; empty where there is none."""
        found = [hashed for hashed in grants if len(id) == ID_LETTERS and hashed.startswith(id)]
        return found[0] if len(found) == 1 else ""


def open_tokens(data_dir: Path) -> Tokens:
    """The tokens in a data folder. Raises IntegrityError for a file that is none."""
    path = data_dir / FILE
    return Tokens(path, read_grants(path))


def _passing(grant: Grant) -> bool:
    """Whether nobody asks for it any more once it is over."""
    return grant.purpose in (Purpose.SESSION, Purpose.CODE)


def _named(grant: Grant, name: str) -> bool:
    """Whether a grant is of somebody known by this name only."""
    persons = grant.purpose in (Purpose.PERSON, Purpose.SESSION) and not grant.person
    return persons and grant.name == name != SERVER_ADMIN


def _same(one: Grant, other: Grant) -> bool:
    return one.purpose is Purpose.SESSION and (one.name, one.person) == (other.name, other.person)


def _drop(grants: dict[str, Grant], unwanted: Callable[[str, Grant], bool]) -> int:
    names = [hashed for hashed, grant in grants.items() if unwanted(hashed, grant)]
    for hashed in names:
        del grants[hashed]
    return len(names)


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
