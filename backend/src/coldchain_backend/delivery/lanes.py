"""A receiver's lane: how it has been doing, how much may go at once, and when the next may go."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from coldchain_backend.delivery.endpoints import Breaker, Standing
from coldchain_backend.delivery.queue import Waiting
from coldchain_backend.delivery.rate import Window
from coldchain_backend.delivery.request import Outcome
from coldchain_backend.fleet import Receiver

AT_ONCE: Final = 8
"""Concurrent attempts for one receiver."""


@dataclass(slots=True, kw_only=True)
class Lane:
    """ramp          so many may go at once: one after a failure, twice as many after each that arrived
    settings      what its breaker and its standing are about; other settings begin afresh
    last_reason   of its last failure
    of            the receiver as it was looked at last
    """

    receiver: str
    window: Window
    settings: str
    standing: Standing = Standing.OK
    breaker: Breaker = field(default_factory=Breaker)
    ramp: int = AT_ONCE
    last_reason: str = ""
    of: Receiver | None = None

    def due_ms(self, waiting: Waiting, now_ms: int, steady_ms: int) -> int:
        """When to turn to it: the probe while it is down, else what is due; never before there is room."""
        room_ms = self.window.free_ms(steady_ms, critical=waiting.critical) - steady_ms
        due_ms = self.breaker.probe_ms if self.breaker.down else waiting.due_ms
        return max(due_ms, now_ms + room_ms)

    def note(self, outcome: Outcome, now_ms: int) -> bool:
        """Take in an outcome; true if the receiver has just come back."""
        back = self.breaker.note(outcome, now_ms)
        if self.breaker.failures:
            self.last_reason = outcome.reason
        self.ramp = 1 if back or self.breaker.failures else min(2 * self.ramp, AT_ONCE)
        return back

    def begin_afresh(self, settings: str) -> None:
        """It was given other settings: what was known of its other end is void, that it was told stays."""
        self.settings, self.standing, self.ramp = settings, Standing.OK, AT_ONCE
        self.breaker.down, self.breaker.failures = False, 0


def settings_digest(receiver: Receiver | None) -> str:
    """Tells settings apart; nothing for a receiver that left the fleet."""
    return "" if receiver is None else sha256(repr(receiver.channel).encode()).hexdigest()[:16]
