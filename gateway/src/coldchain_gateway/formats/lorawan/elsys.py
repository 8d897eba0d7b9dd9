"""Elsys ERS, ELT, EXT and others: a type byte, then a big-endian value; types as the maker publishes them.

What an open input reads is not told there: unverified. 0x7FFF and 0x8000 are refused as everywhere.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from coldchain.readings import RefusalReason
from coldchain_gateway.formats.values import Said, Unreadable

from .piece import Codec, Piece, scaled, signed, unsigned

# Lengths of all types; those that measure something of ours are named in `_said`.
LENGTHS: Final[Mapping[int, int]] = {
    0x01: 2,
    0x02: 1,
    0x03: 3,
    0x04: 2,
    0x05: 1,
    0x06: 2,
    0x07: 2,
    0x08: 2,
    0x09: 6,
    0x0A: 2,
    0x0B: 4,
    0x0C: 2,
    0x0D: 1,
    0x0E: 2,
    0x0F: 1,
    0x10: 4,
    0x11: 1,
    0x12: 1,
    0x13: 65,
    0x14: 4,
    0x15: 2,
    0x16: 2,
    0x17: 4,
    0x18: 2,
    0x19: 2,
    0x1A: 1,
    0x1B: 4,
    0x1C: 2,
    0x3D: 4,
}
EXTERNAL, EXTERNAL_MORE = 0x0C, 0x19
SETTINGS_PORT: Final = 6


def decode(port: int, data: bytes) -> Iterator[Piece]:
    """The device's own values in one piece, each external probe as `probe`, `probe-2`, `probe-3` …"""
    if port == SETTINGS_PORT:
        return
    own: list[Said] = []
    probes: list[Piece] = []
    fault: Unreadable | None = None
    try:
        _walk(data, own, probes)
    except Unreadable as error:
        fault = error  # what came before it was said
    if own:
        yield Piece(said=own)
    yield from probes
    if fault is not None:
        raise fault


def _walk(data: bytes, own: list[Said], probes: list[Piece]) -> None:
    at, more = 0, 1
    while at < len(data):
        kind = data[at]
        if kind not in LENGTHS:
            raise Unreadable(RefusalReason.UNMAPPED, f"type {kind:02X} is not known")
        unsigned(data, at + 1, LENGTHS[kind])
        if kind in (EXTERNAL, EXTERNAL_MORE):
            more += kind == EXTERNAL_MORE
            name = "probe" if kind == EXTERNAL else f"probe-{more}"
            probes.append(Piece(probe=name, said=[Said(name, "temperature", scaled(data, at + 1, 10))]))
        else:
            own.extend(_said(kind, data, at + 1))
        at += 1 + LENGTHS[kind]


def _said(kind: int, data: bytes, at: int) -> Iterator[Said]:
    match kind:
        case 0x01:
            yield Said("temperature", "temperature", scaled(data, at, 10))
        case 0x02:
            yield Said("humidity", "humidity", data[at])
        case 0x04:
            yield Said("light", "illuminance", unsigned(data, at, 2))
        case 0x05:
            yield Said("motion", "motion", data[at] > 0)
        case 0x06:
            yield Said("co2", "co2", unsigned(data, at, 2))
        case 0x07:
            yield Said("vdd", "battery_voltage", unsigned(data, at, 2), "mV")
        case 0x12:
            yield Said("waterleak", "water_leak", data[at] > 0)
        case 0x14:
            yield Said("pressure", "pressure", signed(data, at, 4) / 1000)


CODECS: Final[Mapping[str, Codec]] = {"elsys": decode}
