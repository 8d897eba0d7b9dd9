"""`discover` against the simulator: every sensor is found, and what is written is read by `run`."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.parts import require
from support.ports import free_port

LINES = ("json-line", "csv-line", "words-line", "truck-gps")
WORDS = r"\[(?P<sensor>[^]]+)\] T=(?P<temperature>\S+)C n=(?P<counter>\d+)\*.."
FOUND = {
    "json-line": {"chiller-front", "chiller-back"},
    "csv-line": {"logger-1"},
    "words-line": {"old-panel"},
    "truck-gps": {"truck-gps"},
}


@contextmanager
def started(*command: object) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=15)


def gateway(*arguments: object, seconds: float = 150) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "coldchain_gateway", *map(str, arguments)]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, check=False
    )


def await_file(path: Path, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not come"
        time.sleep(0.1)


def test_every_simulated_sensor_is_found_and_what_is_written_is_read(tmp_path: Path) -> None:
    port, out, config = free_port(), tmp_path / "sim", tmp_path / "gateway.toml"
    (tmp_path / "mosquitto.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n")
    with (
        started(require("mosquitto"), "-c", tmp_path / "mosquitto.conf"),
        started(sys.executable, "-m", "coldchain_sim", "run", "every-wire", "--out", out, "--speed", 0.001,
                "--mqtt", f"127.0.0.1:{port}"),
    ):  # fmt: skip
        await_file(out / "w1" / "28-0119c2d3b5aa" / "w1_slave")
        await_file(out / "tty-bus-1")
        bus = out / "tty-bus-1"
        kinds = {1: "xy-md02", 2: "r4dcb08", 3: "carel-ir33", 4: "siemens-qfa3150"}
        found = gateway(
            "discover", *(text for line in LINES for text in ("--port", out / f"tty-{line}")), "--port", bus,
            "--baud", 9600, "--units", "1-5", "--for", 6, "--mqtt", f"127.0.0.1:{port}",
            "--time-zone", "Asia/Shanghai", "--onewire", out / "w1",
            "--columns", f"{out}/tty-csv-line=sensor,temperature,counter",
            "--pattern", f"{out}/tty-words-line={WORDS}",
            *(text for unit, kind in kinds.items() for text in ("--unit", f"{bus}:{unit}={kind}")),
            "--write", config, "--json",
        )  # fmt: skip
        assert found.returncode == 0, found.stderr
        document = json.loads(found.stdout)["findings"]
        ports = {Path(one["port"]).name.removeprefix("tty-"): one for one in document["ports"]}
        for line, sensors in FOUND.items():
            assert {one["sensor"] for one in ports[line]["line"]["sensors"]} == sensors
        candidates = {
            one["address"]: {each["template"] for each in one["candidates"]}
            for one in ports["bus-1"]["units"]
        }
        assert candidates.keys() == kinds.keys()
        assert all(kinds[address] in told for address, told in candidates.items())
        assert len(document["buses"][0]["sensors"]) == 2
        published = {one["sensor"] for one in document["brokers"][0]["sensors"]}
        assert "配送车/前" in published
        assert len(published) == 9, "one of each family"
        assert 'time_zone = "Asia/Shanghai"' in config.read_text("utf-8")
        wanted = set.union(*FOUND.values(), published, {"28-0316a2794a7f", "28-0119c2d3b5aa"})
        wanted |= {"bus-1-1", "bus-1-2.1", "bus-1-3", "bus-1-4"}

        checked = gateway("--config", config, "check")
        assert checked.returncode == 0, checked.stdout
        looked = gateway("--config", config, "probe", "--for", 10, "--json")
        read = {one["sensor"] for one in map(json.loads, looked.stdout.splitlines()) if one["values"]}
        assert wanted <= read, f"not read: {wanted - read}; {looked.stderr}"
        with started(sys.executable, "-m", "coldchain_gateway", "--config", config, "run"):
            status = tmp_path / "data" / "status.json"
            await_file(status)
            end = time.monotonic() + 40
            while json.loads(status.read_text())["lines_kept"] < 60 and time.monotonic() < end:
                time.sleep(0.5)
            shown = json.loads(status.read_text())
    assert shown["lines_kept"] >= 60
    assert {source["state"] for source in shown["sources"]} == {"running"}


def test_with_a_second_master_nothing_is_sent_and_the_reason_is_told(tmp_path: Path) -> None:
    out = tmp_path / "sim"
    with started(
        sys.executable, "-m", "coldchain_sim", "run", "second-master", "--out", out, "--speed", 0.001
    ):
        await_file(out / "tty-bus-1")
        found = gateway("discover", "--port", out / "tty-bus-1", "--for", 3, "--onewire", tmp_path / "none")
        (tmp_path / "gateway.toml").write_text(
            '[gateway]\nname = "g"\norganisation = "o"\n[[source]]\nkind = "modbus"\nname = "bus-1"\n'
            f'port = "{out}/tty-bus-1"\n[[source.unit]]\naddress = 1\ntemplate = "xy-md02"\nsensor = "s"\n'
        )
        looked = gateway("--config", tmp_path / "gateway.toml", "probe", "--for", 5)
        with started(sys.executable, "-m", "coldchain_gateway", "--config", tmp_path / "gateway.toml", "run"):
            await_file(tmp_path / "data" / "status.json")
            end = time.monotonic() + 30
            while "another Modbus master" not in (tmp_path / "data" / "status.json").read_text():
                assert time.monotonic() < end, "the status does not say why nothing is read"
                time.sleep(0.5)
    assert found.returncode == 1
    assert "another Modbus master speaks on this line" in found.stdout
    assert looked.returncode == 1
    assert "bus-1: nothing was heard. another Modbus master speaks on this line" in looked.stderr
    # A unit's answers are in the truth: none of them was asked for by us.
    assert (out / "truth.jsonl").read_text() == ""
