"""One connection to one address, over which units are asked one after the other."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from coldchain.errors import Unavailable
from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Intake
from coldchain_gateway.formats import Request
from coldchain_gateway.formats.modbus_tcp import first_frame, read_tcp_answer, tcp_request
from coldchain_gateway.formats.values import refused
from coldchain_gateway.sources.bus.polling import Poller
from coldchain_gateway.sources.bus.units import units_of
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

from .config import ModbusTcpConfig

READ_BYTES: Final = 4096
CLOSE_S: Final = 0.5
log = Log("gateway.modbus_tcp")


class ConnectionLost(Unavailable):
    """The address does not answer, or the connection has ended."""


class TcpLink:
    """Implements `bus.Link` over a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, where: str) -> None:
        self._reader = reader
        self._writer = writer
        self._where = where
        self._transaction = 0
        self._rest = b""

    async def ask(self, request: Request, *, wait_s: float, frame_s: float) -> Sequence[int] | Refusal:
        """Raises ConnectionLost."""
        self._transaction = (self._transaction + 1) & 0xFFFF
        try:
            self._writer.write(tcp_request(request, self._transaction))
            async with asyncio.timeout(wait_s + frame_s):
                return await self._answer(request)
        except TimeoutError:
            return refused(RefusalReason.TIMEOUT, f"unit {request.unit}: no answer", self._rest)
        except (OSError, ValueError) as error:
            raise ConnectionLost(f"{self._where}: {error}") from error

    async def settle(self) -> None:
        """Nothing to wait for: a late answer carries the number of its request."""

    async def _answer(self, request: Request) -> Sequence[int] | Refusal:
        while True:
            while (found := first_frame(self._rest)) is not None:
                frame, self._rest = found
                answer = read_tcp_answer(frame, request, self._transaction)
                if answer is not None:
                    return answer
            data = await self._reader.read(READ_BYTES)
            if not data:
                raise ConnectionLost(f"{self._where}: closed by the other side")
            self._rest += data


class ModbusTcpSource:
    """Implements `contracts.Source`."""

    def __init__(self, config: ModbusTcpConfig, clock: Clock, template_dirs: Sequence[Path]) -> None:
        """Raises ConfigError for a template that is not there or is wrong."""
        self.name = config.name
        self._config = config
        self._poller = Poller(config, units_of(config, template_dirs), clock)

    async def run(self, intake: Intake) -> None:
        """Poll until cancelled. Raises ConnectionLost."""
        where = f"{self._config.host}:{self._config.port}"
        try:
            async with asyncio.timeout(self._config.connect_timeout / 1000):
                reader, writer = await asyncio.open_connection(self._config.host, self._config.port)
        except (OSError, TimeoutError) as error:
            raise ConnectionLost(f"{where}: {error or 'no answer'}") from error
        log.event("modbus_tcp.open", source=self.name, where=where)
        try:
            await self._poller.run(TcpLink(reader, writer, where), intake)
        finally:
            writer.close()
