"""MQTT against a real broker: confirmed, refused, with a password, over TLS, and a broker that is away."""

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from coldchain_backend.delivery import Guard
from coldchain_backend.delivery.request import Answer, Fate, NoResponse, Publication, Response
from coldchain_backend.delivery.senders.mqtt import MqttSender
from coldchain_runtime.secrets import Secret
from support.certificates import certificate, days_from_now
from support.look_ups import LOCAL, Names
from support.notices import document
from support.parts import require
from support.ports import free_port
from support.tellings import composed, judged


@dataclass(slots=True)
class Broker:
    """A mosquitto and what it was told on every topic."""

    port: int
    tls_port: int
    authorities: Path
    heard: list[tuple[str, bytes, bool]] = field(default_factory=list)
    came: threading.Event = field(default_factory=threading.Event)

    def on_message(self, client: object, userdata: object, message: paho.MQTTMessage) -> None:
        del client, userdata
        self.heard.append((message.topic, bytes(message.payload), message.retain))
        self.came.set()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    folder = tmp_path_factory.mktemp("broker")
    program, files = (
        require("mosquitto"),
        certificate(folder, begins=days_from_now(-1), ends=days_from_now(1)),
    )
    found = Broker(port=free_port(), tls_port=free_port(), authorities=files.cert)
    passwords = folder / "passwords"
    subprocess.run(
        [str(require("mosquitto_passwd")), "-b", "-c", str(passwords), "cold", "right"], check=True
    )
    (folder / "mosquitto.conf").write_text(
        f"per_listener_settings true\nuser root\nlog_dest none\n"
        f"listener {found.port} 127.0.0.1\nallow_anonymous true\n"
        f"listener {found.tls_port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"
        f"certfile {files.cert}\nkeyfile {files.key}\n"
    )
    process = subprocess.Popen([str(program), "-c", str(folder / "mosquitto.conf")])
    listener = paho.Client(CallbackAPIVersion.VERSION2)
    listener.on_message = found.on_message
    for _ in range(200):
        try:
            listener.connect("127.0.0.1", found.port)
            break
        except OSError:
            time.sleep(0.05)
    listener.loop_start()
    listener.subscribe("alerts/#", 1)
    yield found
    listener.disconnect()
    listener.loop_stop()
    process.terminate()
    process.wait(10)
    shutil.rmtree(folder, ignore_errors=True)


def publication(port: int, **changed: object) -> Publication:
    """The channel's own, to a broker on this machine."""
    call = composed("mqtt")[0].call
    assert isinstance(call, Publication)
    here = replace(call, host="localhost", port=port, tls=False, username=None, password=None)
    return replace(here, **changed)  # type: ignore[arg-type]  # fields of a publication


async def send(
    call: Publication, authorities: Path | None = None, *, allow: tuple[str, ...] = LOCAL
) -> Answer:
    guard = Guard(allow, look_up=Names(localhost=[["127.0.0.1"]]))
    sender = MqttSender(guard, timeout_s=5, authorities=None if authorities is None else str(authorities))
    try:
        return await sender.send(call)
    finally:
        sender.close()
        guard.close()


@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_the_document_arrives_as_it_was_queued(broker: Broker, qos: int) -> None:
    broker.heard.clear()
    broker.came.clear()
    answer = await send(publication(broker.port, qos=qos))
    assert judged("mqtt", answer).fate is Fate.DELIVERED
    assert broker.came.wait(10)
    assert broker.heard == [("alerts/truck-1/alarm", document(), False)]


@pytest.mark.parametrize(("password", "fate"), [("right", Fate.DELIVERED), ("wrong", Fate.SLOW)])
async def test_over_tls_with_a_password(broker: Broker, password: str, fate: Fate) -> None:
    call = publication(broker.tls_port, tls=True, username="cold", password=Secret(password))
    outcome = judged("mqtt", await send(call, broker.authorities))
    assert outcome.fate is fate, outcome.reason
    assert password not in outcome.reason


async def test_a_certificate_of_another_name_or_authority_is_refused(broker: Broker) -> None:
    call = publication(broker.tls_port, tls=True, username="cold", password=Secret("right"))
    assert isinstance(await send(call), NoResponse)
    guard = Guard(LOCAL, look_up=Names(other_example=[["127.0.0.1"]]))
    sender = MqttSender(guard, timeout_s=5, authorities=str(broker.authorities))
    try:
        assert isinstance(await sender.send(replace(call, host="other.example")), NoResponse)
    finally:
        sender.close()
        guard.close()


async def test_a_broker_that_is_away_is_a_reason() -> None:
    answer = await send(publication(free_port()))
    assert isinstance(answer, NoResponse)
    assert not answer.forbidden


@pytest.mark.acceptance("T10")
async def test_a_broker_at_a_private_address_is_refused(broker: Broker) -> None:
    answer = await send(publication(broker.port), allow=())
    assert not isinstance(answer, Response)
    assert answer.forbidden
