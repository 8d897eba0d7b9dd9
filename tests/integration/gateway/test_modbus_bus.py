"""A bus on a pseudo terminal: cadence, silent units, late and broken answers, one request per cycle."""

import asyncio
import os
import time
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from support.acceptance import Figures
from support.terminals import AT_FIRST, Terminal
from support.wires import WIRES, Kept, ModbusWire, Wire, crc, running, source_on, until

INTERVAL_MS = 400


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[ModbusWire]:
    made = ModbusWire(tmp_path / "tty", units=range(1, 11), interval_ms=INTERVAL_MS)
    made.retry_ms = 60_000
    made.plug()
    yield made
    made.close()


def asked_at(bus: ModbusWire, unit: int) -> list[float]:
    return [when for when, asked in bus.asked if asked == unit]


def refuses(kept: Kept, reason: str) -> bool:
    return kept.refused(reason) > 0


def keeps_more(kept: Kept, than: int) -> bool:
    return len(kept.readings()) > than


@pytest.mark.acceptance("A8")
async def test_one_dead_unit_among_ten_leaves_the_cadence_of_the_others(
    bus: ModbusWire, kept: Kept, figures: Figures
) -> None:
    bus.answers[7] = lambda _: None
    async with running(source_on(bus), kept):
        await until(lambda: len(asked_at(bus, 10)) >= 12, 12)
    assert len(asked_at(bus, 7)) == 2
    for unit in set(range(1, 11)) - {7}:
        times = asked_at(bus, unit)[3:]
        mean_ms = (times[-1] - times[0]) / (len(times) - 1) * 1000
        assert mean_ms == pytest.approx(INTERVAL_MS, rel=0.1)
    assert kept.refused("timeout") == 2
    figures.add(units=10, dead=1, requests=len(bus.asked))


async def test_a_cycle_is_one_request_and_one_reading(bus: ModbusWire, kept: Kept) -> None:
    async with running(source_on(bus), kept):
        await until(lambda: len(kept.readings()) >= 30)
    sensors = [sensor for sensor, _ in kept.readings()]
    assert len(bus.asked) - len(sensors) in (0, 1)
    assert all(earlier[1] != later[1] for earlier, later in pairwise(bus.asked))


async def test_a_late_answer_is_never_taken_for_the_next_one(tmp_path: Path, kept: Kept) -> None:
    bus = ModbusWire(tmp_path / "tty2", units=(1, 2), interval_ms=300)
    bus.tenths = {1: 11, 2: 22}
    bus.plug()

    def late(request: bytes) -> bytes:
        time.sleep(0.18)  # longer than the unit's time-out
        return bus.answer(request)

    bus.answers[1] = late
    async with running(source_on(bus), kept):
        await until(lambda: kept.readings().count(("unit-2", 2.2)) >= 8)
    bus.close()
    assert {reading for reading in kept.readings() if reading[0] == "unit-2"} == {("unit-2", 2.2)}
    assert all(celsius == 1.1 for sensor, celsius in kept.readings() if sensor == "front")


async def test_broken_answers_are_refused_each_with_its_reason(tmp_path: Path, kept: Kept) -> None:
    bus = ModbusWire(tmp_path / "tty3")
    bus.plug()
    foreign = bytes([9, 4, 4, 0, 42, 1, 244])
    broken = {
        "crc": lambda request: bus.answer(request)[:-1] + b"\0",
        "short_frame": lambda request: bus.answer(request)[:4],
        "foreign_frame": lambda _: foreign + crc(foreign),
        "exception_frame": lambda request: request[:1] + b"\x84\x02" + crc(request[:1] + b"\x84\x02"),
    }
    async with running(source_on(bus), kept):
        for reason, answer in broken.items():
            bus.answers[1] = answer
            await until(partial(refuses, kept, reason))
            bus.answers.clear()
            await until(partial(keeps_more, kept, len(kept.readings())))
    bus.close()
    assert set(kept.temperatures()) == {AT_FIRST}


async def test_an_echo_and_a_noisy_first_byte_do_no_harm(tmp_path: Path, kept: Kept) -> None:
    bus = ModbusWire(tmp_path / "tty4")
    bus.answers[1] = lambda request: request + b"\0" + bus.answer(request)
    bus.plug()
    async with running(source_on(bus), kept):
        await until(lambda: len(kept.readings()) >= 3)
    bus.close()
    assert set(kept.temperatures()) == {AT_FIRST}
    assert not kept.intake.refusals()


@pytest.mark.acceptance("A8")
@pytest.mark.parametrize("kind", ["serial_line", "modbus"])
async def test_a_port_that_comes_back_under_another_name_is_open_within_five_seconds(
    kind: str, tmp_path: Path, kept: Kept, figures: Figures
) -> None:
    wire = WIRES[kind](tmp_path)
    assert isinstance(wire, Terminal)
    wire.plug()
    names, others = [wire.link.readlink()], list[int]()
    async with running(source_on(wire), kept):
        await until(partial(hears, wire, kept, 4.5))
        for number in range(3):
            wire.unplug()
            await asyncio.sleep(0.3)
            others += names_taken_up_to(str(names[-1]))
            wire.plug()
            names.append(wire.link.readlink())
            began = time.monotonic()
            await until(partial(hears, wire, kept, 5.5 + number), 5)
            figures.add(replugs=1, reopen_ms=round(1000 * (time.monotonic() - began)))
    wire.close()
    for end in others:
        os.close(end)
    assert all(before != after for before, after in pairwise(names))


def names_taken_up_to(name: str) -> list[int]:
    """Terminals opened until one has this name, or so many that it cannot be free; both ends of each."""
    ends: list[int] = []
    for _ in range(40):
        ends += os.openpty()
        if os.ttyname(ends[-1]) == name:
            break
    return ends


def hears(wire: Wire, kept: Kept, celsius: float) -> bool:
    wire.say(celsius)
    return celsius in kept.temperatures()
