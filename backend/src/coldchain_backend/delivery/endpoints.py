"""How a receiver has been doing lately, and whether it may be switched off."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from coldchain_backend.delivery.request import Fate, Outcome
from coldchain_backend.delivery.retry import SCHEDULE_MS, SLOW_MS, asked
from coldchain_backend.fleet import Plan

PROBE_MS: Final = 30_000
"""A receiver that is down is tried at least this often, so that it hears soon after it is back."""

FAILING_AFTER_MS: Final = 10 * 60_000
SLOW_IN_A_ROW: Final = 3
"""So many refusals that need a person, and the rest is not thrown at it too."""


class Standing(StrEnum):
    """What is known of a receiver's other end."""

    OK = "ok"
    DEGRADED = "degraded"  # it said that it is gone, and is the last way for criticals: tried rarely
    DISABLED = "disabled"  # it said that it is gone: nothing is sent until a person has looked


@dataclass(slots=True, kw_only=True)
class Breaker:
    """Closed: everything due is sent. Open (`down`): only the oldest delivery is tried, at `probe_ms`.

    failing_since_ms   the first failure without a success since
    failures           failures in a row
    told               the operator was told
    """

    failing_since_ms: int | None = None
    failures: int = 0
    down: bool = False
    probe_ms: int = 0
    told: bool = False

    def note(self, outcome: Outcome, now_ms: int) -> bool:
        """Take in an outcome; true if the endpoint has just come back."""
        if outcome.fate is Fate.DELIVERED:
            back = self.down
            self.failing_since_ms, self.failures, self.down = None, 0, False
            return back
        if self.failing_since_ms is None:
            self.failing_since_ms = now_ms
        self.failures += 1
        passing = outcome.fate is Fate.RETRY
        self.down = passing or self.failures >= SLOW_IN_A_ROW
        wait_ms = min(SCHEDULE_MS[min(self.failures, len(SCHEDULE_MS)) - 1], PROBE_MS) if passing else SLOW_MS
        if outcome.retry_after_ms is not None:
            wait_ms = asked(outcome.retry_after_ms, wait_ms)
        self.probe_ms = now_ms + wait_ms
        return False

    def to_tell(self, now_ms: int) -> bool | None:
        """Whether the operator is to be told now: True failing, False working again, None nothing."""
        since_ms = self.failing_since_ms
        if since_ms is not None and not self.told and now_ms - since_ms >= FAILING_AFTER_MS:
            self.told = True
            return True
        if since_ms is None and self.told:
            self.told = False
            return False
        return None


def standing_of_gone(receiver: str, plan: Plan, disabled: Collection[str]) -> Standing:
    """What becomes of a receiver that says it is gone: the last way for criticals is never switched off.

    Another way is its fallback, or, where the file has no routes, any receiver beside it: then all are told.
    """
    known = plan.receiver(receiver)
    if known is None:
        return Standing.DISABLED
    others = {one.name for one in plan.receivers} - set(disabled) - {receiver}
    if known.fallback in others:
        return Standing.DISABLED
    return Standing.DISABLED if others and not plan.routes else Standing.DEGRADED
