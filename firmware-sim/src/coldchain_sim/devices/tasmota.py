"""A Tasmota board with one DS18B20: local time without offset, the probe known by its Id."""

import json
from datetime import UTC, datetime, timedelta
from typing import Final

from .said import Measured, Publication, Spoken, hardware_id

# The boards' clocks show the time of Chongqing.
LOCAL: Final = timedelta(hours=8)


def speak(measured: Measured) -> Spoken:
    """`tele/NAME/SENSOR` in tenths."""
    probe = hardware_id(measured.name, 6).hex().upper()
    celsius = round(measured.temperature_c, 1)
    local = datetime.fromtimestamp(measured.time_ms // 1000, UTC) + LOCAL
    said = {
        "Time": local.strftime("%Y-%m-%dT%H:%M:%S"),
        "DS18B20": {"Id": probe, "Temperature": celsius},
        "TempUnit": "C",
    }
    telegram = Publication(topic=f"tele/{measured.name}/SENSOR", payload=json.dumps(said).encode())
    return Spoken(sensor=f"{measured.name}/{probe}", temperature_c=celsius, publications=(telegram,))
