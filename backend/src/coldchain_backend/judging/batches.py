"""A batch record → what judging needs: readings by sensor, the gateway's own lines, counts of the rest."""

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from operator import itemgetter, lt
from types import MappingProxyType
from typing import Final, NamedTuple, cast

from coldchain.columns import Column, parse_columns
from coldchain.lineprotocol import FieldValue, Line
from coldchain.quantities import QUANTITIES
from coldchain.readings import Quality, Value
from coldchain.seal import BadBatch, Batch, read_batch
from coldchain_backend.ledger import BatchMeta, Grade, Record, split_batch
from coldchain_backend.series.blocks import Origin, rank_of

AHEAD_MS: Final = 600_000
"""A reading that lies further ahead of the log than this is not judged: its clock is wrong."""

WORST_RANK: Final = rank_of(Quality.TIME_PLACED, Origin.FOLLOWED)
"""Readings of unsure time are in the series and are not judged."""

_QUALITIES: Final = {quality.value: quality for quality in Quality}
_ABOUT_TIME: Final = frozenset({"quality", "time_lower", "time_upper"})
_ORIGINS: Final = {
    Grade.SEALED: Origin.SEALED,
    Grade.RECEIPT: Origin.RECEIPT,
    Grade.FOLLOWED: Origin.FOLLOWED,
}
_TYPES: Final = {"float": float, "int": int, "bool": bool}


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


class Spoken(NamedTuple):
    """Readings of a known sensor with the same fields and the same rank; times (ms UTC) never fall.

    bounds   the lowest and the highest value of each field; empty where times do not ascend strictly
    """

    times: Sequence[int]
    fields: Mapping[str, Sequence[Value]]
    rank: int
    bounds: Mapping[str, tuple[float, float]] = MappingProxyType({})


def samples_of(
    parts: Sequence[Spoken], quantity: str, from_ms: int, to_ms: int | None
) -> list[tuple[int, float]]:
    """(time, value) of one quantity of from_ms ≤ time < to_ms, by time; readings of unsure time left out."""
    samples: list[tuple[int, float]] = []
    contributing = 0
    for part in parts:
        values = part.fields.get(quantity)
        if values is None or part.rank > WORST_RANK:
            continue
        contributing += 1
        exact = values if type(values[0]) is float else list(map(float, values))
        pairs = zip(part.times, exact, strict=True)
        if from_ms <= part.times[0] and (to_ms is None or part.times[-1] < to_ms):
            samples += pairs
        else:
            samples += [pair for pair in pairs if from_ms <= pair[0] and (to_ms is None or pair[0] < to_ms)]
    if contributing > 1:
        samples.sort(key=itemgetter(0))
    return samples


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A batch as judging sees it, or several of one run that were received together.

    `first` is the number of the first of them; that of the last stands in `meta`.
    """

    meta: BatchMeta
    first: int
    key: str
    origin: Origin
    readings: dict[str, list[Spoken]] = field(default_factory=dict)
    unassigned: dict[str, list[Spoken]] = field(default_factory=dict)
    others: list[Line] = field(default_factory=list)
    unjudged: Counter[Unjudged] = field(default_factory=Counter)
    samples: dict[Unjudged, str] = field(default_factory=dict)

    @property
    def sealed(self) -> bool:
        """Whether a gateway sealed it."""
        return self.origin is Origin.SEALED

    def refuse(self, reason: Unjudged, sample: str, count: int = 1) -> None:
        """Count something that is not judged."""
        self.unjudged[reason] += count
        self.samples[reason] = sample[:200]


class Framed(NamedTuple):
    """A batch record taken apart; `batch` says why where it cannot be framed."""

    record: Record
    meta: BatchMeta
    batch: Batch | BadBatch

    @property
    def origin(self) -> Origin:
        """Who vouches for it."""
        return _ORIGINS[self.meta.grade]

    @property
    def sealed(self) -> bool:
        """Whether a gateway sealed it, and not we on receipt."""
        return self.origin is Origin.SEALED


def framed(record: Record) -> Framed:
    """Take a batch record apart. Raises IntegrityError if it is none."""
    meta, encoded = split_batch(record.payload)
    return Framed(record, meta, read_batch(encoded))


def read(one: Framed, known: Container[str]) -> Content:
    """Decode a batch; `known`: the fleet's sensors."""
    meta, batch = one.meta, one.batch
    if isinstance(batch, BadBatch):
        content = Content(meta=meta, first=meta.seq, key="", origin=one.origin)
        content.refuse(Unjudged.UNFRAMED, batch.reason)
        return content
    return read_body(one, meta.seq, batch.body, known)


def read_body(last: Framed, first: int, body: bytes, known: Container[str]) -> Content:
    """Decode the bodies of the batches from number `first` to `last` as one."""
    parsed = parse_columns(body)
    key = last.batch.gateway if isinstance(last.batch, Batch) else ""
    content = Content(meta=last.meta, first=first, key=key, origin=last.origin, others=parsed.others)
    for bad in parsed.bad:
        content.refuse(Unjudged.BAD_LINE, f"{bad.reason}: {bad.raw!r}")
    latest_ms = last.record.received_ms + AHEAD_MS
    rank = rank_of(Quality.GOOD, content.origin)
    for column in parsed.readings:
        placed = column.sensor in known
        if not placed:
            content.refuse(Unjudged.UNKNOWN_SENSOR, column.sensor, len(column.times))
        spoken = _plain(column, latest_ms, rank)
        told = content if placed or spoken is not None else replace(content, unjudged=Counter(), samples={})
        found = list(_one_by_one(column, latest_ms, told)) if spoken is None else [spoken]
        if found:
            readings = content.readings if placed else content.unassigned
            readings.setdefault(column.sensor, []).extend(found)
    return content


def newest_ms(content: Content) -> int | None:
    """The newest event time of the readings that can be judged."""
    return max((part.times[-1] for parts in content.readings.values() for part in parts), default=None)


def _plain(column: Column, latest_ms: int, rank: int) -> Spoken | None:
    """A column of which every reading can be and needs no word of its own; else None."""
    times = column.times
    if times[0] < 0 or times[-1] > latest_ms or not (len(times) == 1 or all(map(lt, times, times[1:]))):
        return None
    bounds: dict[str, tuple[float, float]] = {}
    for name, values in column.fields.items():
        possible = _PLAIN.get((name, type(values[0])))
        if possible is None:
            return None
        numbers = cast("Sequence[float]", values)  # text is never plain
        low, high = bounds[name] = min(numbers), max(numbers)
        if low < possible[0] or possible[1] < high:
            return None
    return Spoken(times, cast("Mapping[str, Sequence[Value]]", column.fields), rank, bounds)


def _one_by_one(column: Column, latest_ms: int, content: Content) -> Iterator[Spoken]:
    """The readings of a column that can be, by rank and fields; the rest is counted."""
    heaps: dict[tuple[int, tuple[str, ...]], list[tuple[int, dict[str, Value]]]] = {}
    names = tuple(column.fields)
    for time_ms, *said in zip(column.times, *column.fields.values(), strict=True):
        if not 0 <= time_ms <= latest_ms:
            content.refuse(Unjudged.AHEAD_OF_TIME, f"{column.sensor} {time_ms}")
            continue
        fields = dict(zip(names, said, strict=True))
        values = dict(_possible(column.sensor, fields, content))
        if values:
            key = _rank(fields.get("quality", "good"), content.origin), tuple(values)
            heaps.setdefault(key, []).append((time_ms, values))
    for (rank, kept), readings in heaps.items():
        readings.sort(key=itemgetter(0))
        yield Spoken(
            [time_ms for time_ms, _ in readings],
            {name: [values[name] for _, values in readings] for name in kept},
            rank,
        )


def _rank(quality: FieldValue, origin: Origin) -> int:
    known = _QUALITIES.get(quality, Quality.TIME_UNSURE) if isinstance(quality, str) else Quality.TIME_UNSURE
    return rank_of(known, origin)


def _possible(sensor: str, fields: Mapping[str, FieldValue], content: Content) -> Iterator[tuple[str, Value]]:
    """The values that can be: known quantities of the right kind within their range."""
    for name, value in fields.items():
        quantity = QUANTITIES.get(name)
        if name in _ABOUT_TIME:
            continue
        if quantity is None:
            content.refuse(Unjudged.UNKNOWN_FIELD, f"{sensor} {name}")
        elif isinstance(value, str) or not _of_kind(name, value) or not quantity.possible(value):
            content.refuse(Unjudged.IMPOSSIBLE_VALUE, f"{sensor} {name}={value}")
        else:
            yield name, float(value) if quantity.kind == "float" else value


def _of_kind(name: str, value: Value) -> bool:
    """Whether a value is a switch where a switch is meant, and a number where a number is."""
    kind = QUANTITIES[name].kind
    if kind == "int":
        return type(value) is int
    return isinstance(value, bool) == (kind == "bool")


_PLAIN: Final = {(name, _TYPES[q.kind]): (q.low, q.high) for name, q in QUANTITIES.items()}
"""What a value of the expected type lies between, by field and type."""
