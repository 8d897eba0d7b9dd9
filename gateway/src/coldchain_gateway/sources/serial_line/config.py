"""`kind = "serial_line"`."""

from dataclasses import dataclass
from typing import Literal

from coldchain.errors import InvalidInput
from coldchain.readings import valid_sensor_id
from coldchain_gateway.formats import (
    CsvLines,
    LineChecksum,
    LineFormat,
    RegexLines,
    SerialCsv,
    SerialJson,
    SerialRegex,
)
from coldchain_gateway.formats.line_checksum import Checksum, Placed
from coldchain_gateway.sources.port_settings import PortSettings
from coldchain_runtime.documents import Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialLineConfig:
    """A port on which a device prints lines by itself.

    `interval`: how often a line is expected; of a satellite receiver (`nmea`) one position in that time is
    taken. With a `checksum`, lines without it are refused. `unit`: of temperatures under JSON keys that do
    not say it. A line that stops for `line_timeout` in its middle is refused with what still comes of it.
    """

    kind: Literal["serial_line"]
    name: str
    port: str
    baud: int = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1
    format: Literal["json", "csv", "regex", "nmea"] = "json"
    csv: CsvLines | None = None
    regex: RegexLines | None = None
    sensor: str | None = None  # where lines name no sensor
    checksum: Checksum = "none"
    checksum_in: Placed = "suffix"
    unit: Literal["C", "F"] = "C"
    interval: Duration | None = None
    line_timeout: Duration = 2_000
    max_line: int = 1024

    def __post_init__(self) -> None:
        if self.sensor is not None and not valid_sensor_id(self.sensor):
            raise InvalidInput(f"{self.sensor!r} is not a sensor id")
        if not 100 <= self.line_timeout <= 600_000:
            raise InvalidInput("line_timeout must lie between 100ms and 10m")
        if not 16 <= self.max_line <= 65_536:
            raise InvalidInput("max_line must lie between 16 and 65536 bytes")
        if (self.format == "csv") != (self.csv is not None):
            raise InvalidInput("format 'csv' and [source.csv] go together")
        if (self.format == "regex") != (self.regex is not None):
            raise InvalidInput("format 'regex' and [source.regex] go together")
        if self.format == "nmea" and self.sensor is None:
            raise InvalidInput("format 'nmea' needs `sensor`: receivers have no name")
        if self.checksum_in == "field" and self.format not in ("json", "csv"):
            raise InvalidInput("checksum_in = 'field' goes with the formats json and csv")
        self.settings()
        if self.format in ("csv", "regex"):
            self.language()

    @property
    def self_delimiting(self) -> bool:
        """Whether the tail of a line whose beginning nobody heard cannot be taken for a line."""
        return self.format in ("json", "nmea")

    def settings(self) -> PortSettings:
        """How the port is opened. Raises InvalidInput."""
        return PortSettings(port=self.port, baud=self.baud, parity=self.parity, stop_bits=self.stop_bits)

    def language(self) -> LineFormat:
        """The decoder. Raises InvalidInput; loads the library of the format."""
        checksum = LineChecksum(kind=self.checksum, placed=self.checksum_in)
        if self.csv is not None:
            return SerialCsv(self.csv, self.sensor, checksum)
        if self.regex is not None:
            return SerialRegex(self.regex, self.sensor, checksum)
        if self.format == "nmea":
            from coldchain_gateway.formats.nmea import Nmea

            return Nmea(self.sensor or "", self.interval or 0)
        return SerialJson(self.sensor, checksum, self.unit)
