"""Append and read series through a SQLite connection; its owner begins and ends the transactions."""

import sqlite3
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Final, NamedTuple

from coldchain.readings import Value
from coldchain_backend.series.blocks import Block, Columns, pack_head
from coldchain_backend.series.merge import Conflict, SeriesReading, disjoint, strictly_ascending, winners
from coldchain_backend.series.statements import STATEMENTS

SMALL: Final = 1024
"""A block with fewer readings than this is still worth joining with its neighbours."""

HEAVY: Final = 16
"""So many readings of the head weigh as much as one block of it."""

_PAGE_MS: Final = 6 * 3_600_000
_LEAP_MS: Final = 3_600_000
Sample = tuple[int, float]


class Outline(NamedTuple):
    """Where a block lies, both ends included, and the packed summary of one quantity where it has one."""

    first_ms: int
    last_ms: int
    summary: bytes | None


@dataclass(slots=True, kw_only=True)
class _Heap:
    """Readings of one sensor, rank and set of fields that wait for the next flush, part after part."""

    times: list[Sequence[int]]
    columns: tuple[list[Sequence[Value]], ...]

    def joined(self) -> tuple[Sequence[int], Sequence[Sequence[Value]]]:
        """Times, and the values of each field, by time."""
        if len(self.times) == 1:
            return self.times[0], [column[0] for column in self.columns]
        times = list(chain.from_iterable(self.times))
        columns = [list(chain.from_iterable(column)) for column in self.columns]
        if all(before[-1] <= after[0] for before, after in pairwise(self.times)):
            return times, columns
        order = sorted(range(len(times)), key=times.__getitem__)
        return [times[index] for index in order], [[column[index] for index in order] for column in columns]


class SeriesStore:
    """Writes wait in memory until `flush`; every read flushes first, so it sees them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._waiting: dict[tuple[str, int, tuple[str, ...]], _Heap] = {}

    def add(
        self, sensor: str, rank: int, times: Sequence[int], fields: Mapping[str, Sequence[Value]]
    ) -> None:
        """Take readings with the same fields, of which there is at least one; their times never fall.

        The sequences are kept until the next flush: nobody changes them.
        """
        key = (sensor, rank, tuple(fields))
        heap = self._waiting.get(key)
        if heap is None:
            self._waiting[key] = _Heap(times=[times], columns=tuple([values] for values in fields.values()))
            return
        heap.times.append(times)
        for column, values in zip(heap.columns, fields.values(), strict=True):
            column.append(values)

    def flush(self) -> None:
        """Append what waits, as one block per sensor, rank and set of fields."""
        if not self._waiting:
            return
        blocks = [block for key, heap in self._waiting.items() for block in _packed(*key, heap)]
        self._waiting.clear()
        self.append(blocks)

    def append(self, blocks: Sequence[Block]) -> None:
        """Append packed blocks."""
        self._connection.executemany(STATEMENTS["insert"], [row_of(block) for block in blocks])
        self._connection.executemany(
            STATEMENTS["note_sensor"],
            [
                {
                    "sensor": block.sensor,
                    "longest_ms": block.last_ms - block.first_ms,
                    "small": _weight(block),
                }
                for block in blocks
            ],
        )

    def forget(self, sensor: str, times: Set[int]) -> None:
        """Take the readings of some instants out again; blocks that held some are packed anew without."""
        if not times:
            return
        self.flush()
        span = {"sensor": sensor, "from_ms": min(times), "to_ms": max(times)}
        kept: list[Block] = []
        for number, *row in self._connection.execute(STATEMENTS["around"], span).fetchall():
            columns = block_of(tuple(row)).columns()
            where = [index for index, at_ms in enumerate(columns.times) if at_ms not in times]
            if len(where) == len(columns.times):
                continue
            self._connection.execute(STATEMENTS["forget_summary"], (number,))
            self._connection.execute(STATEMENTS["delete"], (number,))
            if where:
                fields = {name: [values[at] for at in where] for name, values in columns.fields.items()}
                rest = Columns(times=[columns.times[at] for at in where], fields=fields)
                kept.append(pack_head(sensor, block_of(tuple(row)).rank, rest))
        self.append(kept)

    def replace(
        self,
        times: Mapping[str, Set[int]],
        others: Mapping[str, Sequence[tuple[int, Sequence[int], Mapping[str, Sequence[Value]]]]],
    ) -> None:
        """Take the readings of some instants out, by sensor, and add others: rank, times and columns each."""
        for sensor, instants in times.items():
            self.forget(sensor, instants)
            for said in others.get(sensor, ()):
                self.add(sensor, *said)
        self.flush()

    def discard(self) -> None:
        """Forget what waits; the owner rolled back."""
        self._waiting.clear()

    def blocks(self, sensor: str, from_ms: int, to_ms: int) -> list[Block]:
        """Blocks with readings of from_ms ≤ time < to_ms, by their first time."""
        self.flush()
        rows = self._connection.execute(
            STATEMENTS["overlapping"], {"sensor": sensor, "from_ms": from_ms, "to_ms": to_ms}
        )
        return [block_of(row) for row in rows]

    def readings(self, sensor: str, from_ms: int, to_ms: int) -> tuple[list[SeriesReading], list[Conflict]]:
        """The winning readings of from_ms ≤ time < to_ms by time, and the conflicts among them."""
        return winners(self.blocks(sensor, from_ms, to_ms), from_ms, to_ms)

    def samples(
        self, sensor: str, quantity: str, from_ms: int, to_ms: int, *, worst_rank: int
    ) -> tuple[list[Sample], list[Conflict]]:
        """(time, value) of one quantity, by time; of readings whose rank is at most `worst_rank`."""
        blocks = [
            block
            for block in self.blocks(sensor, from_ms, to_ms)
            if block.rank <= worst_rank and f",{quantity}:" in f",{block.layout}"
        ]
        if disjoint(blocks):
            times, values = _plain(blocks, quantity)
            if strictly_ascending(times):
                first, end = bisect_left(times, from_ms), bisect_left(times, to_ms)
                return list(zip(times[first:end], values[first:end], strict=True)), []
        readings, conflicts = winners(blocks, from_ms, to_ms)
        return [
            (reading.time_ms, float(reading.values[quantity]))
            for reading in readings
            if quantity in reading.values
        ], conflicts

    def outlines(
        self, sensor: str, quantity: str, from_ms: int, to_ms: int, *, worst_rank: int
    ) -> list[Outline]:
        """Blocks that hold a quantity and readings of from_ms ≤ time < to_ms, by their first time."""
        self.flush()
        where = {"sensor": sensor, "quantity": quantity, "from_ms": from_ms, "to_ms": to_ms}
        return [
            Outline(first_ms, last_ms, summary)
            for first_ms, last_ms, rank, layout, summary in self._connection.execute(
                STATEMENTS["outlines"], where
            )
            if rank <= worst_rank and f",{quantity}:" in f",{layout}"
        ]

    def page(self, sensor: str, from_ms: int, to_ms: int, limit: int) -> list[SeriesReading]:
        """Up to `limit` winning readings of from_ms ≤ time < to_ms, by time; reads no further than needed."""
        found: list[SeriesReading] = []
        while from_ms < to_ms and len(found) < limit:
            end_ms = min(from_ms + _PAGE_MS, to_ms)
            found += self.readings(sensor, from_ms, end_ms)[0]
            from_ms = self.next_ms(sensor, end_ms, to_ms)
        return found[:limit]

    def next_ms(self, sensor: str, from_ms: int, to_ms: int) -> int:
        """The first instant from `from_ms` on at which there may be a reading; `to_ms` where none comes."""
        if self.blocks(sensor, from_ms, from_ms + 1):
            return from_ms
        where = {"sensor": sensor, "from_ms": from_ms}
        row: tuple[int | None] = self._connection.execute(STATEMENTS["next_block"], where).fetchone()
        return to_ms if row[0] is None else row[0]


def _packed(sensor: str, rank: int, names: tuple[str, ...], heap: _Heap) -> Iterator[Block]:
    """Blocks of readings that lie close together: a backlog beside live readings must not become one span."""
    times, columns = heap.joined()
    leaps = _leaps(times)
    if not leaps:
        fields = dict(zip(names, columns, strict=True))
        yield pack_head(sensor, rank, Columns(times=times, fields=fields))
        return
    start = 0
    for end in [*leaps, len(times)]:
        fields = {name: column[start:end] for name, column in zip(names, columns, strict=True)}
        yield pack_head(sensor, rank, Columns(times=times[start:end], fields=fields))
        start = end


def _leaps(times: Sequence[int]) -> list[int]:
    """Where a time lies more than an hour behind the one before it."""
    if times[-1] - times[0] <= _LEAP_MS:
        return []
    return [index for index in range(1, len(times)) if times[index] - times[index - 1] > _LEAP_MS]


def _plain(blocks: Sequence[Block], quantity: str) -> tuple[list[int], list[float]]:
    """Times and values of one quantity, block after block."""
    times: list[int] = []
    samples: list[float] = []
    for block in blocks:
        columns = block.columns(quantity)
        values = columns.fields.get(quantity)
        if values is not None:
            times += columns.times
            samples += values if type(values[0]) is float else map(float, values)
    return times, samples


def _weight(block: Block) -> int:
    """How much there is to gain by joining a block with others."""
    return int(block.count < SMALL) if block.packed else 1 + block.count // HEAVY


def row_of(block: Block) -> tuple[str, int, int, int, int, str, bytes]:
    """The row of a block."""
    return (block.sensor, block.first_ms, block.last_ms, block.count, block.rank, block.layout, block.data)


def block_of(row: tuple[str, int, int, int, int, str, bytes]) -> Block:
    """A block from its row."""
    sensor, first_ms, last_ms, count, rank, layout, data = row
    return Block(
        sensor=sensor, first_ms=first_ms, last_ms=last_ms, count=count, rank=rank, layout=layout, data=data
    )
