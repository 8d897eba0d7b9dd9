"""The rules that hold for every value of every device, and for the JSON that carries them."""

import json
import math
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.quantities import QUANTITIES
from coldchain.readings import RefusalReason
from coldchain_gateway.formats.json_text import MAX_PAYLOAD, read_json, read_object
from coldchain_gateway.formats.values import (
    UNITS,
    Said,
    Unreadable,
    in_own_unit,
    number_of,
    sampled,
    sensor_id,
    value_of,
)

anything = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.lists(st.none())
)


def reason_of(reading: Callable[[], object]) -> RefusalReason | None:
    """Why it is refused; None if it is not."""
    try:
        reading()
    except Unreadable as error:
        return error.reason
    return None


@pytest.mark.parametrize(
    "nothing", [None, math.nan, "", " ", "nan", "NaN", "None", "null", "unavailable", "unknown"]
)
@pytest.mark.parametrize("field", ["temperature", "door_open", "counter"])
def test_nothing_is_never_a_value(field: str, nothing: object) -> None:
    assert value_of(field, nothing) is RefusalReason.NO_READING


@pytest.mark.parametrize("zero", [0, 0.0, "0", "0.00", "+0"])
def test_zero_is_a_value(zero: object) -> None:
    found = value_of("temperature", zero)
    assert (found, type(found)) == (0.0, float)


def test_minus_zero_keeps_its_sign() -> None:
    for said in (-0.0, "-0.0"):
        found = value_of("temperature", said)
        assert isinstance(found, float)
        assert math.copysign(1, found) == -1


@given(st.sampled_from(sorted(QUANTITIES)), anything, st.sampled_from(["", "C", "F", "Pa", "mV", "parsec"]))
def test_whatever_is_said_becomes_a_possible_value_or_a_reason(field: str, said: object, unit: str) -> None:
    found = value_of(field, said, unit)
    if not isinstance(found, RefusalReason):
        quantity = QUANTITIES[field]
        assert quantity.possible(found)
        assert type(found).__name__ == quantity.kind


@given(st.floats(-199, 849).filter(lambda one: one not in (-127.0, 327.67)))
def test_a_possible_temperature_arrives_as_it_was_said(celsius: float) -> None:
    assert value_of("temperature", celsius) == celsius
    assert value_of("temperature", f"{celsius:.3f}") == pytest.approx(celsius, abs=0.0006)


@pytest.mark.parametrize(
    ("field", "said", "reason"),
    [
        ("temperature", "4,2", RefusalReason.NOT_A_NUMBER),
        ("temperature", "4.2 C", RefusalReason.NOT_A_NUMBER),
        ("temperature", "1_000", RefusalReason.NOT_A_NUMBER),
        ("temperature", "0x10", RefusalReason.NOT_A_NUMBER),
        ("temperature", "Infinity", RefusalReason.NOT_A_NUMBER),
        ("temperature", math.inf, RefusalReason.NOT_A_NUMBER),
        ("temperature", 1 << 70, RefusalReason.NOT_A_NUMBER),
        ("temperature", 851, RefusalReason.OUT_OF_RANGE),
        ("counter", 1.5, RefusalReason.NOT_A_NUMBER),
        ("counter", -1, RefusalReason.OUT_OF_RANGE),
        ("door_open", 2, RefusalReason.BAD_VALUE),
        ("door_open", "ajar", RefusalReason.BAD_VALUE),
        ("door_open", [], RefusalReason.BAD_VALUE),
        ("warmth", 4, RefusalReason.UNKNOWN_FIELD),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(field: str, said: object, reason: RefusalReason) -> None:
    assert value_of(field, said) is reason


def test_switches_are_read_in_the_words_of_many_devices() -> None:
    for said in (True, 1, "1", "on", "ON", "true"):
        assert value_of("door_open", said) is True
    for off in (False, 0, "0", "off", "OFF", "false"):
        assert value_of("door_open", off) is False


@given(st.floats(-150, 800).map(lambda one: round(one, 2)))
def test_units_of_temperature_agree(celsius: float) -> None:
    assert in_own_unit("temperature", celsius, "C") == celsius
    assert in_own_unit("temperature", celsius * 9 / 5 + 32, "F") == pytest.approx(celsius, abs=0.0001)
    assert in_own_unit("temperature", celsius + 273.15, "K") == pytest.approx(celsius, abs=0.0001)


def test_a_unit_of_another_quantity_is_unknown() -> None:
    assert in_own_unit("temperature", 4.0, "Pa") is None
    assert value_of("humidity", 4.0, "Pa") is RefusalReason.UNIT_UNKNOWN
    assert all(field in QUANTITIES for field in UNITS)


@given(st.lists(st.tuples(st.sampled_from(sorted(QUANTITIES)), anything), max_size=6))
def test_a_message_never_comes_to_nothing_at_all(said: list[tuple[str, object]]) -> None:
    """Three fates: each value arrives, or is refused with its reason; nothing is dropped silently."""
    last = dict(said)
    decoded = sampled("s", [Said(name, name, value) for name, value in last.items()], b"raw")
    assert decoded


@given(st.text(max_size=20) | anything)
def test_a_sensor_is_named_or_refused(found: object) -> None:
    reason = reason_of(partial(sensor_id, found))
    assert reason in {None, RefusalReason.NO_SENSOR, RefusalReason.BAD_SENSOR}


def test_numbers_are_read_exactly() -> None:
    assert number_of("9007199254740993") == 9007199254740993
    assert number_of("1e2") == 100.0
    assert number_of(".5") == 0.5
    assert number_of(True) is None


json_like = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(json_like)
def test_proper_json_is_read_as_it_is(document: object) -> None:
    assert read_json(json.dumps(document).encode()) == document


@given(
    st.lists(st.sampled_from(["nan", "NaN", "-inf", "None", "Infinity"]) | st.text(max_size=6), min_size=1)
)
def test_what_sketches_print_for_no_number_is_null_outside_of_texts(items: list[str]) -> None:
    bare = {"nan", "NaN", "-inf", "None", "Infinity"}
    text = "[" + ",".join(item if item in bare else json.dumps(item) for item in items) + "]"
    assert read_json(text.encode()) == [None if item in bare else item for item in items]


@given(st.binary(max_size=60))
def test_any_bytes_are_json_or_refused_with_a_reason(data: bytes) -> None:
    reason = reason_of(partial(read_json, data))
    assert reason in {None, RefusalReason.NO_READING, RefusalReason.NOT_UTF8, RefusalReason.BAD_JSON}


def test_bounds_of_json() -> None:
    for data, reason in (
        (b" " * 10, RefusalReason.NO_READING),
        (b"1" * (MAX_PAYLOAD + 1), RefusalReason.TOO_LONG),
        (b"[" * 60_000, RefusalReason.BAD_JSON),
        (b"{'a':nan}", RefusalReason.BAD_JSON),
    ):
        with pytest.raises(Unreadable) as caught:
            read_json(data)
        assert caught.value.reason is reason
    with pytest.raises(Unreadable):
        read_object(b"[1]")
