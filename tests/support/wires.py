"""Real wires for sources: serial lines and Modbus units on pseudo terminals, a mosquitto of its own."""

from __future__ import annotations

import asyncio
import os
import re
import select
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol

import paho.mqtt.publish
from paho.mqtt.enums import MQTTProtocolVersion

from coldchain.backoff import Backoff
from coldchain_gateway.contracts import Source
from coldchain_gateway.intake import GatewayIntake, Hooks
from coldchain_gateway.sources import (
    ModbusConfig,
    MqttConfig,
    SerialLineConfig,
    SourceConfig,
    open_source,
)
from coldchain_gateway.sources.bus import UnitConfig
from coldchain_gateway.sources.mqtt.config import SubscriptionConfig
from coldchain_runtime.clock import SystemClock
from coldchain_runtime.supervisor import Supervisor
from support.memory_outbox import MemoryOutbox
from support.modbus_socket import ModbusTcpWire
from support.onewire_tree import OnewireWire
from support.parts import require
from support.ports import free_port
from support.terminals import AT_FIRST, Terminal

TEMPERATURE = re.compile(rb"sensor=(?P<sensor>(?:\\.|[^ ,\\])+) .*?temperature=(?P<value>[-+0-9.e]+)")


class Kept:
    """The real intake over an outbox in memory; it commits on its thread from `start` on."""

    def __init__(self, outbox: MemoryOutbox | None = None) -> None:
        self.outbox = outbox or MemoryOutbox()
        self.intake = GatewayIntake(
            outbox=self.outbox,
            clock=SystemClock(),
            boot="boot-1",
            trusted=lambda: True,
            hooks=Hooks(committed=lambda _: None, hurry=lambda: None, relieve=lambda: None),
        )
        self._thread = threading.Thread(target=self.intake.run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.intake.stop()
        if self._thread.ident is not None:
            self._thread.join(5)

    def readings(self) -> list[tuple[str, float]]:
        """(sensor, temperature) of every line kept, in order."""
        found = []
        for line in b"".join(chunk.body for chunk in self.outbox.unsealed(10**9, 10**9)).splitlines():
            match = TEMPERATURE.search(line)
            if match is not None:
                found.append((match["sensor"].decode(), float(match["value"])))
        return found

    def temperatures(self) -> list[float]:
        return [value for _, value in self.readings()]

    def refused(self, reason: str) -> int:
        return sum(count for (_, name), count in self.intake.refusals().items() if name == reason)


@asynccontextmanager
async def running(source: Source, kept: Kept) -> AsyncIterator[Supervisor]:
    """The source under its supervisor, as the program runs it."""
    async with Supervisor(SystemClock(), backoff=Backoff(base_ms=50, cap_ms=500)) as loops:
        loops.start(source.name, lambda: source.run(kept.intake))
        yield loops


async def until(true: Callable[[], bool], seconds: float = 8.0) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise AssertionError("it did not become true")
        await asyncio.sleep(0.01)


class Wire(Protocol):
    """Something that a source listens to, in the hand of a test."""

    def config(self) -> SourceConfig: ...
    def plug(self) -> None: ...
    def unplug(self) -> None: ...
    def say(self, celsius: float) -> None:
        """Let the device say (or, where it is asked, have) this temperature."""

    def babble(self) -> None:
        """Let it say what is no reading."""

    def close(self) -> None: ...


def source_on(wire: Wire, templates: Sequence[Path] = ()) -> Source:
    return open_source(wire.config(), clock=SystemClock(), template_dirs=templates)


class SerialWire(Terminal):
    """A board that prints JSON lines."""

    def config(self) -> SourceConfig:
        return SerialLineConfig(kind="serial_line", name="line", port=str(self.link), sensor="front")

    def write(self, data: bytes) -> None:
        os.write(self.master, data)

    def say(self, celsius: float) -> None:
        self.write(b'{"temp":%s}\r\n' % repr(celsius).encode())

    def babble(self) -> None:
        self.write(b"board ready\r\n\xff\xfe\x00\r\n{\r\n")

    def close(self) -> None:
        self.unplug()


def crc(data: bytes) -> bytes:
    """CRC-16/Modbus, written here from the specification."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return bytes([value & 0xFF, value >> 8])


class ModbusWire(Terminal):
    """Units on one bus, answered by a thread; `answers` may hold another answer for a unit: its bytes, or
    None for silence."""

    def __init__(self, link: Path, units: Sequence[int] = (1,), interval_ms: int = 200) -> None:
        super().__init__(link)
        self._units = units
        self._interval_ms = interval_ms
        self.retry_ms = 1_000
        self.listen_ms = 300
        self.tenths: dict[int, int] = dict.fromkeys(units, round(AT_FIRST * 10))
        self.answers: dict[int, Callable[[bytes], bytes | None]] = {}
        self.asked: list[tuple[float, int]] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def config(self) -> SourceConfig:
        return ModbusConfig(
            kind="modbus",
            name="bus",
            port=str(self.link),
            gap_ms=5,
            retry=self.retry_ms,
            listen=self.listen_ms,
            unit=tuple(self.unit(address) for address in self._units),
        )

    def unit(self, address: int) -> UnitConfig:
        return UnitConfig(
            address=address,
            template="xy-md02",
            sensor="front" if address == 1 else f"unit-{address}",
            interval=self._interval_ms,
            timeout=150,
        )

    def plug(self) -> None:
        super().plug()
        if self._thread.ident is None:
            self._thread.start()

    def say(self, celsius: float) -> None:
        self.tenths[1] = round(celsius * 10)

    def babble(self) -> None:
        said = iter([b"\x01\x04\x02\x01", b"\xff" * 40, b""])
        self.answers[1] = lambda request: next(said, self.answer(request))

    def answer(self, request: bytes) -> bytes:
        """Registers 1 (temperature) and 2 (humidity 50 %) as asked."""
        unit, first, count = request[0], request[3], request[5]
        registers = {1: self.tenths[unit] & 0xFFFF, 2: 500}
        data = b"".join(registers.get(first + place, 0).to_bytes(2, "big") for place in range(count))
        body = bytes([unit, request[1], len(data)]) + data
        return body + crc(body)

    def _serve(self) -> None:
        while not self._ending.wait(0.002):
            master = self.master
            with suppress(OSError, ValueError):
                if select.select([master], [], [], 0.05)[0]:
                    self._reply(master, os.read(master, 256))

    def _reply(self, master: int, request: bytes) -> None:
        if len(request) != 8 or crc(request[:-2]) != request[-2:] or request[0] not in self.tenths:
            return
        self.asked.append((time.monotonic(), request[0]))
        said = self.answers.get(request[0], self.answer)(request)
        if said:
            os.write(master, said)

    def close(self) -> None:
        self._ending.set()
        self.unplug()
        if self._thread.ident is not None:
            self._thread.join(5)


class MqttWire:
    """A broker that can go down and come back with what it kept."""

    def __init__(self, folder: Path, protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv311) -> None:
        self._program = require("mosquitto")
        self.folder = folder
        self._protocol = protocol
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "broker").mkdir(exist_ok=True)
        (folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {folder}/broker/\nlog_dest none\nuser root\n"
        )

    def config(self) -> SourceConfig:
        return MqttConfig(
            kind="mqtt",
            name="zigbee",
            host="127.0.0.1",
            port=self.port,
            protocol="5" if self._protocol == MQTTProtocolVersion.MQTTv5 else "3.1.1",
            client_id="gateway",
            subscription=(SubscriptionConfig(topic="zigbee2mqtt/#", format="zigbee2mqtt"),),
        )

    def plug(self) -> None:
        command = [str(self._program), "-c", str(self.folder / "mosquitto.conf")]
        self._process = subprocess.Popen(command)

    def unplug(self) -> None:
        """SIGTERM: it writes down what it keeps."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """At QoS 1, waiting for the broker's word; a broker that is just starting is tried again."""
        for _ in range(100):
            with suppress(OSError):
                paho.mqtt.publish.single(
                    topic, payload, qos=1, retain=retain, hostname="127.0.0.1", port=self.port
                )
                return
            time.sleep(0.05)
        raise AssertionError("the broker is not there")

    def say(self, celsius: float) -> None:
        self.publish("zigbee2mqtt/front", b'{"temperature":%s}' % repr(celsius).encode())

    def babble(self) -> None:
        for payload in (b"\xff\xfe", b"", b'{"temperature":null}', b"[]", b"{" * 3000):
            self.publish("zigbee2mqtt/front", payload)

    def close(self) -> None:
        self.unplug()


WIRES: Mapping[str, Callable[[Path], Wire]] = {
    "serial_line": lambda folder: SerialWire(folder / "tty"),
    "modbus": lambda folder: ModbusWire(folder / "tty"),
    "modbus_tcp": ModbusTcpWire,
    "onewire": OnewireWire,
    "mqtt": MqttWire,
    "mqtt 5": lambda folder: MqttWire(folder, MQTTProtocolVersion.MQTTv5),
}
