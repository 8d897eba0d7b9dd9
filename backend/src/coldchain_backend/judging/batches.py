"""A batch record → what judging needs: readings by sensor, the gateway's own lines, counts of the rest."""

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from coldchain.lineprotocol import FieldValue, Line, parse_readings
from coldchain.quantities import QUANTITIES, Quantity
from coldchain.readings import Quality, Value
from coldchain.seal import BadBatch, read_batches
from coldchain_backend.ledger import BatchMeta, Grade, split_batch
from coldchain_backend.series.blocks import rank_of

AHEAD_MS: Final = 600_000
"""A reading that lies further ahead of the log than this is not judged: its clock is wrong."""

_QUALITIES: Final = {quality.value: quality for quality in Quality}
_ABOUT_TIME: Final = frozenset({"quality", "time_lower", "time_upper"})
_FLOATS: Final = {name: (q.low, q.high) for name, q in QUANTITIES.items() if q.kind == "float"}


class Unjudged(StrEnum):
    """Why something in evidence is not judged."""

    UNKNOWN_SENSOR = "unknown_sensor"
    IMPOSSIBLE_VALUE = "impossible_value"
    UNKNOWN_FIELD = "unknown_field"
    AHEAD_OF_TIME = "ahead_of_time"
    BAD_LINE = "bad_line"
    UNKNOWN_LINE = "unknown_line"
    KEY_REVOKED = "key_revoked"
    UNFRAMED = "unframed"
    TIME_UNSURE = "time_unsure"


@dataclass(frozen=True, slots=True)
class Spoken:
    """One reading of a known sensor."""

    time_ms: int
    values: dict[str, Value]
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A batch as judging sees it. `readings` are sorted by time."""

    meta: BatchMeta
    key: str
    sealed: bool
    readings: dict[str, list[Spoken]] = field(default_factory=dict)
    others: list[Line] = field(default_factory=list)
    unjudged: Counter[Unjudged] = field(default_factory=Counter)
    samples: dict[Unjudged, str] = field(default_factory=dict)

    def refuse(self, reason: Unjudged, sample: str) -> None:
        """Count something that is not judged."""
        self.unjudged[reason] += 1
        self.samples[reason] = sample[:200]


def read(payload: bytes, known: Container[str], stamp_ms: int) -> Content:
    """Decode a batch record; `known`: the fleet's sensors. Raises IntegrityError if it is no batch."""
    meta, encoded = split_batch(payload)
    batch = next(read_batches(encoded), None)
    sealed = meta.grade is Grade.SEALED
    if batch is None or isinstance(batch, BadBatch):
        content = Content(meta=meta, key="", sealed=sealed)
        content.refuse(Unjudged.UNFRAMED, "" if batch is None else batch.reason)
        return content
    parsed = parse_readings(batch.body)
    content = Content(meta=meta, key=batch.gateway, sealed=sealed, others=parsed.others)
    for bad in parsed.bad:
        content.refuse(Unjudged.BAD_LINE, f"{bad.reason}: {bad.raw!r}")
    good = rank_of(Quality.GOOD, sealed=sealed)
    readings, latest = content.readings, stamp_ms + AHEAD_MS
    for sensor, time_ms, fields in parsed.readings:
        if sensor not in known:
            content.refuse(Unjudged.UNKNOWN_SENSOR, sensor)
        elif not 0 <= time_ms <= latest:
            content.refuse(Unjudged.AHEAD_OF_TIME, f"{sensor} {time_ms}")
        else:
            quality = fields.get("quality")
            rank = good if quality is None else _rank(quality, sealed=sealed)
            values = _possible(sensor, fields, content)
            if values:
                readings.setdefault(sensor, []).append(Spoken(time_ms, values, rank))
    for spoken in readings.values():
        spoken.sort(key=_time)
    return content


def _time(spoken: Spoken) -> int:
    return spoken.time_ms


def _rank(quality: FieldValue, *, sealed: bool) -> int:
    known = _QUALITIES.get(quality, Quality.TIME_UNSURE) if isinstance(quality, str) else Quality.TIME_UNSURE
    return rank_of(known, sealed=sealed)


def _possible(sensor: str, fields: dict[str, FieldValue], content: Content) -> dict[str, Value]:
    """The values that can be: known quantities of the right kind within their range."""
    values: dict[str, Value] = {}
    for name, value in fields.items():
        bounds = _FLOATS.get(name)
        if bounds is not None and type(value) is float:
            if bounds[0] <= value <= bounds[1]:
                values[name] = value
            else:
                content.refuse(Unjudged.IMPOSSIBLE_VALUE, f"{sensor} {name}={value}")
        elif name not in _ABOUT_TIME:
            _possible_other(sensor, name, value, values, content)
    return values


def _of_kind(quantity: Quantity, value: Value) -> bool:
    """Whether a value is a switch where a switch is meant, and a number where a number is."""
    if quantity.kind == "int":
        return type(value) is int
    return isinstance(value, bool) == (quantity.kind == "bool")


def _possible_other(
    sensor: str, name: str, value: FieldValue, values: dict[str, Value], content: Content
) -> None:
    quantity = QUANTITIES.get(name)
    if quantity is None:
        content.refuse(Unjudged.UNKNOWN_FIELD, f"{sensor} {name}")
    elif isinstance(value, str) or not _of_kind(quantity, value) or not quantity.possible(value):
        content.refuse(Unjudged.IMPOSSIBLE_VALUE, f"{sensor} {name}={value}")
    else:
        values[name] = float(value) if quantity.kind == "float" else value
