"""The courier's rounds: woken by commits, by due times and by attempts that ended."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Final

from coldchain_backend.delivery.courier import Courier
from coldchain_runtime.clock import Clock

LONGEST_S: Final = 5.0
SHORTEST_S: Final = 0.05
SHARE: Final = 4
"""A look at the whole queue takes time: the next comes no sooner than so many times as long."""


async def run_rounds(courier: Courier, clock: Clock, news: Callable[[int], Awaitable[int]]) -> None:
    """Deliver until cancelled. `news(after)` returns once something was committed."""
    seen = 0
    try:
        while True:
            began_ns = clock.monotonic_ns()
            wait_ms = await courier.turn()
            took_s = (clock.monotonic_ns() - began_ns) / 1e9
            await asyncio.sleep(min(SHARE * took_s, 1.0))
            wait_s = LONGEST_S if wait_ms is None else wait_ms / 1000
            bounded_s = min(max(wait_s, SHORTEST_S), LONGEST_S)
            seen = await _first(_news(news, seen), _after(courier.any_done(), seen), bounded_s, seen)
    finally:
        await courier.close()


async def _news(news: Callable[[int], Awaitable[int]], seen: int) -> int:
    return await news(seen)


async def _after(done: Awaitable[None], seen: int) -> int:
    await done
    return seen


async def _first(
    one: Coroutine[None, None, int], other: Coroutine[None, None, int], timeout_s: float, seen: int
) -> int:
    """The answer of whichever comes first, or `seen` at the time-out."""
    tasks = {asyncio.ensure_future(one), asyncio.ensure_future(other)}
    try:
        done, _ = await asyncio.wait(tasks, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        return max((task.result() for task in done), default=seen)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
