"""Families that tell one thing many times, or many things at once."""

import json

import pytest

from coldchain.errors import ConfigError
from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats import Message, MqttFormat, Options, mqtt_format
from coldchain_gateway.sources import MqttConfig
from coldchain_gateway.sources.mqtt.config import asked_by
from coldchain_runtime.documents import structure
from support.sayings import NOW_MS


def told(
    decoder: MqttFormat, topic: str, said: object, *, at_ms: int = NOW_MS, dup: bool = False
) -> list[object]:
    message = Message(topic, json.dumps(said).encode(), arrival_ms=at_ms, dup=dup)
    return [
        one.values.get("temperature") if isinstance(one, Sample) else one.reason
        for one in decoder.decode(message)
        if isinstance(one, Sample | Refusal)
    ]


BLE = "home/gw/BTtoMQTT/A4C138165B5D"


def test_an_advertisement_that_is_heard_many_times_is_one_reading_in_ten_seconds() -> None:
    decoder = mqtt_format("theengs", Options())
    said = {"tempc": 4.0, "rssi": -70}
    assert told(decoder, BLE, said) == [4.0]
    assert told(decoder, BLE, {**said, "rssi": -50}, at_ms=NOW_MS + 900) == [RefusalReason.REPEAT]
    assert told(decoder, BLE, {**said, "tempc": 4.1}, at_ms=NOW_MS + 950) == [4.1], "a new value is news"
    assert told(decoder, BLE, {**said, "tempc": 4.1}, at_ms=NOW_MS + 12_000) == [4.1], "a sign of life"
    assert told(decoder, BLE, {**said, "tempc": 4.1}, at_ms=NOW_MS - 60_000) == [4.1], "the clock was set"
    assert told(decoder, BLE, {**said, "tempc": 4.1}, at_ms=NOW_MS - 59_000, dup=True) == [4.1]


def test_a_log_that_is_sent_again_is_heard_once() -> None:
    decoder = mqtt_format("sensos", Options())
    log = {
        "logId": "a",
        "deviceId": "1",
        "logData": [{"timestamp": "2026-05-23T06:00:00Z", "temperature": 4}],
    }
    assert told(decoder, "labels/1", log) == [4.0]
    assert told(decoder, "labels/1", log) == [RefusalReason.DUPLICATE]
    assert told(decoder, "labels/1", {**log, "logId": "b"}) == [4.0]
    assert told(decoder, "labels/1", {**log, "deviceId": "2"}) == [4.0]


def test_a_group_whose_time_stands_still_is_a_repeat() -> None:
    decoder = mqtt_format("neuron", Options())
    group = {"timestamp": NOW_MS, "node": "plc", "group": "g", "values": {"t": 4.0}, "errors": {"u": 2014}}
    assert told(decoder, "/neuron/plc", group) == [4.0, RefusalReason.PROBE_FAULT]
    assert told(decoder, "/neuron/plc", group) == [RefusalReason.REPEAT, RefusalReason.PROBE_FAULT]
    assert told(decoder, "/neuron/plc", {**group, "timestamp": NOW_MS + 100})[0] == 4.0


def test_a_transmission_that_is_received_twice_is_one() -> None:
    decoder = mqtt_format("rtl_433", Options())
    event = {"time": "2026-11-02 12:05:31 UTC", "model": "Nexus-TH", "id": 1, "temperature_C": 4.0}
    assert told(decoder, "rtl_433/pi/events", event) == [4.0]
    assert told(decoder, "rtl_433/pi/events", event) == [RefusalReason.REPEAT]
    assert told(decoder, "rtl_433/pi/events", {**event, "time": "2026-11-02 12:06:28 UTC"}) == [4.0]


def config(topic: str) -> MqttConfig:
    said = {"kind": "mqtt", "name": "m", "host": "h", "subscription": [{"topic": topic, "format": "venus"}]}
    return structure(said, MqttConfig, file="gateway.toml")


def test_venus_is_asked_by_its_portal_and_a_filter_without_one_is_refused() -> None:
    assert asked_by(config("N/c0619ab1cd2e/temperature/#").subscription) == ["R/c0619ab1cd2e/keepalive"]
    for wrong in ("N/+/temperature/#", "#", "N/#"):
        with pytest.raises(ConfigError, match="portal"):
            config(wrong)
