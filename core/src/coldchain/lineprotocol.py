"""InfluxDB line protocol: written strictly, read strictly; `columns` reads whole bodies of readings fast.

The subset is stated in docs/wire.md; every line that is not of it becomes a `BadLine` with its reason.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import TypeVar, cast

from coldchain.errors import InvalidInput
from coldchain.readings import Quality, Reading

FieldValue = float | int | bool | str
_T = TypeVar("_T")

MAX_LINE = 16_384
MAX_FIELDS = 64
_INT64 = 2**63

# A backslash before one of `,= ` escapes it; everywhere else it stands for itself (as in InfluxDB).
_KEY = r"(?:[^,= \\\x00-\x1f\x7f]|\\[,= ]|\\(?![,= ]))+"
_MEASUREMENT = r"(?:[^, \\\x00-\x1f\x7f]|\\[, ]|\\(?![, ]))+"
_STRING = r'"(?:[^"\\]|\\.)*"'
_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_FIELD = rf"(?:{_KEY})=(?:{_STRING}|[A-Za-z0-9.+-]+)"
_LINE = re.compile(
    rf"(?P<measurement>{_MEASUREMENT})(?P<tags>(?:,{_KEY}={_KEY})*) +"
    rf"(?P<fields>{_FIELD}(?:,{_FIELD})*)(?: +(?P<time>-?[0-9]{{1,19}}))? *"
)
_TAG = re.compile(rf",({_KEY})=({_KEY})")
_FIELDS = re.compile(rf"({_KEY})=({_STRING}|[A-Za-z0-9.+-]+)(?:,|$)")
_IS_NUMBER = re.compile(_NUMBER)
_IS_INTEGER = re.compile(r"[+-]?[0-9]{1,19}i|[0-9]{1,20}u")
_BOOLEANS = {
    **dict.fromkeys(("t", "T", "true", "True", "TRUE"), True),
    **dict.fromkeys(("f", "F", "false", "False", "FALSE"), False),
}
_ESCAPED = re.compile(r"\\([,= ])")
_MEASUREMENT_ESCAPED = re.compile(r"\\([, ])")
_STRING_ESCAPED = re.compile(r'\\(["\\])')


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One point of line protocol; `time` is in the unit of the request and None where the line has none."""

    measurement: str
    tags: Mapping[str, str]
    fields: Mapping[str, FieldValue]
    time: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that is not of the protocol; `number` counts the body's lines from 1."""

    number: int
    reason: str
    raw: bytes


def escape_measurement(name: str) -> str:
    """Escape a measurement; raises InvalidInput for a name that the protocol cannot carry."""
    _writable(name)
    if name.startswith("#"):
        raise InvalidInput(f"a measurement cannot begin with '#': {name!r}")
    return name.replace(",", "\\,").replace(" ", "\\ ")


def escape_key(name: str) -> str:
    """Escape a tag key, tag value or field key; raises InvalidInput for one that cannot be written."""
    _writable(name)
    return name.replace(",", "\\,").replace("=", "\\=").replace(" ", "\\ ")


def _writable(name: str) -> None:
    if not name or not name.isprintable() or name.endswith("\\"):
        raise InvalidInput(f"not a name for line protocol: {name!r}")


def encode_value(value: FieldValue) -> str:
    """Write one field value: 4.21, 17i, true, "text"; InvalidInput for NaN, infinity and line breaks."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not isfinite(value):
            raise InvalidInput(f"not a finite number: {value}")
        return repr(value)
    if isinstance(value, int):
        if not -_INT64 <= value < _INT64:
            raise InvalidInput(f"not a 64-bit integer: {value}")
        return f"{value}i"
    if "\n" in value or "\r" in value:
        raise InvalidInput("a string field cannot hold a line break")
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


_key = lru_cache(maxsize=4096)(escape_key)


@lru_cache(maxsize=512)
def _layout(names: tuple[str, ...], kinds: tuple[type, ...]) -> bytes:
    """How fields of these names are written if all are numbers, else nothing."""
    if not kinds or not {float, int}.issuperset(kinds):
        return b""
    ends = ("i" if kind is int else "" for kind in kinds)
    return ",".join(
        f"{escape_key(name)}=".replace("%", "%%") + "%a" + end for name, end in zip(names, ends, strict=True)
    ).encode()


def encode_fields(fields: Mapping[str, FieldValue]) -> bytes:
    """Write the fields of a line, `temperature=4.21,counter=17i`; InvalidInput where there are none."""
    values = tuple(fields.values())
    layout = _layout(tuple(fields), tuple(map(type, values)))
    # What is not finite, or no 64-bit integer, makes the sum so too.
    if layout and sum(map(abs, cast("tuple[float, ...]", values))) < _INT64:
        return layout % values
    if not fields:
        raise InvalidInput("a line needs at least one field")
    return ",".join(f"{_key(name)}={encode_value(value)}" for name, value in fields.items()).encode()


def series_key(measurement: str, tags: Mapping[str, str]) -> bytes:
    """Write measurement and tags, `reading,sensor=t7-front`; raises InvalidInput for names that cannot be."""
    key = escape_measurement(measurement)
    for name, value in tags.items():
        key += f",{_key(name)}={escape_key(value)}"
    return key.encode()


def encode(
    measurement: str, tags: Mapping[str, str], fields: Mapping[str, FieldValue], time_ms: int
) -> bytes:
    """Write a whole line without its newline; raises InvalidInput for what the protocol cannot say."""
    return b"%b %b %d" % (series_key(measurement, tags), encode_fields(fields), time_ms)


@lru_cache(maxsize=4096)
def reading_key(sensor: str) -> bytes:
    """Write (and remember) the first part of a reading's line."""
    return series_key("reading", {"sensor": sensor})


def encode_reading(reading: Reading) -> bytes:
    """Write a reading as a line without its newline; a quality other than good and its bounds are fields."""
    fields: dict[str, FieldValue] = dict(reading.values)
    if reading.quality is not Quality.GOOD:
        fields["quality"] = reading.quality.value
    if reading.time_lower_ms is not None:
        fields["time_lower"] = reading.time_lower_ms
    if reading.time_upper_ms is not None:
        fields["time_upper"] = reading.time_upper_ms
    return b"%b %b %d" % (reading_key(reading.sensor), encode_fields(fields), reading.time_ms)


def parse(body: bytes) -> Iterator[Line | BadLine]:
    """Read any body line by line; comments and blank lines are passed over, nothing else is."""
    for number, raw in enumerate(body.split(b"\n"), start=1):
        line = raw.removesuffix(b"\r")
        if line.strip(b" ") and not line.startswith(b"#"):
            yield _parse_line(number, line)


def _parse_line(number: int, raw: bytes) -> Line | BadLine:
    if len(raw) > MAX_LINE:
        return BadLine(number=number, reason=f"longer than {MAX_LINE} bytes", raw=raw[:256])
    try:
        match = _LINE.fullmatch(raw.decode())
    except UnicodeDecodeError:
        return BadLine(number=number, reason="not UTF-8", raw=raw[:256])
    if match is None:
        return BadLine(number=number, reason="not line protocol", raw=raw[:256])
    try:
        tags = _unique([(unescape(key), unescape(value)) for key, value in _TAG.findall(match["tags"])])
        fields = _unique([(unescape(key), _value(text)) for key, text in _FIELDS.findall(match["fields"])])
    except InvalidInput as fault:
        return BadLine(number=number, reason=str(fault), raw=raw[:256])
    time = None if match["time"] is None else int(match["time"])
    if time is not None and not -_INT64 <= time < _INT64:
        return BadLine(number=number, reason="time out of range", raw=raw[:256])
    measurement = _MEASUREMENT_ESCAPED.sub(r"\1", match["measurement"])
    return Line(measurement=measurement, tags=tags, fields=fields, time=time)


def _unique(pairs: list[tuple[str, _T]]) -> dict[str, _T]:
    named = dict(pairs)
    if len(named) != len(pairs):
        raise InvalidInput("a key stands twice")
    if len(pairs) > MAX_FIELDS:
        raise InvalidInput(f"more than {MAX_FIELDS} tags or fields")
    return named


def unescape(text: str) -> str:
    """A tag key, tag value or field key as it was before `escape_key`."""
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def _value(text: str) -> FieldValue:
    if text[0] == '"':
        return _STRING_ESCAPED.sub(r"\1", text[1:-1])
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _IS_INTEGER.fullmatch(text):
        whole = int(text[:-1])
        if -_INT64 <= whole < _INT64:
            return whole
    elif _IS_NUMBER.fullmatch(text):
        number = float(text)
        if isfinite(number):
            return number
    raise InvalidInput(f"not a value: {text[:40]}")


def is_reading(line: Line) -> bool:
    """Whether a line has the form of a reading: its sensor as the only tag, and a time."""
    return line.measurement == "reading" and line.tags.keys() == {"sensor"} and line.time is not None
