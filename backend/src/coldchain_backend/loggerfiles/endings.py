"""Whether a file breaks off within its last value, which then says less than was measured."""

import re
from collections.abc import Sequence
from itertools import islice, takewhile
from typing import Final

from coldchain_backend.loggerfiles.rows import Rows

LOOKED_AT: Final = 200
_DECIMALS: Final = re.compile(r"[.,](\d+)")


def cut_off(rows: Rows, line: int, last: Sequence[str]) -> bool:
    """Whether the last cell of a last line without an end is cut: fewer decimals than any before, or fewer
    cells."""
    before = [cells for _, cells in takewhile(lambda row: row[0] < line, islice(rows.rows(), LOOKED_AT))]
    if not before:
        return False
    place = len(last) - 1
    shorter = all(len(cells) > len(last) for cells in before)
    fewest = min((_decimals(cells[place]) for cells in before if place < len(cells)), default=0)
    return shorter or _decimals(last[place]) < fewest


def _decimals(cell: str) -> int:
    found = _DECIMALS.search(cell)
    return 0 if found is None else len(found[1])
