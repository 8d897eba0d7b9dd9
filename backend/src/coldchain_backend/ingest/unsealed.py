"""Unsealed writes: line protocol of Telegraf, influxdb-client or curl → readings sealed on receipt."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from coldchain.errors import InvalidInput
from coldchain.lineprotocol import BadLine, FieldValue, Line, encode, parse
from coldchain.quantities import QUANTITIES
from coldchain.readings import valid_sensor_id
from coldchain.seal import MAX_BYTES, MAX_LINES
from coldchain_backend.fleet import LineMapping

SAMPLE_CHARS: Final = 200
MAX_MEASUREMENTS: Final = 50
# The year 5138; beyond it a time says that its unit was mistaken, and some readers of lines end.
LATEST_MS: Final = 10**14


class Precision(StrEnum):
    """The unit of a request's times; InfluxDB's default is nanoseconds."""

    NS = "ns"
    US = "us"
    MS = "ms"
    S = "s"

    def to_ms(self, time: int) -> int:
        """A time of this unit in ms."""
        match self:
            case Precision.NS:
                return time // 1_000_000
            case Precision.US:
                return time // 1_000
            case Precision.MS:
                return time
            case Precision.S:
                return time * 1_000


@dataclass(slots=True, kw_only=True)
class Received:
    """What an unsealed body came to.

    lines     readings as they will be sealed, in their order, without newlines
    unmapped  lines of measurements that no mapping covers; not stored
    bad       lines that are not line protocol or make no reading; not stored
    """

    lines: list[bytes] = field(default_factory=list)
    unmapped: Counter[str] = field(default_factory=Counter)
    bad: list[BadLine] = field(default_factory=list)
    sample: str | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to keep."""
        return not self.lines


def read_unsealed(
    body: bytes, precision: Precision, mappings: Sequence[LineMapping], now_ms: int
) -> Received:
    """Read a body; a line without time is of `now_ms`."""
    received = Received()
    by_measurement = {mapping.measurement: mapping for mapping in mappings}
    for number, line in enumerate(parse(body), start=1):
        if isinstance(line, BadLine):
            received.bad.append(line)
            received.sample = received.sample or line.raw[:SAMPLE_CHARS].decode(errors="replace")
            continue
        time_ms = now_ms if line.time is None else precision.to_ms(line.time)
        made = _encoded(line, by_measurement.get(line.measurement), time_ms)
        if made is None:
            _count_unmapped(received, line)
        elif isinstance(made, str):
            received.bad.append(BadLine(number=number, reason=made, raw=line.measurement.encode()[:256]))
        else:
            received.lines.append(made)
    return received


def _encoded(line: Line, mapping: LineMapping | None, time_ms: int) -> bytes | str | None:
    """The line as it will be sealed, why it cannot be, or None where nothing maps it."""
    made = _reading(line, mapping)
    if made is None or isinstance(made, str):
        return made
    if abs(time_ms) > LATEST_MS:
        return "time out of range"
    sensor, fields = made
    try:
        return encode("reading", {"sensor": sensor}, fields, time_ms)
    except InvalidInput as fault:
        return str(fault)


def bodies(lines: Sequence[bytes]) -> Iterator[bytes]:
    """Cut lines into bodies of batches within the wire's limits."""
    part: list[bytes] = []
    size = 0
    for line in lines:
        if part and (len(part) >= MAX_LINES or size + len(line) + 1 > MAX_BYTES):
            yield b"\n".join(part) + b"\n"
            part, size = [], 0
        part.append(line)
        size += len(line) + 1
    if part:
        yield b"\n".join(part) + b"\n"


def _reading(line: Line, mapping: LineMapping | None) -> tuple[str, Mapping[str, FieldValue]] | str | None:
    """The sensor and fields of a line, why it is no reading, or None where nothing maps it."""
    if mapping is not None:
        sensor = line.tags.get(mapping.sensor_tag)
        wanted = {
            ours: line.fields[theirs] for theirs, ours in mapping.fields.items() if theirs in line.fields
        }
    elif line.measurement == "reading":
        sensor = line.tags.get("sensor")
        wanted = dict(line.fields)
    else:
        return None
    if sensor is None or not valid_sensor_id(sensor):
        return "no tag that names a sensor"
    try:
        fields = {name: _fit(name, value) for name, value in wanted.items()}
    except InvalidInput as fault:
        return str(fault)
    return (sensor, fields) if fields else "no field that is mapped"


def _fit(name: str, value: FieldValue) -> FieldValue:
    """Give a number the kind of its quantity: strangers write 4i for 4.0 and 17.0 for a counter."""
    quantity = QUANTITIES.get(name)
    if quantity is None:
        if isinstance(value, str):
            raise InvalidInput(f"field {name} is text")
        return value
    if isinstance(value, str) or isinstance(value, bool) is not (quantity.kind == "bool"):
        raise InvalidInput(f"field {name} cannot be {value!r:.40}")
    if quantity.kind == "float":
        return float(value)
    if quantity.kind == "int" and value != int(value):
        raise InvalidInput(f"field {name} cannot be {value!r:.40}")
    return int(value) if quantity.kind == "int" else value


def _count_unmapped(received: Received, line: Line) -> None:
    name = line.measurement[:64]
    if name in received.unmapped or len(received.unmapped) < MAX_MEASUREMENTS:
        received.unmapped[name] += 1
    else:
        received.unmapped["…"] += 1
    if received.sample is None:
        fields = ",".join(f"{key}={value}" for key, value in line.fields.items())
        received.sample = f"{line.measurement} {fields}"[:SAMPLE_CHARS]
