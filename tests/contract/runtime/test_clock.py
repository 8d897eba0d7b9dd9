"""The contract of a clock, held by the machine's and by those that tests move by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from coldchain_runtime.clock import Clock, SystemClock
from support.fake_clock import FakeClock
from support.still_clock import StillClock

CLOCKS: list[Callable[[], Clock]] = [SystemClock, FakeClock, StillClock]


@pytest.fixture(params=CLOCKS, ids=lambda made: made.__name__)
def clock(request: pytest.FixtureRequest) -> Clock:
    made: Clock = request.param()
    return made


def test_the_wall_clock_is_in_milliseconds_of_this_century(clock: Clock) -> None:
    assert 1_700_000_000_000 < clock.now_ms() < 4_100_000_000_000


async def test_no_clock_falls_while_time_passes(clock: Clock) -> None:
    before = clock.monotonic_ns(), clock.boottime_ns(), clock.now_ms()
    waiting = asyncio.create_task(clock.sleep(0.001))
    if isinstance(clock, FakeClock):
        await clock.pass_time(0.001)
    await waiting
    after = clock.monotonic_ns(), clock.boottime_ns(), clock.now_ms()
    assert all(later >= earlier for earlier, later in zip(before, after, strict=True))
    assert after[0] - before[0] >= 1_000_000


async def test_sleepers_of_the_moved_clock_wake_in_their_order() -> None:
    clock, woken = FakeClock(), list[str]()

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(f"{name} at {clock.monotonic_ns() // 1_000_000}")

    tasks = [asyncio.create_task(sleeper("late", 0.3)), asyncio.create_task(sleeper("early", 0.1))]
    await clock.pass_time(0.2)
    assert (woken, clock.sleeping) == (["early at 100"], 1)
    await clock.pass_time(0.2)
    assert woken == ["early at 100", "late at 300"]
    await asyncio.gather(*tasks)


def test_a_wall_clock_that_is_set_moves_alone() -> None:
    clock = FakeClock()
    wall, monotonic = clock.now_ms(), clock.monotonic_ns()
    clock.step_wall(-5_000)
    assert (clock.now_ms(), clock.monotonic_ns()) == (wall - 5_000, monotonic)
