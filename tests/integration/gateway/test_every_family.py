"""The gateway's command beside the simulator's, through a real broker: every family, reading for reading."""

import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from subprocess import DEVNULL, Popen

from coldchain_sim import scenario
from demo.evidence import read_truth
from demo.waiting import wait_for
from support.backend_sink import BackendSink
from support.parts import require
from support.wires import TEMPERATURE, MqttWire

CONFIG = """
[gateway]
name = "gw-1"
organisation = "demo"
seal_after = "300ms"

[uplink]
url = "{url}"

[[source]]
kind = "mqtt"
name = "all"
host = "127.0.0.1"
port = {port}
client_id = "gw-1"

[[source.subscription]]
topic = "#"
format = "auto"
time_zone = "Asia/Shanghai"
"""


def started(stack: ExitStack, *command: str) -> None:
    process = stack.enter_context(Popen([sys.executable, "-m", *command], stdout=DEVNULL, stderr=DEVNULL))

    def end() -> None:
        process.terminate()
        process.wait(20)

    stack.callback(end)


def kept(sink: BackendSink) -> Counter[tuple[str, float]]:
    """(sensor, temperature) of every sealed reading."""
    found = (TEMPERATURE.search(line.encode()) for line in sink.lines())
    return Counter((one["sensor"].decode(), float(one["value"])) for one in found if one is not None)


def test_every_family_is_recognised_and_read(tmp_path: Path) -> None:
    """One subscription to everything with format `auto`: all nine families are recognised and read."""
    require("mosquitto")
    _, site = scenario.load("every-family")
    wire = MqttWire(tmp_path)
    wire.plug()
    config = tmp_path / "gateway.toml"
    with BackendSink() as sink, ExitStack() as stack:
        config.write_text(CONFIG.format(url=sink.url, port=wire.port))
        started(stack, "coldchain_gateway", "--config", str(config), "run", "--log", "WARNING")
        simulate = ("coldchain_sim", "run", "every-family", "--out", str(tmp_path / "sim"))
        started(stack, *simulate, "--mqtt", f"127.0.0.1:{wire.port}")
        truth = tmp_path / "sim" / "truth.jsonl"
        wait_for("the simulator", truth.exists, within_s=30.0)
        wanted = len(site.bridge)
        wait_for("every family", lambda: len({name for name, _ in kept(sink)}) >= wanted, within_s=40.0)
        found = kept(sink)
        given = Counter((one.sensor, round(one.temperature, 2)) for one in read_truth(truth))
    wire.close()
    told = Counter({(name.replace("\\ ", " "), round(celsius, 2)): n for (name, celsius), n in found.items()})
    assert told - given == Counter(), "nothing was read that no device said, and nothing twice"
    assert len({name for name, _ in told}) == wanted
