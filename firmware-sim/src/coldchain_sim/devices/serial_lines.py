"""A microcontroller that prints one JSON object per line."""

import json


def line(sensor: str, temperature_c: float, counter: int) -> bytes:
    """One reading; two digits as a DS18B20 sketch prints them, CR LF as `println` ends lines."""
    said = {"id": sensor, "temp": round(temperature_c, 2), "counter": counter}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode() + b"\r\n"


def greeting(name: str) -> bytes:
    """What such a board prints when it gets power: not a reading."""
    return f"{name} ready\r\n".encode()
