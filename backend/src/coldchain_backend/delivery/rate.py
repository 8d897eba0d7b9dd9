"""How many messages a receiver may be sent now: never more than its rate within any window of its length."""

from collections import deque
from collections.abc import Iterable

from coldchain_backend.fleet import Rate


class Window:
    """Remembers when messages went out; times are ms of a clock that does not step.

    A quarter of the rate is kept free for criticals, so that a crowd of others never makes one wait.
    """

    def __init__(self, rate: Rate, sent_ms: Iterable[int] = ()) -> None:
        self._rate = rate
        self._sent = deque(sorted(sent_ms), maxlen=rate.count)

    @property
    def rate(self) -> Rate:
        """The rate that is held."""
        return self._rate

    def with_rate(self, rate: Rate) -> "Window":
        """The same history under another rate."""
        return self if rate == self._rate else Window(rate, self._sent)

    def room(self, now_ms: int, *, critical: bool) -> int:
        """How many may go now."""
        self._forget(now_ms)
        return max(0, self._share(critical=critical) - len(self._sent))

    def note(self, now_ms: int, count: int = 1) -> None:
        """So many went out."""
        self._sent.extend([now_ms] * count)

    def free_ms(self, now_ms: int, *, critical: bool) -> int:
        """When the next may go."""
        self._forget(now_ms)
        over = len(self._sent) - self._share(critical=critical)
        return now_ms if over < 0 else self._sent[over] + self._rate.per_ms

    def _share(self, *, critical: bool) -> int:
        count = self._rate.count
        return count if critical else max(1, count - count // 4)

    def _forget(self, now_ms: int) -> None:
        while self._sent and self._sent[0] <= now_ms - self._rate.per_ms:
            self._sent.popleft()
