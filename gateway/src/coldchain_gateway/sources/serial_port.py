"""One owner of one serial port, without a thread: bytes as they come, and the end of the wire as an error."""

import asyncio
import os
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, Self

import serial

from coldchain.errors import InvalidInput, Unavailable

READ_BYTES: Final = 4096
BAUDS: Final = frozenset({300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400})
Parity = Literal["N", "E", "O"]


class PortLost(Unavailable):
    """The port is not there, was unplugged, or belongs to another program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortSettings:
    """Where and how; `/dev/serial/by-id/…` survives replugging, ttyUSB0 does not."""

    port: str
    baud: int = 9600
    parity: Parity = "N"
    stop_bits: Literal[1, 2] = 1

    def __post_init__(self) -> None:
        if self.baud not in BAUDS:
            raise InvalidInput(f"{self.baud} baud is none of {', '.join(map(str, sorted(BAUDS)))}")


class SerialPort:
    """An open port; use with `async with`."""

    def __init__(self, settings: PortSettings) -> None:
        self._settings = settings
        self._serial: serial.Serial | None = None

    async def __aenter__(self) -> Self:
        """Raises PortLost."""
        settings = self._settings
        try:
            self._serial = serial.Serial(
                settings.port,
                settings.baud,
                parity=settings.parity,
                stopbits=settings.stop_bits,
                timeout=0,
                exclusive=True,
            )
        except (OSError, serial.SerialException) as error:
            raise PortLost(f"{settings.port}: {error}") from error
        os.set_blocking(self._serial.fileno(), False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._serial is not None:
            self._serial.close()
            self._serial = None

    async def read(self) -> bytes:
        """At least one byte. Raises PortLost when the wire is gone."""
        fileno = self._fileno()
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        loop.add_reader(fileno, _wake, ready)
        try:
            await ready
        finally:
            loop.remove_reader(fileno)
        try:
            data = os.read(fileno, READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise PortLost(f"{self._settings.port}: {error}") from error
        if not data:
            raise PortLost(f"{self._settings.port}: hung up")
        return data

    def drain(self) -> bytes:
        """Whatever lies in the port's buffer now; for what came uninvited before a request."""
        try:
            return os.read(self._fileno(), READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise PortLost(f"{self._settings.port}: {error}") from error

    def write(self, data: bytes) -> None:
        """Send a request; it always fits the kernel's buffer. Raises PortLost."""
        try:
            os.write(self._fileno(), data)
        except OSError as error:
            raise PortLost(f"{self._settings.port}: {error}") from error

    def _fileno(self) -> int:
        if self._serial is None:
            raise PortLost(f"{self._settings.port}: not open")
        fileno: int = self._serial.fileno()
        return fileno


def _wake(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
