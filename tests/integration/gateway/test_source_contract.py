"""One suite for every source, on its real wire: start, read, lose the wire, find it again, stop."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from coldchain_runtime.supervisor import LoopState
from support.terminals import AT_FIRST
from support.wires import WIRES, Kept, Wire, running, source_on, until


@pytest.fixture(params=list(WIRES))
def wire(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Wire]:
    made = WIRES[request.param](tmp_path)
    yield made
    made.close()


async def say_until_kept(wire: Wire, kept: Kept, celsius: float) -> None:
    """A device repeats itself; the first words may come before anybody listens."""
    for _ in range(60):
        await asyncio.to_thread(wire.say, celsius)
        for _ in range(15):
            if celsius in kept.temperatures():
                return
            await asyncio.sleep(0.01)
    raise AssertionError(f"{celsius} did not arrive; kept: {kept.temperatures()[-5:]}")


@pytest.mark.parametrize("celsius", [4.5, 0.0, -18.5])
async def test_what_the_device_says_is_kept(wire: Wire, kept: Kept, celsius: float) -> None:
    wire.plug()
    async with running(source_on(wire), kept):
        await say_until_kept(wire, kept, celsius)
    assert {sensor for sensor, _ in kept.readings()} == {"front"}


async def test_a_wire_that_is_not_there_is_waited_for_and_that_is_seen(wire: Wire, kept: Kept) -> None:
    async with running(source_on(wire), kept) as loops:
        await until(lambda: loops.status[0].state is LoopState.BACKING_OFF and loops.status[0].error != "")
        wire.plug()
        await say_until_kept(wire, kept, 4.5)
        assert loops.status[0].state is LoopState.RUNNING


async def test_a_lost_wire_is_found_again_within_five_seconds(wire: Wire, kept: Kept) -> None:
    wire.plug()
    async with running(source_on(wire), kept) as loops:
        await say_until_kept(wire, kept, 4.5)
        wire.unplug()
        await until(lambda: loops.status[0].restarts > 0)
        wire.plug()
        async with asyncio.timeout(5):
            await say_until_kept(wire, kept, 5.5)


async def test_nonsense_is_counted_and_what_follows_is_read(wire: Wire, kept: Kept) -> None:
    wire.plug()
    async with running(source_on(wire), kept) as loops:
        await say_until_kept(wire, kept, 4.5)
        restarts = loops.status[0].restarts
        await asyncio.to_thread(wire.babble)
        await say_until_kept(wire, kept, 5.5)
        await until(lambda: sum(kept.intake.refusals().values()) >= 2)
        assert loops.status[0].restarts == restarts
    assert set(kept.temperatures()) <= {4.5, 5.5, AT_FIRST}


async def test_a_stopped_source_gives_its_wire_back(wire: Wire, kept: Kept) -> None:
    wire.plug()
    source = source_on(wire)
    for celsius in (4.5, 5.5):
        async with running(source, kept):
            await say_until_kept(wire, kept, celsius)
        await until(lambda: source.name not in {task.get_name() for task in asyncio.all_tasks()})
