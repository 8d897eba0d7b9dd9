"""Cells of a logger's table: numbers with decimal point or comma, units beside them, marks for no reading."""

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache
from typing import Final

from coldchain.readings import RefusalReason

NO_READING: Final = frozenset(
    [
        "-",
        "--",
        "---",
        "----",
        "-.-",
        "--.-",
        "---.-",
        "—",
        "–",
        "n/a",
        "na",
        "n.a.",
        "nan",
        "#n/a",
        "#num!",
        "#value!",
        "null",
        "none",
        "nil",
        "void",
        "err",
        "error",
        "fault",
        "fail",
        "failed",
        "open",
        "short",
        "ol",
        "or",
        "lo",
        "hi",
        "nodata",
        "missing",
        "invalid",
        "?",
        "*",
        "**",
        "***",
        "x",
        ".",
        "无",
        "无数据",
        "断开",
        "故障",
        "无效",
        "未接",
        "离线",
        "空",
    ]
) | {
    "",
    "no data",
    "no reading",
    "unavailable",
    "unknown",
    "not connected",
    "out of range",
    "sensor error",
    "probe error",
}
_NUMBER: Final = re.compile(
    r"([+-]?\s?\d+(?:[.,]\d+)*|[+-]?[.,]\d+)(?:[eE]([+-]?\d{1,2}))?\s*(.*)", re.DOTALL
)
_ALARM: Final = re.compile(
    r"[\s(\[]*(?:[*!#↑↓▲▼†]+|\b(?:h|l|hi|lo|hh|ll|high|low|alarm|al|a|高|低|超限|报警)\b)[\s)\]*!]*$",
    re.IGNORECASE,
)
"""Marks that loggers set behind a value beyond a limit: the value counts all the more."""
_UNITS: Final = re.compile(
    r"(?:°|º|\ufffd|deg\.?|degrees?|˚|\*)?\s*(c|f|k|celsius|fahrenheit|centigrade|kelvin|摄氏度?|华氏度?)\.?",
    re.IGNORECASE,
)


class Unit(StrEnum):
    """The unit that temperatures of a file are in."""

    CELSIUS = "C"
    FAHRENHEIT = "F"
    KELVIN = "K"


@lru_cache(maxsize=1 << 14)
def plain(cell: str) -> str:
    """A cell as it is meant: without quotes, blanks of any kind and Excel's ="…"; letters and digits made
    common."""
    text = unicodedata.normalize("NFKC", cell.replace("º", "°")) if not cell.isascii() else cell
    text = text.strip().strip("\ufeff")
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    return text.strip("\"' \t").replace("−", "-").replace("℃", "°C").replace("℉", "°F")


@lru_cache(maxsize=1 << 14)
def value_of(cell: str) -> tuple[float, Unit | None] | RefusalReason:
    """A number with the unit that stands beside it, or why there is none. A lone comma is the decimal
    sign."""
    text = plain(cell)
    if text.lower() in NO_READING:
        return RefusalReason.NO_READING
    found = _NUMBER.fullmatch(text)
    if found is None:
        return RefusalReason.NOT_A_NUMBER
    beside = _ALARM.sub("", found[3]).removesuffix("°")
    unit = unit_beside(beside)
    digits = _with_point(found[1].replace(" ", ""))
    if digits is None or (beside and unit is None):
        return RefusalReason.NOT_A_NUMBER
    return float(digits) * 10.0 ** int(found[2] or 0), unit


def _with_point(digits: str) -> str | None:
    points, commas = digits.count("."), digits.count(",")
    if not commas:
        return digits if points <= 1 else None
    if points:
        last, other = (".", ",") if digits.rfind(".") > digits.rfind(",") else (",", ".")
        return digits.replace(other, "").replace(last, ".") if digits.count(last) == 1 else None
    return digits.replace(",", ".") if commas == 1 else None


def unit_beside(text: str) -> Unit | None:
    """The unit that a short text names and nothing else."""
    found = _UNITS.fullmatch(text.strip().strip("()[]{}"))
    return None if found is None else _unit(found[1])


def unit_within(text: str) -> Unit | None:
    """The unit that a header names somewhere; None for none or both."""
    text = plain(text)
    marked = re.findall(
        r"(?:[°º˚\ufffd]|[(\[]\?|[(\[]o|deg\.?\s?|degrees\s)(c|f)\b|[(\[/_ ](c|f)[)\]]|[(\[](k)[)\]]"
        r"|(celsius|fahrenheit|kelvin)|(摄氏|华氏)|[_ ](c|f)$",
        text,
        re.IGNORECASE,
    )
    found = {_unit(next(filter(None, groups))) for groups in marked}
    found |= {_unit(letter) for letter in re.findall(r"(?<=[a-z])([CF])$", text)}
    return found.pop() if len(found) == 1 else None


def _unit(word: str) -> Unit:
    return {"f": Unit.FAHRENHEIT, "华": Unit.FAHRENHEIT, "k": Unit.KELVIN}.get(word[0].lower(), Unit.CELSIUS)


NO_PROBE: Final = {
    Unit.CELSIUS: frozenset([-127.0, 327.67, -327.68]),
    Unit.FAHRENHEIT: frozenset([-196.6]),
    Unit.KELVIN: frozenset[float](),
}
"""What programs write where a probe does not answer: the library of DS18B20s, and full scale of 16 bits."""


def celsius(value: float, unit: Unit) -> float:
    """A temperature in °C, rounded to 0.0001 where it was converted, so that no dust of the arithmetic
    remains."""
    if unit is Unit.KELVIN:
        return round(value - 273.15, 4)
    return value if unit is Unit.CELSIUS else round((value - 32) * 5 / 9, 4)
