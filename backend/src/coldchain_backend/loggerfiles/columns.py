"""What the columns of a logger's table are: temperatures, names of sensors, units, or none of these."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from coldchain_backend.loggerfiles.cells import unit_beside, unit_within, value_of
from coldchain_backend.loggerfiles.headings import (
    NAMES,
    NEVER,
    NUMBERED,
    NUMBERING,
    OTHER,
    SURELY,
    TEMPERATURE,
    TIME,
    UNITS,
)
from coldchain_backend.loggerfiles.stamps import stamp_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The cells of a table by column, below their headings (empty where there is none); `taken`: columns of
    the time."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    taken: frozenset[int]

    @property
    def names(self) -> tuple[int, ...]:
        """The columns that say which sensor spoke, or of which quantity a row is."""
        return tuple(column for column in self._others if self._tells(column))

    @property
    def units(self) -> int | None:
        """The column of the unit of each row."""
        return next((column for column in self._others if self._is_unit(column)), None)

    def temperatures(self) -> list[int]:
        """The columns that are, or may be, temperatures: all those that the best headings name.

        A column whose heading says nothing of the kind is none, however alone it stands: `UV` is no
        temperature. Columns without headings may all be.
        """
        names = self.names
        headed = {c: self._heading(c) for c in self._others if c not in names and self._is_number(c)}
        kept = [c for c in headed if not NEVER.search(headed[c])]
        kept = [c for c in kept if not OTHER.search(headed[c]) or unit_within(headed[c])]
        kept = [c for c in kept if not NUMBERING.match(headed[c].strip()) and not self._counts_up(c)]
        kept = [c for c in kept if not TIME.search(headed[c]) or SURELY.search(headed[c])]
        for pattern in (SURELY, TEMPERATURE):
            if found := [c for c in kept if pattern.search(headed[c])]:
                return found
        return [c for c in kept if not headed[c]]

    @property
    def _others(self) -> list[int]:
        width = max(map(len, self.rows))
        return [column for column in range(width) if column not in self.taken]

    def _heading(self, column: int) -> str:
        return self.headings[column] if column < len(self.headings) else ""

    def _cells(self, column: int) -> list[str]:
        return [row[column] for row in self.rows if column < len(row)]

    def _is_number(self, column: int) -> bool:
        cells = self._cells(column)
        stamps = sum(stamp_of(cell) is not None for cell in cells[:5])
        return any(isinstance(value_of(cell), tuple) for cell in cells) and 2 * stamps < len(cells[:5])

    def _tells(self, column: int) -> bool:
        """By its heading, if most rows are filled; numbers only under a heading that asks for numbers."""
        heading = self._heading(column).strip().strip(":.").rpartition(".")[2]
        filled = [cell for cell in self._cells(column) if cell]
        if 2 * len(filled) < len(self.rows):
            return False
        if not self._is_number(column):
            return (NAMES.match(heading) or NUMBERED.match(heading)) is not None
        numbered = NUMBERED.match(heading) is not None and all(cell.isalnum() for cell in filled)
        return numbered and not self._counts_up(column)

    def _is_unit(self, column: int) -> bool:
        cells = [cell for cell in self._cells(column) if cell]
        if not cells or any(isinstance(value_of(cell), tuple) for cell in cells):
            return False
        return UNITS.match(self._heading(column).strip()) is not None or all(map(unit_beside, cells))

    def _counts_up(self, column: int) -> bool:
        """Whether a column numbers the rows: whole numbers that rise by one."""
        cells = self._cells(column)
        if len(cells) < 4 or not all(cell.isdigit() for cell in cells):
            return False
        return all(int(after) == int(before) + 1 for before, after in pairwise(cells))


def of_another_quantity(sensor: str, headings: Sequence[str]) -> bool:
    """Whether a sensor's name says another quantity than temperature, and no heading says temperature."""
    return _FOREIGN.search(sensor) is not None and not any(map(SURELY.search, (sensor, *headings)))


_FOREIGN = re.compile(
    r"hum(?:id|\b|_)|湿|濕|feucht|(?:\b|_)rh\b|batt|电量|电池|電池|rssi|press(?:ure)?\b|druck|(?:\b|_)co2|lux\b|illumin",
    re.IGNORECASE,
)
