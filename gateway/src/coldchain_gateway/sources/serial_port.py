"""One owner of one serial port, without a thread: bytes as they come, and the end of the wire as an error."""

import asyncio
import os
from types import TracebackType
from typing import Final, Self

import serial
from serial.rs485 import RS485Settings

from coldchain.errors import Unavailable

from .port_settings import PortSettings

READ_BYTES: Final = 4096
# What can lie in the kernel's buffer; more is a port that talks without end.
MOST_DRAINED: Final = 16


class PortLost(Unavailable):
    """The port is not there, was unplugged, or belongs to another program."""


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
                write_timeout=0,
                exclusive=True,
            )
            self._turn_by_rts(self._serial)
            os.set_blocking(self._serial.fileno(), False)
        except (OSError, serial.SerialException, ValueError) as error:
            raise PortLost(f"{settings.port}: {error}") from error
        return self

    def _turn_by_rts(self, opened: serial.Serial) -> None:
        """Let the kernel's driver switch the transceiver. Raises PortLost where it has no such thing."""
        turning = rs485_of(self._settings)
        if turning is None:
            return
        try:
            opened.rs485_mode = turning
        except (OSError, ValueError) as error:
            opened.close()
            raise PortLost(
                f"{self._settings.port}: its driver cannot switch the direction by RTS ({error}); "
                'with direction = "auto" the adapter does that by itself'
            ) from error

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._serial is not None:
            self._serial.close()
            self._serial = None

    async def read(self) -> bytes:
        """At least one byte, unless another read was quicker. Raises PortLost when the wire is gone."""
        fileno = self._fileno()
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        loop.add_reader(fileno, _wake, ready)
        try:
            await ready
        finally:
            loop.remove_reader(fileno)
        return self._read(hung_up_is_lost=True)

    async def read_within(self, seconds: float) -> bytes:
        """As `read`, or nothing when that long nothing has come. Raises PortLost."""
        try:
            async with asyncio.timeout(seconds):
                return await self.read()
        except TimeoutError:
            # The loop may have been late, and not the device.
            return self._read(hung_up_is_lost=False)

    def drain(self) -> bytes:
        """Whatever lies in the port's buffer now; for what came uninvited. Raises PortLost."""
        drained = b""
        for _ in range(MOST_DRAINED):
            data = self._read(hung_up_is_lost=False)
            drained += data
            if not data:
                break
        return drained

    def write(self, data: bytes) -> None:
        """Send a request; it always fits the kernel's buffer. Raises PortLost."""
        try:
            written = os.write(self._fileno(), data)
        except OSError as error:
            raise PortLost(f"{self._settings.port}: {error}") from error
        if written != len(data):
            raise PortLost(f"{self._settings.port}: takes no more bytes")

    def _read(self, *, hung_up_is_lost: bool) -> bytes:
        try:
            data = os.read(self._fileno(), READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise PortLost(f"{self._settings.port}: {error}") from error
        if not data and hung_up_is_lost:
            raise PortLost(f"{self._settings.port}: hung up")
        return data

    def _fileno(self) -> int:
        if self._serial is None:
            raise PortLost(f"{self._settings.port}: not open")
        fileno: int = self._serial.fileno()
        return fileno


def rs485_of(settings: PortSettings) -> RS485Settings | None:
    """What the kernel's driver is told; None where the adapter turns by itself.

    The driver takes whole ms, cut off: half a ms more keeps what was written.
    """
    if settings.direction == "auto":
        return None
    high = settings.direction == "rts"
    return RS485Settings(
        rts_level_for_tx=high,
        rts_level_for_rx=not high,
        delay_before_tx=(settings.before_ms + 0.5) / 1000,
        delay_before_rx=(settings.after_ms + 0.5) / 1000,
    )


def _wake(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
