"""Each broker of the stage hands on every message that it has acknowledged."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from demo import broker
from demo.broker import Kind, NoBroker
from demo.ports import LOCAL, free_port, listens
from demo.programs import Program
from demo.waiting import wait_for
from support.parts import missing

MESSAGES = 400


@pytest.fixture(params=list(Kind))
def port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    try:
        kind = broker.choose(request.param)
    except NoBroker:
        missing(f"the broker {request.param}")
    port = free_port()
    with ThreadPoolExecutor(max_workers=1) as forker:
        program = Program(
            name="broker",
            command=broker.command(kind, port=port, directory=tmp_path / "broker"),
            log=tmp_path / "broker.log",
            forker=forker,
        )
        program.start()
        wait_for("the broker", lambda: listens(port), within_s=10.0)
        yield port
        program.stop()


def subscriber(port: int, got: set[bytes]) -> paho.Client:
    """A client with a lasting session, subscribed."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="gateway", clean_session=False)
    ready = threading.Event()
    client.on_connect = lambda one, *_: one.subscribe("zigbee2mqtt/#", qos=1)
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda _client, _userdata, message: got.add(bytes(message.payload))
    client.connect(LOCAL, port)
    client.loop_start()
    assert ready.wait(5.0)
    return client


def end(client: paho.Client) -> None:
    client.disconnect()
    client.loop_stop()


def publish(port: int, numbers: range) -> None:
    """Returns when every message has its PUBACK."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"bridge-{numbers.start}")
    client.connect(LOCAL, port)
    client.loop_start()
    told = [client.publish(f"zigbee2mqtt/s{n % 5}", str(n).encode(), qos=1) for n in numbers]
    for one in told:
        one.wait_for_publish(10.0)
        assert one.is_published()
    end(client)


def test_what_was_acknowledged_arrives_also_after_an_absence(port: int) -> None:
    got: set[bytes] = set()
    client = subscriber(port, got)
    publish(port, range(MESSAGES))
    wait_for("the first half", lambda: len(got) == MESSAGES, within_s=10.0)
    end(client)
    publish(port, range(MESSAGES, 2 * MESSAGES))
    client = subscriber(port, got)
    wait_for("the rest", lambda: len(got) == 2 * MESSAGES, within_s=10.0)
    end(client)
    assert got == {str(number).encode() for number in range(2 * MESSAGES)}
