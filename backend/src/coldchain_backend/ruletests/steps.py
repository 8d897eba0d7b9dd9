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


Action = Put | Restart | Acknowledge


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens at `at_ms`."""

    at_ms: int
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A whole case: its steps in order, and up to when it goes on."""

    organisation: str
    steps: tuple[Step, ...]
    end_ms: int


def fleet_put(plan: Plan, by: str = "somebody") -> Put:
    """A fleet comes into force."""
    payload = fleet_record(plan=plan, text="", by=by, reason=None, base=0)
    return Put(record=NewRecord(kind=Kind.FLEET, payload=payload))
