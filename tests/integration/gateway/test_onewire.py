"""1-Wire on a tree of files: bulk conversion, phantoms, unplugged probes, a kernel that does not answer."""

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from coldchain_gateway.sources import OnewireConfig, open_source
from coldchain_gateway.sources.onewire import source as onewire
from coldchain_runtime.clock import SystemClock
from support.onewire_tree import OnewireWire, scratchpad
from support.wires import Kept, running, source_on, until


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[OnewireWire]:
    made = OnewireWire(tmp_path)
    made.plug()
    yield made
    made.close()


def hang(wire: OnewireWire, probe: str, celsius: float) -> Path:
    folder = wire.root / probe
    folder.mkdir()
    (folder / "w1_slave").write_text(scratchpad(celsius))
    return folder


async def test_probes_without_a_name_are_read_under_their_id_and_phantoms_counted(
    wire: OnewireWire, kept: Kept
) -> None:
    for probe in ("10-000802824e58", "3b-0000001a2b3c", "00-400000000000", "26-000001aa2233"):
        hang(wire, probe, 4.5)
    async with running(source_on(wire), kept):
        await until(lambda: len({sensor for sensor, _ in kept.readings()}) >= 3)
        await until(lambda: len(kept.readings()) > 8)
    assert {sensor for sensor, _ in kept.readings()} == {"front", "10-000802824e58", "3b-0000001a2b3c"}
    assert kept.refused("bad_sensor") == 1


async def test_an_unplugged_probe_is_counted_and_comes_back_without_a_restart(
    wire: OnewireWire, kept: Kept
) -> None:
    other = hang(wire, "28-000000000001", 5.0)
    async with running(source_on(wire), kept) as loops:
        await until(lambda: ("28-000000000001", 5.0) in kept.readings())
        shutil.rmtree(other)
        await until(lambda: kept.refused("port_lost") >= 2)
        hang(wire, "28-000000000001", 6.0)
        await until(lambda: ("28-000000000001", 6.0) in kept.readings())
        assert loops.status[0].restarts == 0


async def test_where_a_bus_converts_at_once_the_probes_are_read_when_it_has(
    wire: OnewireWire, kept: Kept
) -> None:
    bulk = wire.root / "w1_bus_master1" / "therm_bulk_read"
    bulk.write_text("0\n")
    ending = threading.Event()

    def kernel() -> None:
        while not ending.wait(0.005):
            if bulk.read_text() == "trigger\n":
                bulk.write_text("-1\n")
                ending.wait(0.2)
                wire.say(7.5)
                bulk.write_text("1\n")

    thread = threading.Thread(target=kernel, daemon=True)
    thread.start()
    async with running(source_on(wire), kept):
        await until(lambda: len(kept.readings()) >= 3)
    ending.set()
    thread.join(5)
    assert set(kept.temperatures()) == {7.5}


async def test_a_root_is_found_from_the_folder_of_the_configuration(wire: OnewireWire, kept: Kept) -> None:
    config = wire.config()
    assert isinstance(config, OnewireConfig)
    beside = replace(config, root=Path(wire.root.name))
    made = open_source(beside, clock=SystemClock(), template_dirs=(), folder=wire.root.parent)
    async with running(made, kept):
        await until(lambda: len(kept.readings()) >= 1)


async def test_a_kernel_that_does_not_answer_holds_up_nothing_and_is_told(
    wire: OnewireWire, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onewire, "READ_S", 0.3)
    slave = wire.probe / "w1_slave"
    slave.unlink()
    os.mkfifo(slave)  # nobody writes: opening it blocks, as a stuck driver does
    config = wire.config()
    assert isinstance(config, OnewireConfig)
    made = open_source(replace(config, bulk="off"), clock=SystemClock(), template_dirs=())
    async with running(made, kept) as loops:
        await until(lambda: "has not answered" in loops.status[0].error)
        await until(lambda: "still has not answered" in loops.status[0].error)
    slave.write_text(scratchpad(4.0))  # lets the thread go
