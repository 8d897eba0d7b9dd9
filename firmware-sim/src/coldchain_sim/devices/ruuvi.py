"""A RuuviTag (data format 5) that a Ruuvi Gateway hears."""

import json
import struct

from .said import Measured, Publication, Spoken, hardware_id

GATEWAY = "C8:25:2D:8E:9C:2C"
ADVERTISED = bytes.fromhex("0201061BFF9904")


def speak(measured: Measured) -> Spoken:
    """`ruuvi/GATEWAY/TAG`; temperature in steps of 0.005 °C."""
    steps = round(measured.temperature_c * 200)
    mac = hardware_id(measured.name, 6)
    power = (3000 - 1600) << 5 | 22
    data = struct.pack(
        ">BhHHhhhHBH6s",
        5,
        steps,
        round(measured.humidity * 400),
        101_325 - 50_000,
        4,
        -4,
        1036,
        power,
        66,
        measured.counter % 0xFFFF,
        mac,
    )
    seconds = str(measured.time_ms // 1000)
    tag = mac.hex(":").upper()
    said = {
        "gw_mac": GATEWAY,
        "rssi": -measured.signal // 2,
        "aoa": [],
        "gwts": seconds,
        "ts": seconds,
        "data": (ADVERTISED + data).hex().upper(),
        "coords": "",
    }
    heard = Publication(topic=f"ruuvi/{GATEWAY}/{tag}", payload=json.dumps(said).encode())
    return Spoken(sensor=tag, temperature_c=steps / 200, publications=(heard,))
