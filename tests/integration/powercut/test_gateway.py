"""Power cuts of the real gateway, recorded between a real broker and a backend that takes everything."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from coldchain.errors import IntegrityError
from coldchain_gateway.contracts import Intake
from coldchain_gateway.sources.mqtt.buffered import Arrived
from coldchain_gateway.sources.mqtt.config import MqttConfig, SubscriptionConfig
from coldchain_gateway.sources.mqtt.source import MqttSource
from coldchain_runtime.clock import SystemClock
from demo.ports import listens
from support import parts
from support.acceptance import Figures
from support.ports import free_port
from support.powercut import disk
from support.powercut.gateway_state import Promises, Restart, promises
from support.powercut.record import Recorder
from support.powercut.replay import Cut, Recording
from support.powercut.sink import Sink
from support.powercut.streams import Message, mqtt, requests_sent
from support.soak import rounds

CUTS = int(os.environ.get("COLDCHAIN_CUTS", rounds(200, 1000)))
MESSAGES = 600
WARM_UP = 1_000_000
CONFIG = """
[gateway]
name = "cut-gw"
organisation = "demo"
data_dir = "data"
seal_after = "200ms"
[uplink]
url = "http://127.0.0.1:{sink}"
[[source]]
kind = "mqtt"
name = "zigbee"
host = "127.0.0.1"
port = {broker}
[[source.subscription]]
topic = "zigbee2mqtt/#"
format = "zigbee2mqtt"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A recording and where its counterparts listened."""

    recording: Recording
    folder: Path
    broker: int
    sink: int

    def promises(self, cut: Cut) -> Promises:
        seen = mqtt(cut.said, self.broker)
        return promises(seen.got, seen.unacknowledged(), requests_sent(cut.said, self.sink))


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port = free_port()
    config = tmp_path_factory.mktemp("broker") / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n")
    process = subprocess.Popen([parts.require("mosquitto"), "-c", config])
    while not listens(port):
        assert process.poll() is None
        time.sleep(0.02)
    yield port
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def scene(broker: int, workshop: Path) -> Scene:
    home, out = workshop / "home", workshop / "out"
    (home / "data").mkdir(parents=True)
    out.mkdir()
    program = [str(Path(sys.executable).with_name("coldchain-gateway")), "--config"]
    with Sink() as sink:
        (home / "gateway.toml").write_text(CONFIG.format(sink=sink.port, broker=broker))
        (home / "data" / "token").write_text("made-for-tests\n")
        with Recorder([*program, str(home / "gateway.toml"), "run"], home, out) as recorder:
            speak(broker, sink, recorder)
        return Scene(recording=recorder.recording(), folder=home, broker=broker, sink=sink.port)


def speak(broker: int, sink: Sink, recorder: Recorder) -> None:
    """Publish in bursts until the backend has most of it; the end comes while more is on its way."""
    rng = random.Random(3)
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bridge")
    client.connect("127.0.0.1", broker)
    client.loop_start()
    await_subscription(client, sink, recorder)
    for number in range(MESSAGES):
        payload = json.dumps({"temperature": 4 + number % 7 / 10, "counter": number})
        client.publish(f"zigbee2mqtt/truck-{number % 3}", payload, qos=1)
        if rng.random() < 0.2:
            time.sleep(rng.uniform(0.0, 0.03))
    deadline = time.monotonic() + 60
    while sum(batch.body.count(b"counter=") for batch in sink.batches.values()) < MESSAGES * 0.9:
        assert time.monotonic() < deadline, recorder.output
        time.sleep(0.02)
    client.loop_stop()
    client.disconnect()


def await_subscription(client: paho.Client, sink: Sink, recorder: Recorder) -> None:
    """Say things until the first comes through: what was said before the gateway subscribed is nobody's."""
    deadline = time.monotonic() + 60
    number = WARM_UP
    while not any(b"counter=" in batch.body for batch in sink.batches.values()):
        assert time.monotonic() < deadline, recorder.output
        client.publish("zigbee2mqtt/truck-0", json.dumps({"temperature": 4.0, "counter": number}), qos=1)
        number += 1
        time.sleep(0.1)


def receive(scene: Scene, intake: Intake, message: Message) -> None:
    """Give a message to the gateway's own source again, as the broker does after a cut."""
    subscription = SubscriptionConfig(topic="zigbee2mqtt/#", format="zigbee2mqtt")
    config = MqttConfig(
        kind="mqtt", name="zigbee", host="127.0.0.1", port=scene.broker, subscription=(subscription,)
    )
    again = Arrived(message.topic.encode(), message.payload, message.packet_id, 1, retain=False, dup=True)
    source = MqttSource(config, SystemClock(), scene.folder)
    source._handlers(intake).messages([again], lambda _: None)


def reading(message: Message) -> tuple[str, int]:
    return message.topic.partition("/")[2], int(json.loads(message.payload)["counter"])


def faults(scene: Scene, cut: Cut, folder: Path) -> list[str]:
    """What a restart on this cut gets wrong; a folder that cannot even be opened is one fault."""
    disk.write(folder, cut.held)
    said = scene.promises(cut)
    data_dir = folder / "data"
    if not data_dir.is_dir():
        data_dir.mkdir()
    restart = Restart(
        data_dir=data_dir, organisation="demo", receive=partial(receive, scene), reading=reading
    )
    try:
        return restart.faults(said)
    except IntegrityError as fault:  # a key that was never synced may be there and empty
        return [str(fault)]


def test_the_replay_gives_the_files_that_the_gateway_left(scene: Scene) -> None:
    assert scene.recording.differences(scene.folder) == []


@pytest.mark.soak
@pytest.mark.acceptance("A1")
def test_no_cut_loses_or_doubles_what_was_acknowledged(scene: Scene, states: Path, figures: Figures) -> None:
    found = {}
    most = 0
    for cut in scene.recording.cuts(CUTS, seed=11):
        most = max(most, len(scene.promises(cut).acknowledged))
        if wrong := faults(scene, cut, states / str(cut.number)):
            found[cut.number, cut.at] = wrong
    wrong = [fault for faults in found.values() for fault in faults]
    figures.add(cuts=CUTS, readings=most, lost=sum(one.startswith("lost") for one in wrong))
    figures.add(doubled=sum(one.startswith("doubled") for one in wrong))
    assert found == {}
    assert most > MESSAGES / 2


@pytest.mark.acceptance("A1")
def test_with_its_syncs_taken_out_the_same_recording_loses_readings(
    scene: Scene, states: Path, figures: Figures
) -> None:
    cuts = scene.recording.cuts(20, seed=11, syncs=False)
    lossy = sum(bool(faults(scene, cut, states / str(cut.number))) for cut in cuts)
    figures.add(cuts_without_syncs=20, of_these_lossy=lossy)
    assert lossy
