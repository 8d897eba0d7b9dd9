"""Any MQTT payload, mapped by the configuration: `topic:1`, `json:$.a.b[0]`, `text:NAME`, `payload`."""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from coldchain.errors import InvalidInput
from coldchain.quantities import QUANTITIES
from coldchain.readings import RefusalReason
from coldchain_gateway.contracts import Decoded

from .json_text import read_json
from .message import Message
from .source_time import TimeUnit, time_of
from .values import MISSING, UNITS, Said, Unreadable, refused, sampled, sensor_id

_STEP: Final = re.compile(r"\.([^.\[\]\"']+)|\[([0-9]{1,4})\]|\[[\"']([^\"']+)[\"']\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Where sensor, values and time stand in a message; each is a reference such as `json:$.t`.

    `topic:1` is the second level of the topic, `topic:1-` everything from there on. `units` says in which
    unit a field comes where it is not the usual one (`temperature = "F"`). `time_unit` is s, ms or iso (else
    told by its look), `time_zone` that of times without offset.
    """

    sensor: str
    fields: Table[str, str]
    units: Table[str, str] = field(default_factory=dict)
    time: str | None = None
    time_unit: TimeUnit | None = None
    time_zone: str | None = None

    def __post_init__(self) -> None:
        if not self.fields:
            raise InvalidInput("a mapping needs at least one field")
        for name in (*self.fields, *self.units):
            if name not in QUANTITIES:
                raise InvalidInput(f"unknown field {name!r}; known are {', '.join(sorted(QUANTITIES))}")
        for name, unit in self.units.items():
            if unit not in UNITS.get(name, {}):
                raise InvalidInput(
                    f"{name} in {unit!r}; known are {', '.join(UNITS.get(name, {})) or 'none'}"
                )
        for written in (self.sensor, *self.fields.values(), *([self.time] if self.time else [])):
            Reference.parse(written)
        self.zone()

    def zone(self) -> ZoneInfo | None:
        """The zone of times without offset. Raises InvalidInput where this machine does not know it."""
        try:
            return None if self.time_zone is None else ZoneInfo(self.time_zone)
        except (ValueError, OSError, KeyError) as error:
            raise InvalidInput(f"unknown time zone {self.time_zone!r}") from error


@dataclass(frozen=True, slots=True)
class Reference:
    """One place within a message."""

    kind: str
    text: str = ""
    level: int = 0
    rest: bool = False
    path: tuple[str | int, ...] = ()

    @staticmethod
    def parse(written: str) -> "Reference":
        """Raises InvalidInput with what would be right."""
        kind, _, rest = written.partition(":")
        level = rest.removesuffix("-")
        if kind == "topic" and level.isdecimal() and len(level) < 3:
            return Reference(kind, level=int(level), rest=rest.endswith("-"))
        if kind == "text" and rest:
            return Reference(kind, text=rest)
        if kind == "payload" and not rest:
            return Reference(kind)
        if kind == "json" and rest.startswith("$"):
            return Reference(kind, path=_path(rest[1:], written))
        raise InvalidInput(f"{written!r} is none of topic:1, json:$.a.b[0], text:NAME, payload")

    def find(self, levels: Sequence[str], payload: bytes, document: object) -> object:
        """What stands there; `MISSING` where there is nothing."""
        if self.kind == "topic":
            if self.level >= len(levels):
                return MISSING
            return "/".join(levels[self.level :]) if self.rest else levels[self.level]
        if self.kind == "text":
            return self.text
        if self.kind == "payload":
            return payload.decode("utf-8", "replace")
        found = document
        for step in self.path:
            found = _down(found, step)
        return found


def _down(found: object, step: str | int) -> object:
    if isinstance(step, str):
        return found.get(step, MISSING) if isinstance(found, dict) else MISSING
    return found[step] if isinstance(found, list) and step < len(found) else MISSING


def _path(text: str, written: str) -> tuple[str | int, ...]:
    steps: list[str | int] = []
    position = 0
    while position < len(text):
        step = _STEP.match(text, position)
        if step is None:
            raise InvalidInput(f"{written!r}: cannot be read from {text[position:]!r} on")
        steps.append(int(step[2]) if step[2] else step[1] or step[3])
        position = step.end()
    return tuple(steps)


class MappingFormat:
    """Decodes by one mapping."""

    def __init__(self, mapping: Mapping) -> None:
        self._sensor = Reference.parse(mapping.sensor)
        self._fields = {name: Reference.parse(written) for name, written in mapping.fields.items()}
        self._units = dict(mapping.units)
        self._time = None if mapping.time is None else Reference.parse(mapping.time)
        self._time_unit = mapping.time_unit
        self._zone = mapping.zone()
        references = [self._sensor, *self._fields.values(), *([self._time] if self._time else [])]
        self._needs_json = any(reference.kind == "json" for reference in references)

    def decode(self, message: Message) -> Decoded:
        """One sample with every field that is there, and a refusal for each that is none."""
        try:
            return self._decoded(message)
        except Unreadable as error:
            return (refused(error.reason, f"{message.topic}: {error}", message.payload),)

    def _decoded(self, message: Message) -> Decoded:
        payload = message.payload
        if message.retained:
            raise Unreadable(RefusalReason.RETAINED, "a copy kept by the broker")
        document = read_json(payload) if self._needs_json else None
        levels = message.topic.split("/")
        sensor = sensor_id(self._sensor.find(levels, payload, document))
        said = list(self._said(levels, payload, document))
        if self._time is None:
            return sampled(sensor, said, payload)
        told = self._time.find(levels, payload, document)
        time_ms = time_of(told, unit=self._time_unit, zone=self._zone, near_ms=message.arrival_ms)
        decoded = sampled(sensor, said, payload, time_ms)
        if time_ms is None:
            # The reading counts from its arrival; that the device's own time is no use is told.
            shown = "missing" if told is MISSING else f"{told!r:.60}"
            decoded.append(refused(RefusalReason.BAD_TIME, f"time: {shown}", payload, sensor))
        return decoded

    def _said(self, levels: Sequence[str], payload: bytes, document: object) -> Iterator[Said]:
        for name, reference in self._fields.items():
            found = reference.find(levels, payload, document)
            if found is not MISSING:
                yield Said(name=name, field=name, value=found, unit=self._units.get(name, ""))
