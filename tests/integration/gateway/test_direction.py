"""The direction of an RS-485 transceiver; the driver of a pseudo terminal cannot switch it by RTS."""

from __future__ import annotations

import array
import asyncio
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from serial import serialposix

from coldchain_gateway.sources import ModbusConfig, open_source
from coldchain_gateway.sources.port_settings import MOST_TURNING_MS, Direction, PortSettings
from coldchain_gateway.sources.serial_port import PortLost, SerialPort
from coldchain_runtime.clock import SystemClock
from coldchain_runtime.documents import structure
from support.looking_intake import LookingIntake
from support.terminals import Terminal

# linux/serial.h: struct serial_rs485
ENABLED, RTS_ON_SEND, RTS_AFTER_SEND = 1, 2, 4
GET, SET = 0x542E, 0x542F


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path / "tty")
    made.plug()
    yield made
    made.unplug()


def settings(terminal: Terminal, direction: Direction, before_ms: int = 0, after_ms: int = 0) -> PortSettings:
    return PortSettings(port=str(terminal.link), direction=direction, before_ms=before_ms, after_ms=after_ms)


async def spoken(asked: PortSettings) -> None:
    async with SerialPort(asked) as port:
        port.write(b"question")


def test_an_adapter_that_turns_by_itself_is_left_alone(terminal: Terminal) -> None:
    asyncio.run(spoken(settings(terminal, "auto")))
    assert os.read(terminal.master, 100) == b"question"


@pytest.mark.parametrize("direction", ["rts", "rts-low"])
def test_a_port_that_cannot_switch_is_refused_with_a_way_out_and_given_back(
    terminal: Terminal, direction: Direction
) -> None:
    for _ in range(2):  # an exclusive port that was not given back would say something else
        with pytest.raises(PortLost, match=r'cannot switch the direction by RTS .* direction = "auto"'):
            asyncio.run(spoken(settings(terminal, direction)))
    os.set_blocking(terminal.master, False)
    with pytest.raises(BlockingIOError):
        os.read(terminal.master, 100)  # nothing was sent into a line that nobody turned


def test_a_bus_says_why_it_is_not_read(terminal: Terminal) -> None:
    unit = {"address": 1, "template": "xy-md02", "sensor": "a"}
    bus = {"kind": "modbus", "name": "bus", "port": str(terminal.link), "direction": "rts", "unit": [unit]}
    config = structure(bus, ModbusConfig, file="gateway.toml")
    source = open_source(config, clock=SystemClock(), template_dirs=())
    with pytest.raises(PortLost, match="cannot switch the direction"):
        asyncio.run(source.run(LookingIntake()))


class Driver:
    """`fcntl` as the library sees it, with the driver of a port that can switch: keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[int] = [0] * 8

    def __getattr__(self, name: str) -> object:
        return getattr(fcntl, name)

    def ioctl(self, fd: int, request: int, argument: object = 0) -> object:
        if request == SET and isinstance(argument, array.array):
            self.told = list(argument)
        if request in (GET, SET):
            return 0
        return fcntl.ioctl(fd, request, argument)  # type: ignore[call-overload]  # as it came


@pytest.mark.parametrize(("direction", "flags"), [("rts", RTS_ON_SEND), ("rts-low", RTS_AFTER_SEND)])
def test_a_driver_that_can_is_told_level_and_times(
    terminal: Terminal, direction: Direction, flags: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = Driver()
    monkeypatch.setattr(serialposix, "fcntl", driver)
    for ms in range(MOST_TURNING_MS + 1):
        asyncio.run(spoken(settings(terminal, direction, ms, MOST_TURNING_MS - ms)))
        assert driver.told[:3] == [ENABLED | flags, ms, MOST_TURNING_MS - ms]
