"""Modbus RTU: one owner of one port, which listens before it speaks and asks unit by unit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from coldchain.errors import Unavailable
from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Intake
from coldchain_gateway.formats import Request, is_whole, read_answer, request_frame
from coldchain_gateway.formats.modbus_traffic import foreign_frame
from coldchain_gateway.sources.bus.polling import Poller
from coldchain_gateway.sources.bus.units import check_one_line, units_of
from coldchain_gateway.sources.serial_port import SerialPort
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

from .config import ModbusConfig
from .listening import Listening, verdict

# A frame has at most 256 bytes; whoever sends more in answer to one request is not answering.
MOST_BYTES: Final = 512
# After no or a broken answer: the line must be quiet for so long before another unit is asked, so that a late
# answer does not meet the next question. Bounded, because a line that is never quiet must not stop the bus.
QUIET_S: Final = 0.05
# So many answers of others in a row are no late answers of our units.
MOST_FOREIGN: Final = 3
MOST_QUIET_WAITS: Final = 10
log = Log("gateway.modbus")


class LineOccupied(Unavailable):
    """Somebody else began to speak on the line."""

    def __init__(self, heard: bytes) -> None:
        super().__init__(verdict(heard))
        self.heard = heard


class RtuLink:
    """Implements `bus.Link` on a serial port. Somebody else's frames, heard uninvited between two requests or
    again and again instead of answers, end the asking (LineOccupied)."""

    def __init__(self, port: SerialPort) -> None:
        self._port = port
        self._asked: Request | None = None
        self._foreign = 0

    async def ask(self, request: Request, *, wait_s: float, frame_s: float) -> Sequence[int] | Refusal:
        """Raises PortLost and LineOccupied."""
        self._refuse_company(self._port.drain())
        self._port.write(request_frame(request))
        self._asked = request
        received = b""
        wait = wait_s
        while not is_whole(received, request) and len(received) < MOST_BYTES:
            data = await self._port.read_within(wait)
            if not data:
                break
            received += data
            wait = frame_s
        answer = read_answer(received, request)
        foreign = (
            isinstance(answer, Refusal)
            and answer.reason is RefusalReason.FOREIGN_FRAME
            and received[0] != request.unit
        )
        self._foreign = self._foreign + 1 if foreign else 0
        if self._foreign >= MOST_FOREIGN:
            raise LineOccupied(received)
        return answer

    async def settle(self) -> None:
        """Raises PortLost and LineOccupied."""
        heard = b""
        for _ in range(MOST_QUIET_WAITS):
            data = await self._port.read_within(QUIET_S)
            if not data:
                break
            heard += data
        self._refuse_company(heard)

    def _refuse_company(self, heard: bytes) -> None:
        """A frame of the unit that was asked last is its late answer, and nobody's company."""
        frame = foreign_frame(heard) if heard else None
        if frame is not None and (self._asked is None or frame.unit != self._asked.unit):
            raise LineOccupied(heard)


class ModbusSource:
    """Implements `contracts.Source`."""

    def __init__(self, config: ModbusConfig, clock: Clock, template_dirs: Sequence[Path]) -> None:
        """Raises ConfigError for a template that is not there, and units that cannot share a line."""
        self.name = config.name
        units = units_of(config, template_dirs)
        check_one_line(config.name, list(units.values()))
        self._settings = config.settings()
        self._listening = Listening(config, clock)
        self._poller = Poller(config, units, clock)
        self._units = len(units)

    @property
    def remark(self) -> str:
        """Why nothing is sent; "" while units are asked."""
        return self._listening.remark

    async def run(self, intake: Intake) -> None:
        """Listen, then poll, until cancelled. Raises PortLost."""
        async with SerialPort(self._settings) as port:
            log.event("modbus.open", source=self.name, port=self._settings.port, units=self._units)
            while True:
                await self._listening.until_free(port, intake)
                try:
                    await self._poller.run(RtuLink(port), intake)
                except LineOccupied as error:
                    self._listening.occupied(str(error), error.heard, intake)
