"""Format `auto`: families side by side under one subscription, loaded when they speak; strangers named."""

import subprocess
import sys

import pytest

from coldchain.errors import InvalidInput
from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats import (
    AUTO,
    MQTT_FAMILIES,
    Message,
    Options,
    mqtt_family,
    mqtt_format,
    recognise,
)
from coldchain_gateway.sources.mqtt.config import SubscriptionConfig
from coldchain_gateway.sources.mqtt.source import formats_of
from support.sayings import NOW_MS, SAYINGS, lht65, ruuvi, temperatures


def test_all_families_are_read_under_one_subscription() -> None:
    decoder = mqtt_format(AUTO, Options(time_zone="UTC"))
    spoken = [saying for saying in SAYINGS if saying.family != "mapping"]
    for saying in spoken:
        assert temperatures(decoder.decode(saying.message("4.25"))) == [4.25], saying.topic
    assert temperatures(decoder.decode(lht65(400, 0))) == [4.0, 0.0]
    assert temperatures(decoder.decode(ruuvi(800))) == [4.0]


def test_a_topic_keeps_its_family_and_its_memory() -> None:
    decoder = mqtt_format(AUTO, Options())
    saying = next(one for one in SAYINGS if one.family == "zigbee2mqtt")
    assert temperatures(decoder.decode(saying.message("4.25"))) == [4.25]
    (repeat,) = decoder.decode(saying.message("4.25"))
    assert isinstance(repeat, Refusal)
    assert repeat.reason is RefusalReason.REPEAT
    (empty,) = decoder.decode(Message(saying.topic, b""))
    assert isinstance(empty, Refusal)
    assert empty.reason is RefusalReason.NO_READING


@pytest.mark.parametrize("topic", ["plc/room/4", "", "shelly", "$SYS/broker/uptime", "a/b/c/d/e/f/g"])
def test_a_stranger_is_refused_by_name_and_does_no_harm(topic: str) -> None:
    (refusal,) = mqtt_format(AUTO, Options()).decode(Message(topic, b'{"t":4}'))
    assert isinstance(refusal, Refusal)
    assert refusal.reason is RefusalReason.UNMAPPED
    assert topic in refusal.detail
    assert recognise(Message(topic, b'{"t":4}')) is None


def test_settings_that_a_family_needs_are_named() -> None:
    needs = {
        saying.family: found.needs
        for saying in SAYINGS
        if (found := recognise(saying.message("4"))) is not None
    }
    assert needs["tasmota"] == ("time_zone",)
    assert needs["shelly_gen1"] == ("unit",)
    assert needs["zigbee2mqtt"] == ()


@pytest.mark.parametrize("name", [name for name in MQTT_FAMILIES if name != "mapping"])
def test_what_is_proposed_to_subscribe_to_hears_the_message(name: str) -> None:
    from paho.mqtt.client import topic_matches_sub

    for saying in SAYINGS:
        message = saying.message("4")
        found = recognise(message)
        if found is not None and found.family == name:
            assert topic_matches_sub(found.topic, message.topic)


def test_a_family_that_is_not_configured_is_not_loaded() -> None:
    program = (
        "import sys; from coldchain_gateway.formats import mqtt_format, Options; "
        "mqtt_format('zigbee2mqtt', Options()); "
        "print(*(n.rsplit('.', 1)[1] for n in sys.modules if n.startswith('coldchain_gateway.formats.')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "zigbee2mqtt" in loaded
    assert loaded.isdisjoint(set(MQTT_FAMILIES) - {"zigbee2mqtt", "mapping"})
    assert loaded.isdisjoint({"lorawan", "entity_names"})


def test_a_format_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(InvalidInput, match=r"no format 'tasmotta'; there are: .*tasmota"):
        mqtt_family("tasmotta")
    with pytest.raises(InvalidInput, match="no format 'tasmotta'"):
        SubscriptionConfig(topic="#", format="tasmotta")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"format": "zigbee2mqtt", "time_zone": "UTC"}, "takes no time_zone; it takes base_topic"),
        ({"format": "ruuvi", "unit": "F"}, "takes no unit; it takes nothing"),
        ({"format": "tasmota", "time_zone": "Nowhere/City"}, "unknown time zone"),
        (
            {"format": "chirpstack", "codecs": {"x": "nosuch"}},
            "no payload codec 'nosuch'; there are: dragino",
        ),
        ({"format": "esphome", "quantity": "colour"}, "unknown quantity 'colour'"),
        ({"format": "mapping"}, "go together"),
    ],
)
def test_a_setting_that_a_family_cannot_use_is_refused(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        SubscriptionConfig(topic="#", **wrong)  # type: ignore[arg-type]  # on purpose


def test_equal_subscriptions_share_what_they_have_heard() -> None:
    described = SubscriptionConfig(topic="homeassistant/#", format="home_assistant")
    states = SubscriptionConfig(topic="zigbee2mqtt/+", format="home_assistant")
    fahrenheit = SubscriptionConfig(topic="other/#", format="home_assistant", unit="F")
    (_, first), (_, second), (_, third) = formats_of((described, states, fahrenheit))
    assert first is second
    assert third is not first
    config = (
        b'{"state_topic":"zigbee2mqtt/fridge","device_class":"temperature","unit_of_measurement":"\xc2\xb0C",'
        b'"value_template":"{{ value_json[\\"temperature\\"] }}","unique_id":"u","~":"x"}'
    )
    assert first.decode(Message("homeassistant/sensor/u/config", config, retained=True)) == ()
    (sample,) = second.decode(Message("zigbee2mqtt/fridge", b'{"temperature":0.0}', arrival_ms=NOW_MS))
    assert isinstance(sample, Sample)
    assert (sample.sensor, dict(sample.values)) == ("u", {"temperature": 0.0})
    first.decode(Message("homeassistant/sensor/u/config", b"", retained=True))
    assert not second.decode(Message("zigbee2mqtt/fridge", b'{"temperature":1.0}'))
