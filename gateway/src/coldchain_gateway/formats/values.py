"""Rules for every value that a device sends: null is no reading, 0.0 is one, the impossible is refused."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from coldchain.quantities import QUANTITIES, Quantity
from coldchain.readings import Refusal, RefusalReason, Value

MAX_PAYLOAD: Final = 64 * 1024
NOTHING: Final = frozenset({"", "none", "null", "nan", "unavailable", "unknown"})
# What the DallasTemperature library returns for a probe that is not there, in °C, °F and raw.
LIBRARY_ERRORS: Final = frozenset({-127.0, -196.6, -7040.0})
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?(?:[eE][+-]?[0-9]{1,2})?")
_MAX_INT: Final = 1 << 63
# Epoch numbers between 2000 and 2100, in seconds and in milliseconds.
_EPOCH_S: Final = (946_684_800, 4_102_444_800)


def refused(reason: RefusalReason, detail: str, raw: bytes, sensor: str | None = None) -> Refusal:
    """A refusal that keeps what was received."""
    return Refusal(reason=reason, detail=detail, raw=raw[:256], sensor=sensor)


def number_of(value: object) -> float | int | None:
    """A number or a text that is one; None for anything else. Booleans are no numbers."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if -_MAX_INT <= value < _MAX_INT else None
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if isinstance(value, str) and _NUMBER.fullmatch(text := value.strip()):
        return float(text) if set(text) & set(".eE") else int(text)
    return None


def is_nothing(value: object) -> bool:
    """Null, NaN and the words by which families say that there is no value."""
    if isinstance(value, str):
        return value.strip().lower() in NOTHING
    return value is None or (isinstance(value, float) and value != value)  # noqa: PLR0124 - NaN


def value_of(field: str, value: object) -> Value | RefusalReason:
    """A value for a known field, in the field's own type, or why there is none."""
    if is_nothing(value):
        return RefusalReason.NO_READING
    quantity = QUANTITIES[field]
    if quantity.kind == "bool":
        return _switch(value)
    number = number_of(value)
    if number is None:
        return RefusalReason.NOT_A_NUMBER
    if field == "temperature" and float(number) in LIBRARY_ERRORS:
        return RefusalReason.SENTINEL
    if not quantity.possible(number):
        return RefusalReason.OUT_OF_RANGE
    return _typed(quantity, number)


def _switch(value: object) -> Value | RefusalReason:
    if isinstance(value, bool):
        return value
    words: Mapping[object, bool] = {1: True, 0: False, "true": True, "false": False, "on": True, "off": False}
    known = words.get(value.strip().lower() if isinstance(value, str) else value)
    return RefusalReason.NOT_A_NUMBER if known is None else known


def _typed(quantity: Quantity, number: float) -> Value | RefusalReason:
    if quantity.kind == "float":
        return float(number)
    return int(number) if number == int(number) else RefusalReason.NOT_A_NUMBER


def time_of(value: object) -> int | None:
    """UTC ms from ISO 8601 with offset, epoch seconds or epoch milliseconds; None where it cannot be told.

    A text without zone is device-local and says nothing without a configured zone.
    """
    number = number_of(value)
    if number is not None:
        low, high = _EPOCH_S
        if low <= number < high:
            return int(number * 1000)
        return int(number) if low * 1000 <= number < high * 1000 else None
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", value.strip()))
    except ValueError:
        return None
    return None if moment.tzinfo is None else int(moment.timestamp() * 1000)
