"""Join small blocks of a sensor into large ones, leaving out what an equal or better reading already says."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final

from coldchain_backend.series.blocks import Block, Columns, pack, rank_of
from coldchain_backend.series.merge import SeriesReading, winners
from coldchain_backend.series.statements import STATEMENTS
from coldchain_backend.series.store import SMALL, SeriesStore, block_of

LARGE: Final = 4096
WORTH: Final = 64
"""A sensor with this many small blocks is compacted."""
_AT_ONCE: Final = 2048


def compact(connection: sqlite3.Connection, *, sensors: int) -> int:
    """Join the blocks of up to `sensors` scattered sensors; the caller owns the transaction.

    Answers the number of sensors that were worked on. Readings that lost against another of the same instant
    are left out here; they stay in the ledger, and judging has recorded the conflict.
    """
    found = connection.execute(STATEMENTS["scattered"], {"least": WORTH, "limit": sensors}).fetchall()
    for (sensor,) in found:
        _compact_sensor(connection, sensor)
    return len(found)


def _compact_sensor(connection: sqlite3.Connection, sensor: str) -> None:
    small = connection.execute(
        STATEMENTS["small_blocks"], {"sensor": sensor, "small": SMALL, "limit": _AT_ONCE}
    ).fetchall()
    whole = (
        {"sensor": sensor, "from_ms": small[0][2], "to_ms": max(row[3] for row in small)} if small else None
    )
    rows = connection.execute(STATEMENTS["around"], whole).fetchall() if whole else []
    old = [block_of(row[1:]) for row in rows]
    fresh = list(_joined(sensor, old))
    connection.executemany(STATEMENTS["delete"], [(row[0],) for row in rows])
    connection.execute(STATEMENTS["joined"], {"sensor": sensor, "small": 0, "longest_ms": 0})
    SeriesStore(connection).append(fresh)


def _joined(sensor: str, blocks: Sequence[Block]) -> Iterator[Block]:
    """New blocks with the same winners."""
    if not blocks:
        return
    readings, _ = winners(blocks, blocks[0].first_ms, max(block.last_ms for block in blocks) + 1)
    shapes: dict[tuple[int, tuple[str, ...]], list[SeriesReading]] = {}
    for reading in readings:
        shapes.setdefault(_shape(reading), []).append(reading)
    for (rank, names), same in shapes.items():
        for start in range(0, len(same), LARGE):
            part = same[start : start + LARGE]
            columns = {name: [reading.values[name] for reading in part] for name in names}
            yield pack(sensor, rank, Columns(times=[reading.time_ms for reading in part], fields=columns))


def _shape(reading: SeriesReading) -> tuple[int, tuple[str, ...]]:
    return rank_of(reading.quality, sealed=reading.sealed), tuple(reading.values)
