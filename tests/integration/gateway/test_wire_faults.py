"""What goes wrong on wires beside their loss: lines that stop, a full outbox, messages nobody asked for."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import paho.mqtt.publish
import pytest

from coldchain_gateway.outbox import Group, OutboxFull
from coldchain_gateway.sources import MqttConfig, SerialLineConfig, open_source
from coldchain_gateway.sources.mqtt.config import SubscriptionConfig
from coldchain_runtime.clock import SystemClock
from support.memory_outbox import MemoryOutbox
from support.wires import Kept, ModbusWire, MqttWire, SerialWire, running, source_on, until


class NarrowOutbox(MemoryOutbox):
    """Has no room while `full`."""

    full = False

    def commit(self, group: Group) -> None:
        if self.full:
            raise OutboxFull("no room")
        super().commit(group)


@pytest.fixture
async def kept() -> AsyncIterator[Kept]:
    made = Kept(NarrowOutbox())
    made.start()
    yield made
    await asyncio.to_thread(made.stop)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[SerialWire]:
    made = SerialWire(tmp_path / "tty")
    made.plug()
    yield made
    made.close()


async def listening(line: SerialWire, kept: Kept) -> None:
    """Opening throws away what came before; so say it until it is heard."""
    for _ in range(100):
        line.say(1.0)
        await asyncio.sleep(0.02)
        if kept.temperatures():
            return
    raise AssertionError("nobody listens")


async def test_a_line_that_stops_is_refused_with_all_that_still_comes_of_it(
    line: SerialWire, kept: Kept
) -> None:
    config = line.config()
    assert isinstance(config, SerialLineConfig)
    impatient = replace(config, line_timeout=100)
    async with running(open_source(impatient, clock=SystemClock(), template_dirs=()), kept):
        await listening(line, kept)
        line.write(b'{"temp":-1')
        await until(lambda: kept.refused("unterminated") == 1)
        line.write(b'8.5}\r\n{"temp":7.5}\r\n')
        await until(lambda: 7.5 in kept.temperatures())
    assert set(kept.temperatures()) == {1.0, 7.5}


async def test_a_slow_line_is_one_line(line: SerialWire, kept: Kept) -> None:
    async with running(source_on(line), kept):
        await listening(line, kept)
        for byte in b'{"temp":-18.5}\r\n':
            line.write(bytes([byte]))
            await asyncio.sleep(0.01)
        await until(lambda: -18.5 in kept.temperatures())
    assert not kept.intake.refusals()


async def test_a_cable_pulled_in_mid_line_leaves_no_reading(line: SerialWire, kept: Kept) -> None:
    async with running(source_on(line), kept):
        await listening(line, kept)
        line.write(b'{"temp":-1')
        await asyncio.sleep(0.1)
        line.unplug()
        await until(lambda: kept.refused("unterminated") == 1)
        line.plug()
        for _ in range(300):
            line.say(3.0)
            await asyncio.sleep(0.02)
            if 3.0 in kept.temperatures():
                break
    assert set(kept.temperatures()) == {1.0, 3.0}


async def test_a_line_without_end_is_counted_once_and_held_in_no_memory(line: SerialWire, kept: Kept) -> None:
    async with running(source_on(line), kept):
        await listening(line, kept)
        for _ in range(30):
            await asyncio.to_thread(line.write, b"x" * 1000)
        line.write(b'\n{"temp":7.5}\n')
        await until(lambda: 7.5 in kept.temperatures())
    assert kept.refused("too_long") == 1


async def test_without_room_a_source_reads_on_and_what_is_lost_is_counted(
    line: SerialWire, kept: Kept
) -> None:
    outbox = kept.outbox
    assert isinstance(outbox, NarrowOutbox)
    async with running(source_on(line), kept) as loops:
        await listening(line, kept)
        outbox.full = True
        line.say(2.0)
        await until(lambda: kept.refused("not_kept") == 1)
        outbox.full = False
        line.say(3.0)
        await until(lambda: 3.0 in kept.temperatures())
        assert loops.status[0].restarts == 0
    assert 2.0 not in kept.temperatures()


async def test_without_room_a_bus_is_polled_on(tmp_path: Path, kept: Kept) -> None:
    outbox = kept.outbox
    assert isinstance(outbox, NarrowOutbox)
    bus = ModbusWire(tmp_path / "bus")
    bus.plug()
    async with running(source_on(bus), kept):
        await until(lambda: len(kept.temperatures()) > 0)
        outbox.full = True
        await until(lambda: kept.refused("not_kept") >= 1)
        outbox.full = False
        bus.say(3.0)
        await until(lambda: 3.0 in kept.temperatures())
    bus.close()


async def test_messages_at_qos_0_are_taken_without_an_acknowledgement(tmp_path: Path, kept: Kept) -> None:
    wire = MqttWire(tmp_path)
    wire.plug()
    async with running(source_on(wire), kept):
        await asyncio.to_thread(wire.say, 1.0)
        for _ in range(100):
            single = partial(paho.mqtt.publish.single, hostname="127.0.0.1", port=wire.port)
            await asyncio.to_thread(single, "zigbee2mqtt/front", b'{"temperature":6}', qos=0)
            await asyncio.sleep(0.05)
            if 6.0 in kept.temperatures():
                break
    wire.close()
    assert 6.0 in kept.temperatures()


async def test_what_an_old_session_still_brings_is_counted_and_acknowledged(
    tmp_path: Path, kept: Kept
) -> None:
    """The configuration has changed; the broker remembers the former subscription."""
    wire = MqttWire(tmp_path)
    wire.plug()
    async with running(source_on(wire), kept):
        for _ in range(100):
            await asyncio.to_thread(wire.say, 1.0)
            if kept.temperatures():
                break
    await asyncio.to_thread(wire.say, 2.0)
    config = wire.config()
    assert isinstance(config, MqttConfig)
    changed = replace(config, subscription=(SubscriptionConfig(topic="other/#", format="zigbee2mqtt"),))
    async with running(open_source(changed, clock=SystemClock(), template_dirs=()), kept):
        await until(lambda: kept.refused("bad_topic") >= 1)
    once = kept.refused("bad_topic")
    async with running(open_source(changed, clock=SystemClock(), template_dirs=()), kept):
        await asyncio.sleep(0.5)
    wire.close()
    assert kept.refused("bad_topic") == once
    assert 2.0 not in kept.temperatures()
