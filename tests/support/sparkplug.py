"""Sparkplug B's payload, written for tests from the specification: field numbers and wire types."""

from __future__ import annotations

import struct


def varint(number: int) -> bytes:
    out = b""
    while True:
        number, low = number >> 7, number & 0x7F
        out += bytes([low | (0x80 if number else 0)])
        if not number:
            return out


def field(number: int, value: int | bytes) -> bytes:
    """A whole number, or bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def metric(
    *,
    name: str = "",
    alias: int | None = None,
    time_ms: int = 1_784_567_890_000,
    single: float | None = None,
    historical: bool = False,
) -> bytes:
    """One metric with a value of 32 bits."""
    out = field(1, name.encode()) if name else b""
    out += b"" if alias is None else field(2, alias)
    out += field(3, time_ms) + field(4, 9) + (field(5, 1) if historical else b"")
    return out + (b"" if single is None else varint(12 << 3 | 5) + struct.pack("<f", single))


def payload(*metrics: bytes, seq: int = 0, time_ms: int = 1_784_567_890_000) -> bytes:
    """A whole message."""
    return field(1, time_ms) + b"".join(field(2, one) for one in metrics) + field(3, seq)
