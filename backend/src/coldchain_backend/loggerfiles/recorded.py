"""What a logger recorded: readings by channel, and everything about the file that a person should know."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from math import isnan, nan
from pathlib import Path
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
from coldchain_backend.loggerfiles.hints import offset_hint, unit_hint
from coldchain_backend.loggerfiles.layout import Wish, epoch_ms
from coldchain_backend.loggerfiles.orders import OrderFinder
from coldchain_backend.loggerfiles.rows import Form, Rows, rows_of
from coldchain_backend.loggerfiles.stamps import DAY_MS, DateOrder, Stamp, day_in, stamp_of
from coldchain_backend.loggerfiles.text import TextFile, Told, nowhere
from coldchain_backend.loggerfiles.zones import Placing, descends, zone_named

MAX_READINGS: Final = 4_000_000
YEAR_FIRST_FOR: Final = 1000
"""Rows after which dates that all began with the year are believed to go on so."""
MOST_NAMES: Final = 50
NO_OFFSET: Final = -32_768
_UNIX_DAY: Final = 719_163
_FIRST_MS: Final = -2_208_988_800_000
_END_MS: Final = 7_258_118_400_000
"""No logger recorded before 1900 or behind 2200: what programs write for "never"."""
Samples = list[tuple[int, float]]


class ZoneNeeded(ConfigError):
    """Times without an offset from UTC need a time zone, which only a person can name."""


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
class Channel:
    """One column's readings, in order of time, °C. `refused`: reason → how many, and the first line."""

    name: str
    unit: Unit
    samples: Samples
    refused: dict[RefusalReason, tuple[int, int]]
    repeated: int = 0
    conflicts: int = 0
    first_conflict: int | None = None


@dataclass(slots=True, kw_only=True)
class Recorded:
    """A file that was read. `notes`: what was taken as given, in words; `zone`: in which its times are
    told."""

    path: Path
    channels: list[Channel]
    zone: tzinfo
    notes: list[str]


def read_file(path: Path, wanted: Wanted, told: Told = nowhere) -> Recorded:
    """Read a logger's file, in one to three passes; `told` hears how far each is.

    Raises ConfigError, with file and line, for what must be named or corrected.
    """
    text = TextFile.of(path, told)
    rows = rows_of(text, wanted.form, wanted.wish)
    notes = [] if text.encoding in {"utf-8", "utf-8-sig"} else [f"read as {text.encoding}"]
    _one_sensor(rows, wanted, str(path))
    order = wanted.order
    if order is None and not rows.layout.epoch:
        order, note = _order(rows, wanted, str(path))
        notes += [note] if note else []
    taken = _Taken.of(rows, wanted, order or DateOrder.YMD)
    zone, note = _zone(rows, taken, wanted, str(path))
    notes += [note] if note else []
    return _placed(path, rows, taken, zone, wanted, notes)


@dataclass(slots=True, kw_only=True)
class _Taken:
    """Rows of a file: local or exact times (by offset), lines, and a column of values for each channel."""

    times: "array[int]"
    offsets: "array[int]"
    lines: "array[int]"
    values: "list[array[float]]"
    refused: list[dict[RefusalReason, tuple[int, int]]]

    @classmethod
    def of(cls, rows: Rows, wanted: Wanted, order: DateOrder) -> "_Taken":
        columns = rows.layout.values
        taken = cls(
            times=array("q"),
            offsets=array("h"),
            lines=array("q"),
            values=[array("d") for _ in columns],
            refused=[{} for _ in columns],
        )
        units = [_unit(rows, column, wanted) or Unit.CELSIUS for column in columns]
        for line, cells in _rows_of_sensor(rows, wanted):
            told = _time(rows, cells, order)
            if told is None or not _FIRST_MS <= told[0] < _END_MS:
                for refused in taken.refused:
                    _count(refused, RefusalReason.BAD_TIME if told else RefusalReason.NOT_A_LINE, line)
                continue
            if len(taken.times) == MAX_READINGS:
                raise ConfigError(f"more than {MAX_READINGS} rows: judge it in parts", file="", line=line)
            taken.times.append(told[0])
            taken.offsets.append(told[1])
            taken.lines.append(line)
            for place, column in enumerate(columns):
                unit = _unit_of_row(rows, cells) or units[place]
                value = _value(cells[column] if column < len(cells) else "", unit)
                if isinstance(value, RefusalReason):
                    _count(taken.refused[place], value, line)
                    value = nan
                taken.values[place].append(value)
        return taken

    @property
    def local(self) -> bool:
        """Whether some time has no offset of its own."""
        return NO_OFFSET in self.offsets


def _count(refused: dict[RefusalReason, tuple[int, int]], reason: RefusalReason, line: int) -> None:
    count, first = refused.get(reason, (0, line))
    refused[reason] = count + 1, first


def _time(rows: Rows, cells: Sequence[str], order: DateOrder) -> tuple[int, int] | None:
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


def _value(cell: str, unit: Unit) -> float | RefusalReason:
    told = value_of(cell)
    if isinstance(told, RefusalReason):
        return told
    unit = told[1] or unit
    if told[0] in NO_PROBE[unit]:
        return RefusalReason.SENTINEL
    value = celsius(told[0], unit)
    return value if QUANTITIES["temperature"].possible(value) else RefusalReason.OUT_OF_RANGE


def _unit_of_row(rows: Rows, cells: Sequence[str]) -> Unit | None:
    column = rows.layout.units
    return None if column is None or column >= len(cells) else unit_beside(plain(cells[column]))


def _rows_of_sensor(rows: Rows, wanted: Wanted) -> Iterator[tuple[int, list[str]]]:
    layout = rows.layout
    for line, cells in rows.rows():
        if wanted.sensor is None or layout.sensor(cells) == wanted.sensor:
            yield line, cells


def _one_sensor(rows: Rows, wanted: Wanted, file: str) -> None:
    """Refuse to mix the readings of several sensors."""
    layout = rows.layout
    if not layout.names:
        if wanted.sensor is not None:
            raise ConfigError("has no column that names sensors; leave out --sensor", file=file)
        return
    names: set[str] = set()
    for _, cells in rows.rows():
        if len(names) <= MOST_NAMES and _time(rows, cells, DateOrder.YMD) is not None:
            names.add(layout.sensor(cells))
    shown = ", ".join(repr(name) for name in sorted(names)[:20])
    if wanted.sensor is None and len(names) > 1:
        raise ConfigError(f"holds {len(names)} sensors: name one with --sensor: {shown}", file=file)
    if wanted.sensor is not None and wanted.sensor not in names:
        raise ConfigError(f"has no sensor {wanted.sensor!r}; there are {shown}", file=file)


def _order(rows: Rows, wanted: Wanted, file: str) -> tuple[DateOrder, str | None]:
    finder, layout = OrderFinder.of(file), rows.layout
    for count, (line, cells) in enumerate(_rows_of_sensor(rows, wanted)):
        if count == YEAR_FIRST_FOR and finder.nothing_open:
            break
        if layout.time < len(cells) and (layout.clock is None or layout.clock < len(cells)):
            stamp = stamp_of(cells[layout.time], None if layout.clock is None else cells[layout.clock])
            if stamp is not None:
                finder.see(line, stamp.date)
    return finder.order()


def _unit(rows: Rows, column: int, wanted: Wanted) -> Unit | None:
    return wanted.unit or unit_within(rows.layout.name(column)) or unit_hint(rows.preamble)


def _zone(rows: Rows, taken: _Taken, wanted: Wanted, file: str) -> tuple[tzinfo, str | None]:
    if wanted.zone is not None:
        return zone_named(wanted.zone), None
    if not taken.local:
        return zone_named("+00:00"), None
    hint = offset_hint(f"{rows.preamble}\n{' '.join(rows.layout.header)}")
    if hint is None:
        raise ZoneNeeded(
            "its times name no time zone: give --zone, such as Asia/Shanghai or +08:00",
            file=file,
            line=rows.layout.first,
        )
    return zone_named(hint), f"time zone taken from the file: UTC{hint}"


def _placed(  # noqa: PLR0913, PLR0917 - all that is known of the file comes together here
    path: Path, rows: Rows, taken: _Taken, zone: tzinfo, wanted: Wanted, notes: list[str]
) -> Recorded:
    placing = Placing(zone=zone)
    indexes = range(len(taken.times))
    ordered = reversed(indexes) if descends(taken.times) else indexes
    instants: list[tuple[int, int]] = []
    never: dict[RefusalReason, tuple[int, int]] = {}
    for index in ordered:
        at_ms = taken.times[index] if taken.offsets[index] == 0 else placing.instant(taken.times[index])
        if at_ms is None:
            _count(never, RefusalReason.BAD_TIME, taken.lines[index])
        else:
            instants.append((at_ms, index))
    if placing.twice:
        notes.append(
            f"{placing.twice} readings lie in an hour that came twice; the order of the file places them"
        )
    if placing.never:
        line = never[RefusalReason.BAD_TIME][1]
        notes.append(
            f"{placing.never} readings, the first in line {line}, have a local time that never was in"
            f" {wanted.zone} (clocks went forward): left out; if the logger's clock does not change, give an"
            " offset such as +01:00"
        )
    channels = [
        _channel(path, rows, place, instants, taken, wanted, never)
        for place in range(len(rows.layout.values))
    ]
    if all(_unit(rows, column, wanted) is None for column in rows.layout.values) and not _any_unit(rows):
        notes.append("no unit is named anywhere: taken as °C; --unit F if they are Fahrenheit")
    return Recorded(path=path, channels=channels, zone=zone, notes=notes)


def _any_unit(rows: Rows) -> bool:
    """Whether a cell of the first rows has its unit beside it, or a column of units."""
    if rows.layout.units is not None:
        return True
    for count, (_, cells) in enumerate(rows.rows()):
        if count > 50:
            return False
        for column in rows.layout.values:
            told = value_of(cells[column]) if column < len(cells) else None
            if isinstance(told, tuple) and told[1] is not None:
                return True
    return False


def _channel(  # noqa: PLR0913, PLR0917 - likewise
    path: Path,
    rows: Rows,
    place: int,
    instants: Sequence[tuple[int, int]],
    taken: _Taken,
    wanted: Wanted,
    never: dict[RefusalReason, tuple[int, int]],
) -> Channel:
    column = rows.layout.values[place]
    channel = Channel(
        name=rows.layout.name(column),
        unit=_unit(rows, column, wanted) or Unit.CELSIUS,
        samples=[],
        refused={**taken.refused[place], **never},
    )
    found: dict[int, float] = {}
    for at_ms, index in instants:
        value = taken.values[place][index]
        if isnan(value):
            continue
        known = found.setdefault(at_ms, value)
        if known is not value and known == value:
            channel.repeated += 1
        elif known != value:
            channel.conflicts += 1
            channel.first_conflict = channel.first_conflict or taken.lines[index]
            found[at_ms] = min(known, value)
    channel.samples = sorted(found.items())
    if 2 * channel.conflicts > len(found):
        raise ConfigError(
            f"most times of {channel.name!r} come twice with different values: several loggers in one file?"
            " Judge each in a file of its own",
            file=str(path),
            line=channel.first_conflict,
        )
    return channel
