"""When a delivery is tried again, and when it is given up. Pure."""

from dataclasses import dataclass
from typing import Final

from coldchain.backoff import jittered
from coldchain_backend.delivery.request import Fate, Outcome

_SECOND: Final = 1000
_MINUTE: Final = 60 * _SECOND
SCHEDULE_MS: Final = (
    *(seconds * _SECOND for seconds in (5, 15, 30)),
    *(minutes * _MINUTE for minutes in (1, 2, 5, 10, 20, 30, 60)),
)
"""The delay after the first, second, … attempt; the last one repeats."""

JITTER: Final = 0.2
SLOW_MS: Final = 30 * _MINUTE
ASKED_AT_MOST_MS: Final = 15 * _MINUTE
GIVE_UP_MS: Final = 72 * 60 * _MINUTE
LEAST_ATTEMPTS: Final = 30
"""Age alone gives nothing up: a clock may have jumped ahead, or this server may have been off for days."""

LONGEST_WAIT_MS: Final = round(2 * SCHEDULE_MS[-1] * (1 + JITTER))
"""No due time lies further ahead than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Try again at `due_ms`."""

    due_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """Into the dead letters, where a person can see and send it again."""


Decision = Done | Again | GiveUp


def decide(  # noqa: PLR0913, PLR0917 - each is one thing that it depends on
    outcome: Outcome, attempts: int, created_ms: int, now_ms: int, random01: float, failures: int = 0
) -> Decision:
    """What follows from the outcome of attempt number `attempts` (from 1).

    `failures`: of its receiver in a row; they prove as well as its own attempts that it cannot be reached.
    """
    if outcome.fate is Fate.DELIVERED:
        return Done()
    base_ms = SCHEDULE_MS[min(attempts, len(SCHEDULE_MS)) - 1]
    if outcome.fate is Fate.SLOW:
        base_ms = max(base_ms, SLOW_MS)
    delay_ms = jittered(base_ms, JITTER, random01)
    if outcome.retry_after_ms is not None:
        delay_ms = asked(outcome.retry_after_ms, base_ms)
    due_ms = now_ms + delay_ms
    too_old = due_ms - created_ms > GIVE_UP_MS and max(attempts, failures) >= LEAST_ATTEMPTS
    return GiveUp() if too_old else Again(due_ms=due_ms)


def asked(retry_after_ms: int, base_ms: int) -> int:
    """A receiver's Retry-After within [base, max(2 × base, 15 min)]."""
    return min(max(retry_after_ms, base_ms), max(2 * base_ms, ASKED_AT_MOST_MS))
