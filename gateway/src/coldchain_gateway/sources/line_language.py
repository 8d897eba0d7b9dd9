"""How lines of text are read: what a serial line and the replay of a recorded one have in common."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLanguage:
    """With a `checksum`, lines without it are refused. `unit`: of temperatures under JSON keys that do not
    say it."""

    format: Literal["json", "csv", "regex", "nmea"] = "json"
    csv: CsvLines | None = None
    regex: RegexLines | None = None
    sensor: str | None = None  # where lines name no sensor
    checksum: Checksum = "none"
    checksum_in: Placed = "suffix"
    unit: Literal["C", "F"] = "C"

    def __post_init__(self) -> None:
        if self.sensor is not None and not valid_sensor_id(self.sensor):
            raise InvalidInput(f"{self.sensor!r} is not a sensor id")
        if (self.format == "csv") != (self.csv is not None):
            raise InvalidInput("format 'csv' and [source.csv] go together")
        if (self.format == "regex") != (self.regex is not None):
            raise InvalidInput("format 'regex' and [source.regex] go together")
        if self.format == "nmea" and self.sensor is None:
            raise InvalidInput("format 'nmea' needs `sensor`: receivers have no name")
        if self.checksum_in == "field" and self.format not in ("json", "csv"):
            raise InvalidInput("checksum_in = 'field' goes with the formats json and csv")
        if self.format in ("csv", "regex"):
            self.language()

    @property
    def self_delimiting(self) -> bool:
        """Whether the tail of a line whose beginning nobody heard cannot be taken for a line."""
        return self.format in ("json", "nmea")

    def language(self, every_ms: int = 0) -> LineFormat:
        """The decoder; of a satellite receiver it takes one position in `every_ms`.

        Raises InvalidInput; loads the library of the format.
        """
        checksum = LineChecksum(kind=self.checksum, placed=self.checksum_in)
        if self.csv is not None:
            return SerialCsv(self.csv, self.sensor, checksum)
        if self.regex is not None:
            return SerialRegex(self.regex, self.sensor, checksum)
        if self.format == "nmea":
            from coldchain_gateway.formats.nmea import Nmea

            return Nmea(self.sensor or "", every_ms)
        return SerialJson(self.sensor, checksum, self.unit)
