"""What is told of a broker: QoS by topic and where messages can be lost, gaps, expected intervals."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import pytest

from coldchain_gateway.cli import main
from coldchain_gateway.cli.status import alarms, source_lines
from coldchain_gateway.contracts import Sample
from coldchain_gateway.health import source_healths
from coldchain_gateway.sources import MqttConfig, losses_of
from coldchain_gateway.sources.mqtt.config import SubscriptionConfig, reads_retained
from coldchain_gateway.sources.mqtt.listening import Listening, losses
from coldchain_runtime.documents import structure

ZIGBEE = {"topic": "zigbee2mqtt/#", "format": "zigbee2mqtt"}
AUTO = {"topic": "#", "format": "auto"}
SHELLY = {"topic": "+/events/rpc", "format": "shelly_gen2"}


def config(*subscriptions: Mapping[str, object]) -> MqttConfig:
    said = {"kind": "mqtt", "name": "m", "host": "h", "subscription": list(subscriptions)}
    return structure(said, MqttConfig, file="gateway.toml")


def subscription(said: Mapping[str, object]) -> SubscriptionConfig:
    return config(said).subscription[0]


@pytest.mark.parametrize(
    ("said", "granted", "at_qos0", "told"),
    [
        (ZIGBEE, None, 0, "`qos: 1` in a device's settings"),
        (ZIGBEE, 1, 5, "comes at QoS 0"),
        (ZIGBEE, 1, 0, "max_queued_messages 0"),
        (ZIGBEE, 0, 0, "grants QoS 0 only"),
        (ZIGBEE, 0x87, 0, "refuses this subscription"),
        (SHELLY, None, 0, ""),
        (AUTO, 1, 1, "its publisher keeps nothing"),
        (AUTO, 1, 0, ""),
    ],
)
def test_where_messages_can_be_lost(
    said: Mapping[str, object], granted: int | None, at_qos0: int, told: str
) -> None:
    found = losses(subscription(said), granted, at_qos0)
    assert told in found
    assert (found == "") is (told == "")


def test_check_is_told_what_devices_do_as_delivered() -> None:
    zigbee, shelly = losses_of(config(ZIGBEE, SHELLY))
    assert "can lose what is published meanwhile" in zigbee
    assert "can lose" not in shelly


def test_the_report_counts_by_topic_as_messages_come() -> None:
    listening = Listening(config(ZIGBEE, SHELLY))
    assert [topic.granted_qos for topic in listening.report().topics] == [None, None]
    listening.granted([1, 0])
    for qos in (0, 1, 1):
        listening.came(0, qos, 0)
    first, second = listening.report().topics
    assert (first.granted_qos, first.at_qos0, first.at_qos1) == (1, 1, 2)
    assert (second.granted_qos, second.at_qos0, second.at_qos1) == (0, 0, 0)
    assert first.topic == "zigbee2mqtt/#"


def test_a_gap_goes_from_the_last_word_to_the_proof_and_is_told_once() -> None:
    listening = Listening(config(ZIGBEE))
    listening.fails("never was there")
    assert listening.proved(5_000) is None, "a first connection ends no gap"
    listening.came(0, 1, 8_000)
    listening.fails("connection ended")
    listening.fails("refused again")
    listening.came(0, 1, 9_000)
    assert listening.lost == "connection ended"
    assert listening.proved(20_000) == 12_000
    assert listening.proved(21_000) is None


def test_the_interval_that_a_device_tells_is_kept() -> None:
    listening = Listening(config(SHELLY))
    listening.came(0, 1, 0, [[Sample(sensor="a", values={"temperature": 4.0}, interval_ms=7_200_000)]])
    listening.came(0, 1, 0, [[Sample(sensor="b", values={"temperature": 4.0})]])
    assert listening.report().intervals == {"a": 7_200_000}


def test_only_descriptions_are_asked_for_where_copies_are_kept() -> None:
    assert reads_retained(subscription({"topic": "homeassistant/#", "format": "home_assistant"}))
    assert not reads_retained(subscription(ZIGBEE))
    assert not reads_retained(subscription(AUTO))


def test_status_shows_qos_by_topic_the_alarm_and_where_messages_can_be_lost() -> None:
    listening = Listening(config(ZIGBEE))
    listening.granted([1])
    listening.came(0, 0, 0)
    listening.alarm = "connected, but nothing comes back"
    (health,) = source_healths(["m"], [], {}, reports={"m": listening.report()})
    written = json.loads(json.dumps(asdict(health)))
    document = {"sources": [written], "written_ms": 0}
    shown = "\n".join(source_lines(written))
    assert "zigbee2mqtt/# (zigbee2mqtt): QoS 1 granted, 0 came at QoS 1, 1 at QoS 0" in shown
    assert "can lose: comes at QoS 0" in shown
    assert "source m: connected, but nothing comes back" in list(alarms(document, 0))


def test_what_the_broker_refuses_is_an_alarm_until_it_grants_it() -> None:
    listening = Listening(config(ZIGBEE, AUTO))
    listening.granted([1, 0x87])
    assert listening.report().alarm == "the broker refuses #: nothing of it comes"
    listening.granted([1, 1])
    assert listening.report().alarm == ""


def losses_shown(*granted: int) -> list[str]:
    listening = Listening(config(*(ZIGBEE | {"topic": f"z{number}/#"} for number in range(len(granted)))))
    listening.granted(granted)
    for number, qos in enumerate(granted):
        listening.came(number, qos, 0)
    (health,) = source_healths(["m"], [], {}, reports={"m": listening.report()})
    shown = source_lines(json.loads(json.dumps(asdict(health))))
    return [line.strip() for line in shown if "can lose" in line]


def test_what_several_topics_can_lose_is_said_once_and_names_them_where_it_is_not_all() -> None:
    (all_of_them,) = losses_shown(1, 1, 1)
    assert all_of_them.startswith("can lose: the broker keeps")
    two, one = losses_shown(1, 1, 0)
    assert two.startswith("can lose (z0/#, z1/#): the broker keeps")
    assert one.startswith("can lose (z2/#): the broker grants QoS 0 only")


def test_check_tells_where_messages_can_be_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(
        '[gateway]\nname = "g"\norganisation = "o"\n[[source]]\nkind = "mqtt"\nname = "m"\nhost = "h"\n'
        '[[source.subscription]]\ntopic = "tele/#"\nformat = "tasmota"\ntime_zone = "Asia/Shanghai"\n'
    )
    assert main(["--config", str(file), "check", "--no-host"]) == 0
    told = "m: tele/# (tasmota): QoS 0 as delivered; can lose everything: Tasmota publishes at QoS 0"
    assert told in capsys.readouterr().out


def test_check_tells_the_qos_of_each_topic_also_where_nothing_is_lost() -> None:
    statestream = {"topic": "homeassistant/#", "format": "home_assistant"}
    zigbee, any_family, home = losses_of(config(ZIGBEE, AUTO, statestream))
    assert zigbee.startswith("m: zigbee2mqtt/# (zigbee2mqtt): QoS 0 as delivered; can lose ")
    assert any_family == "m: # (auto): QoS as published, at most 1"
    assert home == "m: homeassistant/# (home_assistant): QoS 1 as delivered"
