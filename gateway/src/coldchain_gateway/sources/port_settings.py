"""Which serial port, and how it speaks; known without loading what opens it."""

from dataclasses import dataclass
from typing import Final, Literal

from coldchain.errors import InvalidInput

BAUDS: Final = (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400)
Parity = Literal["N", "E", "O"]
# Who turns an RS-485 transceiver from hearing to speaking: the adapter by itself, or the kernel's driver by
# the line RTS, which is high (or low) while it speaks.
Direction = Literal["auto", "rts", "rts-low"]
MOST_TURNING_MS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PortSettings:
    """Where and how; `/dev/serial/by-id/…` survives replugging, ttyUSB0 does not."""

    port: str
    baud: int = 9600
    parity: Parity = "N"
    stop_bits: Literal[1, 2] = 1
    direction: Direction = "auto"
    before_ms: int = 0  # RTS is switched so long before the first bit
    after_ms: int = 0  # and back so long after the last

    @property
    def told(self) -> str:
        """As people write it: 9600 8N1."""
        return f"{self.baud} 8{self.parity}{self.stop_bits}"

    def __post_init__(self) -> None:
        if not self.port:
            raise InvalidInput("a port needs a name")
        if self.baud not in BAUDS:
            raise InvalidInput(f"{self.baud} baud is none of {', '.join(map(str, BAUDS))}")
        if not (0 <= self.before_ms <= MOST_TURNING_MS and 0 <= self.after_ms <= MOST_TURNING_MS):
            raise InvalidInput(f"direction_before and direction_after: 0ms to {MOST_TURNING_MS}ms")
        if self.direction == "auto" and (self.before_ms or self.after_ms):
            raise InvalidInput('direction_before and direction_after need direction = "rts" or "rts-low"')
