"""One JSON object per line, as microcontrollers print it; keys differ from sketch to sketch."""

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from coldchain.quantities import QUANTITIES
from coldchain.readings import RefusalReason
from coldchain_gateway.contracts import Decoded

from .json_text import read_object
from .line_checksum import LineChecksum
from .values import MISSING, Said, Unreadable, refused, sampled, sensor_id

SENSOR_KEYS: Final = ("id", "sensor", "addr")
FIELDS: Final[Mapping[str, str]] = {
    **{field: field for field in QUANTITIES},
    **dict.fromkeys(("temp", "tempC", "temperature_C", "t"), "temperature"),
    **dict.fromkeys(("tempF", "temperature_F", "temperature_f"), "temperature"),
    **dict.fromkeys(("hum", "rh"), "humidity"),
    **dict.fromkeys(("batt", "batt_pct"), "battery"),
    "n": "counter",
}
FAHRENHEIT: Final = frozenset({"tempF", "temperature_F", "temperature_f"})


class SerialJson:
    """Decodes lines.

    `sensor` names the sensor where a line does not. `unit` is that of temperatures under keys which do not
    say theirs.
    """

    def __init__(
        self,
        sensor: str | None = None,
        checksum: LineChecksum | None = None,
        unit: Literal["C", "F"] = "C",
    ) -> None:
        self._sensor = sensor
        self._checksum = checksum or LineChecksum()
        self._unit = unit

    def decode(self, line: bytes, arrival_ms: int = 0) -> Decoded:
        """One sample and refusals of single values, or one refusal."""
        try:
            document = read_object(self._checked(line))
            named = next((document[key] for key in SENSOR_KEYS if key in document), self._sensor)
            sensor = sensor_id(MISSING if named is None else named)
        except Unreadable as error:
            return (refused(error.reason, str(error), line),)
        return sampled(sensor, self._said(document), line)

    def _checked(self, line: bytes) -> bytes:
        """The line without its checksum. Raises Unreadable."""
        line = self._checksum.checked(line, json=True)
        if not line.lstrip().startswith(b"{"):
            # What boards print at power-on, and the end of a line whose beginning nobody heard.
            raise Unreadable(RefusalReason.NOT_A_LINE, "not a JSON object")
        return line

    def _said(self, document: Mapping[str, object]) -> Iterator[Said]:
        for key, value in document.items():
            field = FIELDS.get(key)
            if field is None or key in SENSOR_KEYS:
                continue
            unit = ""
            if field == "temperature":
                unit = "F" if key in FAHRENHEIT else self._unit
            yield Said(name=key, field=field, value=value, unit=unit)
