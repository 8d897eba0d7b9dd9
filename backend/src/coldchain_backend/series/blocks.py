"""A run of readings of one sensor, packed column by column.

The head of a series is packed as it is, which costs next to nothing. What was joined is packed closely:
times and whole numbers are stored as differences, floats with at most three decimals as differences of their
thousandths, other floats as they are; blocks of `COMPRESS_FROM` readings and more are deflated.
"""

import zlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import accumulate, chain, pairwise
from typing import Final

from coldchain.errors import IntegrityError
from coldchain.readings import Quality, Value

COMPRESS_FROM: Final = 32
HEAD: Final = "~"
"""Begins the layout of blocks of the head."""

_QUALITIES: Final = (Quality.GOOD, Quality.TIME_PLACED, Quality.TIME_UNSURE)
_EXACT: Final = 2**29 / 1000
"""Below this, differences of thousandths fit into 32 bits."""


class Origin(IntEnum):
    """Who vouches for a reading; the order is that of preference."""

    SEALED = 0  # a gateway, by its own seal
    RECEIPT = 1  # we, who sealed it on receipt
    FOLLOWED = 2  # nobody: it was read from a foreign store


_ORIGINS: Final = len(Origin)


def rank_of(quality: Quality, origin: Origin) -> int:
    """Order of preference between readings of one instant: quality first, then origin; the lowest wins."""
    return _ORIGINS * _QUALITIES.index(quality) + origin


def quality_of(rank: int) -> Quality:
    """The quality inside a rank."""
    return _QUALITIES[rank // _ORIGINS]


def origin_of(rank: int) -> Origin:
    """The origin inside a rank."""
    return Origin(rank % _ORIGINS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Readings with the same fields: their times (ms UTC) and, per field, a value for each time."""

    times: Sequence[int]
    fields: Mapping[str, Sequence[Value]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Packed readings of one sensor, of one rank and with the same fields; times ascend."""

    sensor: str
    first_ms: int
    last_ms: int
    count: int
    rank: int
    layout: str
    data: bytes

    @property
    def packed(self) -> bool:
        """Whether it was packed closely; else it is of the head."""
        return not self.layout.startswith(HEAD)

    def columns(self, only: str | None = None) -> Columns:
        """Unpack, all fields or one. Raises IntegrityError if the bytes are not a block's."""
        return _unpacked(self, only)


def pack(sensor: str, rank: int, columns: Columns) -> Block:
    """Pack readings whose times ascend (equal times allowed)."""
    times = columns.times
    parts, layout = [_deltas(times)], []
    for name, values in columns.fields.items():
        code, data = _column(values)
        layout.append(f"{name}:{code}")
        parts.append(data)
    data = b"".join(parts)
    if len(times) >= COMPRESS_FROM:
        data = zlib.compress(data, 6)
    return Block(
        sensor=sensor,
        first_ms=times[0],
        last_ms=times[-1],
        count=len(times),
        rank=rank,
        layout=",".join(layout),
        data=data,
    )


def pack_head(sensor: str, rank: int, columns: Columns) -> Block:
    """Pack readings whose times ascend, without looking at them; joining packs them closely later."""
    times = columns.times
    parts, layout = [array("q", times).tobytes()], [HEAD]
    for name, values in columns.fields.items():
        code = _HEAD_CODES[type(values[0])]
        layout.append(f"{name}:{code}")
        parts.append(bytes(values) if code == "b" else array(code, values).tobytes())  # type: ignore[arg-type]
    return Block(
        sensor=sensor,
        first_ms=times[0],
        last_ms=times[-1],
        count=len(times),
        rank=rank,
        layout=",".join(layout),
        data=b"".join(parts),
    )


def _column(values: Sequence[Value]) -> tuple[str, bytes]:
    """The code of a column and its bytes: b booleans, i integers, m thousandths, f floats."""
    kinds = set(map(type, values))
    if kinds == {bool}:
        return "b", bytes(map(bool, values))
    if kinds == {int}:
        return "i", _deltas([int(value) for value in values])
    floats = [float(value) for value in values]
    if all(-_EXACT < value < _EXACT for value in floats):
        thousandths = [round(value * 1000) for value in floats]
        if all(whole / 1000 == value for whole, value in zip(thousandths, floats, strict=True)):
            return "m", array("i", _differences(thousandths)).tobytes()
    return "f", array("d", floats).tobytes()


def _differences(whole: Sequence[int]) -> list[int]:
    return list(chain(whole[:1], (after - before for before, after in pairwise(whole))))


def _deltas(whole: Sequence[int]) -> bytes:
    differences = _differences(whole)
    try:
        return array("q", differences).tobytes()
    except OverflowError:
        return array("q", [((one + 2**63) % 2**64) - 2**63 for one in differences]).tobytes()


def _unpacked(block: Block, only: str | None) -> Columns:
    try:
        data = zlib.decompress(block.data) if block.packed and block.count >= COMPRESS_FROM else block.data
        position = 8 * block.count
        times = array("q", data[:position]).tolist()
        if block.packed:
            times = list(accumulate(times))
        fields: dict[str, Sequence[Value]] = {}
        for part in block.layout.removeprefix(f"{HEAD},").split(","):
            name, _, code = part.rpartition(":")
            size = block.count * _WIDTH[code]
            if only is None or only == name:
                fields[name] = _read(code, data[position : position + size])
            position += size
    except (zlib.error, KeyError, ValueError) as error:
        raise IntegrityError(f"a block of series {block.sensor} cannot be read: {error}") from error
    if position != len(data) or len(times) != block.count:
        raise IntegrityError(f"a block of series {block.sensor} has the wrong length")
    return Columns(times=times, fields=fields)


_WIDTH: Final = {"b": 1, "i": 8, "m": 4, "f": 8, "d": 8, "q": 8}
_HEAD_CODES: Final = {bool: "b", int: "q", float: "d"}


def _read(code: str, data: bytes) -> Sequence[Value]:
    if code == "b":
        return [byte == 1 for byte in data]
    if code == "m":
        return [whole / 1000 for whole in accumulate(array("i", data))]
    if code in "fd":
        return array("d", data).tolist()
    if code == "q":
        return array("q", data).tolist()
    return [((one + 2**63) % 2**64) - 2**63 for one in accumulate(array("q", data))]
