"""The audit of what is kept beside the ledger: who changed people, passwords, tokens; failed logins."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class What(StrEnum):
    """What an entry of the audit is about."""

    USER = "user"
    PASSWORD = "password"  # noqa: S105 - a word
    TOKEN = "token"  # noqa: S105 - a word
    LOGIN = "login"
    SESSION = "session"
    ENROLMENT_CODE = "enrolment_code"
    EXPORT = "export"


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """One change: who made it, when (ms UTC), of what, why; how it was and how it is, None for nothing.

    `old` and `new` are short texts for people; secrets never stand in them.
    """

    by: str
    what: str
    subject: str
    at_ms: int
    why: str = ""
    old: str | None = None
    new: str | None = None


class AuditBook(Protocol):
    """Takes entries and never gives one back changed."""

    def note(self, entry: Noted) -> None:
        """Keep an entry; durable on return. May be called from any thread."""
        ...
