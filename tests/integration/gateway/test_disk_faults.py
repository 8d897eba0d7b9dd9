"""A disk whose syncs fail, or that turns read-only: nothing is acknowledged meanwhile, nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from demo.ports import LOCAL, listens
from support import parts
from support.acceptance import Figures
from support.backend_sink import BackendSink
from support.ports import free_port

CONFIG = """
[gateway]
name = "gw-1"
organisation = "demo"
data_dir = "data"
seal_after = "300ms"
[uplink]
url = "{url}"
[[source]]
kind = "mqtt"
name = "zigbee"
host = "127.0.0.1"
port = {broker}
[[source.subscription]]
topic = "zigbee2mqtt/#"
format = "zigbee2mqtt"
"""
WITHIN_S = 60.0
READINGS = 200


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    port = free_port()
    config = tmp_path / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n")
    process = subprocess.Popen([parts.require("mosquitto"), "-c", config])
    until(lambda: listens(port))
    yield port
    process.terminate()
    process.wait()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@contextmanager
def gateway(folder: Path, *before: str) -> Iterator[Path]:
    """The real program, perhaps under another; its log."""
    log = folder / "gateway.log"
    command = [*before, sys.executable, "-m", "coldchain_gateway", "--config", str(folder / "gateway.toml")]
    with log.open("w") as output:
        process = subprocess.Popen([*command, "run"], stderr=output)
        try:
            until(lambda: "mqtt.connected" in log.read_text())
            yield log
        finally:
            process.terminate()
            process.wait(20)


def publish(broker: int, numbers: range) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bridge")
    client.connect(LOCAL, broker)
    client.loop_start()
    for number in numbers:
        payload = json.dumps({"temperature": 4.0, "counter": number})
        client.publish(f"zigbee2mqtt/s{number % 3}", payload, qos=1).wait_for_publish(WITHIN_S)
        time.sleep(0.005)
    client.loop_stop()
    client.disconnect()


def counters(sink: BackendSink) -> list[int]:
    return sorted(int(line.split("counter=")[1].split("i")[0]) for line in sink.lines())


def said_to_be_there(sink: BackendSink, broker: int) -> None:
    """Until the gateway has subscribed nobody keeps anything: say 0 until it comes through."""

    def heard() -> bool:
        publish(broker, range(1))
        time.sleep(0.3)
        return bool(sink.lines())

    until(heard)


@pytest.mark.acceptance("A3")
@pytest.mark.parametrize(
    "fault",
    ["fsync,fdatasync:error=EIO:when=15..18", "pwrite64:error=EROFS:when=140..155"],
    ids=["syncs fail", "read-only"],
)
def test_while_the_disk_fails_nothing_is_acknowledged_and_afterwards_all_is_there_once(
    tmp_path: Path, broker: int, fault: str, figures: Figures
) -> None:
    calls = fault.split(":", maxsplit=1)[0]
    strace = [str(parts.require("strace")), "-D", "-f", "-q", "--seccomp-bpf", "-o", str(tmp_path / "calls")]
    strace += ["-e", f"trace={calls}", "-e", f"inject={fault}"]
    with BackendSink() as sink:
        (tmp_path / "gateway.toml").write_text(CONFIG.format(url=sink.url, broker=broker))
        with gateway(tmp_path, *strace) as log:
            said_to_be_there(sink, broker)
            publish(broker, range(1, READINGS + 1))
            until(lambda: set(range(1, READINGS + 1)) <= set(counters(sink)))
            told = log.read_text()
        found = [counter for counter in counters(sink) if counter]
    injected = (tmp_path / "calls").read_text().count("(INJECTED)")
    figures.add(failed_calls=injected, readings=READINGS, lost=READINGS - len(set(found)))
    figures.add(doubled=len(found) - len(set(found)))
    assert found == list(range(1, READINGS + 1))
    assert injected
    assert "outbox_full" in told or "not_sealed" in told or "head_not_kept" in told
