"""How many messages a receiver may be sent now: never more than its rate within any window of its length."""

from collections import deque
from collections.abc import Iterable

from coldchain_backend.fleet import Rate


class Window:
    """Remembers when messages went out; times are ms of a clock that does not step.

    A quarter of the rate is kept free for criticals, so that a crowd of others never makes one wait.
    `pace`: a second rate, over a shorter window, that holds for all alike.
    """

    def __init__(self, rate: Rate, sent_ms: Iterable[int] = (), pace: Rate | None = None) -> None:
        self._rate, self._pace = rate, pace
        self._sent = deque(sorted(sent_ms), maxlen=max(rate.count, 0 if pace is None else pace.count))

    @property
    def rate(self) -> Rate:
        """The rate that is held."""
        return self._rate

    def with_rate(self, rate: Rate, pace: Rate | None = None) -> "Window":
        """The same history under another rate."""
        return self if (rate, pace) == (self._rate, self._pace) else Window(rate, self._sent, pace)

    def room(self, now_ms: int, *, critical: bool) -> int:
        """How many may go now."""
        self._forget(now_ms)
        room, pace = self._share(critical=critical) - len(self._sent), self._pace
        if pace is not None:
            room = min(room, pace.count - sum(at_ms > now_ms - pace.per_ms for at_ms in self._sent))
        return max(0, room)

    def note(self, now_ms: int, count: int = 1) -> None:
        """So many went out."""
        self._sent.extend([now_ms] * count)

    def free_ms(self, now_ms: int, *, critical: bool) -> int:
        """When the next may go."""
        self._forget(now_ms)
        over, pace = len(self._sent) - self._share(critical=critical), self._pace
        free_ms = now_ms if over < 0 else self._sent[over] + self._rate.per_ms
        if pace is None or len(self._sent) < pace.count:
            return free_ms
        return max(free_ms, self._sent[-pace.count] + pace.per_ms)

    def _share(self, *, critical: bool) -> int:
        count = self._rate.count
        return count if critical else max(1, count - count // 4)

    def _forget(self, now_ms: int) -> None:
        while self._sent and self._sent[0] <= now_ms - self._rate.per_ms:
            self._sent.popleft()
