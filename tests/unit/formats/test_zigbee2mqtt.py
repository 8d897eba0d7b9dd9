"""zigbee2mqtt: samples from the project's issues, and anything at all."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.readings import Refusal, RefusalReason, Value
from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats import Message
from coldchain_gateway.formats.zigbee2mqtt import Zigbee2Mqtt

FORMAT = Zigbee2Mqtt()


def sample_of(payload: bytes, topic: str = "zigbee2mqtt/fridge") -> Sample:
    (found,) = [item for item in FORMAT.decode(Message(topic, payload)) if isinstance(item, Sample)]
    return found


def reasons(
    payload: bytes, topic: str = "zigbee2mqtt/fridge", *, retained: bool = False
) -> list[RefusalReason]:
    decoded = FORMAT.decode(Message(topic, payload, retained))
    return [item.reason for item in decoded if isinstance(item, Refusal)]


@pytest.mark.parametrize(
    ("payload", "values"),
    [
        (b'{\n  "temperature": 27.34,\n  "humidity": 44.72\n}', {"temperature": 27.34, "humidity": 44.72}),
        (b'{"battery":"100.00","voltage":3015}', {"battery": 100.0, "battery_voltage": 3.015}),
        (b'{"temperature":0.0}', {"temperature": 0.0}),
        (b'{"temperature":-0.0}', {"temperature": -0.0}),
        (b'{"temperature":85}', {"temperature": 85.0}),
        (b'{"temperature":"4.5","counter":17}', {"temperature": 4.5, "counter": 17}),
        (b'{"contact":false}', {"door_open": True}),
    ],
)
def test_values_arrive_as_they_were_said(payload: bytes, values: dict[str, Value]) -> None:
    assert dict(sample_of(payload).values) == values


def test_a_captured_message_has_its_own_time() -> None:
    payload = (
        b'{"battery":100,"voltage":3045,"temperature":22.78,"humidity":47.85,"pressure":1016,'
        b'"linkquality":23,"last_seen":"2020-05-29T19:47:19+00:00"}'
    )
    found = sample_of(payload, "zigbee2mqtt/living_room_climate")
    assert found.sensor == "living_room_climate"
    assert found.source_time_ms == 1_590_781_639_000
    assert found.values["link_quality"] == 23.0
    assert sample_of(b'{"temperature":1,"last_seen":1684401481113}').source_time_ms == 1_684_401_481_113


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b'{"temperature":null}', RefusalReason.NO_READING),
        (b'{"temperature":"nan"}', RefusalReason.NO_READING),
        (b'{"temperature":"None"}', RefusalReason.NO_READING),
        (b'{"temperature":-127}', RefusalReason.SENTINEL),
        (b'{"temperature":9999}', RefusalReason.OUT_OF_RANGE),
        (b'{"temperature":true}', RefusalReason.NOT_A_NUMBER),
        (b'{"temperature":"warm"}', RefusalReason.NOT_A_NUMBER),
        (b'{"temperature":4.', RefusalReason.BAD_JSON),
        (b"[1]", RefusalReason.BAD_JSON),
        (b"", RefusalReason.NO_READING),
        (b'{"state":"ON"}', RefusalReason.NO_READING),
    ],
)
def test_what_is_no_reading_is_refused_with_its_reason(payload: bytes, reason: RefusalReason) -> None:
    assert reasons(payload) == [reason]


def test_one_bad_value_does_not_take_the_others_with_it() -> None:
    decoded = FORMAT.decode(Message("zigbee2mqtt/a", b'{"temperature":null,"humidity":50}'))
    assert [type(item) for item in decoded] == [Sample, Refusal]


def test_a_retained_copy_is_no_measurement() -> None:
    assert reasons(b'{"temperature":4}', retained=True) == [RefusalReason.RETAINED]


def test_a_friendly_name_may_hold_slashes_and_chinese() -> None:
    assert sample_of(b'{"temperature":4}', "zigbee2mqtt/配送车/前").sensor == "配送车/前"


@pytest.mark.parametrize(
    "topic", ["zigbee2mqtt/bridge/state", "zigbee2mqtt/a/availability", "zigbee2mqtt/a/set"]
)
def test_topics_that_are_no_states_are_passed_over(topic: str) -> None:
    assert FORMAT.decode(Message(topic, b"online")) == ()


def test_another_topic_is_refused() -> None:
    assert reasons(b"{}", "elsewhere/a") == [RefusalReason.BAD_TOPIC]


@given(st.text(max_size=40), st.binary(max_size=200))
def test_any_bytes_give_samples_or_refusals(topic: str, payload: bytes) -> None:
    for prefix in ("", "zigbee2mqtt/"):
        for item in FORMAT.decode(Message(prefix + topic, payload)):
            assert isinstance(item, Sample | Refusal)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-(10**30), 10**30) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from(["temperature", "humidity", "battery", "counter", "last_seen"]), json_values
    )
)
def test_any_json_gives_only_finite_values_in_range(state: dict[str, object]) -> None:
    try:
        payload = orjson.dumps(state)
    except TypeError:
        return
    for item in FORMAT.decode(Message("zigbee2mqtt/a", payload)):
        if isinstance(item, Sample):
            assert item.values
            assert all(isinstance(value, bool) or abs(value) < 2**63 for value in item.values.values())


def test_probes_on_a_wire_are_sensors_of_their_own() -> None:
    payload = (
        b'{"temperature":4.5,"probe_temperature":-18.5,"temperature_2":0,"temperature_l3":null,'
        b'"temperature_unit":"celsius","last_seen":1684401481113}'
    )
    found = FORMAT.decode(Message("zigbee2mqtt/cold/room", payload, arrival_ms=1_684_401_482_000))
    samples = {item.sensor: item for item in found if isinstance(item, Sample)}
    assert {name: dict(item.values) for name, item in samples.items()} == {
        "cold/room": {"temperature": 4.5},
        "cold/room/probe": {"temperature": -18.5},
        "cold/room/probe-2": {"temperature": 0.0},
    }
    assert {item.source_time_ms for item in samples.values()} == {1_684_401_481_113}
    (gone,) = [item for item in found if isinstance(item, Refusal)]
    assert (gone.reason, gone.sensor) == (RefusalReason.NO_READING, "cold/room/probe-3")


def test_a_repeat_repeats_its_probes_too() -> None:
    known = Zigbee2Mqtt()
    payload = b'{"temperature":4.5,"external_temperature":-18.5,"last_seen":1684401481113}'
    assert len(known.decode(Message("zigbee2mqtt/a", payload, arrival_ms=1_684_401_482_000))) == 2
    (again,) = known.decode(Message("zigbee2mqtt/a", payload, arrival_ms=1_684_401_483_000))
    assert isinstance(again, Refusal)
    assert again.reason is RefusalReason.REPEAT
    old = Zigbee2Mqtt().decode(Message("zigbee2mqtt/a", payload, arrival_ms=1_684_409_482_000))
    assert [item.history for item in old if isinstance(item, Sample)] == [True, True]
