"""A point of a foreign series → the line of a reading as it will be sealed, or why it makes none. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from coldchain.errors import InvalidInput
from coldchain.lineprotocol import encode_fields, reading_key
from coldchain.quantities import QUANTITIES, Quantity
from coldchain.readings import Value, valid_sensor_id
from coldchain_backend.influx import Cell
from coldchain_backend.ingest.follow.settings import SeriesEntry, Unit, tags_of

NANO: Final = 1_000_000
LATEST_MS: Final = 10**14


class Passed(StrEnum):
    """Why a point makes no reading; each is counted and the last one named."""

    NO_SENSOR = "no_sensor"  # the series lacks a tag that makes the sensor's id, or they make no id
    TYPE = "type"  # a text or a switch where a number is meant, or the other way round
    TIME = "time"  # before 1970 or beyond the year 5138


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A checked entry: what is asked for, and what becomes of it."""

    entry: SeriesEntry
    quantity: Quantity
    tags: tuple[str, ...]

    @classmethod
    def of(cls, entry: SeriesEntry) -> "Rule":
        """The rule of an entry."""
        return cls(entry=entry, quantity=QUANTITIES[entry.meant], tags=tags_of(entry.sensor))

    @property
    def name(self) -> str:
        """How it is named to people."""
        entry = self.entry
        where = "".join(f" {name}={value}" for name, value in sorted(entry.where.items()))
        return f"{entry.measurement}.{entry.field}{where} as {entry.sensor} {entry.meant}"

    def sensor(self, tags: Mapping[str, str]) -> str | None:
        """The id that a series' tags make, if they do."""
        if any(not tags.get(name) for name in self.tags):
            return None
        made = self.entry.sensor.format_map(tags)
        return made if valid_sensor_id(made) else None

    def series(self, sensor: str) -> bytes:
        """How the lines of a sensor's readings by this rule begin."""
        return b"%b %b" % (reading_key(sensor), self.quantity.field.encode())

    def value(self, cell: Cell) -> Value | None:
        """A cell as a value of the quantity, if it is one. An integer for a number is fine, a text never."""
        switch = self.quantity.kind == "bool"
        if isinstance(cell, str) or cell is None or isinstance(cell, bool) is not switch:
            return None
        if isinstance(cell, bool):
            return cell
        if self.quantity.kind == "int":
            return int(cell) if cell == int(cell) else None
        return (cell - 32) * 5 / 9 if self.entry.unit is Unit.FAHRENHEIT else float(cell)

    def line(self, sensor: str, time_ns: int, cell: Cell) -> bytes | Passed:
        """The line of a point, or why it makes no reading."""
        time_ms = time_ns // NANO
        if not 0 <= time_ms <= LATEST_MS:
            return Passed.TIME
        value = self.value(cell)
        if value is None:
            return Passed.TYPE
        try:
            fields = encode_fields({self.quantity.field: value})
        except InvalidInput:
            return Passed.TYPE
        return b"%b %b %d" % (reading_key(sensor), fields, time_ms)


def time_of(line: bytes) -> int:
    """When a line is of, ms UTC."""
    return int(line[line.rindex(b" ") + 1 :])


def series_of(line: bytes) -> bytes:
    """What `Rule.series` gave for a line."""
    return line[: line.rindex(b"=")]
