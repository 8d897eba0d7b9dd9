"""Passwords: argon2id, and what makes one good enough."""

import unicodedata
from base64 import b64encode
from dataclasses import dataclass
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from coldchain.errors import InvalidInput

MIN_LENGTH: Final = 12
MAX_LENGTH: Final = 128
MIN_DIFFERENT: Final = 5
_HASH_BYTES: Final = 32
_SALT_BYTES: Final = 16
_COMMON: Final = frozenset(
    {"password", "passwort", "passw0rd", "qwerty", "qwertyuiop", "asdfgh", "letmein", "welcome", "admin",
     "administrator", "coldchain", "abcdef", "abcdefgh", "abcdefghijkl", "iloveyou", "changeme", "woaini"}
)  # fmt: skip
_ROWS: Final = tuple(
    row * (MAX_LENGTH // len(row) + 2)
    for row in ("1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one guess costs: argon2id passes, memory in KiB, lanes.

    The default is the second choice of RFC 9106: 3 passes over 64 MiB in 4 lanes.
    """

    passes: int = 3
    memory_kib: int = 65_536
    lanes: int = 4


class Passwords:
    """Makes and checks hashes. A check of nobody's password takes as long as one of somebody's."""

    def __init__(self, cost: Cost) -> None:
        self._hasher = PasswordHasher(
            time_cost=cost.passes,
            memory_cost=cost.memory_kib,
            parallelism=cost.lanes,
            hash_len=_HASH_BYTES,
            salt_len=_SALT_BYTES,
            type=Type.ID,
        )
        self._nobody = _of_nobody(cost)

    def hashed(self, password: str) -> str:
        """The hash that is kept, with its parameters and its own salt."""
        return self._hasher.hash(_normal(password))

    def good(self, hashed: str | None, password: str) -> bool:
        """Whether a password belongs to a hash; None is nobody's and takes the same time."""
        try:
            matches = self._hasher.verify(self._nobody if hashed is None else hashed, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return matches and hashed is not None

    def outdated(self, hashed: str) -> bool:
        """Whether a hash was made with other parameters than these."""
        return self._hasher.check_needs_rehash(hashed)


def _of_nobody(cost: Cost) -> str:
    """What looks like a hash of this cost and is none: nobody searches for a password to a hash of zeros."""
    salt, zeros = (b64encode(bytes(size)).rstrip(b"=").decode() for size in (_SALT_BYTES, _HASH_BYTES))
    return f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p={cost.lanes}${salt}${zeros}"


def check_password(password: str, person: str) -> None:
    """Raise InvalidInput for a password that is too short, too long, or guessed at once."""
    normal = _normal(password)
    if not MIN_LENGTH <= len(normal) <= MAX_LENGTH:
        raise InvalidInput(f"a password has {MIN_LENGTH} to {MAX_LENGTH} characters; several words are best")
    small = normal.casefold()
    if len(set(small)) < MIN_DIFFERENT:
        raise InvalidInput(f"a password has at least {MIN_DIFFERENT} different characters")
    if len(person) > 2 and person.casefold() in small:
        raise InvalidInput("a password does not contain the user's own id")
    if "".join(letter for letter in small if letter.isalpha()) in _COMMON or _row(small):
        raise InvalidInput("this password is among the first that anybody tries")


def _row(text: str) -> bool:
    """Whether it only follows the alphabet, the digits or a row of keys, forwards or backwards."""
    return any(text in row or text[::-1] in row for row in _ROWS)


def _normal(password: str) -> str:
    """The same text however it was typed (RFC 8265: NFC)."""
    return unicodedata.normalize("NFC", password)
