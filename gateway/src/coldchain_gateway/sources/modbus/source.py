"""One owner of one bus: strictly one request after another, with a pause in between. It only reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Acquired, Decoded, Intake, NotKept
from coldchain_gateway.formats import (
    Block,
    Request,
    Template,
    blocks_of,
    decode_registers,
    is_whole,
    read_answer,
    request_frame,
    words_of,
)
from coldchain_gateway.sources.serial_port import SerialPort
from coldchain_gateway.templates import load_template
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

from .config import ModbusConfig, UnitConfig
from .schedule import Patience, Turn, next_turn

# A frame has at most 256 bytes; whoever sends more in answer to one request is not answering.
MOST_BYTES: Final = 512
# After no or a broken answer: the line must be quiet for so long before another unit is asked, so that a late
# answer does not meet the next question. Bounded, because a line that is never quiet must not stop the bus.
QUIET_S: Final = 0.05
MOST_QUIET_WAITS: Final = 10
log = Log("gateway.modbus")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A device with its map and the requests that read it."""

    config: UnitConfig
    template: Template
    blocks: tuple[Block, ...]

    @property
    def timeout_s(self) -> float:
        """How long to wait for the first byte of its answer."""
        timeout = self.config.timeout
        return (self.template.response_timeout if timeout is None else timeout) / 1000


class ModbusSource:
    """Implements `contracts.Source`. Which units are silent is remembered when the port comes back."""

    def __init__(self, config: ModbusConfig, clock: Clock, template_dirs: Sequence[Path]) -> None:
        """Raises ConfigError for a template that is not there or is wrong."""
        self.name = config.name
        self._settings = config.settings()
        self._gap_s = config.gap_ms / 1000
        self._patience = Patience(failures=config.failures, retry_ms=config.retry)
        self._clock = clock
        self._units: dict[int, Unit] = {}
        self._turns: dict[int, Turn] = {}
        for unit in config.unit:
            template = load_template(unit.template, template_dirs)
            self._units[unit.address] = Unit(config=unit, template=template, blocks=blocks_of(template))

    async def run(self, intake: Intake) -> None:
        """Poll until cancelled. Raises PortLost."""
        async with SerialPort(self._settings) as port:
            log.event("modbus.open", source=self.name, port=self._settings.port, units=len(self._units))
            for address, unit in self._units.items():
                if address not in self._turns:
                    self._turns[address] = Turn(
                        address=address, interval_ms=unit.config.interval, due_ms=self._boot_ms()
                    )
            while True:
                turn = next_turn(self._turns.values())
                await self._clock.sleep(max(self._gap_s, (turn.due_ms - self._boot_ms()) / 1000))
                answered = await self._poll(port, self._units[turn.address], intake)
                self._note(turn, turn.after(self._boot_ms(), self._patience, answered=answered))

    def _note(self, before: Turn, after: Turn) -> None:
        self._turns[before.address] = after
        was, now = before.silent(self._patience), after.silent(self._patience)
        if now and not was:
            log.warning("modbus.unit_silent", source=self.name, unit=before.address, failures=after.failures)
        elif was and not now:
            log.event("modbus.unit_back", source=self.name, unit=before.address)

    async def _poll(self, port: SerialPort, unit: Unit, intake: Intake) -> bool:
        """Read all blocks of a unit and give what they say to intake; whether the unit answered at all."""
        words: dict[tuple[int, int], int] = {}
        refusals: list[Refusal] = []
        answered = False
        for number, block in enumerate(unit.blocks):
            if number or self._gap_s < unit.template.guard / 1000:
                await self._clock.sleep(max(self._gap_s, unit.template.guard / 1000))
            found = await self._ask(port, block.request(unit.config.address), unit)
            if not isinstance(found, Refusal):
                answered = True
                words |= words_of(unit.template, block, found)
                continue
            refusals.append(found)
            if found.reason is RefusalReason.EXCEPTION_FRAME:
                answered = True
                continue
            # What comes late now could be taken for the answer to the next block.
            await self._await_quiet(port)
            break
        await self._take(intake, [*decode_registers(unit.template, unit.config.sensor, words), *refusals])
        return answered

    async def _ask(self, port: SerialPort, request: Request, unit: Unit) -> Sequence[int] | Refusal:
        port.drain()
        port.write(request_frame(request))
        received = b""
        wait_s = unit.timeout_s
        while not is_whole(received, request) and len(received) < MOST_BYTES:
            data = await port.read_within(wait_s)
            if not data:
                break
            received += data
            wait_s = unit.template.frame_timeout / 1000
        return read_answer(received, request)

    async def _await_quiet(self, port: SerialPort) -> None:
        for _ in range(MOST_QUIET_WAITS):
            if not await port.read_within(QUIET_S):
                return

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
