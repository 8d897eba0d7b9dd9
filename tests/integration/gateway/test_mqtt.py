"""QoS 1 through a real broker, killed at any time: every message once."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from support import parts
from support.backend_sink import BackendSink
from support.ports import free_port

CONFIG = """
[gateway]
name = "gw-1"
organisation = "demo"
seal_after = "300ms"

[uplink]
url = "{url}"

[[source]]
kind = "mqtt"
name = "zigbee"
host = "127.0.0.1"
port = {broker}
client_id = "gw-1"

[[source.subscription]]
topic = "zigbee2mqtt/#"
format = "zigbee2mqtt"
"""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    mosquitto = parts.require("mosquitto")
    port = free_port()
    config = tmp_path / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nlog_dest none\n"
    )
    process = subprocess.Popen([mosquitto, "-c", config])
    time.sleep(0.3)
    yield port
    process.terminate()
    process.wait()


@contextmanager
def publisher(port: int) -> Iterator[mqtt.Client]:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="publisher")
    client.connect("127.0.0.1", port)
    client.loop_start()
    yield client
    client.disconnect()
    client.loop_stop()


@contextmanager
def gateway(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "coldchain_gateway", "--config", str(config), "run", "--log", "WARNING"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def counters(sink: BackendSink) -> list[int]:
    counted = [line for line in sink.lines() if "counter=" in line]
    return sorted(int(line.split("counter=")[1].split("i")[0]) for line in counted)


def until_subscribed(client: mqtt.Client, sink: BackendSink) -> None:
    """The broker knows the session from here on: something that was published has come through."""
    for _ in range(150):
        client.publish("zigbee2mqtt/hello", '{"temperature":4.0}', qos=1)
        with sink.arrived:
            if sink.arrived.wait_for(lambda: bool(sink.lines()), 0.2):
                return
    raise AssertionError("the gateway does not subscribe")


def test_every_message_is_kept_once_although_the_gateway_is_killed(tmp_path: Path, broker: int) -> None:
    chance = random.Random(3)
    sent = 0
    with BackendSink() as sink, publisher(broker) as client:
        config = tmp_path / "gateway.toml"
        config.write_text(CONFIG.format(url=sink.url, broker=broker))
        for round_ in range(6):
            with gateway(config) as process:
                if round_ == 0:
                    until_subscribed(client, sink)
                waited = []
                for _ in range(400):
                    sent += 1
                    payload = f'{{"temperature":4.0,"counter":{sent}}}'
                    waited.append(client.publish(f"zigbee2mqtt/s{sent % 7}", payload, qos=1))
                for told in waited:
                    told.wait_for_publish(10)
                time.sleep(chance.uniform(0.3, 1.2))
                process.send_signal(signal.SIGKILL)
        with gateway(config):
            sink.wait_for(lambda: len(counters(sink)) >= sent, within_s=20)
            time.sleep(1.0)
        assert counters(sink) == list(range(1, sent + 1))
