"""Sensative Strips: a type byte, then a big-endian value; fPort 1 tells of now, fPort 2 of the past.

Types as in the maker's published decoder, confirmed there by one example (battery, temperature, flood); the
others, above all which state of the door is 1, are unverified.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from coldchain.readings import RefusalReason
from coldchain_gateway.formats.values import Said, Unreadable

from .piece import Codec, Piece, scaled, unsigned

# Types that we measure by, in the order of their bytes; humidity in halves, temperature in tenths.
TYPES: Final[Mapping[int, tuple[str, ...]]] = {
    1: ("battery",),
    2: ("temperature",),
    6: ("humidity",),
    7: ("illuminance",),
    9: ("door_open",),
    10: ("door_alarm",),
    11: ("tamper",),
    14: ("water_leak",),
    18: ("motion",),
    80: ("humidity", "temperature"),
    82: ("door_open", "temperature"),
}
# Lengths of those that do not: averages, alarms of the device's own limits, counts, raw capacities.
OTHERS: Final[Mapping[int, int]] = {
    0: 0,
    3: 1,
    4: 2,
    5: 1,
    8: 2,
    12: 1,
    13: 1,
    15: 1,
    16: 1,
    17: 2,
    19: 2,
    20: 2,
    21: 1,
    22: 1,
    81: 3,
    110: 8,
    112: 2,
    113: 2,
    114: 2,
}
SIZES: Final[Mapping[str, int]] = {"temperature": 2, "illuminance": 2}


def decode(port: int, data: bytes) -> Iterator[Piece]:
    """fPort 1: everything in one piece. fPort 2: a piece per entry, so many seconds old."""
    if port not in (1, 2):
        return
    unsigned(data, 0, 2)  # the number of the history entry
    if port == 2:
        yield from _past(data)
        return
    now: list[Said] = []
    fault: Unreadable | None = None
    at = 2
    try:
        while at < len(data):
            said, at = _typed(data, at)
            now.extend(said)
    except Unreadable as error:
        fault = error  # what came before it was said
    if now:
        yield Piece(said=now)
    if fault is not None:
        raise fault


def _past(data: bytes) -> Iterator[Piece]:
    at = 2
    while at < len(data):
        age_s, at = unsigned(data, at, 4), at + 4
        said, at = _typed(data, at)
        if said:
            yield Piece(said=said, age_s=age_s, history=True)


def _typed(data: bytes, at: int) -> tuple[list[Said], int]:
    kind = unsigned(data, at, 1) & 0x7F
    at += 1
    if kind in OTHERS:
        unsigned(data, at, OTHERS[kind])
        return [], at + OTHERS[kind]
    if kind not in TYPES:
        raise Unreadable(RefusalReason.UNMAPPED, f"type {kind} is not known")
    said: list[Said] = []
    for field in TYPES[kind]:
        said.append(Said(field, field, _value(field, data, at)))
        at += SIZES.get(field, 1)
    return said, at


def _value(field: str, data: bytes, at: int) -> object:
    if field == "temperature":
        return scaled(data, at, 10)
    number = unsigned(data, at, SIZES.get(field, 1))
    if field in ("battery", "illuminance"):
        return number
    return number / 2 if field == "humidity" else number > 0


CODECS: Final[Mapping[str, Codec]] = {"sensative-strips": decode}
