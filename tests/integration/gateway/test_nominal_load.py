"""An hour of nominal load in a fraction of it, through real parts: the process neither grows nor heats up."""

import compileall
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

import coldchain
import coldchain_gateway
import coldchain_runtime
from support.acceptance import Figures
from support.backend_sink import BackendSink
from support.ports import free_port
from support.processes import rss_bytes
from support.soak import rounds
from support.wires import MqttWire

SENSORS = 50
EVERY_S = 10
RATE = 600  # readings a second, 120 times the nominal load
HOUR = 3600 * SENSORS // EVERY_S
READINGS = rounds(HOUR, 24 * HOUR)
CEILING = 40_000_000
GROWTH = 1_500_000
CONFIG = """
[gateway]
name = "gw-1"
organisation = "demo"
seal_after = "1s"

[uplink]
url = "{url}"

[page]
port = {page}

[[source]]
kind = "mqtt"
name = "zigbee"
host = "127.0.0.1"
port = {mqtt}
client_id = "gateway"

[[source.subscription]]
topic = "zigbee2mqtt/#"
format = "zigbee2mqtt"
"""


@dataclass
class Meter:
    """Memory and processor time of a process, looked at while it works."""

    pid: int
    page: int
    rss: list[int] = field(default_factory=list)
    _ending: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Also asks for the page, as a driver's phone would."""
        while not self._ending.wait(0.5):
            self.rss.append(rss_bytes(self.pid))
            with (
                suppress(OSError),
                urllib.request.urlopen(f"http://127.0.0.1:{self.page}/", timeout=5) as page,
            ):
                page.read()

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @contextmanager
    def watching(self) -> Iterator[None]:
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self._ending.set()
            thread.join()


def publish(port: int, readings: int) -> None:
    """At a steady rate and QoS 1, every sensor in turn."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.max_inflight_messages_set(1000)
    client.connect("127.0.0.1", port)
    client.loop_start()
    began = time.monotonic()
    for number in range(readings):
        celsius = round(4 + (number % 37) / 10, 1)
        last = client.publish(
            f"zigbee2mqtt/s{number % SENSORS}", json.dumps({"temperature": celsius, "n": number}), qos=1
        )
        ahead_s = number / RATE - (time.monotonic() - began)
        if ahead_s > 0.02:
            time.sleep(ahead_s)
    last.wait_for_publish(30)
    client.disconnect()
    client.loop_stop()


def held(sink: BackendSink) -> int:
    """How many readings have arrived; a batch that came twice counts once."""
    bodies = {(batch.run, batch.seq): batch.body for batch in sink.kept}
    return sum(body.startswith(b"reading,") + body.count(b"\nreading,") for body in bodies.values())


def growth(rss: Sequence[int]) -> int:
    """How much more the last third holds than the middle one."""
    third = len(rss) // 3
    return round(mean(rss[-third:]) - mean(rss[third : 2 * third]))


@pytest.mark.soak
@pytest.mark.acceptance("A14")
def test_an_hour_at_high_speed_leaves_it_as_it_was(tmp_path: Path, figures: Figures) -> None:
    for package in (coldchain, coldchain_runtime, coldchain_gateway):  # as the archive installs them
        compileall.compile_dir(str(package.__path__[0]), quiet=1)
    broker = MqttWire(tmp_path)
    with (tmp_path / "mosquitto.conf").open("a") as conf:
        conf.write("max_queued_messages 0\n")  # as delivered it drops what is beyond 1000 for a slow client
    broker.plug()
    page = free_port()
    config = tmp_path / "gateway.toml"
    with BackendSink() as sink:
        config.write_text(CONFIG.format(url=sink.url, page=page, mqtt=broker.port))
        command = [sys.executable, "-m", "coldchain_gateway", "--config", str(config), "run"]
        with (tmp_path / "log").open("w") as log:
            process = subprocess.Popen(command, stderr=log)
        try:
            until(lambda: "mqtt.connected" in (tmp_path / "log").read_text())
            meter = Meter(process.pid, page)
            publish(broker.port, SENSORS * 20)  # every table has its entries, every buffer its size
            before_s = meter.cpu_s()
            with meter.watching():
                publish(broker.port, READINGS)
            cpu_s = meter.cpu_s() - before_s
            sink.wait_for(lambda: held(sink) >= READINGS + SENSORS * 20, 60)
            figures.add(missing=READINGS + SENSORS * 20 - held(sink))
        finally:
            process.terminate()
            process.wait(15)
            broker.close()
    nominal = cpu_s / READINGS * SENSORS / EVERY_S
    figures.add(readings=READINGS, rss_kb=max(meter.rss) // 1000, growth_kb=growth(meter.rss) // 1000)
    figures.add(cpu_us_per_reading=round(cpu_s / READINGS * 1e6), nominal_cpu_ppm=round(nominal * 1e6))
    assert held(sink) == READINGS + SENSORS * 20
    assert max(meter.rss) <= CEILING
    assert growth(meter.rss) <= GROWTH
    assert nominal <= 0.03, "idle CPU ≤ 3 % of a core"


def until(true: object, within_s: float = 30.0) -> None:
    assert callable(true)
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)
