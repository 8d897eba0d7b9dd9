"""What counts as given out: read from a line, answered on a bus, acknowledged by a broker."""

import asyncio
import os
import termios
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coldchain_sim.clock import SimulatedClock
from coldchain_sim.devices.modbus import crc16
from coldchain_sim.scenario import BusSpec, LineSpec, NamedChamber, SensorSpec, Site, UnitSpec
from coldchain_sim.transports.pty import PtyLine
from coldchain_sim.truth import TruthLog
from coldchain_sim.voices import BusVoice, LineVoice, Surroundings
from coldchain_sim.world import World
from demo.evidence import Truth, read_truth
from support.fake_clock import FakeClock

BOARD = LineSpec(name="line", sensors=(SensorSpec(sensor="a", chamber="room", every_s=1.0),))
UNITS = BusSpec(name="bus", units=(UnitSpec(address=3, sensor="b", chamber="room"),))
SITE = Site(chambers=(NamedChamber(name="room"),), lines=(BOARD,), buses=(UNITS,))


class Bench:
    """A world at a clock moved by hand, with truth in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.log = TruthLog(folder)
        world = World(SITE, SimulatedClock(real=self.clock), seed=1)
        self.around = Surroundings(world=world, truth=self.log, clock=self.clock)

    def truth(self) -> list[Truth]:
        return read_truth(self.folder / "truth.jsonl")

    async def pass_time(self, seconds: float) -> None:
        """Let boards speak and look around."""
        await self.clock.pass_time(seconds)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    with bench.log:
        yield bench


@pytest.fixture
async def line(bench: Bench) -> AsyncIterator[LineVoice]:
    voice = LineVoice(spec=BOARD, line=PtyLine(bench.folder / "tty-line"), around=bench.around)
    voice.plug()
    task = asyncio.create_task(voice.run())
    yield voice
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    voice.unplug()


def opened(voice: LineVoice | BusVoice) -> int:
    return os.open(voice.line.link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)


async def test_a_line_counts_when_it_was_read_and_not_before(bench: Bench, line: LineVoice) -> None:
    port = opened(line)
    try:
        await bench.pass_time(1.5)
        assert bench.truth() == []
        assert os.read(port, 4_096) == b"line ready\r\n"
        await bench.pass_time(0.1)
        assert bench.truth() == []
        assert b'"id":"a","temp"' in os.read(port, 4_096)
        await bench.pass_time(0.1)
        assert [one.counter for one in bench.truth()] == [1]
        assert line.settle()
    finally:
        os.close(port)


async def test_what_the_reader_throws_away_does_not_count(bench: Bench, line: LineVoice) -> None:
    port = opened(line)
    try:
        os.read(port, 4_096)
        await bench.pass_time(1.2)
        assert line.line.unread() > 20
        termios.tcflush(port, termios.TCIFLUSH)
        await bench.pass_time(0.2)
        assert line.settle()
        assert bench.truth() == []
    finally:
        os.close(port)


async def test_what_nobody_reads_is_forgotten_and_the_line_stays_short(bench: Bench, line: LineVoice) -> None:
    await bench.pass_time(60.0)
    assert bench.truth() == []
    assert line.line.unread() < 100


async def test_half_a_line_is_not_a_reading(bench: Bench, line: LineVoice) -> None:
    port = opened(line)
    try:
        os.read(port, 4_096)
        await bench.pass_time(1.2)
        os.read(port, line.line.unread() - 3)
        await bench.pass_time(0.2)
        assert bench.truth() == []
        os.read(port, 4_096)
        await bench.pass_time(0.2)
        assert len(bench.truth()) == 1
    finally:
        os.close(port)


async def test_an_unplugged_board_says_nothing_and_greets_when_it_is_back(
    bench: Bench, line: LineVoice
) -> None:
    line.unplug()
    await bench.pass_time(5.0)
    assert line.settle()
    line.plug()
    port = opened(line)
    try:
        await bench.pass_time(1.2)
        assert os.read(port, 4_096).startswith(b"line ready\r\n")
    finally:
        os.close(port)


def frame(*octets: int) -> bytes:
    return bytes(octets) + crc16(bytes(octets))


@pytest.fixture
async def bus(bench: Bench) -> AsyncIterator[BusVoice]:
    voice = BusVoice(spec=UNITS, line=PtyLine(bench.folder / "tty-bus"), around=bench.around)
    voice.plug()
    yield voice
    voice.unplug()


async def asked(port: int, request: bytes) -> bytes:
    """What comes back within a moment."""
    os.write(port, request)
    for _ in range(20):
        await asyncio.sleep(0.01)
        try:
            return os.read(port, 256)
        except BlockingIOError:
            continue
    return b""


async def test_a_unit_answers_when_asked_and_counts_its_readings(bench: Bench, bus: BusVoice) -> None:
    port = opened(bus)
    try:
        for number in (1, 2):
            answer = await asked(port, frame(3, 4, 0, 1, 0, 17))
            assert answer[:3] == bytes([3, 4, 34])
            assert int.from_bytes(answer[33:37], "big") == number
        assert [one.counter for one in bench.truth()] == [1, 2]
        assert bench.truth()[0].temperature == int.from_bytes(answer[3:5], "big", signed=True) / 10
        assert bus.settle()
    finally:
        os.close(port)


async def test_other_addresses_are_silent_and_refusals_are_no_readings(bench: Bench, bus: BusVoice) -> None:
    port = opened(bus)
    try:
        assert await asked(port, frame(4, 4, 0, 1, 0, 1)) == b""
        assert (await asked(port, frame(3, 4, 0, 99, 0, 1)))[:3] == bytes([3, 0x84, 2])
        assert (await asked(port, frame(3, 6, 0, 1, 0, 1)))[:3] == bytes([3, 0x86, 1])
        assert len(await asked(port, frame(3, 4, 0, 2, 0, 1))) == 7
        assert bench.truth() == []
    finally:
        os.close(port)


async def test_of_requests_that_piled_up_the_last_is_answered(bench: Bench, bus: BusVoice) -> None:
    port = opened(bus)
    try:
        answer = await asked(port, frame(3, 4, 0, 1, 0, 1) + frame(3, 4, 0, 1, 0, 2))
        assert len(answer) == 9
        assert len(bench.truth()) == 1
    finally:
        os.close(port)
