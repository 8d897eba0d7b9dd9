"""DS18B20 and its family, as the Linux kernel gives their scratchpad in `w1_slave`.

The kernel's YES is not enough: nine zero bytes carry a true checksum, a probe that lost power says 85.0 °C,
and on NO the second line repeats the last good value. So only the bytes of the first line count.
"""

import re
from typing import Final

from coldchain.readings import RefusalReason
from coldchain_gateway.contracts import Decoded

from .line_checksum import crc8
from .values import Said, Unreadable, refused, sampled

FAMILIES: Final = frozenset({"10", "22", "28", "3b", "42"})
PHANTOM: Final = "00"  # a family that noise invents
_LINE: Final = re.compile(rb"((?:[0-9a-f]{2} ){9}): crc=([0-9a-f]{2}) (YES|NO)\s*")
UNTOUCHED: Final = 0x0C  # byte 6 as it is after power-on, before any conversion
POWER_ON: Final = 0x0550  # 85.0 °C
POWER_ON_10: Final = 0x00AA  # 85.0 °C of a DS18S20
STARVED: Final = 0x07FF  # 127.94 °C: too little power to convert


def decode_scratchpad(text: bytes, family: str, sensor: str) -> Decoded:
    """One sample or one refusal out of a `w1_slave` file; any bytes are one of them."""
    try:
        celsius = _celsius(_scratchpad(text), family)
    except Unreadable as error:
        return (refused(error.reason, str(error), text, sensor),)
    return sampled(sensor, [Said(name="temperature", field="temperature", value=celsius)], text)


def _scratchpad(text: bytes) -> bytes:
    """The nine bytes. Raises Unreadable."""
    found = _LINE.match(text)
    if found is None:
        raise Unreadable(RefusalReason.SHORT_FRAME, "no scratchpad")
    pad = bytes.fromhex(found[1].decode())
    if pad == b"\xff" * 9:
        raise Unreadable(RefusalReason.PROBE_FAULT, "unplugged")
    if pad == bytes(9):
        raise Unreadable(RefusalReason.PROBE_FAULT, "bus shorted or partly disconnected")
    if found[3] == b"NO":
        raise Unreadable(RefusalReason.CRC, "the kernel says NO")
    if crc8(pad[:8]) != pad[8]:
        raise Unreadable(RefusalReason.CRC, "the bytes do not fit their checksum")
    return pad


def _celsius(pad: bytes, family: str) -> float:
    """Raises Unreadable for what is no measurement."""
    raw = int.from_bytes(pad[:2], "little")
    signed = int.from_bytes(pad[:2], "little", signed=True)
    if pad[6] == UNTOUCHED and raw == (POWER_ON_10 if family == "10" else POWER_ON):
        raise Unreadable(RefusalReason.SENTINEL, "power-on value")
    if family == "10":
        return _of_ds18s20(signed, pad)
    if pad[6] == UNTOUCHED and raw == STARVED:
        raise Unreadable(RefusalReason.SENTINEL, "insufficient power")
    if family == "3b" and pad[4] & 0x80:
        return _of_max31850(signed)
    return signed / 16


def _of_ds18s20(halves: int, pad: bytes) -> float:
    """Half degrees, refined by the count that remained."""
    remain, per_degree = pad[6], pad[7]
    if not per_degree or remain > per_degree:
        raise Unreadable(RefusalReason.BAD_VALUE, f"count {remain} of {per_degree}")
    return (halves >> 1) - 0.25 + (per_degree - remain) / per_degree


def _of_max31850(sixteenths: int) -> float:
    """A thermocouple; bit 0 says that it is open or shorted, bit 1 is not used."""
    if sixteenths & 1:
        raise Unreadable(RefusalReason.PROBE_FAULT, "thermocouple open or shorted")
    return (sixteenths & ~0x3) / 16
