"""What is published on a broker, by family and sensor; copies and what nobody knows are no readings."""

import json

import pytest

from coldchain_gateway.discovery import broker
from coldchain_gateway.discovery.broker import BrokerListener, BrokerPlan
from coldchain_gateway.formats import Message

NOW_MS = 1_795_376_523_000
TASMOTA = {"Time": "2026-11-22T19:42:03", "DS18B20": {"Temperature": 4.5}, "TempUnit": "C"}


def listener(time_zone: str | None = None) -> BrokerListener:
    return BrokerListener(BrokerPlan(host="b", port=1883, listen_s=1.0, time_zone=time_zone))


def said(topic: str, body: object, at_ms: int = NOW_MS, *, retain: bool = False) -> Message:
    return Message(topic, json.dumps(body).encode(), retain, False, at_ms)


def test_a_family_is_recognised_once_and_its_sensors_heard_at_their_pace() -> None:
    heard = listener()
    for number in range(3):
        heard.hear(said("zigbee2mqtt/front", {"temperature": 4.0 + number}, NOW_MS + number * 10_000))
    (found,) = heard.subscriptions.values()
    assert (found.family, found.topic) == ("zigbee2mqtt", "zigbee2mqtt/#")
    (sensor,) = heard.hearing.sensors.values()
    assert (sensor.values["temperature"], sensor.interval_ms) == (6.0, 10_000)
    assert json.loads(sensor.raw) == {"temperature": 6.0}


@pytest.mark.parametrize(
    ("zone", "settings", "needs"),
    [(None, {}, ("time_zone",)), ("Asia/Shanghai", {"time_zone": "Asia/Shanghai"}, ())],
)
def test_a_setting_that_was_told_is_drafted_and_one_that_was_not_is_asked_for(
    zone: str | None, settings: dict[str, str], needs: tuple[str, ...]
) -> None:
    heard = listener(zone)
    heard.hear(said("tele/plug/SENSOR", TASMOTA))
    (found,) = heard.subscriptions.values()
    assert (found.family, dict(found.settings), found.needs) == ("tasmota", settings, needs)


def test_a_kept_copy_tells_of_a_family_and_is_no_reading() -> None:
    heard = listener()
    heard.hear(said("zigbee2mqtt/front", {"temperature": 4.0}, retain=True))
    assert [one.family for one in heard.subscriptions.values()] == ["zigbee2mqtt"]
    assert heard.hearing.sensors == {}


def test_what_nobody_knows_is_named_until_it_is_known_and_at_most_so_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(broker, "MOST_TOPICS", 2)
    heard = listener()
    for topic in ("plug/events/rpc", "odd/2", "odd/3", "odd/2"):
        heard.hear(said(topic, [1]))
    assert list(heard.unknown) == ["plug/events/rpc", "odd/2"]
    told = {
        "src": "shellyplus-1",
        "dst": "x",
        "method": "NotifyStatus",
        "params": {"temperature:0": {"tC": 4}},
    }
    heard.hear(said("plug/events/rpc", told))
    assert list(heard.unknown) == ["odd/2"]
    assert [one.family for one in heard.subscriptions.values()] == ["shelly_gen2"]
