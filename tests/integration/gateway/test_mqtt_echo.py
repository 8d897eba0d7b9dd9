"""Connected is not enough: what the broker no longer delivers is found out, mended, and the gap is told."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from coldchain_gateway.sources import MqttConfig
from coldchain_gateway.sources.mqtt.config import SubscriptionConfig
from coldchain_gateway.sources.mqtt.source import MqttSource
from coldchain_runtime.clock import SystemClock
from support.acceptance import Figures
from support.mqtt_proxy import MqttProxy
from support.wires import Kept, MqttWire, running, until

WITHIN_MS = 700


@pytest.fixture
def proxy(broker: MqttWire) -> Iterator[MqttProxy]:
    made = MqttProxy(broker.port)
    yield made
    made.close()


def source_behind(broker: MqttWire, port: int, **more: object) -> MqttSource:
    config = broker.config()
    assert isinstance(config, MqttConfig)
    quick = replace(config, port=port, echo_every=WITHIN_MS, echo_within=WITHIN_MS)
    return MqttSource(replace(quick, **more), SystemClock(), Path())  # type: ignore[arg-type]  # fields by name


def gaps(kept: Kept) -> list[str]:
    body = b"".join(chunk.body for chunk in kept.outbox.unsealed(10**9, 10**9)).decode()
    return [line for line in body.splitlines() if line.startswith("source_gap,")]


async def heard(broker: MqttWire, kept: Kept, celsius: float, seconds: float = 20.0) -> None:
    """Let the device speak until it is heard."""
    end = time.monotonic() + seconds
    while celsius not in kept.temperatures():
        assert time.monotonic() < end, f"{celsius} was not heard"
        await asyncio.to_thread(broker.say, celsius)
        await asyncio.sleep(0.1)


@pytest.mark.acceptance("A11")
async def test_a_subscription_lost_at_a_reconnect_is_found_out_and_mended(
    broker: MqttWire, proxy: MqttProxy, kept: Kept, figures: Figures
) -> None:
    """The broker drops the client and comes back; it grants the new subscription and delivers nothing."""
    source = source_behind(broker, proxy.port)
    async with running(source, kept):
        await heard(broker, kept, 4.0)
        await until(lambda: source.report().alarm == "" and proxy.subscribed >= 1)
        await asyncio.to_thread(broker.unplug)
        (broker.folder / "broker" / "mosquitto.db").unlink(missing_ok=True)
        proxy.forgetful = True
        broker.plug()
        await until(lambda: proxy.swallowed >= 2, 25)  # the missing echo makes it subscribe again
        await until(lambda: "nothing comes back" in source.report().alarm, 25)
        proxy.forgetful = False
        await heard(broker, kept, 5.0, 30)
        await until(lambda: source.report().alarm == "" and len(gaps(kept)) >= 1, 25)
    assert "seconds=" in gaps(kept)[-1]
    figures.add(rounds=1, resubscribed=proxy.subscribed, gaps=len(gaps(kept)))


@pytest.mark.acceptance("A11")
async def test_a_lost_subscription_is_renewed_on_the_same_connection(
    broker: MqttWire, proxy: MqttProxy, kept: Kept, figures: Figures
) -> None:
    source = source_behind(broker, proxy.port)
    async with running(source, kept):
        await heard(broker, kept, 4.0)
        await asyncio.to_thread(broker.unplug)
        (broker.folder / "broker" / "mosquitto.db").unlink(missing_ok=True)
        proxy.forgetful = True
        broker.plug()
        await until(lambda: proxy.swallowed >= 1, 25)
        proxy.forgetful = False
        connections = proxy.connections
        await heard(broker, kept, 5.0, 30)
        assert proxy.connections == connections
    figures.add(rounds=1, resubscribed=1)


@pytest.mark.acceptance("A11")
async def test_a_broker_that_is_connected_and_silent_is_left_and_found_again(
    broker: MqttWire, proxy: MqttProxy, kept: Kept, figures: Figures
) -> None:
    source = source_behind(broker, proxy.port)
    async with running(source, kept) as loops:
        await heard(broker, kept, 4.0)
        proxy.deaf = True
        await until(lambda: "nothing comes back" in source.report().alarm, 25)
        await until(lambda: "nothing comes back" in loops.status[0].error, 25)
        await asyncio.to_thread(broker.say, 7.0)
        proxy.deaf = False
        await heard(broker, kept, 5.0, 30)
        await until(lambda: 7.0 in kept.temperatures(), 25)  # it was never acknowledged, so it comes again
        await until(lambda: source.report().alarm == "" and len(gaps(kept)) >= 1, 25)
    figures.add(rounds=1, lost=0, gaps=len(gaps(kept)))


@pytest.mark.acceptance("A11")
async def test_a_cut_connection_is_a_gap_and_its_session_keeps_all(
    broker: MqttWire, proxy: MqttProxy, kept: Kept, figures: Figures
) -> None:
    source = source_behind(broker, proxy.port)
    async with running(source, kept):
        await heard(broker, kept, 4.0)
        proxy.cut()
        for number in range(20):
            await asyncio.to_thread(broker.say, 10.0 + number)
        await until(lambda: 29.0 in kept.temperatures() and len(gaps(kept)) >= 1, 25)
    found = [value for value in kept.temperatures() if value >= 10]
    assert sorted(set(found)) == [10.0 + number for number in range(20)]
    assert len(found) == 20
    figures.add(rounds=1, readings=20, lost=0, doubled=len(found) - len(set(found)), gaps=len(gaps(kept)))


async def test_a_broker_that_forbids_the_echo_is_kept_and_that_is_told(
    broker: MqttWire, kept: Kept, tmp_path: Path
) -> None:
    rules = tmp_path / "acl"
    rules.write_text("topic readwrite zigbee2mqtt/#\n")
    await asyncio.to_thread(broker.unplug)
    conf = tmp_path / "mosquitto.conf"
    conf.write_text(conf.read_text() + f"acl_file {rules}\n")
    broker.plug()
    source = source_behind(broker, broker.port)
    async with running(source, kept) as loops:
        await heard(broker, kept, 4.0)
        await until(lambda: "let this client publish and read" in source.report().alarm, 25)
        await heard(broker, kept, 5.0)
        assert loops.status[0].restarts <= 1
    assert gaps(kept) == []


async def test_a_topic_that_the_broker_refuses_keeps_no_other_from_being_read(
    broker: MqttWire, proxy: MqttProxy, kept: Kept
) -> None:
    proxy.refuses = 1
    config = broker.config()
    assert isinstance(config, MqttConfig)
    more = (*config.subscription, SubscriptionConfig(topic="secret/#", format="zigbee2mqtt"))
    source = source_behind(broker, proxy.port, subscription=more)
    async with running(source, kept) as loops:
        await heard(broker, kept, 4.0)
        await until(lambda: source.report().alarm == "the broker refuses secret/#: nothing of it comes", 25)
        restarts = loops.status[0].restarts  # a loaded machine may have cut the first connection
        await heard(broker, kept, 5.0)
        assert loops.status[0].restarts == restarts


async def test_a_connection_that_ends_soon_makes_one_think_of_a_client_of_the_same_name(
    broker: MqttWire, kept: Kept
) -> None:
    source = source_behind(broker, broker.port, client_id="twice")
    other = paho.Client(CallbackAPIVersion.VERSION2, "twice")
    async with running(source, kept) as loops:
        await heard(broker, kept, 4.0)
        await asyncio.to_thread(other.connect, "127.0.0.1", broker.port)
        await until(lambda: "does another client have the client_id twice too?" in loops.status[0].error, 25)
    other.disconnect()


async def test_qos_is_told_as_granted_and_as_it_comes(broker: MqttWire, kept: Kept) -> None:
    source = source_behind(broker, broker.port, protocol="5")
    async with running(source, kept):
        await heard(broker, kept, 4.0)
        (topic,) = source.report().topics
        assert (topic.granted_qos, topic.at_qos0) == (1, 0)
        assert topic.at_qos1 >= 1
        assert "max_queued_messages" in topic.loses


async def test_without_echo_nothing_is_published_and_gaps_end_with_the_subscription(
    broker: MqttWire, proxy: MqttProxy, kept: Kept
) -> None:
    source = source_behind(broker, proxy.port, echo=False)
    async with running(source, kept):
        await heard(broker, kept, 4.0)
        proxy.cut()
        await heard(broker, kept, 5.0)
        await until(lambda: len(gaps(kept)) == 1, 25)


async def test_devices_that_sleep_unless_asked_are_asked(broker: MqttWire, kept: Kept) -> None:
    """Venus OS publishes nothing unless R/<portal>/keepalive comes."""
    asked = Event()

    def hear(client: paho.Client, userdata: object, message: paho.MQTTMessage) -> None:
        if message.topic == "R/portal-1/keepalive" and not message.payload:
            asked.set()
            client.publish("N/portal-1/temperature/23/Temperature", b'{"value":4.5}', qos=1)

    await asyncio.to_thread(broker.say, 1.0)  # waits for the broker
    venus = paho.Client(CallbackAPIVersion.VERSION2, client_id="venus")
    venus.on_message = hear
    venus.connect("127.0.0.1", broker.port)
    venus.subscribe("R/#")
    venus.loop_start()
    wanted = (SubscriptionConfig(topic="N/portal-1/#", format="venus"),)
    source = source_behind(broker, broker.port, subscription=wanted)
    try:
        async with running(source, kept):
            await until(lambda: ("portal-1/temperature/23", 4.5) in kept.readings(), 25)
    finally:
        venus.disconnect()
        venus.loop_stop()
    assert asked.is_set()


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
async def test_kept_copies_are_asked_for_where_they_describe_sensors_and_only_there(
    broker: MqttWire, kept: Kept, protocol: str
) -> None:
    """A discovery message is retained and meant to be read; a retained state is no reading."""
    described = (
        b'{"stat_t":"site/fridge","uniq_id":"fridge","dev_cla":"temperature","unit_of_meas":"\xc2\xb0C",'
        b'"val_tpl":"{{ value_json.t }}"}'
    )
    config_topic = "homeassistant/sensor/fridge/config"
    await asyncio.to_thread(broker.publish, config_topic, described, retain=True)
    await asyncio.to_thread(broker.publish, "site/fridge", b'{"t":99}', retain=True)
    wanted = tuple(
        SubscriptionConfig(topic=topic, format="home_assistant") for topic in ("homeassistant/#", "site/#")
    )
    source = source_behind(broker, broker.port, subscription=wanted, protocol=protocol)
    async with running(source, kept):
        for _ in range(100):
            await asyncio.to_thread(broker.publish, "site/fridge", b'{"t":4.5}')
            if ("fridge", 4.5) in kept.readings():
                break
    assert ("fridge", 4.5) in kept.readings()
    assert ("fridge", 99.0) not in kept.readings()
