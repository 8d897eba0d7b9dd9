"""`kind = "serial_line"`."""

from dataclasses import dataclass
from typing import Literal

from coldchain.errors import InvalidInput
from coldchain_gateway.sources.line_language import LineLanguage
from coldchain_gateway.sources.port_settings import PortSettings
from coldchain_runtime.documents import Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialLineConfig(LineLanguage):
    """A port on which a device prints lines by itself.

    `interval`: how often a line is expected; of a satellite receiver (`nmea`) one position in that time is
    taken. A line that stops for `line_timeout` in its middle is refused with what still comes of it.
    """

    kind: Literal["serial_line"]
    name: str
    port: str
    baud: int = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1
    interval: Duration | None = None
    line_timeout: Duration = 2_000
    max_line: int = 1024

    def __post_init__(self) -> None:
        LineLanguage.__post_init__(self)
        if not 100 <= self.line_timeout <= 600_000:
            raise InvalidInput("line_timeout must lie between 100ms and 10m")
        if not 16 <= self.max_line <= 65_536:
            raise InvalidInput("max_line must lie between 16 and 65536 bytes")
        self.settings()

    def settings(self) -> PortSettings:
        """How the port is opened. Raises InvalidInput."""
        return PortSettings(port=self.port, baud=self.baud, parity=self.parity, stop_bits=self.stop_bits)
