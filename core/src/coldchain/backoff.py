"""When to try again: arithmetic only; whoever waits has the clock and the chance."""

from collections.abc import Iterator
from dataclasses import dataclass

from coldchain.errors import InvalidInput

_SECOND = 1000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE

DELIVERY_DELAYS_MS: tuple[int, ...] = (
    0,
    5 * _SECOND,
    15 * _SECOND,
    30 * _SECOND,
    1 * _MINUTE,
    2 * _MINUTE,
    5 * _MINUTE,
    10 * _MINUTE,
    20 * _MINUTE,
    30 * _MINUTE,
)
"""Waits before the first ten attempts of a delivery: a page must not wait five minutes for its second try."""

DELIVERY_REPEAT_MS = 1 * _HOUR
DELIVERY_HORIZON_MS = 72 * _HOUR
"""A delivery older than this goes to the dead letters, visible and replayable."""

DELIVERY_JITTER = 0.2
RETRY_AFTER_CEILING_MS = 15 * _MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Growing waits: `base_ms` after the first failure, then each `factor` times as long, up to `cap_ms`."""

    base_ms: int
    factor: float = 2.0
    cap_ms: int

    def __post_init__(self) -> None:
        if self.base_ms < 0 or self.factor < 1 or self.cap_ms < self.base_ms:
            raise InvalidInput(f"not a back-off: {self.base_ms} ms × {self.factor} up to {self.cap_ms} ms")

    def delay_ms(self, failures: int) -> int:
        """The wait in ms when `failures` failures came before the last one (0: it was the first)."""
        delay = self.base_ms
        for _ in range(failures):
            if delay >= self.cap_ms or delay == 0:
                break
            delay = min(round(delay * self.factor), self.cap_ms)
            if self.factor == 1:
                break
        return delay


def delays(base_ms: int, factor: float, cap_ms: int) -> Iterator[int]:
    """Endless waits in ms: `base_ms`, then each `factor` times the one before, never above `cap_ms`."""
    backoff = Backoff(base_ms=base_ms, factor=factor, cap_ms=cap_ms)
    failures = 0
    while True:
        yield backoff.delay_ms(failures)
        failures += 1


def jittered(delay_ms: int, fraction: float, random01: float) -> int:
    """`delay_ms` moved by up to ± `fraction` of itself; `random01` in [0, 1] is the caller's chance."""
    return max(0, round(delay_ms * (1.0 + fraction * (2.0 * random01 - 1.0))))


def delivery_delay(attempt: int) -> int:
    """The wait in ms before attempt number `attempt` (from 1) of a delivery, without jitter."""
    if attempt <= len(DELIVERY_DELAYS_MS):
        return DELIVERY_DELAYS_MS[max(attempt, 1) - 1]
    return DELIVERY_REPEAT_MS


def honoured_retry_after(asked_ms: int, base_ms: int) -> int:
    """The wait for a `Retry-After` of `asked_ms`: within our own `base_ms` and max(2 × base, 15 min)."""
    return min(max(asked_ms, base_ms), max(2 * base_ms, RETRY_AFTER_CEILING_MS))
