"""Reads lines as a device prints them, and gives each to intake with the instant of its last byte."""

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Acquired, Decoded, Intake, NotKept
from coldchain_gateway.formats import LineSplitter
from coldchain_gateway.sources.serial_port import SerialPort
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

from .config import SerialLineConfig

log = Log("gateway.serial_line")


class SerialLineSource:
    """Implements `contracts.Source`; an unplugged port ends `run`, which is started again."""

    def __init__(self, config: SerialLineConfig, clock: Clock) -> None:
        self.name = config.name
        self._settings = config.settings()
        self._format = config.language(config.interval or 0)
        self._mid_line = not config.self_delimiting
        self._line_timeout_s = config.line_timeout / 1000
        self._max_line = config.max_line
        self._clock = clock

    async def run(self, intake: Intake) -> None:
        """Read until cancelled. Raises PortLost."""
        splitter = LineSplitter(self._max_line, mid_line=self._mid_line)
        async with SerialPort(self._settings) as port:
            log.event("serial_line.open", source=self.name, port=self._settings.port)
            try:
                while True:
                    await self._next(port, splitter, intake)
            finally:
                cut = splitter.drop()
                if cut is not None:
                    intake.refuse(self.name, cut)

    async def _next(self, port: SerialPort, splitter: LineSplitter, intake: Intake) -> None:
        """Read some bytes and take the lines that end in them."""
        if splitter.unfinished:
            data = await port.read_within(self._line_timeout_s)
            cut = None if data else splitter.pause()
            if cut is not None:
                intake.refuse(self.name, cut)
        else:
            data = await port.read()
        boottime_ns, wall_ms = self._clock.boottime_ns(), self._clock.now_ms()
        for line in splitter.feed(data):
            if isinstance(line, Refusal):
                await self._take(intake, (line,), boottime_ns, wall_ms, line.raw)
            else:
                await self._take(intake, self._format.decode(line, wall_ms), boottime_ns, wall_ms, line)

    async def _take(
        self, intake: Intake, decoded: Decoded, boottime_ns: int, wall_ms: int, raw: bytes
    ) -> None:
        acquired = Acquired(
            source=self.name, decoded=decoded, boottime_ns=boottime_ns, wall_ms=wall_ms, raw=raw
        )
        try:
            await intake.take(acquired)
        except NotKept as error:
            intake.refuse(self.name, Refusal(reason=RefusalReason.NOT_KEPT, detail=str(error)))
