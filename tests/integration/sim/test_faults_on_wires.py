"""Faults that a scenario lets happen on wires: units and probes that die, a second master."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coldchain_runtime.clock import SystemClock
from coldchain_sim.app import RunSettings, Simulation, running
from coldchain_sim.devices import modbus
from coldchain_sim.scenario import Event, Moment, load


@pytest.fixture
async def simulation(tmp_path: Path) -> AsyncIterator[Simulation]:
    story, site = load("every-wire")
    settings = RunSettings(
        scenario=story,
        site=site,
        directory=tmp_path,
        mqtt=None,
        speed=0.001,
        seed=1,
        for_s=None,
        tell=lambda _: None,
    )
    async with running(settings, SystemClock()) as made:
        playing = asyncio.create_task(made.play())
        yield made
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)


async def heard(port: int, seconds: float) -> bytes:
    await asyncio.sleep(seconds)
    try:
        return os.read(port, 4096)
    except BlockingIOError:
        return b""


@pytest.fixture
def bus(simulation: Simulation) -> int:
    return os.open(simulation.settings.directory / "tty-bus-1", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)


def happens(simulation: Simulation, event: Event, where: str) -> None:
    simulation.act(Moment(at_min=0, event=event, where=where))


async def test_a_dead_unit_is_silent_and_its_neighbours_are_not(simulation: Simulation, bus: int) -> None:
    happens(simulation, Event.DEVICE_DIES, "freezer-md02")
    for unit, answers in ((1, False), (2, True)):
        function, first = (4, 1) if unit == 1 else (3, 0)
        os.write(bus, modbus.frame(modbus.Request(unit=unit, function=function, first=first, count=1)))
        assert bool(await heard(bus, 0.3)) is answers
    happens(simulation, Event.DEVICE_REVIVES, "freezer-md02")
    os.write(bus, modbus.frame(modbus.Request(unit=1, function=4, first=1, count=1)))
    assert (await heard(bus, 0.3))[:3] == bytes([1, 4, 2])


async def test_a_second_master_is_heard_until_it_goes(simulation: Simulation, bus: int) -> None:
    happens(simulation, Event.SECOND_MASTER_COMES, "bus-1")
    requests, _ = modbus.split((await heard(bus, 1.0))[:8])
    assert [(request.unit, request.function) for request in requests] == [(1, 4)]
    happens(simulation, Event.SECOND_MASTER_GOES, "bus-1")
    await heard(bus, 0.5)
    assert await heard(bus, 0.8) == b""


async def test_a_probe_that_is_pulled_is_gone_and_comes_back(simulation: Simulation) -> None:
    probe = simulation.settings.directory / "w1" / "28-0119c2d3b5aa"
    for _ in range(50):
        if probe.exists():
            break
        await asyncio.sleep(0.1)
    happens(simulation, Event.DEVICE_DIES, probe.name)
    assert not probe.exists()
    happens(simulation, Event.DEVICE_REVIVES, probe.name)
    for _ in range(50):
        if probe.exists():
            break
        await asyncio.sleep(0.1)
    assert "YES" in (probe / "w1_slave").read_text()
