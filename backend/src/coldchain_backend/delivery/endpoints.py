"""How a receiver has been doing lately."""

from dataclasses import dataclass
from typing import Final

from coldchain_backend.delivery.request import Fate, Outcome
from coldchain_backend.delivery.retry import SCHEDULE_MS, asked

PROBE_MS: Final = 30_000
"""A receiver that is down is tried at least this often, so that it hears soon after it is back."""

FAILING_AFTER_MS: Final = 10 * 60_000


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
        self.down = outcome.fate is Fate.RETRY
        wait_ms = min(SCHEDULE_MS[min(self.failures, len(SCHEDULE_MS)) - 1], PROBE_MS)
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
