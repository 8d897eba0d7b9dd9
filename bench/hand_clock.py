"""A clock that stands until it is set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class HandClock:
    """A clock that is set."""

    at_ms: int

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic_ns(self) -> int:
        return self.at_ms * 1_000_000

    def boottime_ns(self) -> int:
        return self.at_ms * 1_000_000

    async def sleep(self, seconds: float) -> None:
        self.at_ms += int(seconds * 1000)
