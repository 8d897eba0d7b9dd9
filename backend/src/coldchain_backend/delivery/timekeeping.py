"""The courier's time: never falls, goes on while the host's clock stands or steps back.

Due times come from the log, whose stamps do not fall either. A clock that was ahead and was set back would
else leave every new telling in the future; one that jumps ahead must not make anything too old at once, which
is why giving up needs a number of attempts too (`retry`).
"""

from coldchain_runtime.clock import Clock


class Timekeeper:
    """Follows the wall clock upwards and the monotonic clock otherwise; ms UTC."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._now_ms = clock.now_ms()
        self._seen_ns = clock.monotonic_ns()

    def now_ms(self) -> int:
        """The courier's time; never less than before."""
        seen_ns = self._clock.monotonic_ns()
        passed_ms, self._seen_ns = (seen_ns - self._seen_ns) // 1_000_000, seen_ns
        self._now_ms = max(self._now_ms + passed_ms, self._clock.now_ms())
        return self._now_ms

    def at_least(self, stamp_ms: int) -> None:
        """Something was stamped by the log: it is not earlier than that."""
        self._now_ms = max(self._now_ms, stamp_ms)
