"""Shelly of the first generation: one topic per value, a bare number each.

https://shelly-api-docs.shelly.cloud/gen1/. `sensor/temperature` is in °C or °F as the device is set, which
the payload does not tell; the external probes have a topic of their own for °F. `sensor/error` other than 0
means that the sensor's values are no values; so does 999 for a temperature, in °F as well.
"""

from collections.abc import Mapping
from typing import Final

from coldchain.readings import RefusalReason
from coldchain_gateway.contracts import Decoded

from .family import Family, Options, Recognised
from .message import Message, refuse_retained
from .values import Said, Unreadable, number_of, refused, sampled, sensor_id

ROOT: Final = "shellies"
OWN: Final[Mapping[str, str]] = {
    "temperature": "temperature",
    "humidity": "humidity",
    "battery": "battery",
    "lux": "illuminance",
    "state": "door_open",
    "flood": "water_leak",
    "vibration": "motion",
    "motion": "motion",
}
EXTERNAL: Final[Mapping[str, tuple[str, str]]] = {
    "ext_temperature": ("temperature", "C"),
    "ext_temperature_f": ("temperature", "F"),
    "ext_humidity": ("humidity", ""),
}
# What stands for a probe that cannot be read.
NO_PROBE: Final = 999
DOOR: Final[Mapping[str, bool]] = {"open": True, "close": False}
MOST_DEVICES: Final = 4096


class ShellyGen1:
    """Decodes sensor topics; relays, meters and announcements are passed over."""

    def __init__(self, options: Options) -> None:
        self._unit = options.unit
        self._faulty: dict[str, str] = {}

    def decode(self, message: Message) -> Decoded:
        """One sample, or one refusal."""
        try:
            return self._decoded(message)
        except Unreadable as error:
            return (refused(error.reason, f"{message.topic}: {error}", message.payload),)

    def _decoded(self, message: Message) -> Decoded:
        levels = message.topic.split("/")
        if levels[0] != ROOT or len(levels) < 3:
            return ()
        device = sensor_id(levels[1])
        text = message.payload.decode("utf-8", "replace").strip()
        match levels[2:]:
            case ["online"] if text.lower() == "false":
                return (refused(RefusalReason.OFFLINE, "online: false", message.payload, device),)
            case ["sensor", "error"]:
                self._remember(device, text)
                return ()
            case ["sensor", name] if name in OWN:
                refuse_retained(message)
                return self._measured(device, name, text, message.payload)
            case [name, number] if name in EXTERNAL and number.isdecimal():
                refuse_retained(message)
                field, unit = EXTERNAL[name]
                said = Said(name, field, _probed(text), unit)
                return sampled(sensor_id(f"{device}/{number}"), [said], message.payload)
        return ()

    def _remember(self, device: str, text: str) -> None:
        """Also from a copy kept by the broker: it tells the state that the device is in."""
        if number_of(text) == 0 or not text:
            self._faulty.pop(device, None)
        elif len(self._faulty) < MOST_DEVICES:
            self._faulty[device] = text

    def _measured(self, device: str, name: str, text: str, payload: bytes) -> Decoded:
        field, fault = OWN[name], self._faulty.get(device)
        if fault is not None and field != "battery":
            return (refused(RefusalReason.PROBE_FAULT, f"{name}: error {fault:.40}", payload, device),)
        value: object = text
        if field == "door_open":
            value = DOOR.get(text.lower(), text)
        elif field == "temperature":
            value = _probed(text)
        return sampled(
            device, [Said(name, field, value, self._unit if field == "temperature" else "")], payload
        )


def _probed(text: str) -> object:
    return RefusalReason.SENTINEL if number_of(text) == NO_PROBE else text


def _recognise(message: Message) -> Recognised | None:
    if not message.topic.startswith(ROOT + "/"):
        return None
    return Recognised(family="shelly_gen1", topic=ROOT + "/#", needs=("unit",))


FAMILY: Final = Family(
    title="Shelly, first generation",
    devices="H&T, Door/Window, Flood; relays with the temperature add-on",
    topics=(ROOT + "/#",),
    quantities=tuple(dict.fromkeys([*OWN.values(), *(field for field, _ in EXTERNAL.values())])),
    confidence="documented",
    make=ShellyGen1,
    recognise=_recognise,
    publisher_qos=0,
    liveness="arrival; the device tells no time",
    loses="what is published meanwhile, unless the device's MQTT QoS is set to 1 (as delivered: 0)",
    options=frozenset({"unit"}),
)
