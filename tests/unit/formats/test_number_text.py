"""Messages that are nothing but numbers are taken by their text, and come to what they come to without it."""

from collections.abc import Mapping

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coldchain.lineprotocol import encode_fields
from coldchain.quantities import QUANTITIES
from coldchain.readings import Refusal, RefusalReason, Value
from coldchain_gateway.contracts import Decoded, Sample
from coldchain_gateway.formats import Message
from coldchain_gateway.formats.json_text import MAX_PAYLOAD
from coldchain_gateway.formats.number_text import MOST_FORMS, MOST_NAMES, Numbers, NumberTexts, text_of
from coldchain_gateway.formats.zigbee2mqtt import FIELDS, TEXTS, Zigbee2Mqtt

TOPIC = "zigbee2mqtt/fridge"
ODD = r"""
0 -0 0.0 -0.0 -0.5 0.0001 0.00001 1e2 1E-7 4.10 4.00 99999999999 100000000000
99999999999.9999 100 100.0 100.1 255 255.0 256 -200 -200.0 -200.1 850 850.0 850.5
-127 -127.0 -127.00 -127.5 327.67 327.670 327.68 327.671 -327.68 -7040 85 85.0 007
1. .5 +4 null true NaN "4.5" [4] {} "nan" 3015 3000 3010 2500.0 999 10000 "冷" "\n"
"""
# Numbers as somebody may print them: plain, with noughts, at and over the ends of ranges, or none at all.
NUMBERS = st.one_of(
    st.integers(-1100, 1100).map(str),
    st.decimals(-300, 1000, places=3).map(lambda number: f"{number:f}"),
    st.floats(-250, 13_000, allow_nan=False).map(repr),
    st.tuples(st.integers(-300, 300), st.text("0123456789", min_size=1, max_size=7)).map(
        lambda parts: f"{parts[0]}.{parts[1]}"
    ),
    st.integers(-(1 << 70), 1 << 70).map(str),
    st.sampled_from([*ODD.split(), ""]),
)
NAMES = [*FIELDS, "temperature_1", "last_seen", "update", "model"]
STATES = st.one_of(
    st.dictionaries(st.sampled_from(sorted(TEXTS)), NUMBERS, min_size=1, max_size=3),
    st.dictionaries(st.sampled_from(NAMES), NUMBERS, min_size=1),
)


def payload_of(state: Mapping[str, str], gap: str = "") -> bytes:
    told = f",{gap}".join(f'"{name}":{gap}{text}' for name, text in state.items())
    return f"{{{gap}{told}{gap}}}".encode()


def prepared(state: Mapping[str, str]) -> Zigbee2Mqtt:
    """A decoder that has heard a plain message of the same attributes by this topic, twice."""
    decoder = Zigbee2Mqtt()
    for _ in range(2):
        decoder.decode(Message(TOPIC, payload_of(dict.fromkeys(state, "4"))))
    return decoder


def as_kept(decoded: Decoded) -> list[object]:
    """What becomes of it, to the last digit, in whatever order: fields, values with their kinds, refusals."""
    kept: list[object] = []
    for one in decoded:
        if isinstance(one, Refusal):
            kept.append(one)
            continue
        fields = sorted((one.written or encode_fields(one.values)).split(b","))
        values = sorted((field, repr(value)) for field, value in one.values.items())
        kept.append((one.sensor, fields, values, one.source_time_ms, one.history))
    return kept


def taken_by_text(state: Mapping[str, str]) -> bool:
    return any(
        isinstance(one, Sample) and one.written is not None
        for one in prepared(state).decode(Message(TOPIC, payload_of(state)))
    )


@given(STATES, st.sampled_from(["", " "]))
@example({"temperature": "-0"}, "")
@example({"temperature": "4.100", "humidity": "60.0"}, " ")
@example({"temperature": "-127.00", "humidity": "61.2"}, "")
def test_it_comes_to_the_same_as_without_it(state: dict[str, str], gap: str) -> None:
    message = Message(TOPIC, payload_of(state, gap))
    by_itself = Zigbee2Mqtt().decode(message)
    assert as_kept(prepared(state).decode(message)) == as_kept(by_itself)


@given(st.sampled_from(sorted(TEXTS)), NUMBERS)
def test_what_passes_is_a_possible_number_of_its_field(name: str, text: str) -> None:
    state = {"illuminance": "7", "co2": "400", name: text}
    if taken_by_text(state):
        said = orjson.loads(text) / (1000 if name == "voltage" else 1)
        assert QUANTITIES[FIELDS[name]].possible(said)
        assert (name, float(said)) not in {("temperature", -127.0), ("temperature", 327.67)}


@pytest.mark.parametrize(
    "text",
    ["4.25", "-18.5", "0", "0.0", "-0.0", "4.10", "4.00", "849.9", "849.9999", "850", "-200", "100", "21"],
)
def test_ordinary_temperatures_are_taken_by_their_text(text: str) -> None:
    assert taken_by_text({"temperature": text, "humidity": "61.2", "battery": "97", "linkquality": "120"})


@pytest.mark.parametrize(
    "text",
    ["-127", "-127.0", "-127.000", "327.67", "327.6700", "-200.1", "850.0", "851", "1e1", "-0", "null"],
)
def test_odd_ones_are_looked_at(text: str) -> None:
    assert not taken_by_text({"temperature": text, "humidity": "61.2"})


@pytest.mark.parametrize(
    "other",
    [{"voltage": "230"}, {"contact": "1"}, {"last_seen": "1"}, {"temperature_1": "4"}, {"update": "{}"}],
)
def test_a_message_that_says_more_is_looked_at_whole(other: dict[str, str]) -> None:
    assert not taken_by_text({"temperature": "4.25", **other})


def test_a_copy_that_the_broker_kept_is_never_a_reading() -> None:
    payload = payload_of({"temperature": "4.25"})
    (refusal,) = prepared({"temperature": "4.25"}).decode(Message(TOPIC, payload, retained=True))
    assert isinstance(refusal, Refusal)


@pytest.mark.parametrize(
    "long", [{"temperature": "4." + "0" * MAX_PAYLOAD}, {"model": f'"{"x" * MAX_PAYLOAD}"'}]
)
def test_what_is_too_long_is_refused_as_ever(long: dict[str, str]) -> None:
    state = {"temperature": "4", "model": "4", **long}
    (refusal,) = prepared(state).decode(Message(TOPIC, payload_of(state)))
    assert isinstance(refusal, Refusal)
    assert refusal.reason is RefusalReason.TOO_LONG


def test_a_device_may_change_what_it_says() -> None:
    decoder = prepared({"temperature": "4.25"})
    for state, values in (
        ({"humidity": "60"}, {"humidity": 60.0}),
        ({"temperature": "4.5"}, {"temperature": 4.5}),
        ({"temperature": "4.5", "counter": "7"}, {"temperature": 4.5, "counter": 7}),
        ({"counter": "7", "temperature": "4.5"}, {"temperature": 4.5, "counter": 7}),
    ):
        for _ in range(2):
            (sample,) = decoder.decode(Message(TOPIC, payload_of(state)))
            assert isinstance(sample, Sample)
            assert sample.values == values


def test_numbers_are_values_like_any_others() -> None:
    numbers = Numbers(dict.fromkeys(("temperature", "counter")), b"temperature=4.25,counter=7i")
    values: dict[str, Value] = {"temperature": 4.25, "counter": 7}
    assert numbers == values
    assert repr(numbers) == repr(values)
    assert {**numbers} == values
    assert (len(numbers), list(numbers), numbers["counter"]) == (2, list(values), 7)
    assert list(numbers.items()) == list(values.items())
    assert numbers.keys() == values.keys()
    with pytest.raises(KeyError):
        numbers["humidity"]


def test_whoever_invents_attributes_fills_no_memory() -> None:
    celsius = text_of(QUANTITIES["temperature"])
    texts = NumberTexts({f"t{number}": celsius for number in range(3 * MOST_FORMS)}, frozenset({"last_seen"}))
    for number in range(3 * MOST_FORMS):
        assert texts.form({f"t{number}": 4.0}) is not None
        assert len(texts._forms) <= MOST_FORMS
    assert texts.form({"t1": 4.0, "t2": 4.0}) is None, "two that tell the same field"
    assert texts.form({"t1": 4.0, "last_seen": 4.0}) is None
    assert texts.form({"t1": 4.0, "a name": 4.0}) is None


def test_of_very_many_attributes_no_expression_is_made() -> None:
    texts = NumberTexts(TEXTS)
    others = {f"a{number}": 4.0 for number in range(MOST_NAMES)}
    assert texts.form({"temperature": 4.0, **others}) is None
    assert texts._forms == {}
    del others["a0"]
    assert texts.form({"temperature": 4.0, **others}) is not None


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("temperature", "4.10", b"temperature=4.1"),
        ("temperature", "4.00", b"temperature=4.0"),
        ("temperature", "21", b"temperature=21.0"),
        ("temperature", "-0.0", b"temperature=-0.0"),
        ("temperature", "-0.5000", b"temperature=-0.5"),
        ("humidity", "100", b"humidity=100.0"),
        ("linkquality", "120", b"link_quality=120.0"),
        ("voltage", "3000", b"battery_voltage=3.0"),
        ("voltage", "3010", b"battery_voltage=3.01"),
        ("voltage", "2905", b"battery_voltage=2.905"),
    ],
)
def test_a_line_has_the_digits_that_matter(name: str, text: str, line: bytes) -> None:
    state = {"illuminance": "7", name: text}
    (sample,) = prepared(state).decode(Message(TOPIC, payload_of(state)))
    assert isinstance(sample, Sample)
    assert sample.written == b"illuminance=7.0," + line
    assert encode_fields(sample.values) == sample.written
