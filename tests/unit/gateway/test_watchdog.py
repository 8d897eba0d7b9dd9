"""The watchdog is fed only while everything that must move does."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import pytest

from coldchain_gateway.app.notify import Notifier
from coldchain_gateway.app.watchdog import DRIVER_STUCK_S, STUCK_S, Movement, Pulse, Watchdog
from coldchain_gateway.workers import WorkerStatus
from support.fake_clock import FakeClock
from support.still_clock import StillClock


class House:
    """Parts whose movement the test decides."""

    def __init__(self) -> None:
        self.turns = 0
        self.nudged = 0
        self.moves = True
        self.workers: list[WorkerStatus] = [WorkerStatus(name="intake", alive=True, restarts=0, error="")]
        self.ended: list[str] = []
        self.cureless: list[str] = []

    def sign(self) -> int:
        self.turns += self.moves
        return self.turns

    def nudge(self) -> None:
        self.nudged += 1

    def movement(self, clock: StillClock | FakeClock) -> Movement:
        def cureless() -> Sequence[str]:
            return self.cureless

        return Movement(
            clock,
            {"intake": Pulse(sign=self.sign, nudge=self.nudge)},
            workers=lambda: self.workers,
            ended_loops=lambda: self.ended,
            beyond_cure=cureless,
        )


def test_a_thread_that_does_not_come_round_is_named() -> None:
    house, clock = House(), StillClock()
    movement = house.movement(clock)
    for _ in range(20):
        assert movement.stuck() == ""
        clock.advance(10_000)
    house.moves = False
    assert movement.stuck() == ""
    clock.advance(int(STUCK_S * 1000) + 1)
    assert movement.stuck().startswith("intake has not come round")
    house.moves = True
    assert movement.stuck() == ""
    assert house.nudged > 20, "an idle thread must be woken, or its stillness proves nothing"


def test_a_worker_or_loop_that_has_ended_is_named() -> None:
    house, clock = House(), StillClock()
    movement = house.movement(clock)
    house.ended = ["health"]
    assert movement.stuck() == "health has ended"
    house.workers = [WorkerStatus(name="sealing", alive=False, restarts=0, error="")]
    assert movement.stuck() == "sealing has ended"


def test_a_driver_beyond_cure_is_endured_for_a_while() -> None:
    house, clock = House(), StillClock()
    movement = house.movement(clock)
    house.cureless = ["bus"]
    assert movement.stuck() == ""
    clock.advance(int(DRIVER_STUCK_S * 1000) - 1)
    assert movement.stuck() == ""
    clock.advance(2)
    assert movement.stuck() == "source bus hangs beyond cure"
    house.cureless = []
    assert movement.stuck() == ""


class Fed(Notifier):
    """Counts what would be sent."""

    def __init__(self) -> None:
        super().__init__({"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "30000000"})
        self.fed = 0

    def alive(self) -> None:
        self.fed += 1


async def test_it_is_fed_in_thirds_and_withheld_while_something_stands_still() -> None:
    house, clock, fed = House(), FakeClock(), Fed()
    watchdog = Watchdog(clock, fed, house.movement(clock))
    task = asyncio.create_task(watchdog.run())
    await clock.pass_time(30)
    assert fed.fed >= 3
    house.ended = ["local_alarm"]
    before = fed.fed
    await clock.pass_time(60)
    assert (fed.fed, watchdog.withheld) == (before, "local_alarm has ended")
    house.ended = []
    await clock.pass_time(10)
    assert fed.fed > before
    assert watchdog.withheld == ""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("environment", "watchdog_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "90000000"}, None),
        ({"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "90000000"}, 90.0),
        ({"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "90000000", "WATCHDOG_PID": "1"}, None),
        ({"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "0"}, None),
        ({"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "often"}, None),
    ],
)
def test_how_often_the_manager_wants_to_hear(environment: dict[str, str], watchdog_s: float | None) -> None:
    assert Notifier(environment).watchdog_s == watchdog_s


def test_a_manager_that_is_not_there_costs_nothing() -> None:
    for address in ("", "nonsense"):
        Notifier({"NOTIFY_SOCKET": address}).ready()
