"""A Zigbee temperature sensor as the zigbee2mqtt bridge publishes it."""

import json

from .said import Measured, Publication, Spoken

BASE_TOPIC = "zigbee2mqtt"


def topic(friendly_name: str) -> str:
    """Where this device's messages go; a friendly name may contain slashes and any letters."""
    return f"{BASE_TOPIC}/{friendly_name}"


def payload(*, temperature_c: float, humidity: float, battery: int, linkquality: int, counter: int) -> bytes:
    """One message with all attributes; `counter` is the device's own message number."""
    said = {
        "battery": battery,
        "counter": counter,
        "humidity": round(humidity, 1),
        "linkquality": linkquality,
        "temperature": round(temperature_c, 2),
    }
    return json.dumps(said, separators=(",", ":")).encode()


def speak(measured: Measured) -> Spoken:
    """One message with all attributes."""
    said = payload(
        temperature_c=measured.temperature_c,
        humidity=measured.humidity,
        battery=measured.battery,
        linkquality=measured.signal,
        counter=measured.counter,
    )
    message = Publication(topic=topic(measured.name), payload=said)
    return Spoken(sensor=measured.name, temperature_c=measured.temperature_c, publications=(message,))
