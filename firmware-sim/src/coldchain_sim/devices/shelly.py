"""Shelly H&T of the first generation (a topic per value) and of the second (one notification)."""

import json

from .said import Measured, Publication, Spoken


def speak_gen1(measured: Measured) -> Spoken:
    """Bare numbers in tenths below `shellies/shellyht-NAME/sensor/`."""
    device, celsius = f"shellyht-{measured.name}", round(measured.temperature_c, 1)
    values = (
        ("temperature", f"{celsius:.1f}"),
        ("humidity", f"{measured.humidity:.1f}"),
        ("battery", str(measured.battery)),
    )
    said = [
        Publication(topic=f"shellies/{device}/sensor/{name}", payload=value.encode())
        for name, value in values
    ]
    return Spoken(sensor=device, temperature_c=celsius, publications=tuple(said))


def speak_gen2(measured: Measured) -> Spoken:
    """`PREFIX/events/rpc`, as after a timed wake-up."""
    celsius = round(measured.temperature_c, 1)
    params = {
        "ts": measured.time_ms / 1000,
        "devicepower:0": {
            "id": 0,
            "battery": {"V": 6.0, "percent": measured.battery},
            "external": {"present": False},
        },
        "humidity:0": {"id": 0, "rh": round(measured.humidity, 1)},
        "sys": {"time": None, "unixtime": None, "wakeup_period": 7200},
        "temperature:0": {"id": 0, "tC": celsius, "tF": round(celsius * 1.8 + 32, 1)},
    }
    said = {"src": measured.name, "dst": f"{measured.name}/events", "method": "NotifyFullStatus"}
    payload = json.dumps({**said, "params": params}).encode()
    notice = Publication(topic=f"{measured.name}/events/rpc", payload=payload)
    return Spoken(sensor=measured.name, temperature_c=celsius, publications=(notice,))
