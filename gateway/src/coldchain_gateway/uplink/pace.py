"""When a lane may try again and how much it may send at once: decided here, obeyed by the lanes."""

from dataclasses import dataclass, replace
from typing import Final

from coldchain.backoff import Backoff, jittered

from .outcome import Outcome, OutcomeKind

# No answer at all: an attempt costs next to nothing, and the newest batch is to be there within 2 s.
UNREACHABLE: Final = Backoff(base_ms=500, cap_ms=1_500)
# The server answers and will not take it: it must not be pestered.
UNWILLING: Final = Backoff(base_ms=1_000, cap_ms=60_000)
JITTER: Final = 0.2
MAX_BATCHES: Final = 100
# So many requests must succeed before a request may hold twice as many batches again.
GROW_AFTER: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """State of one lane; times are CLOCK_BOOTTIME ms."""

    not_before_ms: int = 0
    failures: int = 0
    max_batches: int = MAX_BATCHES
    successes: int = 0

    def after(self, outcome: Outcome, sent: int, now_ms: int, random01: float) -> "Pace":
        """The pace after an outcome of a request with `sent` batches."""
        if outcome.reached:
            return self._after_success()
        if outcome.kind is OutcomeKind.TOO_LARGE and sent > 1:
            return replace(self, max_batches=max(1, sent // 2), successes=0, not_before_ms=now_ms)
        backoff = UNREACHABLE if outcome.kind is OutcomeKind.UNREACHABLE else UNWILLING
        failures = 0 if outcome.held else self.failures  # a part got through
        wait = jittered(backoff.delay_ms(failures), JITTER, random01)
        if outcome.retry_after_ms is not None:
            wait = max(wait, outcome.retry_after_ms)
        return replace(self, not_before_ms=now_ms + wait, failures=failures + 1, successes=0)

    def _after_success(self) -> "Pace":
        grown = self.max_batches
        successes = self.successes + 1
        if successes >= GROW_AFTER and grown < MAX_BATCHES:
            grown, successes = min(MAX_BATCHES, grown * 2), 0
        return replace(self, not_before_ms=0, failures=0, max_batches=grown, successes=successes)
