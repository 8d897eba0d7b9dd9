"""What is kept of a receiver's other end: whether it said that it is gone, and how its last test went."""

from dataclasses import dataclass
from typing import Protocol

from coldchain_backend.delivery.endpoints import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class LastTest:
    """The last test message: when (ms UTC), by whom, and what came of it."""

    at_ms: int
    by: str
    arrived: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """`settings`: a digest of those that it is about; `since_ms`, ms UTC."""

    receiver: str
    settings: str = ""
    standing: Standing = Standing.OK
    since_ms: int = 0
    reason: str = ""
    tested: LastTest | None = None


class Standings(Protocol):
    """May be asked from any thread."""

    def known(self, receiver: str) -> Known | None:
        """What is kept of a receiver."""
        ...

    def everyone(self) -> list[Known]:
        """All that is kept, by name."""
        ...

    def stands(self, known: Known) -> None:
        """Keep its standing; the last test stays as it is."""
        ...

    def tested(self, receiver: str, tested: LastTest) -> None:
        """Keep its last test; the standing stays as it is."""
        ...
