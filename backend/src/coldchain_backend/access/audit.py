"""The audit of what is kept beside the ledger: who changed people, passwords, tokens; failed logins."""

from collections.abc import Iterator, Sequence
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


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine(Noted):
    """One line of the list. `record` is its place in the ledger; None for what is kept beside it."""

    key: str
    record: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which lines are wanted: of [from_ms, to_ms), by whom, about what, with a part of their subject."""

    by: str | None = None
    what: str | None = None
    subject: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None


class AuditBook(Protocol):
    """Takes entries and never gives one back changed; lists them with what the ledger says."""

    def note(self, entry: Noted) -> None:
        """Keep an entry; durable on return. May be called from any thread."""
        ...

    def lines(self, wanted: AuditFilter, after: str | None, limit: int) -> Sequence[AuditLine]:
        """Lines of ledger and house, the newest first, behind the line of key `after`.

        Raises InvalidInput for what is no key.
        """
        ...

    def every(self, wanted: AuditFilter) -> Iterator[AuditLine]:
        """All lines, the newest first, read as they are asked for."""
        ...
