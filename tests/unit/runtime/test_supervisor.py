"""Supervised loops: they come back, slower each time, are seen, and stop in order."""

from __future__ import annotations

import asyncio

import pytest

from coldchain.backoff import Backoff
from coldchain_runtime.supervisor import LoopState, Supervisor
from support.fake_clock import FakeClock, settle

BACKOFF = Backoff(base_ms=200, factor=2.0, cap_ms=1_000)


async def forever() -> None:
    await asyncio.Event().wait()


class Failing:
    """A loop that fails, and counts how often it was begun."""

    def __init__(self, clock: FakeClock) -> None:
        self.began_ms: list[int] = []
        self._clock = clock
        self._first_ms = clock.now_ms()

    async def __call__(self) -> None:
        self.began_ms.append(self._clock.now_ms() - self._first_ms)
        raise ConnectionError("no broker")


async def test_a_failing_loop_comes_back_after_growing_waits() -> None:
    clock = FakeClock()
    loop = Failing(clock)
    async with Supervisor(clock, backoff=BACKOFF) as supervisor:
        status = supervisor.start("mqtt", loop)
        await clock.pass_time(4.5)
        assert loop.began_ms == [0, 200, 600, 1400, 2400, 3400, 4400]
        assert (status.state, status.restarts) == (LoopState.BACKING_OFF, 7)
        assert status.error == "ConnectionError: no broker"
    assert status.state is LoopState.STOPPED


async def test_a_loop_that_ends_by_itself_is_begun_again() -> None:
    clock = FakeClock()

    async def short() -> None:
        await clock.sleep(0.1)

    async with Supervisor(clock, backoff=BACKOFF) as supervisor:
        status = supervisor.start("short", short)
        await clock.pass_time(0.2)
        assert (status.restarts, status.error) == (1, "ended by itself")


async def test_a_long_good_run_makes_the_next_wait_short_again() -> None:
    clock = FakeClock()
    lengths = iter([0.0, 0.0, 0.0, 60.0, 0.0])
    began: list[int] = []

    async def loop() -> None:
        began.append(clock.monotonic_ns() // 1_000_000)
        await clock.sleep(next(lengths, 1e9))
        raise ConnectionError

    async with Supervisor(clock, backoff=BACKOFF) as supervisor:
        supervisor.start("wire", loop)
        await clock.pass_time(120)
    assert began == [0, 200, 600, 1400, 61600, 62000]


async def test_one_loops_fault_does_not_touch_another() -> None:
    clock = FakeClock()
    async with Supervisor(clock, backoff=BACKOFF) as supervisor:
        supervisor.start("bad", Failing(clock))
        good = supervisor.start("good", forever)
        await clock.pass_time(10)
        assert (good.state, good.restarts) == (LoopState.RUNNING, 0)
        assert [status.name for status in supervisor.status] == ["bad", "good"]


async def test_a_loop_may_have_its_own_waits() -> None:
    clock = FakeClock()
    loop = Failing(clock)
    async with Supervisor(clock) as supervisor:
        supervisor.start("wire", loop, backoff=Backoff(base_ms=5_000, cap_ms=5_000))
        await clock.pass_time(11)
        assert loop.began_ms == [0, 5_000, 10_000]


async def test_a_loop_can_be_stopped_alone() -> None:
    clock = FakeClock()
    async with Supervisor(clock) as supervisor:
        status = supervisor.start("a", forever)
        other = supervisor.start("b", forever)
        await settle()
        await supervisor.stop("a")
        await supervisor.stop("unheard of")
        assert (status.state, other.state) == (LoopState.STOPPED, LoopState.RUNNING)


async def test_a_supervisor_without_loops_stops_at_once() -> None:
    async with Supervisor(FakeClock()) as supervisor:
        assert supervisor.status == ()


async def test_two_loops_of_one_name_are_a_mistake() -> None:
    async with Supervisor(FakeClock()) as supervisor:
        supervisor.start("a", forever)
        with pytest.raises(ValueError, match="two loops named a"):
            supervisor.start("a", forever)


async def test_leaving_waits_for_loops_to_put_their_things_in_order() -> None:
    order: list[str] = []

    async def tidy() -> None:
        try:
            await forever()
        finally:
            await settle(1)
            order.append("tidied")

    async with Supervisor(FakeClock()) as supervisor:
        supervisor.start("tidy", tidy)
        await settle()
    order.append("left")
    assert order == ["tidied", "left"]


async def test_a_loop_that_will_not_stop_does_not_hold_the_others_for_ever(
    caplog: pytest.LogCaptureFixture,
) -> None:
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    async with Supervisor(FakeClock(), stop_within=0.01) as supervisor:
        supervisor.start("stubborn", stubborn)
        await settle()
    assert "loop.hangs" in caplog.text
    release.set()
    await settle()


async def test_a_fault_that_goes_on_for_years_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    errors = iter(["gone", "gone", "busy"])

    async def unplugged() -> None:
        raise RuntimeError(next(errors, "gone"))

    async with Supervisor(clock) as supervisor:
        status = supervisor.start("port", unplugged, backoff=Backoff(base_ms=1_000, cap_ms=1_000))
        await clock.pass_time(3_000)
        assert status.restarts > 2_900
        told = [record for record in caplog.records if record.getMessage() == "loop.restarts"]
        assert 12 <= len(told) <= 14, "the first, each new one, then 2, 4, 8, …"
        assert status.down_ms(clock.now_ms()) >= 2_990_000


async def test_a_loop_that_has_lasted_is_well_again() -> None:
    clock = FakeClock()
    tries: list[int] = []

    async def plugged_later() -> None:
        tries.append(1)
        if len(tries) < 5:
            raise RuntimeError("gone")
        await clock.sleep(10**6)

    async with Supervisor(clock) as supervisor:
        status = supervisor.start("port", plugged_later, backoff=Backoff(base_ms=1_000, cap_ms=1_000))
        await clock.pass_time(5)
        assert status.down_ms(clock.now_ms()) >= 4_000
        await clock.pass_time(20)
        assert status.down_ms(clock.now_ms()) == 0
