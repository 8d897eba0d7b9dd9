"""What the backend says it holds of each run, and what to do when that is less than it was."""

from collections.abc import Sequence
from typing import Final

from coldchain.backoff import Backoff
from coldchain_gateway.outbox import HeldFate, Outbox
from coldchain_runtime.logs import Log

# A backend whose held number keeps falling gets everything again, but not in a loop.
UNSEND: Final = Backoff(base_ms=5_000, cap_ms=600_000)
log = Log("gateway.uplink")


class Heads:
    """Follows `run:held` over the answers of both lanes; instants are CLOCK_BOOTTIME ms."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._heard: dict[str, tuple[int, int]] = {}  # run: (held, when heard)
        self._failures = 0
        self._not_before_ms = 0
        self.unsent_again = 0

    def answered(self, heads: Sequence[tuple[str, int]], sent_ms: int, received_ms: int) -> bool:
        """Take an answer's word; whether something is to be sent again.

        An answer that was on its way while a later request was answered says nothing new: less than what was
        heard meanwhile is not a fall.
        """
        fresh = [(run, held) for run, held in heads if self._is_fresh(run, held, sent_ms)]
        for run, held in fresh:
            self._heard[run] = (held, received_ms)
        if received_ms < self._not_before_ms:
            return False
        lost = [run for run, held in fresh if self._lost(run, held)]
        if lost:
            self._not_before_ms = received_ms + UNSEND.delay_ms(self._failures)
        self._failures = self._failures + 1 if lost else 0
        self.unsent_again += len(lost)
        return bool(lost)

    def _is_fresh(self, run: str, held: int, sent_ms: int) -> bool:
        known = self._heard.get(run)
        return known is None or held >= known[0] or sent_ms > known[1]

    def _lost(self, run: str, held: int) -> bool:
        fate = self._outbox.held(run, held)
        if fate not in (HeldFate.FALLEN, HeldFate.STUCK):
            return False
        log.warning("uplink.held_below", run=run, held=held, fate=fate.value)
        return True
