"""Milesight EM300, EM320 and EM500 models that measure temperature: pairs of channel and type, little-endian.

Layouts: the maker's published payload definitions. How long the pair for a probe's fault (B3 67) is differs
between them: unverified.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from coldchain.readings import RefusalReason
from coldchain_gateway.formats.values import Said, Unreadable

from .piece import Codec, Piece, scaled, unsigned

# Parts of values and of history entries: name → field, size. "" is a byte that says nothing of ours.
TEMPERATURE: Final = "temperature"
TENTHS: Final = "humidity in tenths"
SIZES: Final[Mapping[str, int]] = {TEMPERATURE: 2, TENTHS: 2, "co2": 2, "pressure": 2}
HISTORY: Final = (0x20, 0xCE)
FAULTS: Final[Mapping[tuple[int, int], str]] = {
    (0xB3, 0x67): TEMPERATURE,
    (0xB4, 0x68): "humidity",
    (0xB4, 0x9A): "humidity",
}
# Pair → what stands behind it.
PAIRS: Final[Mapping[tuple[int, int], str]] = {
    (0x01, 0x75): "battery",
    (0x03, 0x67): TEMPERATURE,
    (0x04, 0x68): "humidity",
    (0x04, 0x9A): TENTHS,
    (0x05, 0x7D): "co2",
    (0x06, 0x73): "pressure",
    (0x06, 0x00): "door_open",
    (0x05, 0x00): "water_leak",
    (0x05, 0x6B): "",
    (0x05, 0x9C): "",
}
# Pair of an alarm of the device's own → what was measured, and how long it is with what was exceeded.
ALARMS: Final[Mapping[tuple[int, int], tuple[str, int]]] = {
    (0x83, 0xD7): (TEMPERATURE, 5),
    (0x83, 0x67): (TEMPERATURE, 3),
    (0x93, 0x67): (TEMPERATURE, 5),
    (0x84, 0x68): ("humidity", 2),
    (0x94, 0x68): ("humidity", 3),
    (0x84, 0x9A): (TENTHS, 3),
    (0x94, 0x9A): (TENTHS, 5),
}
# What a device says of itself, and what it answers to a setting (channels FF, FE), and how long that is.
ABOUT: Final[Mapping[int, int]] = {
    **dict.fromkeys((0x01, 0x0B, 0x0F, 0xFE), 1),
    **dict.fromkeys((0x10, 0x27, 0x28, 0x3B, 0x4A, 0x68, 0x69, 0x6D, 0x84, 0xF5), 1),
    **dict.fromkeys((0x02, 0x03, 0x09, 0x0A, 0x17, 0x18, 0x1C, 0xF2, 0xFF), 2),
    **dict.fromkeys((0x6A, 0x87, 0xEA), 3),
    **dict.fromkeys((0x11, 0xF1), 4),
    **dict.fromkeys((0x16, 0x35, 0x96), 8),
    0x39: 5,
    0x79: 6,
    0x06: 9,
}
# Fields of a history entry behind its time; of two layouts of a model the one that fills the frame holds.
Entry = Sequence[str]
ENTRIES: Final[Mapping[str, Sequence[Entry]]] = {
    "milesight-em300-th": [(TEMPERATURE, "humidity", "")],
    "milesight-em300-mcs": [(TEMPERATURE, "humidity", "door_open")],
    "milesight-em300-sld": [(TEMPERATURE, "humidity", "water_leak")],
    "milesight-em320-th": [(TEMPERATURE, "humidity"), (TEMPERATURE, TENTHS, "")],
    "milesight-em500-pt100": [(TEMPERATURE,)],
    "milesight-em500-co2": [("co2", "pressure", TEMPERATURE, "humidity")],
}


def decode(entries: Sequence[Entry], _port: int, data: bytes) -> Iterator[Piece]:
    """The measurements of now in one piece, then each history entry at its own time."""
    now, history, fault = _read(entries[0], data)
    for entry in entries[1:] if fault else ():
        other = _read(entry, data)
        now, history, fault = (now, history, fault) if other[2] else other
    if now:
        yield Piece(said=now)
    yield from history
    if fault is not None:
        raise fault


def _read(entry: Entry, data: bytes) -> tuple[list[Said], list[Piece], Unreadable | None]:
    now: list[Said] = []
    history: list[Piece] = []
    try:
        _walk(entry, data, now, history)
    except Unreadable as fault:
        return now, history, fault  # what came before it was said
    return now, history, None


def _walk(entry: Entry, data: bytes, now: list[Said], history: list[Piece]) -> None:
    at = 0
    while at < len(data):
        pair = unsigned(data, at, 1), unsigned(data, at + 1, 1)
        at += 2
        if pair == HISTORY:
            piece, at = _entry(entry, data, at)
            history.append(piece)
        elif pair in ALARMS:
            field, size = ALARMS[pair]
            now.extend(_said(field, data, at))
            at += size
        elif pair in FAULTS:
            now.append(Said("probe", FAULTS[pair], RefusalReason.PROBE_FAULT))
            at += 1
        elif pair in PAIRS:
            now.extend(_said(PAIRS[pair], data, at))
            at += SIZES.get(PAIRS[pair], 1)
        elif pair[0] in (0xFF, 0xFE) and pair[1] in ABOUT:
            at += ABOUT[pair[1]]
        else:
            raise Unreadable(RefusalReason.UNMAPPED, f"channel {pair[0]:02X} type {pair[1]:02X} is not known")


def _entry(entry: Entry, data: bytes, at: int) -> tuple[Piece, int]:
    time_s, at = unsigned(data, at, 4, "little"), at + 4
    said: list[Said] = []
    for field in entry:
        said.extend(_said(field, data, at))
        at += SIZES.get(field, 1)
    return Piece(said=said, time_s=time_s, history=True), at


def _said(field: str, data: bytes, at: int) -> Iterator[Said]:
    number = unsigned(data, at, SIZES.get(field, 1), "little")
    match field:
        case "":
            return
        case "temperature":
            yield Said(field, field, scaled(data, at, 10, "little"))
        case "humidity":
            yield Said(field, field, RefusalReason.SENTINEL if number == 0xFF else number / 2)
        case "humidity in tenths":
            yield Said(field, "humidity", RefusalReason.SENTINEL if number == 0xFFFF else number / 10)
        case "pressure":
            yield Said(field, field, number / 10)
        case _:
            yield Said(field, field, number)


CODECS: Final[Mapping[str, Codec]] = {name: partial(decode, entries) for name, entries in ENTRIES.items()}
