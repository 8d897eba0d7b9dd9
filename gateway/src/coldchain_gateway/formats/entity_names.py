"""What a bare value is, by the name of its entity: `freezer_1_humidity` is a humidity of `freezer_1`."""

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
# Chips whose own temperature is nobody's goods.
CHIPS: Final = frozenset({"esp", "esp32", "esp8266", "rp2040", "cpu", "processor", "chip"})


class Entity(NamedTuple):
    """The thing that is measured, and what of it; `sure`: the name says so."""

    thing: str
    field: str
    sure: bool


def entity_of(name: str, *, switch: bool, otherwise: str) -> Entity:
    """Read a name. One that does not tell is `otherwise`, unless it names what boards say of themselves.

    Raises Unreadable where nothing is to be guessed.
    """
    folded = name.lower()
    words = frozenset(folded.replace("-", "_").replace(" ", "_").split("_"))
    if not CHIPS.isdisjoint(words):
        raise Unreadable(RefusalReason.UNMAPPED, f"{name:.60} is the board's own")
    for ending, field in SWITCHES if switch else ENDINGS:
        if folded == ending or folded.endswith((f"_{ending}", f"-{ending}", f" {ending}")):
            return Entity(name[: len(name) - len(ending)].rstrip("_- ") or name, field, sure=True)
    if switch or not NEVER.isdisjoint(words):
        raise Unreadable(RefusalReason.UNMAPPED, f"{name:.60} does not tell what it measures")
    return Entity(name, otherwise, sure=False)
