"""Which serial port, and how it speaks; known without loading what opens it."""

from dataclasses import dataclass
from typing import Final, Literal

from coldchain.errors import InvalidInput

BAUDS: Final = (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400)
Parity = Literal["N", "E", "O"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortSettings:
    """Where and how; `/dev/serial/by-id/…` survives replugging, ttyUSB0 does not."""

    port: str
    baud: int = 9600
    parity: Parity = "N"
    stop_bits: Literal[1, 2] = 1

    @property
    def told(self) -> str:
        """As people write it: 9600 8N1."""
        return f"{self.baud} 8{self.parity}{self.stop_bits}"

    def __post_init__(self) -> None:
        if not self.port:
            raise InvalidInput("a port needs a name")
        if self.baud not in BAUDS:
            raise InvalidInput(f"{self.baud} baud is none of {', '.join(map(str, BAUDS))}")
