"""Sparkplug B over time: births give names, aliases speak, a rebirth renames, a death is silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats import Message, MqttFormat, Options, mqtt_format
from coldchain_gateway.formats.sparkplug_payload import MOST_METRICS, read_payload
from coldchain_gateway.formats.values import Unreadable
from support.sparkplug import field, metric, payload

TOPIC = "spBv1.0/cold/{}/edge1"


def told(decoder: MqttFormat, kind: str, data: bytes, device: str = "") -> list[object]:
    """(sensor, temperature) of samples, reasons of refusals with their sensor."""
    topic = TOPIC.format(kind) + (f"/{device}" if device else "")
    return [
        (one.sensor, one.values.get("temperature"))
        if isinstance(one, Sample)
        else (one.sensor, one.reason)
        if isinstance(one, Refusal)
        else one
        for one in decoder.decode(Message(topic, data))
    ]


@pytest.fixture
def decoder() -> MqttFormat:
    return mqtt_format("sparkplug", Options())


def test_an_alias_speaks_for_the_name_that_its_birth_told(decoder: MqttFormat) -> None:
    birth = payload(
        metric(name="front/temperature", alias=1, single=4.0),
        metric(name="rear/temperature", alias=2, single=5.0),
    )
    assert told(decoder, "DBIRTH", birth, "plc") == [
        ("cold/edge1/plc/front", 4.0),
        ("cold/edge1/plc/rear", 5.0),
    ]
    data = payload(metric(alias=2, single=-18.5, time_ms=1_784_567_900_000), seq=1)
    assert told(decoder, "DDATA", data, "plc") == [("cold/edge1/plc/rear", -18.5)]


def test_devices_and_nodes_have_aliases_of_their_own(decoder: MqttFormat) -> None:
    told(decoder, "DBIRTH", payload(metric(name="a/temperature", alias=1, single=1.0)), "x")
    told(decoder, "DBIRTH", payload(metric(name="b/temperature", alias=1, single=2.0), seq=1), "y")
    assert told(decoder, "DDATA", payload(metric(alias=1, single=3.0), seq=2), "x") == [
        ("cold/edge1/x/a", 3.0)
    ]


def test_a_new_birth_renames(decoder: MqttFormat) -> None:
    told(decoder, "NBIRTH", payload(metric(name="old/temperature", alias=1, single=1.0)))
    told(decoder, "NBIRTH", payload(metric(name="new/temperature", alias=2, single=2.0), seq=1))
    assert told(decoder, "NDATA", payload(metric(alias=2, single=3.0), seq=2)) == [("cold/edge1/new", 3.0)]
    assert told(decoder, "NDATA", payload(metric(alias=1, single=3.0), seq=3)) == [
        (None, RefusalReason.UNMAPPED)
    ]


def test_a_death_is_silence_of_all_that_was_measured(decoder: MqttFormat) -> None:
    told(decoder, "NBIRTH", payload(metric(name="hall/temperature", single=9.0)))
    for device in ("x", "y"):
        told(decoder, "DBIRTH", payload(metric(name="t/temperature", single=4.0), seq=1), device)
    assert told(decoder, "DDEATH", payload(seq=2), "x") == [("cold/edge1/x/t", RefusalReason.OFFLINE)]
    assert told(decoder, "NDEATH", b"") == [
        ("cold/edge1/hall", RefusalReason.OFFLINE),
        ("cold/edge1/x/t", RefusalReason.OFFLINE),
        ("cold/edge1/y/t", RefusalReason.OFFLINE),
    ]


def test_a_message_that_comes_twice_is_one_and_its_equal_with_the_next_seq_is_another(
    decoder: MqttFormat,
) -> None:
    said = payload(metric(name="t/temperature", single=4.0), seq=7)
    assert told(decoder, "NDATA", said) == [("cold/edge1/t", 4.0)]
    assert told(decoder, "NDATA", said) == [(None, RefusalReason.DUPLICATE)]
    assert told(decoder, "NDATA", payload(metric(name="t/temperature", single=4.0), seq=8)) == [
        ("cold/edge1/t", 4.0)
    ]


def test_a_name_that_tells_nothing_is_what_the_subscription_says() -> None:
    decoder = mqtt_format("sparkplug", Options(quantity="temperature"))
    assert told(decoder, "NDATA", payload(metric(name="Inputs/AI1", single=4.5))) == [
        ("cold/edge1/Inputs/AI1", 4.5)
    ]


def test_numbered_names_in_one_folder_stay_sensors_of_their_own(decoder: MqttFormat) -> None:
    said = payload(
        metric(name="in/fridge_temp_1", single=4.0),
        metric(name="in/freezer_temp_1", single=-18.0),
        metric(name="in/temp_2", single=5.0),
        metric(name="hall/temperature", single=9.0),
    )
    assert told(decoder, "NDATA", said) == [
        ("cold/edge1/in/fridge_temp_1", 4.0),
        ("cold/edge1/in/freezer_temp_1", -18.0),
        ("cold/edge1/in/temp_2", 5.0),
        ("cold/edge1/hall", 9.0),
    ]


@given(st.floats(-200, 850, width=32))
def test_every_float_arrives(celsius: float) -> None:
    decoder = mqtt_format("sparkplug", Options())
    found = told(decoder, "NDATA", payload(metric(name="t/temperature", single=celsius)))
    ((_, value),) = [one for one in found if isinstance(one, tuple)]
    assert value == round(celsius, 6) or value is RefusalReason.SENTINEL


def test_what_a_message_holds_is_bounded() -> None:
    many = payload(*[b""] * (MOST_METRICS + 1))
    with pytest.raises(Unreadable, match="metrics"):
        read_payload(many)
    with pytest.raises(Unreadable, match="ten bytes"):
        read_payload(b"\x08" + b"\xff" * 11)
    with pytest.raises(Unreadable, match="wire type 3"):
        read_payload(b"\x0b")
    assert read_payload(field(99, b"unknown") + field(3, 5)).seq == 5
