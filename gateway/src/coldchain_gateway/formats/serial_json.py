"""One JSON object per line, as microcontrollers print it; keys differ from sketch to sketch."""

from collections.abc import Mapping
from typing import Final

import orjson

from coldchain.quantities import QUANTITIES
from coldchain.readings import Refusal, RefusalReason, Value, valid_sensor_id
from coldchain_gateway.contracts import Decoded, Sample

from .values import refused, value_of

SENSOR_KEYS: Final = ("id", "sensor", "addr")
ALIASES: Final[Mapping[str, str]] = {
    "temp": "temperature",
    "tempC": "temperature",
    "temperature_C": "temperature",
    "t": "temperature",
    "hum": "humidity",
    "rh": "humidity",
    "batt": "battery",
    "n": "counter",
}


class SerialJson:
    """Decodes lines; `sensor` names the sensor where the line does not."""

    def __init__(self, sensor: str | None = None) -> None:
        self._sensor = sensor

    def decode(self, line: bytes) -> Decoded:
        """One sample and refusals for single values, or one refusal."""
        if not line.lstrip().startswith(b"{"):
            return (refused(RefusalReason.NOT_A_LINE, "not a JSON object", line),)
        try:
            line.decode()
        except UnicodeDecodeError:
            return (refused(RefusalReason.NOT_UTF8, "not UTF-8", line),)
        try:
            document = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            return (refused(RefusalReason.BAD_JSON, str(error), line),)
        sensor = next((document[key] for key in SENSOR_KEYS if key in document), self._sensor)
        sensor = str(sensor) if isinstance(sensor, int) and not isinstance(sensor, bool) else sensor
        if sensor is None:
            return (refused(RefusalReason.NO_SENSOR, "no id, sensor or addr", line),)
        if not isinstance(sensor, str) or not valid_sensor_id(sensor):
            return (refused(RefusalReason.BAD_SENSOR, repr(sensor)[:80], line),)
        return self._values(sensor, document, line)

    def _values(self, sensor: str, document: Mapping[str, object], line: bytes) -> Decoded:
        values: dict[str, Value] = {}
        refusals: list[Refusal] = []
        for key, raw in document.items():
            field = ALIASES.get(key, key)
            if field not in QUANTITIES or key in SENSOR_KEYS:
                continue
            value = value_of(field, raw)
            if isinstance(value, RefusalReason):
                refusals.append(refused(value, f"{key}: {raw!r}"[:200], line, sensor))
            else:
                values[field] = value
        if not values:
            return refusals or (refused(RefusalReason.NO_READING, "nothing that is measured", line, sensor),)
        return [Sample(sensor=sensor, values=values), *refusals]
