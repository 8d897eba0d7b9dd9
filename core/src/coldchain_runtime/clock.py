"""Time: the one place where the real clocks are read."""

import asyncio
import time
from typing import Protocol

_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock(Protocol):
    """What loops ask for time; pure code gets `now` as an argument instead."""

    def now_ms(self) -> int:
        """The wall clock, ms UTC since 1970; may step."""
        ...

    def monotonic_ns(self) -> int:
        """Time since an arbitrary start, never falling, standing still while the machine sleeps."""
        ...

    def boottime_ns(self) -> int:
        """Time since the kernel's boot, sleep included; the same for all processes of one boot."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now_ms(self) -> int:
        """The wall clock, ms UTC since 1970."""
        return time.time_ns() // 1_000_000

    def monotonic_ns(self) -> int:
        """CLOCK_MONOTONIC."""
        return time.monotonic_ns()

    def boottime_ns(self) -> int:
        """CLOCK_BOOTTIME where the kernel has it (Linux), else CLOCK_MONOTONIC."""
        return time.clock_gettime_ns(_BOOTTIME)

    async def sleep(self, seconds: float) -> None:
        """Wait in the event loop."""
        await asyncio.sleep(seconds)
