"""Received-at: the stamp that never falls, whatever the host's clock does."""

from typing import Final

from coldchain_runtime.clock import Clock

TOLERATED_MS: Final = 1_000


class Stamps:
    """Stamps in UTC ms. While the host's clock is behind the last stamp, they go on at half its speed, so
    that due times still come due and the clock catches up."""

    def __init__(self, clock: Clock, last_ms: int) -> None:
        self._clock = clock
        self._last_ms = last_ms
        self._last_ns = clock.monotonic_ns()
        self._told = False

    def next(self) -> tuple[int, int]:
        """The next stamp, and by how many ms the host's clock is behind if that is news (else 0)."""
        now_ms, now_ns = self._clock.now_ms(), self._clock.monotonic_ns()
        behind = self._last_ms - now_ms
        if behind <= 0:
            self._last_ms, self._last_ns, self._told = now_ms, now_ns, False
            return now_ms, 0
        advance = (now_ns - self._last_ns) // 2_000_000
        if advance > 0:
            self._last_ms += advance
            self._last_ns = now_ns
        news = behind if behind > TOLERATED_MS and not self._told else 0
        self._told = self._told or news > 0
        return self._last_ms, news
