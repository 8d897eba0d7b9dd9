"""One owner of one bus: strictly one request after another, with a pause in between."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Acquired, Decoded, Intake, NotKept
from coldchain_gateway.formats import (
    Block,
    Request,
    Template,
    blocks_of,
    decode_registers,
    read_answer,
    request_frame,
)
from coldchain_gateway.formats.modbus_frame import is_whole
from coldchain_gateway.sources.serial_port import PortSettings, SerialPort
from coldchain_gateway.templates import load_template
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

from .config import ModbusConfig, UnitConfig
from .schedule import Turn, next_turn

log = Log("gateway.modbus")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A device with its map and the requests that read it."""

    config: UnitConfig
    template: Template
    blocks: tuple[Block, ...]

    @property
    def timeout_s(self) -> float:
        """How long to wait for its answer."""
        timeout = self.config.timeout
        return (self.template.response_timeout if timeout is None else timeout) / 1000


class ModbusSource:
    """Implements `contracts.Source`."""

    def __init__(self, config: ModbusConfig, clock: Clock, template_dirs: Sequence[Path]) -> None:
        """Raises ConfigError for a template that is not there or is wrong."""
        self.name = config.name
        self._settings = PortSettings(
            port=config.port, baud=config.baud, parity=config.parity, stop_bits=config.stop_bits
        )
        self._gap_s = config.gap_ms / 1000
        self._clock = clock
        self._units: dict[int, Unit] = {}
        for unit in config.unit:
            template = load_template(unit.template, template_dirs)
            self._units[unit.address] = Unit(config=unit, template=template, blocks=blocks_of(template))

    async def run(self, intake: Intake) -> None:
        """Poll until cancelled. Raises PortLost."""
        start_ms = self._boot_ms()
        turns = {
            address: Turn(address=address, interval_ms=unit.config.interval, due_ms=start_ms)
            for address, unit in self._units.items()
        }
        async with SerialPort(self._settings) as port:
            log.event("modbus.open", source=self.name, port=self._settings.port, units=len(self._units))
            while True:
                turn = next_turn(turns)
                await self._clock.sleep(max(self._gap_s, (turn.due_ms - self._boot_ms()) / 1000))
                answered = await self._poll(port, self._units[turn.address], intake)
                after = turn.after(self._boot_ms(), answered=answered)
                if after.silent and not turn.silent:
                    log.warning("modbus.unit_silent", source=self.name, unit=turn.address)
                turns[turn.address] = after

    async def _poll(self, port: SerialPort, unit: Unit, intake: Intake) -> bool:
        """Read all blocks of a unit and give what they say to intake; whether the unit answered at all."""
        words: dict[tuple[int, int], int] = {}
        refusals: list[Refusal] = []
        answered = False
        for number, block in enumerate(unit.blocks):
            if number:
                await self._clock.sleep(self._gap_s)
            found = await self._ask(port, block.request(unit.config.address), unit.timeout_s)
            if not isinstance(found, Refusal):
                answered = True
                words |= {(block.function, block.address + place): word for place, word in enumerate(found)}
                continue
            refusals.append(found)
            answered = answered or found.reason is RefusalReason.EXCEPTION_FRAME
            if found.reason is RefusalReason.TIMEOUT:
                break
        decoded = [*decode_registers(unit.template, unit.config.sensor, words), *refusals]
        await self._take(intake, decoded)
        return answered

    async def _ask(self, port: SerialPort, request: Request, timeout_s: float) -> Sequence[int] | Refusal:
        port.drain()
        port.write(request_frame(request))
        received = b""
        try:
            async with asyncio.timeout(timeout_s):
                while not is_whole(received, request):
                    received += await port.read()
        except TimeoutError:
            pass
        return read_answer(received, request)

    async def _take(self, intake: Intake, decoded: Decoded) -> None:
        acquired = Acquired(
            source=self.name,
            decoded=decoded,
            boottime_ns=self._clock.boottime_ns(),
            wall_ms=self._clock.now_ms(),
        )
        try:
            await intake.take(acquired)
        except NotKept as error:
            intake.refuse(self.name, Refusal(reason=RefusalReason.NOT_KEPT, detail=str(error)))

    def _boot_ms(self) -> int:
        return self._clock.boottime_ns() // 1_000_000
