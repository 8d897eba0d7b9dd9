"""A line with company: the gateway listens before it speaks, sends nothing, says why, looks again."""

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from coldchain_gateway.sources import ModbusConfig, open_source
from coldchain_gateway.sources.modbus.source import ModbusSource
from coldchain_runtime.clock import SystemClock
from support.wires import Kept, ModbusWire, crc, running, until

FOREIGN_REQUEST = bytes.fromhex("02 03 00 10 00 02")


class SecondMaster:
    """Puts requests of its own on the line, as seen from the gateway's end."""

    def __init__(self, bus: ModbusWire, every_s: float = 0.1) -> None:
        self._bus = bus
        self._every_s = every_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._speak, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._thread.join(5)

    def _speak(self) -> None:
        while not self._ending.wait(self._every_s):
            with suppress(OSError):
                os.write(self._bus.master, FOREIGN_REQUEST + crc(FOREIGN_REQUEST))


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[ModbusWire]:
    made = ModbusWire(tmp_path / "tty")
    made.plug()
    yield made
    made.close()


def source(bus: ModbusWire, listen_ms: int = 500, again_ms: int = 1_000) -> ModbusSource:
    config = bus.config()
    assert isinstance(config, ModbusConfig)
    config = replace(config, listen=listen_ms, listen_again=again_ms)
    made = open_source(config, clock=SystemClock(), template_dirs=())
    assert isinstance(made, ModbusSource)
    return made


async def test_with_a_second_master_nothing_is_sent_and_the_reason_is_told(
    bus: ModbusWire, kept: Kept
) -> None:
    other = SecondMaster(bus)
    made = source(bus)
    other.start()
    async with running(made, kept):
        await until(lambda: "another Modbus master" in made.remark)
        await asyncio.sleep(1.5)
        assert bus.asked == []
        assert kept.refused("foreign_frame") > 0
        other.stop()
        quiet_from = time.monotonic()
        await until(lambda: bool(kept.readings()))
        assert time.monotonic() - quiet_from >= 0.8
        assert made.remark == ""


async def test_a_master_that_comes_later_silences_the_gateway(bus: ModbusWire, kept: Kept) -> None:
    made = source(bus, listen_ms=100, again_ms=60_000)
    async with running(made, kept):
        await until(lambda: bool(kept.readings()))
        other = SecondMaster(bus, every_s=0.03)
        other.start()
        await until(lambda: made.remark != "")
        asked = len(bus.asked)
        await asyncio.sleep(0.6)
        assert len(bus.asked) == asked
        other.stop()


async def test_what_is_not_understood_silences_it_too(bus: ModbusWire, kept: Kept) -> None:
    made = source(bus, again_ms=60_000)
    os.write(bus.master, b"")
    async with running(made, kept):
        for _ in range(3):
            await asyncio.sleep(0.05)
            os.write(bus.master, b"\xf8\x80\x00" * 6)
        await until(lambda: "no Modbus at these line settings" in made.remark)
        assert bus.asked == []


async def test_a_line_that_is_known_to_be_ours_is_asked_at_once(bus: ModbusWire, kept: Kept) -> None:
    made = source(bus, listen_ms=0)
    began = time.monotonic()
    async with running(made, kept):
        await until(lambda: bool(bus.asked))
    assert bus.asked[0][0] - began < 2
