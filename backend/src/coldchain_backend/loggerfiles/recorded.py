"""What a logger recorded: readings by channel, and everything about the file that a person should know."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import pairwise
from math import isnan
from pathlib import Path
from statistics import median
from typing import Final

from coldchain.errors import ConfigError
from coldchain.readings import RefusalReason
from coldchain_backend.loggerfiles.cells import Unit, value_of
from coldchain_backend.loggerfiles.columns import of_another_quantity
from coldchain_backend.loggerfiles.hints import offset_hint
from coldchain_backend.loggerfiles.orders import OrderFinder
from coldchain_backend.loggerfiles.rows import Rows, rows_of
from coldchain_backend.loggerfiles.stamps import DateOrder, stamp_of
from coldchain_backend.loggerfiles.taken import (
    Refused,
    Taken,
    Wanted,
    count,
    rows_of_sensor,
    time_of,
    unit_of,
)
from coldchain_backend.loggerfiles.text import TextFile, Told, nowhere
from coldchain_backend.loggerfiles.zones import Placing, descends, zone_named

YEAR_FIRST_FOR: Final = 1000
"""Rows after which dates that all began with the year are believed to go on so."""
MOST_NAMES: Final = 50
FREEZING_F: Final = 32.0
HOT_F: Final = 120.0
"""Half of the values between these: nothing that is kept cool in °C, much that is in °F."""
Samples = list[tuple[int, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Instants:
    """UTC ms of rows, and which rows; in whole numbers side by side, for there may be millions."""

    times: "array[int]"
    indexes: "array[int]"

    def in_order(self) -> Iterator[tuple[int, int]]:
        """Instant and row in order of time; rows of one instant as they stand."""
        if all(one <= other for one, other in pairwise(self.times)):
            return zip(self.times, self.indexes, strict=True)
        order = sorted(range(len(self.times)), key=self.times.__getitem__)
        return ((self.times[place], self.indexes[place]) for place in order)


class ZoneNeeded(ConfigError):
    """Times without an offset from UTC need a time zone, which only a person can name."""


@dataclass(slots=True, kw_only=True)
class Channel:
    """One column's readings, in order of time, °C. `refused`: reason → how many, and the first line."""

    name: str
    unit: Unit
    samples: Samples
    refused: Refused
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
    taken = Taken.of(rows, wanted, order or DateOrder.YMD)
    if not text.ended:
        taken.leave_cut_off_out(rows)
    zone, note = _zone(rows, taken, wanted, str(path))
    notes += [note] if note else []
    return _placed(path, rows, taken, zone, wanted, notes)


def _one_sensor(rows: Rows, wanted: Wanted, file: str) -> None:
    """Refuse to mix the readings of several sensors."""
    layout = rows.layout
    if not layout.names:
        if wanted.sensor is not None:
            raise ConfigError("has no column that names sensors; leave out --sensor", file=file)
        return
    names: set[str] = set()
    for _, cells in rows.rows():
        if len(names) <= MOST_NAMES and time_of(rows, cells, DateOrder.YMD) is not None:
            names.add(layout.sensor(cells))
    shown = ", ".join(repr(name) for name in sorted(names)[:20])
    if wanted.sensor is None and len(names) > 1:
        raise ConfigError(f"holds {len(names)} sensors: name one with --sensor: {shown}", file=file)
    if wanted.sensor is None and names and of_another_quantity(shown, layout.header):
        raise ConfigError(
            f"its only sensor, {shown}, is named by another quantity than temperature: if these are"
            " temperatures all the same, name it with --sensor",
            file=file,
            line=layout.first,
        )
    if wanted.sensor is not None and wanted.sensor not in names:
        raise ConfigError(f"has no sensor {wanted.sensor!r}; there are {shown}", file=file)


def _order(rows: Rows, wanted: Wanted, file: str) -> tuple[DateOrder, str | None]:
    finder, layout = OrderFinder.of(file), rows.layout
    for seen, (line, cells) in enumerate(rows_of_sensor(rows, wanted)):
        if seen == YEAR_FIRST_FOR and finder.nothing_open:
            break
        if layout.time < len(cells) and (layout.clock is None or layout.clock < len(cells)):
            stamp = stamp_of(cells[layout.time], None if layout.clock is None else cells[layout.clock])
            if stamp is not None:
                finder.see(line, stamp.date)
    return finder.order()


def _zone(rows: Rows, taken: Taken, wanted: Wanted, file: str) -> tuple[tzinfo, str | None]:
    if wanted.zone is not None:
        return zone_named(wanted.zone), taken.mixed(wanted.zone)
    if not taken.local:
        return zone_named("+00:00"), None
    hint = offset_hint(f"{rows.preamble}\n{' '.join(rows.layout.header)}")
    if hint is None:
        raise ZoneNeeded(
            "its times name no time zone: give --zone, such as Asia/Shanghai or +08:00",
            file=file,
            line=rows.layout.first,
        )
    mixed = taken.mixed(f"UTC{hint}")
    note = f"time zone taken from the file: UTC{hint}"
    return zone_named(hint), f"{note}; {mixed}" if mixed else note


def _placed(  # noqa: PLR0913, PLR0917 - all that is known of the file comes together here
    path: Path, rows: Rows, taken: Taken, zone: tzinfo, wanted: Wanted, notes: list[str]
) -> Recorded:
    placing = Placing(zone=zone)
    indexes = range(len(taken.times))
    ordered = reversed(indexes) if descends(taken.times) else indexes
    instants = _Instants(times=array("q"), indexes=array("q"))
    never: Refused = {}
    for index in ordered:
        at_ms = taken.times[index] if taken.offsets[index] == 0 else placing.instant(taken.times[index])
        if at_ms is None:
            count(never, RefusalReason.BAD_TIME, taken.lines[index])
        else:
            instants.times.append(at_ms)
            instants.indexes.append(index)
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
    if all(unit_of(rows, column, wanted) is None for column in rows.layout.values) and not _any_unit(rows):
        notes.append(_taken_as_celsius(channels, rows, str(path)))
    return Recorded(path=path, channels=channels, zone=zone, notes=notes)


def _taken_as_celsius(channels: Sequence[Channel], rows: Rows, file: str) -> str:
    """What is told where no unit is named; raises ConfigError where the values may well be Fahrenheit."""
    for channel in channels:
        values = [value for _, value in channel.samples]
        if values and FREEZING_F < median(values) <= HOT_F:
            raise ConfigError(
                f"no unit is named anywhere, and {min(values):g} to {max(values):g} may be °C or °F:"
                " give --unit C or --unit F",
                file=file,
                line=rows.layout.first,
            )
    return "no unit is named anywhere: taken as °C; --unit F if they are Fahrenheit"


def _any_unit(rows: Rows) -> bool:
    """Whether a cell of the first rows has its unit beside it, or a column of units."""
    if rows.layout.units is not None:
        return True
    for seen, (_, cells) in enumerate(rows.rows()):
        if seen > 50:
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
    instants: _Instants,
    taken: Taken,
    wanted: Wanted,
    never: Refused,
) -> Channel:
    column = rows.layout.values[place]
    channel = Channel(
        name=rows.layout.name(column),
        unit=unit_of(rows, column, wanted) or Unit.CELSIUS,
        samples=[],
        refused={**taken.refused[place], **never},
    )
    values, samples = taken.values[place], channel.samples
    for at_ms, index in instants.in_order():
        value = values[index]
        if isnan(value):
            continue
        if not samples or samples[-1][0] != at_ms:
            samples.append((at_ms, value))
        elif samples[-1][1] == value:
            channel.repeated += 1
        else:
            channel.conflicts += 1
            channel.first_conflict = channel.first_conflict or taken.lines[index]
            samples[-1] = at_ms, min(samples[-1][1], value)
    if 2 * channel.conflicts > len(samples):
        raise ConfigError(
            f"most times of {channel.name!r} come twice with different values: several loggers in one file?"
            " Judge each in a file of its own",
            file=str(path),
            line=channel.first_conflict,
        )
    return channel
