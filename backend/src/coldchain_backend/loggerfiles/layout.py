"""The layout of a logger's table: delimiter, header, and which columns are time and temperature."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from coldchain.errors import ConfigError
from coldchain_backend.loggerfiles.cells import plain, unit_beside, value_of
from coldchain_backend.loggerfiles.columns import Columns
from coldchain_backend.loggerfiles.headings import TIME
from coldchain_backend.loggerfiles.stamps import clock_of, date_of, stamp_of

DELIMITERS: Final = (";", "\t", ",", "|", "  ", " ")
Place = tuple[int, int | None, bool]
"""The column of the time, that of the time of day where it has its own, and whether it is a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the rows of a file are read. Columns are numbered from 0; `first`: the line of the first row of
    data.

    `epoch`: the time is a number since 1970 (or Excel's days). `names`: the column that tells sensors
    apart; `units`: that of the unit of each row.
    """

    delimiter: str
    header: tuple[str, ...]
    first: int
    time: int
    clock: int | None = None
    epoch: bool = False
    values: tuple[int, ...] = ()
    names: tuple[int, ...] = ()
    units: int | None = None

    def sensor(self, cells: Sequence[str]) -> str:
        """Which sensor a row is of, by all columns that tell."""
        told = (plain(cells[column]) for column in self.names if column < len(cells))
        return " ".join(part for part in told if part)

    def name(self, column: int) -> str:
        """The column's header, or its number where it has none."""
        text = self.header[column] if column < len(self.header) else ""
        return text or f"column {column + 1}"

    def told(self, columns: Sequence[int]) -> str:
        """Columns by name, and by number too where a name stands twice."""
        names = [self.name(column) for column in columns]
        if len(set(names)) == len(names):
            return ", ".join(map(repr, names))
        return ", ".join(f"{column + 1} {name!r}" for column, name in zip(columns, names, strict=True))


def split(line: str, delimiter: str) -> list[str]:
    """The cells of a line."""
    if len(delimiter) == 2:
        return re.split(r"\s{2,}|\t", line.strip())
    if delimiter == " ":
        return line.split()
    if '"' not in line:
        return line.split(delimiter)
    return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the person named: columns by header or number (from 1), the delimiter."""

    time: str | None = None
    date: str | None = None
    columns: tuple[str, ...] = ()
    delimiter: str | None = None


class NoTable(ConfigError):
    """These lines hold no table: another part of the file may."""


def layout_of(lines: Sequence[tuple[int, str]], wish: Wish, file: str, *, fewest: int = 1) -> Layout:
    """Find the layout from a part of a file, of at least so many rows.

    Raises NoTable, or ConfigError with what has to be named by hand.
    """
    candidates = [wish.delimiter] if wish.delimiter else list(DELIMITERS)
    tables = [
        table for delimiter in candidates if (table := _Table.of(lines, delimiter, wish, file)) is not None
    ]
    tables = [table for table in tables if table.share >= fewest]
    if not tables:
        raise NoTable(why_none(lines), file=file, line=lines[0][0] if lines else None)
    best = max(tables, key=lambda table: (table.share, -candidates.index(table.layout.delimiter)))
    return best.with_values(wish)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """The sample by one delimiter: its rows of data, and how many of the lines they are."""

    layout: Layout
    rows: list[list[str]]
    share: int
    file: str

    @classmethod
    def of(cls, lines: Sequence[tuple[int, str]], delimiter: str, wish: Wish, file: str) -> "_Table | None":
        cells = [(number, [plain(cell) for cell in split(line, delimiter)]) for number, line in lines]
        width = max((len(row) for _, row in cells), default=0)
        if width < 2:
            return None
        named = _named_times(cells, wish, file)
        best: tuple[int, int, Place] | None = None
        for place in [named] if named else _time_places(cells, width):
            data = [row for _, row in cells if _is_data(row, place)]
            found = len(data), len({(row[place[0]], row[place[1] or 0]) for row in data})
            if data and (best is None or found > best[:2]):
                best = *found, place
        if best is None:
            return None
        time, clock, epoch = best[2]
        rows = [(number, row) for number, row in cells if _is_data(row, best[2])]
        first = _beginning(cells, rows[0][0], best[2])
        header = _header(cells, first, width, time)
        layout = Layout(delimiter=delimiter, header=header, first=first, time=time, clock=clock, epoch=epoch)
        return cls(layout=layout, rows=[row for _, row in rows], share=best[0], file=file)

    def with_values(self, wish: Wish) -> Layout:
        """The layout with its columns of temperature, of sensors' names and of units."""
        layout = self.layout
        width = max(map(len, self.rows))
        columns = Columns(
            headings=layout.header,
            rows=self.rows,
            taken=frozenset(column for column in (layout.time, layout.clock) if column is not None),
        )
        layout = replace(layout, names=columns.names, units=columns.units)
        self._refuse_cut_numbers(layout)
        if wish.columns and wish.columns != ("all",):
            return replace(
                layout, values=tuple(_column(layout, name, width, self.file) for name in wish.columns)
            )
        found = columns.temperatures()
        if len(found) > 1 and not wish.columns:
            shown = layout.told(found)
            raise ConfigError(
                f"several columns may be temperatures: {shown}: name one with --column, or --column all",
                file=self.file,
                line=layout.first,
            )
        if not found:
            shown = ", ".join(f"{layout.name(column)!r}" for column in range(width))
            raise ConfigError(
                f"no column of temperatures found among {shown}: name it with --column",
                file=self.file,
                line=layout.first,
            )
        return replace(layout, values=tuple(found))

    def _refuse_cut_numbers(self, layout: Layout) -> None:
        """Refuse `5,1` between commas: the 5 would be read as the value."""
        named = max((column for column, text in enumerate(layout.header) if text), default=-1) + 1
        if layout.delimiter != "," or not named:
            return
        values = [
            cell for row in self.rows for c, cell in enumerate(row) if c not in (layout.time, layout.clock)
        ]
        beyond = all(any(cell.isdigit() for cell in row[named:]) for row in self.rows)
        if beyond and not any("." in cell for cell in values):
            raise ConfigError(
                "rows have more cells than the heading: numbers with decimal commas, cut at the commas?"
                " Export with semicolons, or with the numbers in quotes",
                file=self.file,
                line=layout.first,
            )


def _time_places(cells: Sequence[tuple[int, list[str]]], width: int) -> Iterator[Place]:
    """Where the time may stand: in one column, in two, or as a number; the likely ones first."""
    rows = [row for _, row in cells if len(row) > 1]
    whole = [c for c in range(width) if any(c < len(row) and _has_time(row[c]) for row in rows)]
    yield from ((column, None, False) for column in whole)
    dates = [c for c in range(width) if any(c < len(row) and date_of(row[c]) for row in rows)]
    clocks = [c for c in range(width) if any(c < len(row) and _is_clock(row[c]) for row in rows)]
    yield from ((date, clock, False) for date in dates for clock in clocks if date != clock)
    yield from ((column, None, True) for column in range(width) if _epochs(rows, column))


def _is_clock(cell: str) -> bool:
    return re.search(r"[:h时時]", cell) is not None and clock_of(cell) is not None


def _has_time(cell: str) -> bool:
    stamp = stamp_of(cell)
    return stamp is not None and stamp.day_ms is not None


def _epochs(rows: Sequence[Sequence[str]], column: int) -> bool:
    cells = [row[column] for row in rows if column < len(row)]
    headed = any(TIME.search(cell) for cell in cells[:20])
    return any(epoch_ms(cell, excel=headed) is not None for cell in cells)


def epoch_ms(cell: str, *, excel: bool = True) -> int | None:
    """A number of seconds, ms, µs or ns since 1970 by its size (years 1990 to 2100), or Excel's days since
    1900."""
    if not re.fullmatch(r"\d{5,19}(?:[.,]\d+)?", cell):
        return None
    number = float(cell.replace(",", "."))
    for size, per_ms in ((1e9, 1e-3), (1e12, 1.0), (1e15, 1e3), (1e18, 1e6)):
        if 0.63 * size <= number < 4.11 * size:
            return int(cell) // round(per_ms) if per_ms >= 1 and cell.isdigit() else round(number / per_ms)
    if excel and 32_874 <= number < 73_051:  # 1990 to 2100
        return round((number - 25_569) * 86_400) * 1000
    return None


def _is_data(row: Sequence[str], place: Place) -> bool:
    """Whether a row has its time and at least one more cell that is a number."""
    return _is_stamped(row, place) and any(
        value_is_there(cell) for column, cell in enumerate(row) if column not in place[:2]
    )


def _is_stamped(row: Sequence[str], place: Place) -> bool:
    time, clock, epoch = place
    if time >= len(row) or (clock is not None and clock >= len(row)) or len(row) < 2:
        return False
    if epoch:
        return epoch_ms(row[time]) is not None
    stamp = stamp_of(row[time], None if clock is None else row[clock])
    return stamp is not None and stamp.day_ms is not None


def _beginning(cells: Sequence[tuple[int, list[str]]], first: int, place: Place) -> int:
    """The line where a table begins: its first rows may hold marks for no reading instead of numbers."""
    for number, row in reversed(cells):
        if number < first:
            if not _is_stamped(row, place):
                break
            first = number
    return first


def value_is_there(cell: str) -> bool:
    """Whether a cell holds a number."""
    return isinstance(value_of(cell), tuple)


def _header(cells: Sequence[tuple[int, list[str]]], first: int, width: int, time: int) -> tuple[str, ...]:
    """The texts above the first row of data, of up to two rows that fill most columns."""
    fullest = max(2, width // 2)
    above = [
        row
        for number, row in cells
        if number < first and (sum(map(bool, row)) >= fullest or _looks_like_units(row))
    ]
    rows = [row for row in above[-2:] if len(row) > time and len(row) >= width - 2]
    if len(rows) == 2 and not _looks_like_units(rows[1]):
        rows = rows[1:]
    return (
        tuple(" ".join(row[c] for row in rows if c < len(row) and row[c]) for c in range(width))
        if rows
        else ()
    )


def _looks_like_units(row: Sequence[str]) -> bool:
    """Whether a row tells units, alone or in brackets, and no numbers."""
    return any(map(unit_beside, row)) and not any(map(value_is_there, row))


def _named_times(cells: Sequence[tuple[int, list[str]]], wish: Wish, file: str) -> Place | None:
    if wish.time is None:
        return None
    header = next((row for _, row in cells if any(_same(cell, wish.time) for cell in row)), [])
    width = max(len(row) for _, row in cells)
    layout = Layout(delimiter="", header=tuple(header), first=1, time=0)
    time = _column(layout, wish.time, width, file)
    if wish.date is not None:
        return _column(layout, wish.date, width, file), time, False
    rows = [row for _, row in cells if time < len(row)]
    return time, None, not any(stamp_of(row[time]) for row in rows)


def _same(cell: str, name: str) -> bool:
    return plain(cell).casefold() == plain(name).casefold()


def _begins(cell: str, name: str) -> bool:
    return plain(cell).casefold().startswith(plain(name).casefold())


def _column(layout: Layout, name: str, width: int, file: str) -> int:
    """The column that a person named by header, by the beginning of one, or by its number from 1."""
    for test in (_same, _begins):
        found = [column for column in range(width) if test(layout.name(column), name)]
        if len(found) == 1:
            return found[0]
        if found:
            shown = layout.told(found)
            raise ConfigError(
                f"{name!r} may be several columns: {shown}: give the number", file=file, line=layout.first
            )
    if name.isdigit() and 1 <= int(name) <= width:
        return int(name) - 1
    shown = ", ".join(repr(layout.name(column)) for column in range(width))
    raise NoTable(f"no column {name!r}; there are {shown}", file=file, line=layout.first)


def why_none(lines: Sequence[tuple[int, str]]) -> str:
    """What to do about lines without a table of times and numbers."""
    text = "\n".join(line for _, line in lines)
    if re.search(r"^\s*(?:Min|Max) T:", text, re.MULTILINE):
        return (
            "a summary by day, without its readings: export them, or take the file of a model that keeps them"
        )
    if any(date_of(plain(cell)) for _, line in lines for cell in re.split(r"[;,\t|]", line)[:4]):
        return "dates, but no time of day beside a number: name the columns with --date, --time and --column"
    return "no rows of a time and a number found: name columns with --time and --column, or --delimiter"
