"""Cells of time: quarters and hours of UTC, and local days, which have 23, 24 or 25 hours."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise
from typing import Final

HOUR_MS = 3_600_000

Span = tuple[int, int]
"""A time [from, to), ms UTC."""
LONGEST_DAY_MS: Final = 26 * HOUR_MS
"""Longer than a local day of 25 hours, by an hour to spare."""


class Cell(StrEnum):
    """The length of a roll-up's cells."""

    QUARTER = "quarter"
    HOUR = "hour"
    DAY = "day"


_LENGTHS = {Cell.QUARTER: HOUR_MS // 4, Cell.HOUR: HOUR_MS}


def boundaries(cell: Cell, from_ms: int, to_ms: int, zone: tzinfo = UTC) -> list[int]:
    """The ends of the cells that cover [from_ms, to_ms): the first at or before it, the last at or behind
    it."""
    if cell is not Cell.DAY:
        length = _LENGTHS[cell]
        return list(range(from_ms // length * length, to_ms + length, length)) if from_ms < to_ms else []
    return list(_midnights(from_ms, to_ms, zone)) if from_ms < to_ms else []


def cells(cell: Cell, from_ms: int, to_ms: int, zone: tzinfo = UTC) -> list[tuple[int, int]]:
    """The cells that cover a time, each whole."""
    found: Sequence[int] = boundaries(cell, from_ms, to_ms, zone)
    return [pair for pair in pairwise(found) if pair[1] > from_ms and pair[0] < to_ms]


def day_of(time_ms: int, zone: tzinfo) -> date:
    """The local date of an instant."""
    return datetime.fromtimestamp(time_ms // 1000, zone).date()


def midnight_ms(day: date, zone: tzinfo) -> int:
    """The first instant of a local date; where the clock skips midnight, the instant of the change."""
    return round(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * 1000


def _midnights(from_ms: int, to_ms: int, zone: tzinfo) -> Iterator[int]:
    day = day_of(from_ms, zone)
    while True:
        at_ms = midnight_ms(day, zone)
        yield at_ms
        if at_ms >= to_ms:
            return
        day += timedelta(days=1)
