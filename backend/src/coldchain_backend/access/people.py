"""People: who may be told, and who may log in. Addresses stand here alone and are read when sending."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from coldchain.errors import InvalidInput
from coldchain.words import Language, Text
from coldchain_backend.access.roles import Role

MAX_PEOPLE: Final = 10_000
_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_EMAIL: Final = re.compile(r"[^\s@<>,;\"]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,180}[A-Za-z0-9])?")
_NUMBER: Final = re.compile(r"\+?[0-9]{5,15}")
_SPACING: Final = str.maketrans("", "", " -()")


class Address(StrEnum):
    """Where a person can be reached."""

    EMAIL = "email"
    MOBILE = "mobile"  # short messages and mentions in chats
    PHONE = "phone"  # calls; the mobile number where there is no other


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with a name. Raises InvalidInput for an address that cannot be one.

    id         how they log in and stand in receivers; never changes
    role       None: they may be told, but not log in
    disabled   they are neither told nor let in; their name stays where it stands
    """

    id: str
    name: Text
    language: Language = Language.EN
    email: str = ""
    mobile: str = ""
    phone: str = ""
    role: Role | None = None
    disabled: bool = False

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise InvalidInput(f"id {self.id[:80]!r}: small letters, digits, '.', '_' and '-', at most 64")
        names = (self.name.en, self.name.zh)
        if not any(name.strip() for name in names):
            raise InvalidInput(f"{self.id}: needs a name in `en` or `zh`")
        if any(len(name) > 100 or not name.isprintable() for name in names):
            raise InvalidInput(f"{self.id}: a name has at most 100 printable characters")
        if self.email and not _EMAIL.fullmatch(self.email):
            raise InvalidInput(f"{self.id}: email {self.email[:80]!r} is no address")
        for key, number in (("mobile", self.mobile), ("phone", self.phone)):
            if number and not _NUMBER.fullmatch(number):
                raise InvalidInput(f"{self.id}: {key} {number[:40]!r} is no number; 5 to 15 digits, + before")

    def at(self, address: Address) -> str:
        """The address of a kind; empty where there is none or the person is disabled."""
        if self.disabled:
            return ""
        match address:
            case Address.EMAIL:
                return self.email
            case Address.MOBILE:
                return self.mobile
            case Address.PHONE:
                return self.phone or self.mobile


def plain_number(text: str) -> str:
    """A telephone number without the spaces and brackets that people write."""
    return text.translate(_SPACING)


class People(Protocol):
    """Who there is. May be asked from any thread and answers from memory."""

    def person(self, id: str) -> Person | None:
        """One person, disabled or not."""
        ...

    def people(self, ids: Iterable[str]) -> Sequence[Person]:
        """Those of the ids that there are, each once, in the order asked."""
        ...

    def everyone(self) -> Sequence[Person]:
        """All, by id."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who changes something, why, and when (ms UTC); stands in the audit."""

    name: str
    at_ms: int
    why: str = ""


class PeopleKeeper(People, Protocol):
    """People that can be changed; each change and its audit entry are one transaction, durable on return."""

    def add(self, person: Person, by: By) -> None:
        """A new person. Raises InvalidInput for an id that there is already, or for too many people."""
        ...

    def change(self, person: Person, by: By) -> bool:
        """Put a person in place of the one of the same id; False where nothing differs.

        Raises InvalidInput for an id that there is not, Refused where no administrator could log in any more.
        """
        ...

    def password(self, id: str) -> str | None:
        """The hash of a person's password, if one is set."""
        ...

    def refresh_password(self, id: str, hashed: str) -> None:
        """Keep the same password under newer parameters; nobody changed anything."""
        ...

    def set_password(self, id: str, hashed: str | None, by: By) -> None:
        """Set or take away a person's password. Raises InvalidInput for an id that there is not."""
        ...
