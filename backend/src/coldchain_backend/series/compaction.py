"""Join small blocks of a sensor into large ones, leaving out what an equal or better reading already says."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, Final

from coldchain_backend.series.blocks import Block, Columns, pack, rank_of
from coldchain_backend.series.merge import disjoint, strictly_ascending, winners
from coldchain_backend.series.statements import STATEMENTS
from coldchain_backend.series.store import SMALL, block_of, row_of
from coldchain_backend.series.summaries import pack_summary, summarise, worth_it

LARGE: Final = 4096
WORTH: Final = 64
"""A sensor with this many small blocks is compacted."""
_AT_ONCE: Final = 2048
_Shapes = dict[tuple[int, tuple[str, ...]], list[list[Any]]]


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
    ids = [(row[0],) for row in rows]
    connection.executemany(STATEMENTS["forget_summary"], ids)
    connection.executemany(STATEMENTS["delete"], ids)
    longest_ms = 0
    for rank, columns in _joined(old):
        _keep(connection, pack(sensor, rank, columns), columns)
        longest_ms = max(longest_ms, columns.times[-1] - columns.times[0])
    connection.execute(STATEMENTS["joined"], {"sensor": sensor, "small": 0, "longest_ms": longest_ms})


def _keep(connection: sqlite3.Connection, block: Block, columns: Columns) -> None:
    """Write a joined block, with summaries beside it where its readings are dense."""
    number = connection.execute(STATEMENTS["insert"], row_of(block)).lastrowid
    if worth_it(columns.times):
        packed = [
            (number, name, pack_summary(summarise(columns.times, list(map(float, values)))))
            for name, values in columns.fields.items()
        ]
        connection.executemany(STATEMENTS["summarised"], packed)


def _joined(blocks: Sequence[Block]) -> Iterator[tuple[int, Columns]]:
    """Ranks and columns with the same winners, in runs of at most LARGE readings."""
    if not blocks:
        return
    shapes = _side_by_side(blocks)
    if shapes is None:
        shapes = _settled(blocks)
    for (rank, names), (times, *values) in shapes.items():
        for start in range(0, len(times), LARGE):
            fields = {name: column[start : start + LARGE] for name, column in zip(names, values, strict=True)}
            yield rank, Columns(times=times[start : start + LARGE], fields=fields)


def _side_by_side(blocks: Sequence[Block]) -> _Shapes | None:
    """The columns of blocks that do not reach into each other, by shape; None where winners are needed."""
    if not disjoint(blocks):
        return None
    shapes: _Shapes = {}
    for block in blocks:
        columns = block.columns()
        if not strictly_ascending(columns.times):
            return None
        shape = shapes.setdefault(
            (block.rank, tuple(columns.fields)), [[] for _ in range(1 + len(columns.fields))]
        )
        for whole, part in zip(shape, (columns.times, *columns.fields.values()), strict=True):
            whole.extend(part)
    return shapes


def _settled(blocks: Sequence[Block]) -> _Shapes:
    """The winners of blocks, by shape."""
    readings, _ = winners(blocks, blocks[0].first_ms, max(block.last_ms for block in blocks) + 1)
    shapes: _Shapes = {}
    for reading in readings:
        rank, names = rank_of(reading.quality, reading.origin), tuple(reading.values)
        shape = shapes.setdefault((rank, names), [[] for _ in range(1 + len(names))])
        for column, value in zip(shape, (reading.time_ms, *reading.values.values()), strict=True):
            column.append(value)
    return shapes
