"""Any MQTT payload, mapped by the configuration: `topic:1`, `json:$.a.b[0]`, `text:`, `payload:`."""

import re
from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import orjson

from coldchain.errors import InvalidInput
from coldchain.quantities import QUANTITIES
from coldchain.readings import Refusal, RefusalReason, Value, valid_sensor_id
from coldchain_gateway.contracts import Decoded, Sample

from .message import Message
from .values import MAX_PAYLOAD, number_of, refused, time_of, value_of

_STEP: Final = re.compile(r"\.([A-Za-z0-9_:-]+)|\[([0-9]{1,4})\]|\[\"([^\"]+)\"\]")
_MISSING: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Where sensor, values and time stand in a message; each is a reference such as `json:$.t`."""

    sensor: str
    fields: Table[str, str]
    time: str | None = None
    time_unit: Literal["s", "ms", "iso"] | None = None

    def __post_init__(self) -> None:
        Reference.parse(self.sensor)
        if not self.fields:
            raise InvalidInput("a mapping needs at least one field")
        for field, reference in self.fields.items():
            if field not in QUANTITIES:
                raise InvalidInput(f"unknown field {field!r}; known are {', '.join(sorted(QUANTITIES))}")
            Reference.parse(reference)
        if self.time is not None:
            Reference.parse(self.time)


@dataclass(frozen=True, slots=True)
class Reference:
    """One place within a message."""

    kind: str
    text: str = ""
    level: int = 0
    path: tuple[str | int, ...] = ()

    @staticmethod
    def parse(written: str) -> "Reference":
        """Raises InvalidInput with what would be right."""
        kind, _, rest = written.partition(":")
        if kind == "topic" and rest.isdecimal() and len(rest) < 3:
            return Reference(kind, level=int(rest))
        if kind == "text" and rest:
            return Reference(kind, text=rest)
        if kind == "payload" and not rest:
            return Reference(kind)
        if kind == "json" and rest.startswith("$"):
            return Reference(kind, path=_path(rest[1:], written))
        raise InvalidInput(f"{written!r} is none of topic:1, json:$.a.b[0], text:NAME, payload:")

    def find(self, levels: Sequence[str], payload: bytes, document: object) -> object:
        """What stands there; `_MISSING` where there is nothing."""
        if self.kind == "topic":
            return levels[self.level] if self.level < len(levels) else _MISSING
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
        return found.get(step, _MISSING) if isinstance(found, dict) else _MISSING
    return found[step] if isinstance(found, list) and step < len(found) else _MISSING


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
        self._fields = {field: Reference.parse(written) for field, written in mapping.fields.items()}
        self._time = None if mapping.time is None else Reference.parse(mapping.time)
        self._time_unit = mapping.time_unit
        references = [self._sensor, *self._fields.values(), *([self._time] if self._time else [])]
        self._needs_json = any(reference.kind == "json" for reference in references)

    def decode(self, message: Message) -> Decoded:
        """One sample with every field that is there, and a refusal for each that cannot be one."""
        payload = message.payload
        if message.retained:
            return (refused(RefusalReason.RETAINED, "a copy kept by the broker", payload),)
        if len(payload) > MAX_PAYLOAD:
            return (refused(RefusalReason.TOO_LONG, f"{len(payload)} bytes", payload),)
        document: object = None
        if self._needs_json:
            try:
                document = orjson.loads(payload)
            except orjson.JSONDecodeError as error:
                return (refused(RefusalReason.BAD_JSON, str(error), payload),)
        levels = message.topic.split("/")
        sensor = self._sensor.find(levels, payload, document)
        if isinstance(sensor, int) and not isinstance(sensor, bool):
            sensor = str(sensor)
        if not isinstance(sensor, str) or not valid_sensor_id(sensor):
            return (refused(RefusalReason.BAD_SENSOR, "no usable sensor id", payload),)
        return self._sample(sensor, levels, payload, document)

    def _sample(self, sensor: str, levels: Sequence[str], payload: bytes, document: object) -> Decoded:
        values: dict[str, Value] = {}
        refusals: list[Refusal] = []
        for field, reference in self._fields.items():
            found = reference.find(levels, payload, document)
            if found is _MISSING:
                continue
            value = value_of(field, found)
            if isinstance(value, RefusalReason):
                refusals.append(refused(value, f"{field}: {found!r}"[:200], payload, sensor))
            else:
                values[field] = value
        if not values:
            return refusals or (refused(RefusalReason.NO_READING, "no mapped field", payload, sensor),)
        time_ms = None
        if self._time is not None:
            time_ms = self._time_ms(self._time.find(levels, payload, document))
            if time_ms is None:
                refusals.append(refused(RefusalReason.BAD_TIME, "time of arrival is used", payload, sensor))
        return [Sample(sensor=sensor, values=values, source_time_ms=time_ms), *refusals]

    def _time_ms(self, found: object) -> int | None:
        number = number_of(found)
        if number is not None and self._time_unit in ("s", "ms"):
            return int(number * 1000) if self._time_unit == "s" else int(number)
        return time_of(found)
