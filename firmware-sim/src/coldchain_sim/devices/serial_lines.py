"""What boards, loggers and receivers print: JSON, rows of values, words around numbers, NMEA sentences."""

import json
import math
from collections.abc import Callable, Mapping
from typing import Final

HOME: Final = (29.563, 106.551)  # the receiver drives around here


def line(sensor: str, temperature_c: float, counter: int) -> bytes:
    """One reading; two digits as a DS18B20 sketch prints them, CR LF as `println` ends lines."""
    said = {"id": sensor, "temp": round(temperature_c, 2), "counter": counter}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode() + b"\r\n"


def row(sensor: str, temperature_c: float, counter: int) -> bytes:
    """A row: sensor, temperature, number."""
    return f"{sensor},{temperature_c:.2f},{counter}\r\n".encode()


def words(sensor: str, temperature_c: float, counter: int) -> bytes:
    """Words around numbers, with the checksum of NMEA behind a star."""
    said = f"[{sensor}] T={temperature_c:.2f}C n={counter}".encode()
    return b"%b*%02X\r\n" % (said, _xor(said))


def sentence(_sensor: str, _temperature_c: float, counter: int) -> bytes:
    """An RMC sentence of a receiver on a round; its day and hour are the counter's, in 2026."""
    angle = counter / 60
    latitude, longitude = HOME[0] + 0.05 * math.sin(angle), HOME[1] + 0.05 * math.cos(angle)
    hour, minute, second = counter // 3600 % 24, counter // 60 % 60, counter % 60
    body = (
        f"GPRMC,{hour:02d}{minute:02d}{second:02d}.00,A,{_degrees(latitude, 2)},N,{_degrees(longitude, 3)},E,"
        f"{20 + 5 * math.sin(angle):.1f},{math.degrees(angle) % 360:.1f},150726,,,A"
    ).encode()
    return b"$%b*%02X\r\n" % (body, _xor(body))


LINE_KINDS: Final[Mapping[str, Callable[[str, float, int], bytes]]] = {
    "json": line,
    "csv": row,
    "words": words,
    "nmea": sentence,
}


def greeting(name: str) -> bytes:
    """What such a board prints when it gets power: not a reading."""
    return f"{name} ready\r\n".encode()


def _degrees(value: float, digits: int) -> str:
    whole = int(value)
    return f"{whole:0{digits}d}{(value - whole) * 60:07.4f}"


def _xor(data: bytes) -> int:
    total = 0
    for byte in data:
        total ^= byte
    return total
