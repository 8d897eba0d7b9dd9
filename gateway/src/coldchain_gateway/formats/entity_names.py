"""What a bare value is, by the name of its entity: `freezer_1_humidity` is a humidity of `freezer_1`."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from coldchain.readings import RefusalReason

from .values import Unreadable

# Endings, longest first where one holds another.
ENDINGS: Final[Sequence[tuple[str, str]]] = (
    ("battery_voltage", "battery_voltage"),
    ("battery_level", "battery"),
    ("battery", "battery"),
    ("dew_point", "dew_point"),
    ("dewpoint", "dew_point"),
    ("temperature", "temperature"),
    ("temp", "temperature"),
    ("humidity", "humidity"),
    ("set_point", "set_point"),
    ("setpoint", "set_point"),
    ("pressure", "pressure"),
    ("co2", "co2"),
    ("illuminance", "illuminance"),
    ("latitude", "latitude"),
    ("longitude", "longitude"),
    ("speed", "speed"),
)
SWITCHES: Final[Sequence[tuple[str, str]]] = (
    ("contact", "door_open"),
    ("door", "door_open"),
    ("opening", "door_open"),
    ("mains", "mains"),
    ("plug", "mains"),
    ("ignition", "ignition"),
    ("motion", "motion"),
    ("occupancy", "motion"),
    ("leak", "water_leak"),
    ("moisture", "water_leak"),
    ("tamper", "tamper"),
    ("defrost", "defrost"),
    ("compressor", "compressor"),
    ("battery_low", "battery_low"),
)
# Entities that boards and bridges have beside their probes; a number of theirs is no measurement of goods.
NEVER: Final = frozenset(
    {
        *("wifi", "signal", "rssi", "lqi", "linkquality", "uptime", "restart", "version", "heap", "memory"),
        *("loop", "voltage", "current", "power", "energy", "frequency", "brightness", "level", "percent"),
        *("time", "duration", "count", "counter", "bytes", "offset"),
    }
)
# Words of other quantities: a number that one of these names is no temperature, wherever the word stands.
OTHERS: Final = frozenset(
    {
        *("humidity", "hum", "moisture", "rain", "wind", "pressure", "altitude", "distance", "depth"),
        *("co", "co2", "eco2", "voc", "tvoc", "nox", "iaq", "aqi", "gas", "radon"),
        *("pm", "pm1", "pm10", "pm25"),
        *("battery", "resistance", "conductivity", "ph", "flow", "rate", "volume", "weight", "noise", "rpm"),
        *("dbm", "snr", "lux", "light", "illuminance", "latitude", "longitude", "speed"),
    }
)
# What is told of a quantity and is in another unit: `absolute_humidity` comes in g/m³.
DERIVED: Final = frozenset({"absolute", "specific"})
FAHRENHEIT: Final = frozenset({"f", "degf", "fahrenheit"})
TEMPERATURES: Final = frozenset({"temperature", "dew_point", "set_point"})
# What may stand behind an ending: a number, the unit of a temperature, or both. A number is looked at from
# its first digit only, so that a name costs what its length costs.
_NUMBER: Final = r"(?:[_\- ]?(?<![0-9])[0-9]++)"
BEHIND: Final = re.compile(
    rf"(.*?)(?:{_NUMBER}|{_NUMBER}?[_\- ](f|degf|fahrenheit|c|degc|celsius){_NUMBER}?)"
)
# Chips whose own temperature is nobody's goods.
CHIPS: Final = frozenset({"esp", "esp32", "esp8266", "rp2040", "cpu", "processor", "chip"})


class Entity(NamedTuple):
    """The thing that is measured, and what of it; `sure`: the name says so; `unit`: where it tells one."""

    thing: str
    field: str
    sure: bool
    unit: str = ""


def entity_of(name: str, *, switch: bool, otherwise: str) -> Entity:
    """Read a name. One that does not tell is `otherwise`, unless it names what boards say of themselves.

    Raises Unreadable where nothing is to be guessed.
    """
    folded = name.lower()
    words = frozenset(folded.replace("-", "_").replace(" ", "_").split("_"))
    if not CHIPS.isdisjoint(words):
        raise Unreadable(RefusalReason.UNMAPPED, f"{name:.60} is the board's own")
    plain = DERIVED.isdisjoint(words)
    found = ending_of(folded, switch=switch) if plain else None
    if found is not None:
        return Entity(name[: len(name) - len(found[0])].rstrip("_- ") or name, found[1], sure=True)
    if switch or not NEVER.isdisjoint(words):
        raise Unreadable(RefusalReason.UNMAPPED, f"{name:.60} does not tell what it measures")
    behind = BEHIND.fullmatch(folded) if plain else None
    found = ending_of(behind[1], switch=False) if behind else None
    if behind is not None and found is not None and (behind[2] is None or found[1] in TEMPERATURES):
        unit = "" if behind[2] is None else "F" if behind[2] in FAHRENHEIT else "C"
        return Entity(name, found[1], sure=True, unit=unit)
    if not OTHERS.isdisjoint(words):
        raise Unreadable(RefusalReason.UNMAPPED, f"{name:.60} tells another quantity")
    return Entity(name, otherwise, sure=False)


def ending_of(folded: str, *, switch: bool) -> tuple[str, str] | None:
    """The ending that a name in small letters has, and the field it tells."""
    for ending, field in SWITCHES if switch else ENDINGS:
        if folded == ending or folded.endswith((f"_{ending}", f"-{ending}", f" {ending}")):
            return ending, field
    return None
