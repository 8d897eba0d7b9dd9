"""Is a line ours? It is listened to before the first request, and whenever something came uninvited.

Two masters on one bus spoil each other's readings, and the other one may regulate a cold room. So where
anybody else is heard, nothing is sent.
"""

from typing import Final

from coldchain.readings import RefusalReason
from coldchain_gateway.contracts import Intake
from coldchain_gateway.formats.modbus_traffic import MOST_NOISE, foreign_frame
from coldchain_gateway.formats.values import refused
from coldchain_gateway.sources.serial_port import SerialPort
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

from .config import ModbusConfig

# A frame of 256 bytes at 9600 baud lasts 0.3 s; what was heard before such a pause is judged as one.
SILENCE_S: Final = 0.3
MOST_HEARD: Final = 512
# A wire that was ours before it was unplugged is listened to for so long when it comes back.
BACK_MS: Final = 1_000
log = Log("gateway.modbus")


def verdict(heard: bytes) -> str:
    """Why nothing may be sent after this was heard; "" when it may."""
    frame = foreign_frame(heard)
    if frame is not None:
        return f"another Modbus master speaks on this line (heard: {frame}); nothing is sent"
    if len(heard) > MOST_NOISE:
        return (
            f"something speaks on this line that is no Modbus at these line settings ({len(heard)} bytes, "
            f"{heard[:8].hex(' ')} …): another master with other settings, a device that prints by itself, "
            "or a line without termination; nothing is sent"
        )
    return ""


class Listening:
    """Knows whether the line is free; `remark` says why it is not."""

    def __init__(self, config: ModbusConfig, clock: Clock) -> None:
        self.remark = ""
        self._name = config.name
        self._first_ms = config.listen
        self._again_ms = config.listen_again
        self._clock = clock
        self._was_free = False

    async def until_free(self, port: SerialPort, intake: Intake) -> None:
        """Return when nobody has been heard for as long as is asked. Raises PortLost."""
        wanted_ms = self._wanted_ms()
        quiet_since_ns = self._clock.monotonic_ns()
        while (left_s := wanted_ms / 1000 - self._quiet_s(quiet_since_ns)) > 0:
            heard = await self._hear(port, left_s)
            if heard and (remark := verdict(heard)):
                self.occupied(remark, heard, intake)
                wanted_ms = self._again_ms
            if heard and self.remark:
                quiet_since_ns = self._clock.monotonic_ns()
        if self.remark:
            log.event("modbus.line_free", source=self._name)
        self.remark = ""
        self._was_free = True

    def occupied(self, remark: str, heard: bytes, intake: Intake) -> None:
        """Somebody else was heard: told once, counted each time."""
        if not self.remark:
            log.warning("modbus.line_occupied", source=self._name, reason=remark)
            fields = {"state": "occupied", "error": remark[:200]}
            intake.note("source", {"source": self._name}, fields, urgent=True)
        self.remark = remark
        self._was_free = False
        intake.refuse(self._name, refused(RefusalReason.FOREIGN_FRAME, remark, heard))

    def _wanted_ms(self) -> int:
        if self.remark:
            return self._again_ms
        return min(BACK_MS, self._first_ms) if self._was_free else self._first_ms

    def _quiet_s(self, since_ns: int) -> float:
        return (self._clock.monotonic_ns() - since_ns) / 1e9

    async def _hear(self, port: SerialPort, within_s: float) -> bytes:
        """What comes until the line pauses or a frame is in it; nothing if it stays quiet."""
        heard = await port.read_within(within_s)
        while heard and len(heard) < MOST_HEARD and foreign_frame(heard) is None:
            more = await port.read_within(SILENCE_S)
            if not more:
                break
            heard += more
        return heard
