"""Families of MQTT devices by name, loaded when one is configured or when a message is to be recognised."""

from collections.abc import Mapping as Table
from importlib import import_module
from typing import Final

from coldchain.errors import InvalidInput

from .family import Family, Options, Recognised
from .message import Message, MqttFormat
from .recognised import Auto

# Name in a configuration → module. Recognising asks in this order: the most telling topics first.
MQTT_FAMILIES: Final[Table[str, str]] = {
    "chirpstack": "chirpstack",
    "things_stack": "things_stack",
    "ruuvi": "ruuvi",
    "sparkplug": "sparkplug",
    "neuron": "neuron",
    "theengs": "theengs",
    "rtl_433": "rtl_433",
    "venus": "venus",
    "zigbee2mqtt": "zigbee2mqtt",
    "shelly_gen1": "shelly_gen1",
    "shelly_gen2": "shelly_gen2",
    "home_assistant": "home_assistant",
    "tasmota": "tasmota",
    "esphome": "esphome",
    "sensos": "sensos",
    "mapping": "mapping",
}
AUTO: Final = "auto"


def mqtt_family(name: str) -> Family:
    """A family by its name. Raises InvalidInput naming those there are."""
    if name not in MQTT_FAMILIES:
        raise InvalidInput(f"no format {name!r}; there are: {', '.join(sorted(MQTT_FAMILIES))}")
    found: Family = import_module(f".{MQTT_FAMILIES[name]}", __package__).FAMILY
    return found


def recognise(message: Message) -> Recognised | None:
    """The family of a message by its topic and payload; None where nobody knows it. Never raises."""
    for name in MQTT_FAMILIES:
        found = mqtt_family(name).recognise(message)
        if found is not None:
            return found
    return None


def mqtt_format(name: str, options: Options) -> MqttFormat:
    """The decoder of a subscription; `auto` recognises. Raises InvalidInput for options it cannot take."""
    if name == AUTO:
        return Auto(options, recognise, mqtt_family)
    return mqtt_family(name).make(options)
