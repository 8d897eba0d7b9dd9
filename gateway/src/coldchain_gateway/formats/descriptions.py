"""What Home Assistant's discovery messages describe: which value of which topic is what of which sensor.

https://www.home-assistant.io/integrations/mqtt#mqtt-discovery. A described value is read later, out of the
messages of its topic. Templates are not evaluated: the plain forms `value_json.x` and `value_json["x"]` are
read, others are refused by name. What a device measures is one sensor's; in several places (`freezer_1`,
`DS18B20-2`) it has several.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from coldchain.readings import RefusalReason

from .entity_names import ending_of
from .serial_json import FIELDS
from .values import MISSING, UNITS, Unreadable, sensor_id

# Keys of discovery messages as they are abbreviated.
WORDS: Final[Mapping[str, str]] = {
    "stat_t": "state_topic",
    "uniq_id": "unique_id",
    "dev_cla": "device_class",
    "val_tpl": "value_template",
    "unit_of_meas": "unit_of_measurement",
    "pl_on": "payload_on",
    "pl_off": "payload_off",
    "obj_id": "object_id",
    "dev": "device",
    "ids": "identifiers",
    "cmps": "components",
    "p": "platform",
    "ent_cat": "entity_category",
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
UNIT_NAMES: Final[Mapping[str, str]] = {
    "°C": "C",
    "°F": "F",
    "mbar": "hPa",
    **{unit: unit for unit in ("K", "hPa", "Pa", "kPa", "mmHg", "inHg", "km/h", "m/s", "kn")},
}
# Of a device itself, and not of what it stands beside: its own warmth, say.
ASIDE: Final = frozenset({"diagnostic", "config"})
OF_DEVICES: Final = frozenset({"battery", "battery_low", "mains", "tamper"})
# The plain templates: one member, or members within members.
_TEMPLATE: Final = re.compile(
    r"\{\{\s*value_json((?:\.[A-Za-z_]\w*|\[\s*'[^'\[\]]+'\s*\]|\[\s*\"[^\"\[\]]+\"\s*\])+)\s*\}\}"
)
_STEP: Final = re.compile(r"\.([A-Za-z_]\w*)|\[\s*['\"]([^'\"]+)['\"]\s*\]")
_WHOLE: Final = re.compile(r"\{\{\s*value\s*\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A value within a topic's payload."""

    topic: str
    sensor: str
    field: str
    unit: str
    path: tuple[str, ...]  # empty: the payload itself
    on: str | None = None  # how a switch says that it is on; None: as usual
    off: str | None = None

    def value(self, payload: bytes, document: object) -> object:
        """What a message says of it; MISSING where it says nothing. `document`: the payload as JSON."""
        found: object = document if self.path else unquoted(payload)
        for step in self.path:
            found = found.get(step, MISSING) if isinstance(found, dict) else MISSING
        if found is MISSING or found is None:
            return found
        said = str(found)
        return True if said == self.on else False if said == self.off else found


def descriptions(topic: str, config: Mapping[str, object]) -> Iterator[Described | Unreadable]:
    """What a message on `…/config` describes, and what of it is nothing of ours."""
    shared = _in_full(config)
    parts = shared.pop("components", None)
    levels = topic.split("/")
    if not isinstance(parts, dict):
        yield _described(shared, levels[-2], switch="binary_sensor" in (levels[1], levels[-3]))
        return
    for name, said in parts.items():
        part = _in_full(said) if isinstance(said, dict) else {}
        platform = part.get("platform")
        if platform in ("sensor", "binary_sensor"):
            yield _described({**shared, **part}, name, switch=platform == "binary_sensor")


def _in_full(config: Mapping[str, object]) -> dict[str, object]:
    return {WORDS.get(key, key): said for key, said in config.items()}


def _described(config: Mapping[str, object], name: str, *, switch: bool) -> Described | Unreadable:
    """`name`: under which the message stands."""
    try:
        return _read(config, name, switch=switch)
    except Unreadable as error:
        return error


def _read(config: Mapping[str, object], name: str, *, switch: bool) -> Described:
    kind, unit = _text(config, "device_class"), _text(config, "unit_of_measurement")
    field = (SWITCH_CLASSES if switch else CLASSES).get(kind)
    topic = _state_topic(config)
    if field is None or not topic:
        raise Unreadable(RefusalReason.UNMAPPED, f"describes {kind or 'no quantity'!s:.40}")
    if _text(config, "entity_category") in ASIDE and field not in OF_DEVICES:
        raise Unreadable(RefusalReason.UNMAPPED, f"{name:.40} is the device's own {field}")
    path = _path(_text(config, "value_template"))
    told_on, told_off = config.get("payload_on"), config.get("payload_off")
    return Described(
        topic=topic,
        sensor=_sensor(config, path or (name,), field, switch=switch),
        field=field,
        unit=UNIT_NAMES.get(unit, unit) if field in UNITS else "",
        path=path,
        on=None if told_on is None else str(told_on),
        off=None if told_off is None else str(told_off),
    )


def _text(config: Mapping[str, object], key: str) -> str:
    found = config.get(key)
    return found if isinstance(found, str) else ""


def _state_topic(config: Mapping[str, object]) -> str:
    base, topic = config.get("~"), _text(config, "state_topic")
    if isinstance(base, str):
        topic = base + topic[1:] if topic.startswith("~") else topic
        topic = topic[:-1] + base if topic.endswith("~") else topic
    return topic


def _sensor(config: Mapping[str, object], names: tuple[str, ...], field: str, *, switch: bool) -> str:
    """All that a device measures is one sensor's, and what it measures elsewhere that of the place, which the
    last of `names` tells, or those before it; without a device each value is its own. Raises Unreadable."""
    device = config.get("device")
    named = _in_full(device).get("identifiers") if isinstance(device, dict) else None
    first = named[0] if isinstance(named, list) and named else named
    if first is None or first == []:
        return sensor_id(_text(config, "unique_id") or _text(config, "object_id") or MISSING)
    place = "/".join((*names[:-1], *_place(names[-1], field, switch=switch)))
    return sensor_id(f"{first}/{place}" if place else first)


def _place(name: str, field: str, *, switch: bool) -> tuple[str, ...]:
    """`freezer_1_temperature` is of `freezer_1`, `temperature` of nothing but the device."""
    if FIELDS.get(name, FIELDS.get(name.lower())) == field or name.lower() in CLASSES:
        return ()
    ending = ending_of(name.lower(), switch=switch)
    if ending is None or ending[1] != field:
        return () if switch else (name,)
    thing = name[: len(name) - len(ending[0])].rstrip("_- ")
    return (thing,) if thing else ()


def _path(template: str) -> tuple[str, ...]:
    """Raises Unreadable for anything but the plain forms."""
    if not template.strip() or _WHOLE.fullmatch(template.strip()):
        return ()
    plain = _TEMPLATE.fullmatch(template.strip())
    if plain is None:
        raise Unreadable(RefusalReason.UNMAPPED, f"template {template:.80} is not a plain value_json[…]")
    return tuple(step[1] or step[2] for step in _STEP.finditer(plain[1]))


def unquoted(payload: bytes) -> str:
    """A text as statestream writes it, in quotation marks, or as it stands."""
    text = payload.decode("utf-8", "replace").strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
