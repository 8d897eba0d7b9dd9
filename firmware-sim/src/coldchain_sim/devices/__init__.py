"""What each kind of device puts on its wire: values in, bytes out; written from datasheets."""

from collections.abc import Callable, Mapping
from typing import Final

from . import esphome, home_assistant, lorawan, ruuvi, shelly, tasmota, zigbee2mqtt
from .said import Measured, Publication, Spoken

# Devices that speak on MQTT, by the family's name in a scenario.
MQTT_DEVICES: Final[Mapping[str, Callable[[Measured], Spoken]]] = {
    "zigbee2mqtt": zigbee2mqtt.speak,
    "tasmota": tasmota.speak,
    "shelly_gen1": shelly.speak_gen1,
    "shelly_gen2": shelly.speak_gen2,
    "esphome": esphome.speak,
    "home_assistant": home_assistant.speak,
    "chirpstack": lorawan.speak_chirpstack,
    "things_stack": lorawan.speak_things_stack,
    "ruuvi": ruuvi.speak,
}

__all__ = ["MQTT_DEVICES", "Measured", "Publication", "Spoken"]
