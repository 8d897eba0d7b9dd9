"""A clock that stands still until it is moved."""


class StillClock:
    """Wall clock and monotonic clock, moved by hand."""

    def __init__(self, now_ms: int = 1_795_376_523_000) -> None:
        self.wall_ms = now_ms
        self.ns = 0

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_ns(self) -> int:
        return self.ns

    def boottime_ns(self) -> int:
        return self.ns

    async def sleep(self, seconds: float) -> None:
        self.advance(int(seconds * 1000))

    def advance(self, by_ms: int) -> None:
        """Let time pass."""
        self.wall_ms += by_ms
        self.ns += by_ms * 1_000_000
