"""A checksum on a line of text: behind a star, or as the line's last field. Configured, it is demanded."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from coldchain.readings import RefusalReason

from .modbus_frame import crc16
from .values import Unreadable

Checksum = Literal["none", "xor8", "sum8", "crc8", "crc16"]
Placed = Literal["suffix", "field"]
_SUFFIX: Final = re.compile(rb"(.*)\*([0-9A-Fa-f]{2,4})", re.DOTALL)
_JSON_FIELD: Final = re.compile(
    rb'(.*),\s*"(?:crc|checksum)"\s*:\s*(?:"([0-9A-Fa-f]{2,4})"|([0-9]{1,5}))\s*\}', re.DOTALL
)
_LAST_COLUMN: Final = re.compile(rb"(.*)[,;\t| ]\s*([0-9A-Fa-f]{2,4})", re.DOTALL)


def xor8(data: bytes) -> int:
    """All bytes XORed, as NMEA 0183 does."""
    total = 0
    for byte in data:
        total ^= byte
    return total


def sum8(data: bytes) -> int:
    """The low byte of the sum of all bytes."""
    return sum(data) & 0xFF


def crc8(data: bytes) -> int:
    """CRC-8 of 1-Wire (polynomial 0x8C reflected, start 0)."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0x8C if crc & 1 else crc >> 1
    return crc


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChecksum:
    """`suffix`: `LINE*5A`, over the bytes before the star. `field`: the last member of a JSON object, called
    `crc` or `checksum`, or the last column; over the bytes before the comma that precedes it."""

    kind: Checksum = "none"
    placed: Placed = "suffix"

    def checked(self, line: bytes, *, json: bool = False) -> bytes:
        """The line without its checksum. Raises Unreadable where it is missing or wrong."""
        if self.kind == "none":
            return line
        pattern = _SUFFIX if self.placed == "suffix" else _JSON_FIELD if json else _LAST_COLUMN
        signed = pattern.fullmatch(line.strip())
        if signed is None:
            raise Unreadable(RefusalReason.BAD_CHECKSUM, "no checksum")
        text = signed[2]
        said = int(signed[3]) if text is None else int(text, 16)
        if text is not None and len(text) != (4 if self.kind == "crc16" else 2):
            raise Unreadable(RefusalReason.BAD_CHECKSUM, f"{text.decode()} is no {self.kind}")
        if said != self._sum(signed[1]):
            raise Unreadable(RefusalReason.BAD_CHECKSUM, "checksum is wrong")
        return signed[1] + b"}" if json and self.placed == "field" else signed[1]

    def _sum(self, data: bytes) -> int:
        match self.kind:
            case "xor8":
                return xor8(data)
            case "sum8":
                return sum8(data)
            case "crc8":
                return crc8(data)
            case _:
                return int.from_bytes(crc16(data), "little")
