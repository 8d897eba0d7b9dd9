"""Bodies of readings taken column by column: what `lineprotocol` reads line by line, several times as fast.

Most bodies hold readings of one or a few layouts: the same fields, of the same kinds, in the same order. Each
layout gets a regular expression of its own, which takes all its lines at once; what no layout takes goes
through the strict reader. The result is the same line for line, which a property test holds.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import isfinite
from typing import Final, NamedTuple, TypeVar

from coldchain.lineprotocol import BadLine, FieldValue, Line, is_reading, parse, unescape

_Number = TypeVar("_Number", int, float)
MAX_LAYOUTS: Final = 16
"""A body with more layouts than this is read strictly from there on."""

# A reading as our own gateways write it: no tag but `sensor`, plain values, a time; shorter than MAX_LINE.
# The quantifiers that end in `+` never give back what they took, which makes a mismatch cheap.
_NAME = r"[A-Za-z_][A-Za-z0-9_]{0,63}+"
_PLAIN = (
    r"(?:-?[0-9]{1,18}+(?:i|(?:\.[0-9]{1,20}+)?(?:[eE][+-]?[0-9]{1,2}+)?)|true|false"
    r'|"[^"\\\x00-\x1f\x7f,=]{0,64}")'
)
_PLAIN_SENSOR = r"[^,= \\\x00-\x1f\x7f]{1,256}+"
_SENSOR = _PLAIN_SENSOR + r"(?:\\[,= ][^,= \\\x00-\x1f\x7f]{0,64}+){0,8}"
_READING = re.compile(
    rf"^reading,sensor=({_SENSOR})"
    rf" ({_NAME}={_PLAIN}(?:,{_NAME}={_PLAIN}){{0,31}}) (-?[0-9]{{1,18}})$",
    re.M,
)


class Column(NamedTuple):
    """Readings of one sensor with the same fields, in the order of their lines; times in ms UTC.

    The values of a field are of one type.
    """

    sensor: str
    times: Sequence[int]
    fields: Mapping[str, Sequence[FieldValue]]


@dataclass(slots=True, kw_only=True)
class ParsedColumns:
    """A body in three heaps: readings by layout and sensor, lines of other measurements, bad lines."""

    readings: list[Column] = field(default_factory=list)
    others: list[Line] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)


class _Layout(NamedTuple):
    """How to take the lines of one layout, newlines included."""

    pattern: re.Pattern[str]
    names: tuple[str, ...]
    readers: tuple[Callable[[Sequence[str]], Sequence[FieldValue]], ...]


def parse_columns(body: bytes) -> ParsedColumns:
    """Read a body whose lines are mostly plain readings (times in ms)."""
    parsed = ParsedColumns()
    try:
        rest = body.decode()
    except UnicodeDecodeError:
        _add_strictly(parsed, body)
        return parsed
    rest += "" if rest.endswith("\n") else "\n"
    sensor = _SENSOR if "\\" in rest else _PLAIN_SENSOR
    for _ in range(MAX_LAYOUTS):
        first = _READING.search(rest)
        layout = None if first is None else _layout(_signature(first[2]), sensor)
        if layout is None:
            break
        between, *texts = _split(layout, rest)
        try:
            parsed.readings += _by_sensor(layout, texts)
        except ValueError:  # a text of the letters of numbers that is none
            break
        rest = "\n".join(between)
        if not rest.strip("\n"):
            return parsed
    if rest.strip("\n"):
        _add_strictly(parsed, rest.encode())
    return parsed


def _split(layout: _Layout, text: str) -> Iterator[list[str]]:
    """What stands between the lines of a layout, and the texts of its groups: a list of each."""
    parts = layout.pattern.split(text)
    width = 3 + len(layout.names)
    return (parts[group::width] for group in range(width))


def _signature(fields: str) -> str:
    """The layout that field texts are of: each name with the kind of its value."""
    parts = []
    for pair in fields.split(","):
        name, _, text = pair.partition("=")
        parts.append(f"{name}={_KIND_OF_LAST.get(text[-1], 'f')}")
    return ",".join(parts)


_KIND_OF_LAST: Final = {"i": "i", "e": "b", '"': "s"}
_TEXTS: Final = {
    "f": r"([-+.eE0-9]{1,48}+)",  # what `float` takes of these letters, the strict reader takes
    "i": r"(-?[0-9]{1,18}+)i",
    "b": "(true|false)",
    "s": r'"([^"\\\x00-\x1f\x7f,=]{0,64}+)"',
}


def _floats(texts: Sequence[str]) -> list[FieldValue]:
    values = _each_once(float, texts)
    if not all(map(isfinite, values)):
        raise ValueError("too large")
    return list[FieldValue](values)


def _integers(texts: Sequence[str]) -> list[FieldValue]:
    return list[FieldValue](_each_once(int, texts))


def _each_once(read: Callable[[str], _Number], texts: Sequence[str]) -> list[_Number]:
    """Read texts, of which many are alike: sensors say much the same, and at the same instants."""
    distinct = set(texts)
    if 2 * len(distinct) > len(texts):
        return list(map(read, texts))
    values = {text: read(text) for text in distinct}
    return list(map(values.__getitem__, texts))


def _switches(texts: Sequence[str]) -> list[FieldValue]:
    return [text == "true" for text in texts]


_READERS: Final[Mapping[str, Callable[[Sequence[str]], Sequence[FieldValue]]]] = {
    "f": _floats,
    "i": _integers,
    "b": _switches,
    "s": list,
}


@lru_cache(maxsize=256)
def _layout(signature: str, sensor: str) -> _Layout | None:
    """The reader of a layout; None where a name stands twice, which the strict reader tells."""
    pairs = [part.split("=") for part in signature.split(",")]
    names = tuple(name for name, _ in pairs)
    if len(set(names)) != len(names):
        return None
    values = ",".join(f"{name}={_TEXTS[kind]}" for name, kind in pairs)
    pattern = re.compile(rf"^reading,sensor=({sensor}) {values} (-?[0-9]{{1,18}}+)\n", re.M)
    return _Layout(pattern, names, tuple(_READERS[kind] for _, kind in pairs))


def _by_sensor(layout: _Layout, found: Sequence[Sequence[str]]) -> list[Column]:
    """The texts of lines (sensors, fields, times) as columns, one set for each sensor.

    Raises ValueError for one that is no number.
    """
    sensors, *texts, time_texts = found
    columns = [read(column) for read, column in zip(layout.readers, texts, strict=True)]
    times = _each_once(int, time_texts)
    turns = _in_turn(sensors)
    if turns:
        return [
            Column(
                unescape(written),
                times[first::turns],
                {name: column[first::turns] for name, column in zip(layout.names, columns, strict=True)},
            )
            for first, written in enumerate(sensors[:turns])
        ]
    heaps: dict[str, list[tuple[FieldValue, ...]]] = {}
    for row in zip(sensors, times, *columns, strict=True):
        heap = heaps.get(row[0])
        if heap is None:
            heaps[row[0]] = [row]
        else:
            heap.append(row)
    made = []
    for written, rows in heaps.items():
        _, mine, *values = zip(*rows, strict=True)
        made.append(Column(unescape(written), mine, dict(zip(layout.names, values, strict=True))))
    return made


def _in_turn(sensors: Sequence[str]) -> int:
    """How many sensors speak, if they do so in turn, as those do that are asked one after another; else 0."""
    turns = len(set(sensors))
    rounds, rest = divmod(len(sensors), turns)
    return turns if not rest and sensors == [*sensors[:turns]] * rounds else 0


def _add_strictly(parsed: ParsedColumns, body: bytes) -> None:
    """Add lines one by one, readings with the same fields side by side under their sensor."""
    heaps: dict[tuple[str, tuple[str, ...], tuple[type, ...]], list[Line]] = {}
    for line in parse(body):
        if isinstance(line, BadLine):
            parsed.bad.append(line)
        elif is_reading(line):
            layout = tuple(line.fields), tuple(map(type, line.fields.values()))
            heaps.setdefault((line.tags["sensor"], *layout), []).append(line)
        else:
            parsed.others.append(line)
    for (sensor, names, _), lines in heaps.items():
        fields = {name: [line.fields[name] for line in lines] for name in names}
        parsed.readings.append(Column(sensor, [line.time or 0 for line in lines], fields))
