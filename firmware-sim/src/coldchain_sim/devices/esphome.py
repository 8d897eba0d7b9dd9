"""An ESPHome node with one probe: a bare number a topic, all of them retained."""

from .said import Measured, Publication, Spoken

NODE = "cold-node"


def speak(measured: Measured) -> Spoken:
    """`cold-node/sensor/NAME_temperature/state`, likewise humidity."""
    celsius = round(measured.temperature_c, 2)
    values = (("temperature", f"{celsius:.2f}"), ("humidity", f"{measured.humidity:.1f}"))
    said = tuple(
        Publication(topic=f"{NODE}/sensor/{measured.name}_{what}/state", payload=value.encode(), retain=True)
        for what, value in values
    )
    return Spoken(sensor=f"{NODE}/{measured.name}", temperature_c=celsius, publications=said)
