"""Links and short codes by which somebody who was told takes notice of an alert without signing in.

Nothing is stored: a link carries alert, receiver and expiry under HMAC-SHA-256 of a key that only this
backend has, and a code is cut from such a sum, so both hold after a restart, a rebuild and a restore.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from coldchain.errors import InvalidInput
from coldchain_backend.access.tokens import CODE_LETTERS

LINK_MS: Final = 24 * 3_600_000
CODE_LENGTH: Final = 8
CODE_STEP_MS: Final = 6 * 3_600_000
CODE_STEPS: Final = 5
"""A code holds for the step of time in which it was made and four more: 24 to 30 hours."""

KEY_BYTES: Final = 32
MAX_TOKEN: Final = 400
LINK_PATH: Final = "/a/"
CODE_PATH: Final = "/c"
_SIGNATURE: Final = 16
_SEPARATOR: Final = "\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a message carries: a URL to open, or a code to enter at the fixed address `code_url`."""

    url: str
    code: str
    code_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a good link or code stands for; until `expires_ms` (UTC)."""

    alert: str
    receiver: str
    expires_ms: int


class LinkFault(StrEnum):
    """Why a link is not good."""

    FORGED = "forged"  # or cut off on its way, or made by another backend
    EXPIRED = "expired"


class Links:
    """Makes and reads links of one organisation. Raises InvalidInput for a key of the wrong size."""

    def __init__(self, key: bytes, organisation: str, public_url: str) -> None:
        if len(key) != KEY_BYTES:
            raise InvalidInput(f"the key of links has {KEY_BYTES} bytes, not {len(key)}")
        self._key = key
        self._organisation = organisation
        self._public_url = public_url.rstrip("/")

    def acknowledge(self, alert: str, receiver: str, now_ms: int) -> Link:
        """The link for one telling of a receiver, good for 24 h, and the code for the same."""
        token = self.token(Ticket(alert=alert, receiver=receiver, expires_ms=now_ms + LINK_MS))
        return Link(
            url=self._public_url + LINK_PATH + token,
            code=self._code(alert, receiver, now_ms // CODE_STEP_MS),
            code_url=self._public_url + CODE_PATH,
        )

    def token(self, ticket: Ticket) -> str:
        """The last part of a link. Raises InvalidInput for names that cannot stand in one."""
        for name in (ticket.alert, ticket.receiver):
            if not name or _SEPARATOR in name:
                raise InvalidInput("a link needs an alert and a receiver")
        said = _SEPARATOR.join((ticket.alert, ticket.receiver, str(ticket.expires_ms))).encode()
        return _text(said) + "." + _text(self._sum("link", said)[:_SIGNATURE])

    def read(self, token: str, now_ms: int) -> Ticket | LinkFault:
        """What a link's last part stands for now."""
        said_text, dot, signature_text = token.partition(".")
        if not dot or len(token) > MAX_TOKEN:
            return LinkFault.FORGED
        said, signature = _bytes(said_text), _bytes(signature_text)
        if not hmac.compare_digest(self._sum("link", said)[:_SIGNATURE], signature):
            return LinkFault.FORGED
        alert, receiver, expires = said.decode().split(_SEPARATOR)
        ticket = Ticket(alert=alert, receiver=receiver, expires_ms=int(expires))
        return ticket if now_ms < ticket.expires_ms else LinkFault.EXPIRED

    def find(self, code: str, told: Iterable[tuple[str, str]], now_ms: int) -> Ticket | None:
        """Whose code this is among (alert, receiver); None for a wrong or an expired one.

        Spaces, dashes and the case of letters do not matter.
        """
        given = "".join(letter for letter in code.upper() if letter not in " -\u2010\u2011\u2013\u2014")
        if len(given) != CODE_LENGTH or not set(given) <= set(CODE_LETTERS):
            return None
        newest = now_ms // CODE_STEP_MS
        steps = range(newest, max(newest - CODE_STEPS, -1), -1)
        for alert, receiver in told:
            for step in steps:
                if hmac.compare_digest(self._code(alert, receiver, step), given):
                    expires_ms = min((step + CODE_STEPS) * CODE_STEP_MS, now_ms + LINK_MS)
                    return Ticket(alert=alert, receiver=receiver, expires_ms=expires_ms)
        return None

    def _code(self, alert: str, receiver: str, step: int) -> str:
        number = int.from_bytes(self._sum("code", f"{alert}\0{receiver}\0{step}".encode())[:16])
        letters = []
        for _ in range(CODE_LENGTH):
            number, at = divmod(number, len(CODE_LETTERS))
            letters.append(CODE_LETTERS[at])
        return "".join(letters)

    def _sum(self, purpose: str, said: bytes) -> bytes:
        """Purpose and organisation hold no separator, so nothing can be said in two ways."""
        return hmac.digest(self._key, f"{purpose}\0{self._organisation}\0".encode() + said, "sha256")


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """What a text stands for if it is exactly what `_text` writes, else nothing."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
    return data if _text(data) == text else b""
