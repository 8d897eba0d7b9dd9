"""A clock whose sleepers wake when a test lets time pass."""

from __future__ import annotations

import asyncio


class FakeClock:
    """All clocks at once, moved by hand: `sleep` waits until `pass_time` has gone far enough."""

    def __init__(self, now_ms: int = 1_795_376_523_000) -> None:
        self._start_ms = now_ms
        self._ns = 0
        self._sleepers: list[tuple[int, asyncio.Event]] = []

    def now_ms(self) -> int:
        return self._start_ms + self._ns // 1_000_000

    def monotonic_ns(self) -> int:
        return self._ns

    def boottime_ns(self) -> int:
        return self._ns

    async def sleep(self, seconds: float) -> None:
        waking = asyncio.Event()
        self._sleepers.append((self._ns + round(seconds * 1e9), waking))
        await waking.wait()

    @property
    def sleeping(self) -> int:
        """How many sleepers wait."""
        return len(self._sleepers)

    def step_wall(self, by_ms: int) -> None:
        """Move the wall clock alone, as a set clock does."""
        self._start_ms += by_ms

    async def pass_time(self, seconds: float) -> None:
        """Let time pass sleeper by sleeper, each of them doing what it does before the next wakes."""
        end = self._ns + round(seconds * 1e9)
        await settle()
        while due := [sleeper for sleeper in self._sleepers if sleeper[0] <= end]:
            first = min(due, key=lambda sleeper: sleeper[0])
            self._sleepers.remove(first)
            self._ns = max(self._ns, first[0])
            first[1].set()
            await settle()
        self._ns = end


async def settle(rounds: int = 20) -> None:
    """Let every task that can go on do so."""
    for _ in range(rounds):
        await asyncio.sleep(0)
