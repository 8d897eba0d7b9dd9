"""Values of a line by names: the quantity, its unit, and which sensor of several it belongs to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from coldchain.errors import InvalidInput
from coldchain.quantities import QUANTITIES
from coldchain.readings import Refusal, RefusalReason, valid_sensor_id
from coldchain_gateway.contracts import Decoded, Sample

from .family import known_zone
from .serial_json import FAHRENHEIT, FIELDS, SENSOR_KEYS
from .source_time import TimeUnit, time_of
from .values import MISSING, UNITS, Said, Unreadable, refused, sampled, sensor_id

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


class LineFormat(Protocol):
    """The language of one kind of line. Any bytes give samples or refusals, never an exception."""

    def decode(self, line: bytes, arrival_ms: int = 0) -> Decoded:
        """`arrival_ms`: the wall clock when its last byte came, trusted or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFields:
    """What CSV and regular expressions share: units of fields (`temperature = "F"`), and how times read."""

    units: Mapping[str, str] = field(default_factory=dict)
    time_unit: TimeUnit | None = None
    time_zone: str | None = None  # of times without offset

    def __post_init__(self) -> None:
        for name, unit in self.units.items():
            known = UNITS.get(name, {})
            if unit not in known:
                raise InvalidInput(f"{name} in {unit!r}; known are {', '.join(known) or 'none'}")
        self.zone()

    def zone(self) -> "ZoneInfo | None":
        """Raises InvalidInput where this machine does not know it."""
        return None if self.time_zone is None else known_zone(self.time_zone)


@dataclass(frozen=True, slots=True)
class Slot:
    """One named value: a field, of the line's sensor or of `sensor`; or the sensor's name, or the time."""

    field: str
    sensor: str = ""
    unit: str = ""  # where the name itself says it (`tempF`)

    @staticmethod
    def parse(name: str, separator: str) -> "Slot":
        """`temperature`, `temperature@front` (by the separator), `sensor`, `time`, or what sketches call them
        (`temp`, `hum`, `id`). Raises InvalidInput."""
        said, _, sensor = name.partition(separator)
        if name in (*SENSOR_KEYS, "time"):
            return Slot("time" if name == "time" else "sensor")
        field = FIELDS.get(said)
        if field is None:
            known = ", ".join(["sensor", "time", *sorted(QUANTITIES)])
            raise InvalidInput(f"unknown field {said!r}; known are {known}")
        if sensor and not valid_sensor_id(sensor):
            raise InvalidInput(f"{sensor!r} is not a sensor id")
        return Slot(field, sensor, "F" if said in FAHRENHEIT else "")


class SlotReader:
    """Turns the texts of one line into samples, one per sensor."""

    def __init__(self, slots: Mapping[str, Slot], fields: LineFields, sensor: str | None) -> None:
        """Raises InvalidInput where nothing is measured, or nothing can name the sensor."""
        self._slots = slots
        self._units = fields.units
        self._time_unit = fields.time_unit
        self._zone = fields.zone()
        self._sensor = sensor
        measured = [slot for slot in slots.values() if slot.field not in ("sensor", "time")]
        if not measured:
            raise InvalidInput("no field of a line is measured")
        named = sensor is not None or any(slot.field == "sensor" for slot in slots.values())
        if not named and not all(slot.sensor for slot in measured):
            raise InvalidInput("lines name no sensor: give `sensor`, or a field `sensor`")

    def samples(self, texts: Mapping[str, str], line: bytes, arrival_ms: int) -> Decoded:
        """Raises Unreadable when the whole line holds no reading."""
        told = next((text for name, text in texts.items() if self._slots[name].field == "time"), None)
        time_ms = self._time(told, arrival_ms)
        decoded: list[Sample | Refusal] = []
        for sensor, said in self._by_sensor(texts):
            decoded += sampled(sensor, said, line, time_ms)
        if told is not None and time_ms is None:
            # The reading counts from its arrival; that the device's own time is no use is told.
            decoded.append(refused(RefusalReason.BAD_TIME, f"time: {told:.60}", line))
        return decoded

    def _time(self, told: str | None, arrival_ms: int) -> int | None:
        if told is None:
            return None
        return time_of(told, unit=self._time_unit, zone=self._zone, near_ms=arrival_ms)

    def _by_sensor(self, texts: Mapping[str, str]) -> Iterator[tuple[str, list[Said]]]:
        named = next((text for name, text in texts.items() if self._slots[name].field == "sensor"), None)
        groups: dict[str, list[Said]] = {}
        for name, text in texts.items():
            slot = self._slots[name]
            if slot.field in ("sensor", "time"):
                continue
            said = Said(
                name=name, field=slot.field, value=text, unit=slot.unit or self._units.get(slot.field, "")
            )
            groups.setdefault(slot.sensor, []).append(said)
        for sensor, said_of in groups.items():
            yield sensor or self._named(named), said_of

    def _named(self, told: str | None) -> str:
        found = self._sensor if told is None else told.strip()
        return sensor_id(MISSING if found is None else found)


def text_of(line: bytes) -> str:
    """Raises Unreadable for what is not UTF-8."""
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(RefusalReason.NOT_UTF8, str(error)) from error
