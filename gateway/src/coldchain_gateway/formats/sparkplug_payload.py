"""Sparkplug B's payload: the few fields of its Protocol Buffers that readings need, with bounds."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from coldchain.readings import RefusalReason

from .values import Unreadable

MOST_METRICS: Final = 5_000
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
# Types of metrics; the signed ones come as two's complement of 32 or 64 bits.
SIGNED: Final = {1: 32, 2: 32, 3: 32, 4: 64}
FLOAT, DOUBLE, BOOLEAN, STRING, DATE_TIME, TEXT = 9, 10, 11, 12, 13, 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric as it stands in a message; `raw` is its value before its type is known."""

    name: str = ""
    alias: int | None = None
    timestamp: int = 0
    datatype: int = 0
    historical: bool = False
    null: bool = False
    raw: object = None

    @property
    def is_switch(self) -> bool:
        return self.datatype == BOOLEAN

    @property
    def is_text(self) -> bool:
        return self.datatype in (STRING, DATE_TIME, TEXT)

    def value(self, told: "Metric") -> object:
        """The value that another message tells of this metric, by this one's type."""
        if told.null:
            return None
        bits = SIGNED.get(told.datatype or self.datatype)
        if bits is not None and isinstance(told.raw, int) and told.raw >> (bits - 1):
            return told.raw - (1 << bits)
        return told.raw


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A whole message."""

    timestamp: int
    seq: int | None
    metrics: tuple[Metric, ...]


def read_payload(data: bytes) -> Payload:
    """Raises Unreadable where the bytes are no payload, or hold more than a message may."""
    timestamp, seq = 0, None
    metrics: list[Metric] = []
    for number, value in _fields(data):
        if number == 1 and isinstance(value, int):
            timestamp = value
        elif number == 3 and isinstance(value, int):
            seq = value
        elif number == 2 and isinstance(value, bytes):
            if len(metrics) >= MOST_METRICS:
                raise Unreadable(RefusalReason.TOO_LONG, f"more than {MOST_METRICS} metrics")
            metrics.append(_metric(value))
    return Payload(timestamp=timestamp, seq=seq, metrics=tuple(metrics))


def _metric(data: bytes) -> Metric:
    found: dict[int, int | bytes] = dict(_fields(data))
    name, alias = found.get(1, b""), found.get(2)
    return Metric(
        name=name.decode("utf-8", "replace") if isinstance(name, bytes) else "",
        alias=alias if isinstance(alias, int) else None,
        timestamp=_whole(found.get(3)),
        datatype=_whole(found.get(4)),
        historical=bool(_whole(found.get(5))),
        null=bool(_whole(found.get(7))),
        raw=_raw(found),
    )


def _raw(found: dict[int, int | bytes]) -> object:
    """The one value that a metric holds, whatever its kind; None where it has none."""
    for number in (10, 11):
        if isinstance(found.get(number), int):
            return found[number]
    single, double = found.get(12), found.get(13)
    if isinstance(single, bytes) and len(single) == 4:
        return round(struct.unpack("<f", single)[0], 6)
    if isinstance(double, bytes) and len(double) == 8:
        return struct.unpack("<d", double)[0]
    if 14 in found:
        return bool(found[14])
    text = found.get(15)
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else None


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(number, value) of each field; numbers of fixed width stay bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        size = {FIXED64: 8, FIXED32: 4}.get(wire, -1)
        if wire == BYTES:
            size, at = _varint(data, at)
        if size < 0:
            raise Unreadable(RefusalReason.BAD_VALUE, f"wire type {wire} is none of Protocol Buffers'")
        if at + size > len(data):
            raise Unreadable(RefusalReason.SHORT_FRAME, f"{len(data)} bytes, {at + size} needed")
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:
        if at >= len(data):
            raise Unreadable(RefusalReason.SHORT_FRAME, "ends within a number")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
    raise Unreadable(RefusalReason.BAD_VALUE, "a number of more than ten bytes")
