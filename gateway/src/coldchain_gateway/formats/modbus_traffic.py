"""Whether somebody else speaks Modbus on a line, from bytes that were heard on it without asking."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .modbus_frame import crc16

# What a line without termination or a plug that is put in may add; a shortest frame has more.
MOST_NOISE: Final = 4
# Frames are sought in so many bytes.
LOOKED_AT: Final = 512
READS_AND_SINGLE_WRITES: Final = range(1, 7)
MULTIPLE_WRITES: Final = (15, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignFrame:
    """A frame with a true checksum that nobody here asked for."""

    unit: int
    function: int

    def __str__(self) -> str:
        return f"unit {self.unit}, function {self.function}"


def foreign_frame(heard: bytes) -> ForeignFrame | None:
    """The first frame in what was heard; None where there is none."""
    heard = heard[:LOOKED_AT]
    for start in range(len(heard) - 4):
        for length in _lengths(heard[start:]):
            frame = heard[start : start + length]
            if len(frame) == length and crc16(frame[:-2]) == frame[-2:]:
                return ForeignFrame(unit=frame[0], function=frame[1] & 0x7F)
    return None


def _lengths(data: bytes) -> Iterator[int]:
    """How long a frame that begins here can be, as request and as answer."""
    function = data[1]
    if not 1 <= data[0] <= 247:
        return
    if function in READS_AND_SINGLE_WRITES:
        yield 8
        if function <= 4:
            yield 5 + data[2]
    elif function in MULTIPLE_WRITES:
        yield 8
        if len(data) > 6:
            yield 9 + data[6]
    elif function & 0x80 and (function & 0x7F) in (*READS_AND_SINGLE_WRITES, *MULTIPLE_WRITES):
        yield 5
