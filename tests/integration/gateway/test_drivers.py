"""Drivers that raise, hang, exit or fall silent: started again, visible, and nobody else waits for them."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from coldchain.backoff import Backoff
from coldchain_gateway.app.drivers import MOST_ABANDONED, Driver
from coldchain_gateway.contracts import Acquired, Intake, Sample
from coldchain_runtime.clock import SystemClock
from coldchain_runtime.supervisor import LoopState, Supervisor
from support.acceptance import Figures
from support.wires import Kept, until

CLOCK = SystemClock()
FAST = Backoff(base_ms=20, cap_ms=100)


class Scripted:
    """A source whose lives are given one by one; the last goes on for ever."""

    def __init__(self, name: str, *lives: Callable[[Intake], Awaitable[None]]) -> None:
        self.name = name
        self._lives = lives
        self.begun = 0

    async def run(self, intake: Intake) -> None:
        life = self._lives[min(self.begun, len(self._lives) - 1)]
        self.begun += 1
        await life(intake)


async def steady(intake: Intake) -> None:
    """A reading every 20 ms."""
    while True:
        sample = Sample(sensor="front", values={"temperature": 4.0})
        now = CLOCK.boottime_ns()
        await intake.take(Acquired(source="steady", decoded=[sample], boottime_ns=now, wall_ms=0))
        await asyncio.sleep(0.02)


async def raises(intake: Intake) -> None:
    raise RuntimeError("boom")


async def ends(intake: Intake) -> None:
    return


async def exits(intake: Intake) -> None:
    sys.exit(3)


async def waits(intake: Intake) -> None:
    await asyncio.get_running_loop().create_future()


def blocks_until(release: threading.Event) -> Callable[[Intake], Awaitable[None]]:
    async def block(intake: Intake) -> None:
        release.wait(60)

    return block


@asynccontextmanager
async def supervised(
    kept: Kept, *sources: Scripted, quiet_limit_s: float | None = None
) -> AsyncIterator[tuple[Supervisor, list[Driver]]]:
    drivers = [
        Driver(lambda one=one: one, kept.intake, CLOCK, quiet_limit_s=quiet_limit_s, hangs_s=1.5)  # type: ignore[misc]  # bound now
        for one in sources
    ]
    kept.start()
    try:
        async with Supervisor(CLOCK, stop_within=2.0) as loops:
            for one, driver in zip(sources, drivers, strict=True):
                loops.start(f"source.{one.name}", driver.run, backoff=FAST)
            yield loops, drivers
    finally:
        kept.stop()


@pytest.mark.acceptance("A13")
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (raises, "RuntimeError: boom"),
        (ends, "ended by itself"),
        (exits, "SystemExit: 3"),
        (None, "DriverHangs: its thread has not turned"),
    ],
    ids=["raises", "ends", "exits", "hangs"],
)
async def test_a_faulty_driver_comes_back_and_the_others_keep_their_pace(
    fault: Callable[[Intake], Awaitable[None]] | None, said: str, figures: Figures
) -> None:
    release = threading.Event()
    kept = Kept()
    faulty = Scripted("faulty", fault or blocks_until(release), steady)
    async with supervised(kept, faulty, Scripted("steady", steady)) as (loops, _):
        status = loops.status[0]
        seen: list[str] = []
        before = len(kept.readings())
        await until(lambda: bool(status.error), 20)
        seen.append(status.error)
        during = len(kept.readings()) - before
        await until(lambda: status.state is LoopState.RUNNING and faulty.begun >= 2, 20)
        release.set()
        assert said in seen[0]
        assert status.restarts >= 1
        other = loops.status[1]
        assert (other.state, other.restarts) == (LoopState.RUNNING, 0)
        if fault is None:
            assert during > 20, "the steady one waited for the one that hangs"
        figures.add(faults=1, restarts=status.restarts)


@pytest.mark.acceptance("A13")
async def test_a_driver_that_waits_for_ever_is_started_again(figures: Figures) -> None:
    kept = Kept()
    stuck = Scripted("stuck", waits, steady)
    async with supervised(kept, stuck, quiet_limit_s=0.5) as (loops, _):
        await until(lambda: stuck.begun >= 2 and len(kept.readings()) > 5, 20)
        assert "DriverQuiet" in loops.status[0].error
        await asyncio.sleep(1.2)
        assert stuck.begun == 2, "one that gives readings must be left alone"
    figures.add(faults=1, restarts=1)


async def test_threads_that_hang_are_bounded_and_said_to_be_beyond_cure() -> None:
    release = threading.Event()
    kept = Kept()
    hopeless = Scripted("hopeless", blocks_until(release))
    async with supervised(kept, hopeless) as (loops, (driver,)):
        await until(lambda: driver.beyond_cure, 40)
        await until(lambda: "no more are begun" in loops.status[0].error, 20)
        assert hopeless.begun == MOST_ABANDONED
        release.set()
        await until(lambda: not driver.beyond_cure, 20)


async def test_a_mistake_shows_when_the_driver_is_made() -> None:
    def wrong() -> Scripted:
        raise ValueError("no such template")

    with pytest.raises(ValueError, match="no such template"):
        Driver(wrong, Kept().intake, CLOCK, quiet_limit_s=None)
