"""Packed segments: the bytes of a closed segment in gzip members of one block each.

A packed segment is a gzip file: `zcat` gives the segment back as it was written, byte by byte. Each member
says in its extra field (RFC 1952 §2.3.1.1, subfield `CC`) where its block begins in the segment, how long it
is, how long the member is itself, and the CRC of these three: any byte is reached without those before it.
What cannot be unpacked reads as NUL bytes: damage like any other, named by whoever walks over the records.
"""

import io
import os
import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

BLOCK: Final = 256 * 1024
LEVEL: Final = 6
_HEAD: Final = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x18\0CC\x14\0"
"""gzip, deflate, one extra field: two letters, its length; the three numbers and their CRC follow."""
_NUMBERS: Final = struct.Struct("<QII")
_TAIL: Final = struct.Struct("<II")
_CRC: Final = struct.Struct("<I")
_HEAD_BYTES: Final = len(_HEAD) + _NUMBERS.size + _CRC.size
_SMALLEST: Final = _HEAD_BYTES + _TAIL.size + 1
_LARGEST: Final = 2 * BLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """A block of `size` bytes from byte `start` of the segment; `member` bytes from byte `at` of the file."""

    start: int
    size: int
    at: int
    member: int

    @property
    def end(self) -> int:
        return self.start + self.size


def is_packed(path: Path) -> bool:
    """Whether a segment's file is a packed one. Raises OSError."""
    with path.open("rb", buffering=0) as file:
        return holds_packed(file.fileno())


def holds_packed(file: int) -> bool:
    """Whether an open file is a packed segment; where it is read does not move. Raises OSError."""
    return os.pread(file, len(_HEAD), 0) == _HEAD


def open_packed(file: BinaryIO) -> BinaryIO:
    """The segment's own bytes, of a packed file; closing it closes the file."""
    return io.BufferedReader(_Unpacked(file), BLOCK)


def unpacked_size(path: Path) -> int:
    """How long the segment is, of a packed file. Raises OSError."""
    with path.open("rb") as file:
        return max((block.end for block in _blocks(file)), default=0)


def pack(source: BinaryIO, target: BinaryIO) -> None:
    """Write all that `source` holds from here on as packed blocks."""
    start = 0
    while data := source.read(BLOCK):
        deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        body = deflate.compress(data) + deflate.flush()
        member = _HEAD_BYTES + len(body) + _TAIL.size
        numbers = _NUMBERS.pack(start, len(data), member)
        target.write(_HEAD + numbers + _CRC.pack(zlib.crc32(numbers)) + body)
        target.write(_TAIL.pack(zlib.crc32(data), len(data)))
        start += len(data)


def _blocks(file: BinaryIO) -> Iterator[_Block]:
    """The blocks of a file in order, looking for the next head where one is not as it must be.

    A block begins where the one before it ends, or behind no more than what was lost between can have held.
    """
    size = os.fstat(file.fileno()).st_size
    at, end, lost = 0, 0, 0
    while at < size:
        block = _block(file, at, size)
        if block is not None and end <= block.start <= end + BLOCK * (lost // _SMALLEST):
            yield block
            at, end, lost = at + block.member, block.end, 0
        else:
            behind = _next_head(file, at + 1)
            at, lost = behind, lost + behind - at


def _block(file: BinaryIO, at: int, file_size: int) -> _Block | None:
    file.seek(at)
    head = file.read(_HEAD_BYTES)
    if len(head) != _HEAD_BYTES or not head.startswith(_HEAD):
        return None
    numbers = head[len(_HEAD) : -_CRC.size]
    start, size, member = _NUMBERS.unpack(numbers)
    if _CRC.pack(zlib.crc32(numbers)) != head[-_CRC.size :] or not 0 < size <= BLOCK:
        return None
    if not _SMALLEST <= member <= _LARGEST or at + member > file_size:
        return None
    return _Block(start=start, size=size, at=at, member=member)


def _next_head(file: BinaryIO, at: int) -> int:
    """Where the next head begins, or the end of the file."""
    file.seek(at)
    kept = b""
    while data := file.read(_LARGEST):
        found = (kept + data).find(_HEAD)
        if found >= 0:
            return at - len(kept) + found
        at += len(data)
        kept = (kept + data)[-len(_HEAD) + 1 :]
    return at


class _Unpacked(io.RawIOBase):
    """The bytes of a packed file as they were before, at any position."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self._blocks = list(_blocks(file))
        self._starts = [block.start for block in self._blocks]
        self._end = self._blocks[-1].end if self._blocks else 0
        self._position = 0
        self._open: tuple[_Block, bytes] | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, position: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._end}[whence]
        self._position = max(0, base + position)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # BufferedReader passes nothing else
        data = self._from(self._position)[: len(buffer)]
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()

    def _from(self, position: int) -> bytes:
        """What is known from a position on: the rest of its block, or NUL bytes up to the next one."""
        if position >= self._end:
            return b""
        number = bisect_right(self._starts, position) - 1
        block = self._blocks[number] if number >= 0 else None
        if block is None or position >= block.end:
            return bytes(min(self._blocks[number + 1].start - position, BLOCK))
        if self._open is None or self._open[0] != block:
            self._open = block, self._unpack(block)
        return self._open[1][position - block.start :]

    def _unpack(self, block: _Block) -> bytes:
        self._file.seek(block.at + _HEAD_BYTES)
        body = self._file.read(block.member - _HEAD_BYTES)
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            data = inflate.decompress(body[: -_TAIL.size], block.size + 1)
        except zlib.error:
            return bytes(block.size)
        whole = inflate.eof and not inflate.unused_data and not inflate.unconsumed_tail
        if (
            not whole
            or _TAIL.pack(zlib.crc32(data), len(data)) != body[-_TAIL.size :]
            or len(data) != block.size
        ):
            return bytes(block.size)
        return data
