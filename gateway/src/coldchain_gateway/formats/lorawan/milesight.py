"""Milesight EM300, EM320 and EM500 models that measure temperature: pairs of channel and type, little-endian.

Layouts: the maker's published payload definitions. The pair for a probe's fault (B3 67) is unverified.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from coldchain.readings import RefusalReason
from coldchain_gateway.formats.values import Said, Unreadable

from .piece import Codec, Piece, scaled, unsigned

# Parts of values and of history entries: name → field, size.
TEMPERATURE: Final = "temperature"
HISTORY: Final = (0x20, 0xCE)
ALARM: Final = (0x83, 0xD7)
FAULT: Final = (0xB3, 0x67)
# Pair → what stands behind it.
PAIRS: Final[Mapping[tuple[int, int], str]] = {
    (0x01, 0x75): "battery",
    (0x03, 0x67): TEMPERATURE,
    (0x04, 0x68): "humidity",
    (0x05, 0x7D): "co2",
    (0x06, 0x73): "pressure",
    (0x06, 0x00): "door_open",
    (0x05, 0x00): "water_leak",
}
# What a device says of itself, and how long that is.
ABOUT: Final[Mapping[int, int]] = {0x01: 1, 0x0B: 1, 0x0F: 1, 0x09: 2, 0x0A: 2, 0x16: 8, 0xFF: 2, 0xFE: 1}
SIZES: Final[Mapping[str, int]] = {TEMPERATURE: 2, "co2": 2, "pressure": 2}
# Fields of a history entry behind its time; "" is a byte that says nothing.
ENTRIES: Final[Mapping[str, Sequence[str]]] = {
    "milesight-em300-th": (TEMPERATURE, "humidity", ""),
    "milesight-em300-mcs": (TEMPERATURE, "humidity", "door_open"),
    "milesight-em300-sld": (TEMPERATURE, "humidity", "water_leak"),
    "milesight-em320-th": (TEMPERATURE, "humidity"),
    "milesight-em500-pt100": (TEMPERATURE,),
    "milesight-em500-co2": ("co2", "pressure", TEMPERATURE, "humidity"),
}


def decode(entry: Sequence[str], _port: int, data: bytes) -> Iterator[Piece]:
    """The measurements of now in one piece, then each history entry at its own time."""
    now: list[Said] = []
    history: list[Piece] = []
    fault: Unreadable | None = None
    try:
        _walk(entry, data, now, history)
    except Unreadable as error:
        fault = error  # what came before it was said
    if now:
        yield Piece(said=now)
    yield from history
    if fault is not None:
        raise fault


def _walk(entry: Sequence[str], data: bytes, now: list[Said], history: list[Piece]) -> None:
    at = 0
    while at < len(data):
        pair = unsigned(data, at, 1), unsigned(data, at + 1, 1)
        at += 2
        if pair == HISTORY:
            piece, at = _entry(entry, data, at)
            history.append(piece)
        elif pair == ALARM:
            now.append(_said(TEMPERATURE, data, at))
            at += 5
        elif pair == FAULT:
            now.append(Said("probe", TEMPERATURE, RefusalReason.PROBE_FAULT))
            at += 1
        elif pair in PAIRS:
            field = PAIRS[pair]
            now.append(_said(field, data, at))
            at += SIZES.get(field, 1)
        elif pair[0] == 0xFF and pair[1] in ABOUT:
            at += ABOUT[pair[1]]
        else:
            raise Unreadable(RefusalReason.UNMAPPED, f"channel {pair[0]:02X} type {pair[1]:02X} is not known")


def _entry(entry: Sequence[str], data: bytes, at: int) -> tuple[Piece, int]:
    time_s, at = unsigned(data, at, 4, "little"), at + 4
    said: list[Said] = []
    for field in entry:
        if field:
            said.append(_said(field, data, at))
        at += SIZES.get(field, 1)
    return Piece(said=said, time_s=time_s, history=True), at


def _said(field: str, data: bytes, at: int) -> Said:
    if field == TEMPERATURE:
        return Said(field, field, scaled(data, at, 10, "little"))
    number: object = unsigned(data, at, SIZES.get(field, 1), "little")
    if field == "humidity":
        return Said(field, field, RefusalReason.SENTINEL if number == 0xFF else unsigned(data, at, 1) / 2)
    if field == "pressure":
        number = unsigned(data, at, 2, "little") / 10
    return Said(field, field, number)


CODECS: Final[Mapping[str, Codec]] = {name: partial(decode, entry) for name, entry in ENTRIES.items()}
