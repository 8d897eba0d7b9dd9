"""Rules for every value that a device sends: null is no reading, 0.0 is one, the impossible is refused."""

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from coldchain.quantities import QUANTITIES, Quantity
from coldchain.readings import Refusal, RefusalReason, Value, valid_sensor_id
from coldchain_gateway.contracts import Sample

MAX_RAW: Final = 256
# Words (lower case) by which firmwares and bridges say that they have no value.
NOTHING: Final = frozenset({"", "none", "null", "nan", "-nan", "unavailable", "unknown"})
# What no probe measures: a disconnected DS18B20 in the DallasTemperature library (in °C, in °F, raw) and
# 0x7FFF or 0x8000 in hundredths, by which Zigbee and LoRaWAN devices say "no probe". 85.0 can be real.
NO_PROBE: Final[Mapping[str, frozenset[float]]] = {
    "C": frozenset({-127.0, -7040.0, 327.67, -327.68}),
    "F": frozenset({-196.6, -7040.0, 327.67, -327.68}),
}
# Units in which a field may come, with factor and offset to the field's own unit.
UNITS: Final[Mapping[str, Mapping[str, tuple[float, float]]]] = {
    "temperature": {"C": (1.0, 0.0), "F": (5 / 9, -160 / 9), "K": (1.0, -273.15)},
    "set_point": {"C": (1.0, 0.0), "F": (5 / 9, -160 / 9), "K": (1.0, -273.15)},
    "humidity": {"%": (1.0, 0.0), "%RH": (1.0, 0.0)},
    "pressure": {
        "hPa": (1.0, 0.0),
        "Pa": (0.01, 0.0),
        "kPa": (10.0, 0.0),
        "mmHg": (1.333224, 0.0),
        "inHg": (33.86389, 0.0),
    },
    "battery_voltage": {"V": (1.0, 0.0), "mV": (0.001, 0.0)},
    "mains_voltage": {"V": (1.0, 0.0), "mV": (0.001, 0.0)},
    "dew_point": {"C": (1.0, 0.0), "F": (5 / 9, -160 / 9), "K": (1.0, -273.15)},
    "speed": {"km/h": (1.0, 0.0), "m/s": (3.6, 0.0), "kn": (1.852, 0.0)},
}
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})(?:[eE][+-]?[0-9]{1,2})?")
# What is no measurement by itself.
ASIDE: Final = frozenset({"counter", "link_quality"})
MISSING: Final = object()
_MAX_INT: Final = 1 << 63
_INFINITY: Final = float("inf")
_SWITCH: Final = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}


class Plain(NamedTuple):
    """What a number in a field's own unit must be to be taken as it is; all else is looked at in full."""

    field: str
    kind: type
    low: float
    high: float
    sentinels: frozenset[float]


_NEVER: Final = (_INFINITY, -_INFINITY)


def plain_fields(names: Mapping[str, str], odd: frozenset[str]) -> Mapping[str, Plain]:
    """By the names that a device uses; `names` says for which fields they stand, `odd` are never plain."""
    return {name: _plain(QUANTITIES[field], odd=name in odd) for name, field in names.items()}


def _plain(quantity: Quantity, *, odd: bool) -> Plain:
    low, high = _NEVER if odd or quantity.kind == "bool" else (quantity.low, quantity.high)
    sentinels = NO_PROBE["C"] if quantity.field == "temperature" else frozenset[float]()
    return Plain(quantity.field, float if quantity.kind == "float" else int, low, high, sentinels)


class Unreadable(Exception):
    """The whole message holds no reading; `reason` and the text say why."""

    def __init__(self, reason: RefusalReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Said(NamedTuple):
    """One value as a device wrote it: under which name, for which field, in which unit ("": its own)."""

    name: str
    field: str
    value: object
    unit: str = ""


def refused(reason: RefusalReason, detail: str, raw: bytes, sensor: str | None = None) -> Refusal:
    """A refusal that keeps the beginning of what was received."""
    return Refusal(reason=reason, detail=detail[:200], raw=raw[:MAX_RAW], sensor=sensor)


def number_of(value: object) -> float | int | None:
    """A finite number or a text that is one; None for anything else. Booleans are no numbers."""
    if isinstance(value, float):
        return value if -_INFINITY < value < _INFINITY else None
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if -_MAX_INT <= value < _MAX_INT else None
    if isinstance(value, str) and _NUMBER.fullmatch(text := value.strip()):
        return int(text) if text.lstrip("+-").isdecimal() else float(text)
    return None


def is_nothing(value: object) -> bool:
    """Null, NaN, and the words for them."""
    if isinstance(value, float):
        return value != value  # noqa: PLR0124 - only NaN differs from itself
    return value is None or (isinstance(value, str) and value.strip().lower() in NOTHING)


def value_of(field: str, value: object, unit: str = "") -> Value | RefusalReason:
    """A value in its field's own kind and unit, or why there is none."""
    quantity = QUANTITIES.get(field)
    if isinstance(value, RefusalReason):
        return value  # the format knew already why there is none
    if is_nothing(value):
        return RefusalReason.NO_READING
    if quantity is None:
        return RefusalReason.UNKNOWN_FIELD
    if quantity.kind == "bool":
        return _switch(value)
    number = number_of(value)
    if number is None:
        return RefusalReason.NOT_A_NUMBER
    return _measured(quantity, number, unit)


def _measured(quantity: Quantity, said: float, unit: str) -> Value | RefusalReason:
    if quantity.field == "temperature" and said in NO_PROBE.get(unit or "C", ()):
        return RefusalReason.SENTINEL
    number = in_own_unit(quantity.field, said, unit) if unit else said
    if number is None:
        return RefusalReason.UNIT_UNKNOWN
    if quantity.kind == "int" and number != int(number):
        return RefusalReason.NOT_A_NUMBER
    if not quantity.possible(number):
        return RefusalReason.OUT_OF_RANGE
    return int(number) if quantity.kind == "int" else float(number)


def in_own_unit(field: str, number: float, unit: str) -> float | None:
    """Convert once, here; None where the field does not come in that unit.

    Rounded to 0.0001, so that a decimal of the source stays one (39.2 °F is 4.0 °C).
    """
    known = UNITS.get(field, {}).get(unit)
    if known is None:
        return None
    factor, offset = known
    return number if known == (1.0, 0.0) else round(number * factor + offset, 4)


def gathered(sensor: str, said: Iterable[Said], raw: bytes) -> tuple[dict[str, Value], list[Refusal]]:
    """The values of one message, and a refusal for each that is none; one bad value spoils no other.

    A temperature in °F is kept beside as it was said, in `temperature_f`.
    """
    return _gathered({}, sensor, said, raw)


def _gathered(
    values: dict[str, Value], sensor: str, said: Iterable[Said], raw: bytes
) -> tuple[dict[str, Value], list[Refusal]]:
    refusals: list[Refusal] = []
    for one in said:
        value = value_of(one.field, one.value, one.unit)
        if isinstance(value, RefusalReason):
            said_so = isinstance(one.value, RefusalReason)
            detail = one.name if said_so else f"{one.name}: {one.value!r:.80}"
            refusals.append(refused(value, detail, raw, sensor))
            continue
        values[one.field] = value
        if one.unit == "F" and one.field == "temperature":
            values["temperature_f"] = float(number_of(one.value) or 0.0)
    return values, refusals


def plain_values(
    state: Mapping[str, object], fields: Mapping[str, Plain]
) -> tuple[dict[str, Value], list[str]]:
    """Of the attributes that `fields` names, those that are possible numbers of their field's own kind, and
    the names of all others.

    By far the most are plain; of the others `gathered` says what they are, or why they are nothing.
    """
    values: dict[str, Value] = {}
    others: list[str] = []
    for name, value in state.items():
        plain = fields.get(name)
        if plain is None:
            continue
        field, kind, low, high, sentinels = plain
        if (type(value) is float or type(value) is int) and (
            low <= value <= high and not (sentinels and value in sentinels)
        ):
            if type(value) is kind:
                values[field] = value
                continue
            if kind is float:
                values[field] = float(value)
                continue
        others.append(name)
    return values, others


def sampled(  # noqa: PLR0913 - the parts of one message
    sensor: str,
    said: Iterable[Said],
    raw: bytes,
    source_time_ms: int | None = None,
    *,
    history: bool = False,
    plain: dict[str, Value] | None = None,
) -> list[Sample | Refusal]:
    """One sample with all that was measured, and the refusals; never neither.

    `plain`: values that were found good already.
    """
    values, refusals = _gathered({} if plain is None else plain, sensor, said, raw)
    if ASIDE.issuperset(values):
        return [*refusals] or [refused(RefusalReason.NO_READING, "nothing that is measured", raw, sensor)]
    return [Sample(sensor, values, source_time_ms, history), *refusals]


def sensor_id(found: object) -> str:
    """What stands where a sensor is named, if it can name one. Raises Unreadable."""
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    if found is MISSING or found is None:
        raise Unreadable(RefusalReason.NO_SENSOR, "names no sensor")
    if not isinstance(found, str) or not valid_sensor_id(found):
        raise Unreadable(RefusalReason.BAD_SENSOR, f"{found!r:.80}")
    return found


def _switch(value: object) -> bool | RefusalReason:
    if isinstance(value, bool):
        return value
    known = _SWITCH.get(str(value).strip().lower()) if isinstance(value, int | str) else None
    return RefusalReason.BAD_VALUE if known is None else known
