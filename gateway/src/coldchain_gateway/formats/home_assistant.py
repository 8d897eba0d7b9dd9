"""Home Assistant: statestream (`ROOT/DOMAIN/ENTITY/state`) and the states that discovery messages describe.

https://www.home-assistant.io/integrations/mqtt_statestream/ publishes values as JSON, so texts come quoted.
https://www.home-assistant.io/integrations/mqtt#mqtt-discovery: a retained `…/config` message describes a
sensor, it is no reading. Templates are not evaluated: the plain forms `value_json.x` and `value_json["x"]`
are read, others are refused by name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Decoded, Sample

from .entity_names import ENDINGS, SWITCHES, TEMPERATURES, entity_of
from .family import Family, Options, Recognised
from .json_text import read_json, read_object
from .message import Message, refuse_retained
from .values import MISSING, Said, Unreadable, refused, sampled, sensor_id
from .values import UNITS as FIELD_UNITS

KINDS: Final[Mapping[str, bool]] = {"sensor": False, "binary_sensor": True}
# Keys of discovery messages as they are abbreviated.
SHORT: Final[Mapping[str, str]] = {
    "state_topic": "stat_t",
    "unique_id": "uniq_id",
    "device_class": "dev_cla",
    "value_template": "val_tpl",
    "unit_of_measurement": "unit_of_meas",
    "payload_on": "pl_on",
    "object_id": "obj_id",
}
CLASSES: Final[Mapping[str, str]] = {
    "temperature": "temperature",
    "humidity": "humidity",
    "battery": "battery",
    "pressure": "pressure",
    "atmospheric_pressure": "pressure",
    "carbon_dioxide": "co2",
    "illuminance": "illuminance",
    "speed": "speed",
}
SWITCH_CLASSES: Final[Mapping[str, str]] = {
    "door": "door_open",
    "opening": "door_open",
    "garage_door": "door_open",
    "plug": "mains",
    "power": "mains",
    "motion": "motion",
    "occupancy": "motion",
    "moisture": "water_leak",
    "tamper": "tamper",
    "battery": "battery_low",
}
UNITS: Final[Mapping[str, str]] = {
    "°C": "C",
    "°F": "F",
    "mbar": "hPa",
    **{unit: unit for unit in ("K", "hPa", "Pa", "kPa", "mmHg", "inHg", "km/h", "m/s", "kn")},
}
# The plain templates: one member, or members within members.
_TEMPLATE: Final = re.compile(
    r"\{\{\s*value_json((?:\.[A-Za-z_]\w*|\[\s*'[^'\[\]]+'\s*\]|\[\s*\"[^\"\[\]]+\"\s*\])+)\s*\}\}"
)
_STEP: Final = re.compile(r"\.([A-Za-z_]\w*)|\[\s*['\"]([^'\"]+)['\"]\s*\]")
_WHOLE: Final = re.compile(r"\{\{\s*value\s*\}\}")
MOST_DESCRIBED: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A value within a topic's payload, as a discovery message describes it."""

    sensor: str
    field: str
    unit: str
    path: tuple[str, ...]  # empty: the payload itself
    on: str = "ON"


class HomeAssistant:
    """Learns from `…/config`, then decodes the topics that were described; decodes statestream's states."""

    def __init__(self, options: Options) -> None:
        self._root = (options.base_topic or "homeassistant").rstrip("/")
        self._unit = options.unit
        self._quantity = options.quantity or "temperature"
        self._described: dict[str, dict[str, Described]] = {}  # by state topic, then by config topic
        self._units: dict[str, str] = {}  # of statestream's entities
        self._classes: dict[str, str] = {}

    def decode(self, message: Message) -> Decoded:
        """Samples, refusals, or nothing where a message only describes."""
        try:
            levels = message.topic.split("/")
            if message.topic in self._described:
                refuse_retained(message)
                return self._state(message)
            if levels[-1] == "config" and len(levels) >= 3:
                self._learn(message, switch=levels[-3] == "binary_sensor" or levels[1] == "binary_sensor")
                return ()
            if levels[0] == self._root and len(levels) == 4 and levels[1] in KINDS:
                return self._streamed(levels, message)
        except Unreadable as error:
            return (refused(error.reason, f"{message.topic}: {error}", message.payload),)
        return ()

    def _learn(self, message: Message, *, switch: bool) -> None:
        if not message.payload.strip():
            for by_config in self._described.values():
                by_config.pop(message.topic, None)
            return
        config = read_object(message.payload)
        topic, described = _describe(config, switch=switch)
        if topic in self._described or len(self._described) < MOST_DESCRIBED:
            self._described.setdefault(topic, {})[message.topic] = described

    def _state(self, message: Message) -> Decoded:
        described = self._described[message.topic].values()
        needs_json = any(one.path for one in described)
        document = read_json(message.payload) if needs_json else None
        by_sensor: dict[str, list[Said]] = {}
        for one in described:
            found = _value(one, message.payload, document)
            if found is not MISSING:
                by_sensor.setdefault(one.sensor, []).append(Said(one.field, one.field, found, one.unit))
        decoded: list[Sample | Refusal] = []
        for sensor, said in by_sensor.items():
            decoded.extend(sampled(sensor, said, message.payload))
        return decoded

    def _streamed(self, levels: list[str], message: Message) -> Decoded:
        _, domain, name, last = levels
        entity = f"{domain}.{name}"
        if last in ("unit_of_measurement", "device_class"):
            known = self._units if last == "unit_of_measurement" else self._classes
            if len(known) < MOST_DESCRIBED:
                known[entity] = _unquoted(message.payload)
            return ()
        if last != "state":
            return ()
        refuse_retained(message)
        text = _unquoted(message.payload)
        switch = KINDS[domain]
        field = (SWITCH_CLASSES if switch else CLASSES).get(self._classes.get(entity, ""))
        thing, by_name = name, ""
        if field is None:
            thing, field, _, by_name = entity_of(name, switch=switch, otherwise=self._quantity)
        unit = self._unit_of(entity, field, by_name)
        return sampled(sensor_id(thing), [Said(name, field, text, unit)], message.payload)

    def _unit_of(self, entity: str, field: str, by_name: str) -> str:
        told = self._units.get(entity)
        if told is not None:
            return UNITS.get(told, told) if field in FIELD_UNITS else ""
        return by_name or (self._unit if field in TEMPERATURES else "")


def _describe(config: Mapping[str, object], *, switch: bool) -> tuple[str, Described]:
    """State topic and what stands there. Raises Unreadable for no sensor of ours and an odd template."""
    base = config.get("~")

    def said(key: str) -> str:
        found = config.get(key, config.get(SHORT[key], ""))
        text = found if isinstance(found, str) else ""
        if key == "state_topic" and isinstance(base, str):
            text = base + text[1:] if text.startswith("~") else text
            text = text[:-1] + base if text.endswith("~") else text
        return text

    field = (SWITCH_CLASSES if switch else CLASSES).get(said("device_class"))
    topic, unit = said("state_topic"), said("unit_of_measurement")
    if field is None or not topic:
        raise Unreadable(RefusalReason.UNMAPPED, f"describes {said('device_class') or 'no quantity'!s:.40}")
    known_unit = UNITS.get(unit, unit) if field in FIELD_UNITS else ""
    sensor = sensor_id(said("unique_id") or said("object_id") or MISSING)
    return topic, Described(
        sensor=_device_of(sensor, config),
        field=field,
        unit=known_unit,
        path=_path(said("value_template")),
        on=said("payload_on") or "ON",
    )


def _device_of(sensor: str, config: Mapping[str, object]) -> str:
    """All that a device measures is one sensor's; without a device each value is its own."""
    device = config.get("device", config.get("dev"))
    if not isinstance(device, dict):
        return sensor
    named = device.get("identifiers", device.get("ids"))
    first = named[0] if isinstance(named, list) and named else named
    return sensor if first is None else sensor_id(first)


def _path(template: str) -> tuple[str, ...]:
    """Raises Unreadable for anything but the plain forms."""
    if not template.strip() or _WHOLE.fullmatch(template.strip()):
        return ()
    plain = _TEMPLATE.fullmatch(template.strip())
    if plain is None:
        raise Unreadable(RefusalReason.UNMAPPED, f"template {template:.80} is not a plain value_json[…]")
    return tuple(step[1] or step[2] for step in _STEP.finditer(plain[1]))


def _value(one: Described, payload: bytes, document: object) -> object:
    found: object = document if one.path else _unquoted(payload)
    for step in one.path:
        found = found.get(step, MISSING) if isinstance(found, dict) else MISSING
    return True if found == one.on and isinstance(found, str) else found


def _unquoted(payload: bytes) -> str:
    text = payload.decode("utf-8", "replace").strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _recognise(message: Message) -> Recognised | None:
    levels = message.topic.split("/")
    if levels[0] == "homeassistant" and len(levels) == 4 and levels[1] in KINDS and levels[3] != "config":
        return Recognised(family="home_assistant", topic="homeassistant/+/+/+")
    return None


FAMILY: Final = Family(
    title="Home Assistant",
    devices="whatever Home Assistant knows, by statestream or by discovery messages",
    topics=("homeassistant/#",),
    quantities=tuple(
        dict.fromkeys(
            (*CLASSES.values(), *SWITCH_CLASSES.values(), *(field for _, field in (*ENDINGS, *SWITCHES)))
        )
    ),
    confidence="documented",
    make=HomeAssistant,
    recognise=_recognise,
    publisher_qos=1,
    liveness="arrival; statestream speaks only when a value changes, so a steady one looks silent",
    loses="nothing of statestream while the broker keeps the session; what discovery describes: by publisher",
    options=frozenset({"base_topic", "unit", "quantity"}),
    reads_retained=True,
)
