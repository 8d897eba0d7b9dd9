"""What happens in a story, step by step, before anybody judges it."""

from dataclasses import dataclass

from coldchain_backend.fleet import Plan, fleet_record
from coldchain_backend.ledger import Kind, NewRecord

SETTLE_MS = 5_000
"""So long after the last step things may still come of it: late readings are judged at their second's end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """A record comes into the ledger."""

    record: NewRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """Judging starts anew on what it had committed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """Somebody takes notice of all that fires."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelve:
    """Somebody shelves all that goes on, until an instant (ms UTC)."""

    by: str
    reason: str
    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """The courier looks whether critical alerts wait for a receiver for too long, and says so once for each.

    since_ms   it cannot be reached since then
    after_ms   so long they may wait
    """

    receiver: str
    since_ms: int
    after_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BackUp:
    """A backup is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """The backend is lost and comes back as it was at the backup."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Down:
    """A receiver takes nothing in [from_ms, to_ms); what waits then comes at its end."""

    receiver: str
    from_ms: int
    to_ms: int

    def holds(self, receiver: str, at_ms: int) -> bool:
        """Whether this receiver takes nothing at an instant."""
        return receiver == self.receiver and self.from_ms <= at_ms < self.to_ms


Action = Put | Restart | Acknowledge | Shelve | Unheard | BackUp | Restored


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens at `at_ms`."""

    at_ms: int
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A whole case: its steps in order, up to when it goes on, and who cannot be reached when."""

    organisation: str
    steps: tuple[Step, ...]
    end_ms: int
    down: tuple[Down, ...] = ()


def fleet_put(plan: Plan, by: str = "somebody") -> Put:
    """A fleet comes into force."""
    payload = fleet_record(plan=plan, text="", by=by, reason=None, base=0)
    return Put(record=NewRecord(kind=Kind.FLEET, payload=payload))
