"""The rows of a logger's file as they were taken: times, lines, and a column of values for each channel."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isnan, nan
from typing import Final

from coldchain.errors import ConfigError
from coldchain.quantities import QUANTITIES
from coldchain.readings import RefusalReason
from coldchain_backend.loggerfiles.cells import (
    NO_PROBE,
    Unit,
    celsius,
    plain,
    unit_beside,
    unit_within,
    value_of,
)
from coldchain_backend.loggerfiles.endings import cut_off
from coldchain_backend.loggerfiles.hints import unit_hint
from coldchain_backend.loggerfiles.layout import Wish, epoch_ms
from coldchain_backend.loggerfiles.rows import Form, Rows
from coldchain_backend.loggerfiles.stamps import DAY_MS, DateOrder, Stamp, day_in, stamp_of

MAX_READINGS: Final = 4_000_000
NO_OFFSET: Final = -32_768
_UNIX_DAY: Final = 719_163
_FIRST_MS: Final = -2_208_988_800_000
_END_MS: Final = 7_258_118_400_000
"""No logger recorded before 1900 or behind 2200: what programs write for "never"."""
Refused = dict[RefusalReason, tuple[int, int]]
"""Reason → how many, and the first line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the person said about the file; None: find it out. `zone`: IANA name or offset."""

    form: Form | None = None
    wish: Wish = field(default_factory=Wish)
    zone: str | None = None
    order: DateOrder | None = None
    unit: Unit | None = None
    sensor: str | None = None


@dataclass(slots=True, kw_only=True)
class Taken:
    """Rows of a file: local or exact times (by offset), lines, and a column of values for each channel."""

    times: "array[int]"
    offsets: "array[int]"
    lines: "array[int]"
    values: "list[array[float]]"
    refused: list[Refused]
    last: tuple[int, list[str]] = (0, [])

    @classmethod
    def of(cls, rows: Rows, wanted: Wanted, order: DateOrder) -> "Taken":
        columns = rows.layout.values
        taken = cls(
            times=array("q"),
            offsets=array("h"),
            lines=array("q"),
            values=[array("d") for _ in columns],
            refused=[{} for _ in columns],
        )
        units = [unit_of(rows, column, wanted) or Unit.CELSIUS for column in columns]
        for line, cells in rows_of_sensor(rows, wanted):
            taken.last = line, cells
            told = time_of(rows, cells, order)
            if told is None or not _FIRST_MS <= told[0] < _END_MS:
                for refused in taken.refused:
                    count(refused, RefusalReason.BAD_TIME if told else RefusalReason.NOT_A_LINE, line)
                continue
            if len(taken.times) == MAX_READINGS:
                raise ConfigError(f"more than {MAX_READINGS} rows: judge it in parts", file="", line=line)
            taken.times.append(told[0])
            taken.offsets.append(told[1])
            taken.lines.append(line)
            for place, column in enumerate(columns):
                unit = _unit_of_row(rows, cells, units[place])
                value = _value(cells[column] if column < len(cells) else "", unit)
                if isinstance(value, RefusalReason):
                    count(taken.refused[place], value, line)
                    value = nan
                taken.values[place].append(value)
        return taken

    @property
    def local(self) -> bool:
        """Whether some time with a value has no offset of its own."""
        return NO_OFFSET in self.offsets and any(
            offset == NO_OFFSET and not all(isnan(column[index]) for column in self.values)
            for index, offset in enumerate(self.offsets)
        )

    def mixed(self, zone: str) -> str | None:
        """What is done with times without an offset among such that have one."""
        local = self.offsets.count(NO_OFFSET)
        if not 0 < local < len(self.offsets):
            return None
        line = self.lines[self.offsets.index(NO_OFFSET)]
        return f"{local} times, the first in line {line}, have no offset as the others have: taken in {zone}"

    def leave_cut_off_out(self, rows: Rows) -> None:
        """Leave a value out that breaks off at the end of the file."""
        line, last = self.last
        if self.lines and line == self.lines[-1] and cut_off(rows, line, last):
            for place, column in enumerate(rows.layout.values):
                if column == len(last) - 1 and not isnan(self.values[place][-1]):
                    self.values[place][-1] = nan
                    count(self.refused[place], RefusalReason.UNTERMINATED, line)


def count(refused: Refused, reason: RefusalReason, line: int) -> None:
    count, first = refused.get(reason, (0, line))
    refused[reason] = count + 1, first


def time_of(rows: Rows, cells: Sequence[str], order: DateOrder) -> tuple[int, int] | None:
    """Local ms and NO_OFFSET, or UTC ms and 0."""
    layout = rows.layout
    if layout.time >= len(cells) or (layout.clock is not None and layout.clock >= len(cells)):
        return None
    if layout.epoch:
        cell = plain(cells[layout.time])
        at_ms = epoch_ms(cell)
        return None if at_ms is None else (at_ms, NO_OFFSET if float(cell.replace(",", ".")) < 1e6 else 0)
    stamp = stamp_of(cells[layout.time], None if layout.clock is None else cells[layout.clock])
    return None if stamp is None else _local(stamp, order)


def _local(stamp: Stamp, order: DateOrder) -> tuple[int, int] | None:
    numbers = stamp.date
    if order not in numbers.orders and len(numbers.orders) > 1:
        return None
    day = day_in(numbers, order if order in numbers.orders else numbers.orders[0])
    if day is None or stamp.day_ms is None:
        return None
    at_ms = (day - _UNIX_DAY) * DAY_MS + stamp.day_ms
    return (at_ms, NO_OFFSET) if stamp.offset is None else (at_ms - stamp.offset * 60_000, 0)


def _value(cell: str, unit: Unit | None) -> float | RefusalReason:
    """A cell in °C; `unit` None: its row is of another quantity."""
    told = value_of(cell)
    if isinstance(told, RefusalReason):
        return told
    if unit is None:
        return RefusalReason.UNIT_UNKNOWN
    unit = told[1] or unit
    if told[0] in NO_PROBE[unit]:
        return RefusalReason.SENTINEL
    value = celsius(told[0], unit)
    return value if QUANTITIES["temperature"].possible(value) else RefusalReason.OUT_OF_RANGE


def _unit_of_row(rows: Rows, cells: Sequence[str], usual: Unit) -> Unit | None:
    """The unit that a row names; None for one that is none of temperatures, such as %RH."""
    column = rows.layout.units
    said = "" if column is None or column >= len(cells) else plain(cells[column])
    return (unit_beside(said) or unit_within(said)) if said else usual


def rows_of_sensor(rows: Rows, wanted: Wanted) -> Iterator[tuple[int, list[str]]]:
    layout = rows.layout
    for line, cells in rows.rows():
        if wanted.sensor is None or layout.sensor(cells) == wanted.sensor:
            yield line, cells


def unit_of(rows: Rows, column: int, wanted: Wanted) -> Unit | None:
    return wanted.unit or unit_within(rows.layout.name(column)) or unit_hint(rows.preamble)
