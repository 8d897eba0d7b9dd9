"""`discover` and `probe` as they are typed, against terminals, a socket and a tree of files."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from support.modbus_socket import ModbusTcpWire
from support.onewire_tree import OnewireWire
from support.wires import ModbusWire, SerialWire, crc

FOREIGN = bytes.fromhex("02 03 00 10 00 02")


def typed(*arguments: object, seconds: float = 60) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "coldchain_gateway", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=seconds, check=False
    )


class Speaker:
    """Writes the same bytes again and again on the device's end of a terminal."""

    def __init__(self, master: int, data: bytes, every_s: float) -> None:
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._speak, args=(master, data, every_s), daemon=True)
        self._thread.start()

    def _speak(self, master: int, data: bytes, every_s: float) -> None:
        while not self._ending.wait(every_s):
            with suppress(OSError):
                os.write(master, data)

    def stop(self) -> None:
        self._ending.set()
        self._thread.join(5)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[ModbusWire]:
    made = ModbusWire(tmp_path / "tty-bus", units=(1, 3))
    made.plug()
    yield made
    made.close()


@pytest.fixture
def line(tmp_path: Path) -> Iterator[SerialWire]:
    made = SerialWire(tmp_path / "tty-line")
    made.plug()
    yield made
    made.close()


def test_a_bus_a_line_and_probes_are_found_and_the_draft_is_read_by_probe(
    bus: ModbusWire, line: SerialWire, tmp_path: Path
) -> None:
    tree = OnewireWire(tmp_path)
    tree.plug()
    speaker = Speaker(line.master, b'{"id":"front","temp":4.5}\r\n', 0.3)
    draft = tmp_path / "gateway.toml"
    found = typed(
        "discover", "--port", line.link, "--port", bus.link, "--units", "1-4", "--for", 2, "--baud", 9600,
        "--unit", f"{bus.link}:1=xy-md02", "--onewire", tree.root, "--write", draft, "--json",
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    document = json.loads(found.stdout)
    ports = {port["state"]: port for port in document["findings"]["ports"] if "tty-" in port["port"]}
    assert [sensor["sensor"] for sensor in ports["lines"]["line"]["sensors"]] == ["front"]
    assert [unit["address"] for unit in ports["units"]["units"]] == [1, 3]
    (probe,) = document["findings"]["buses"][0]["sensors"]
    assert probe["values"] == {"temperature": 25.0}
    assert draft.read_text("utf-8") == document["configuration"]

    assert typed("--config", draft, "check").returncode == 0
    looked = typed("--config", draft, "probe", "--for", 8, "--json")
    speaker.stop()
    assert looked.returncode == 0, looked.stderr
    said = [json.loads(text) for text in looked.stdout.splitlines()]
    assert {one["sensor"] for one in said} == {"front", "tty-bus-1".removeprefix("tty-"), tree.probe.name}
    by_sensor = {one["sensor"]: one for one in said}
    assert by_sensor["bus-1"]["values"] == {"temperature": 25.0, "humidity": 50.0}
    assert by_sensor["bus-1"]["raw"] == "4:1=00fa 4:2=01f4"
    assert by_sensor["front"]["raw"] == '{"id":"front","temp":4.5}'


def test_with_a_second_master_nothing_is_sent_and_the_reason_is_told(bus: ModbusWire) -> None:
    speaker = Speaker(bus.master, FOREIGN + crc(FOREIGN), 0.2)
    found = typed("discover", "--port", bus.link, "--for", 2, "--units", "1-3")
    speaker.stop()
    assert found.returncode == 1
    assert "occupied  another Modbus master speaks on this line (heard: unit 2, function 3)" in found.stdout
    assert bus.asked == []


def test_what_is_not_understood_is_shown_and_nothing_sent(bus: ModbusWire) -> None:
    speaker = Speaker(bus.master, b"T=4.5C H=60%\r\n", 0.2)
    found = typed("discover", "--port", bus.link, "--for", 1.5, "--baud", 9600)
    assert found.returncode == 1
    assert "| T=4.5C H=60%" in found.stdout
    assert "say --columns or --pattern" in found.stdout
    told = typed(
        "discover", "--port", bus.link, "--for", 1.5, "--baud", 9600,
        "--pattern", f"{bus.link}=T=(?P<temperature>[0-9.]+)C.*",
    )  # fmt: skip
    speaker.stop()
    assert told.returncode == 0
    assert "bus: temperature 4.5" in told.stdout
    assert bus.asked == []


HOLD = """
import fcntl, os, sys, time
port = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
fcntl.flock(port, fcntl.LOCK_EX)
print(1, flush=True)
time.sleep(60)
"""


@contextmanager
def holding(link: Path) -> Iterator[subprocess.Popen[str]]:
    """Another program that uses the port. This process has the master end, so it is the device."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(link)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        yield other
        other.kill()


def test_a_port_that_another_process_has_is_not_opened(bus: ModbusWire) -> None:
    with holding(bus.link) as other:
        found = typed("discover", "--port", bus.link, "--for", 1)
    assert found.returncode == 1
    assert f"({other.pid}); not touched" in found.stdout
    assert bus.asked == []


def test_probe_names_who_has_the_port(line: SerialWire, tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(
        '[gateway]\nname = "g"\norganisation = "o"\n[[source]]\nkind = "serial_line"\nname = "line"\n'
        f'port = "{line.link}"\n'
    )
    with holding(line.link) as other:
        looked = typed("--config", file, "probe", "--for", 1)
    assert looked.returncode == 1
    assert f"({other.pid}))" in looked.stderr


def test_listen_only_sends_nothing(bus: ModbusWire) -> None:
    found = typed("discover", "--port", bus.link, "--for", 1, "--listen-only")
    assert found.returncode == 1
    assert "listened  nobody speaks by itself" in found.stdout
    assert bus.asked == []


def test_a_device_on_the_network_is_asked(tmp_path: Path) -> None:
    wire = ModbusTcpWire(tmp_path)
    wire.plug()
    found = typed("discover", "--modbus-tcp", f"127.0.0.1:{wire.port}", "--units", "1-1")
    wire.close()
    assert found.returncode == 0, found.stderr
    assert "xy-md02 (unverified)" in found.stdout
    assert "decoded  temperature 25.0, humidity 50.0" in found.stdout
    assert '# kind = "modbus_tcp"' in found.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--units", "0-3"], "1 to 247"),
        (["--units", "a"], "FROM-TO"),
        (["--unit", "x"], "PORT:ADDRESS=TEMPLATE"),
        (["--mqtt", "h:x"], "HOST:PORT"),
        (["--columns", "/dev/x=warmth"], "warmth"),
        (["--pattern", "/dev/x=("], "pattern"),
        (["--mqtt", "h:1", "--mqtt-password", "hunter2"], "file:PATH"),
        (["--write", "pyproject.toml"], "not overwritten"),
    ],
)
def test_mistakes_are_named(arguments: list[str], told: str) -> None:
    found = typed("discover", *arguments)
    assert found.returncode == 3
    assert told in found.stderr
    assert "hunter2" not in found.stderr


def test_probe_watches_and_records(line: SerialWire, tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(
        '[gateway]\nname = "g"\norganisation = "o"\n[[source]]\nkind = "serial_line"\nname = "line"\n'
        f'port = "{line.link}"\n'
    )
    recording = tmp_path / "recording.jsonl"
    began = time.monotonic()

    def warm() -> None:
        for number in range(60):
            if time.monotonic() - began > 20:
                return
            with suppress(OSError):
                line.write(b'{"id":"a","temp":%.1f}\r\n{"id":"b","temp":4.0}\r\n' % (4 + 0.2 * number))
            time.sleep(0.1)

    hand = threading.Thread(target=warm, daemon=True)
    hand.start()
    looked = typed("--config", file, "probe", "--watch", "--for", 4, "--record", recording)
    hand.join(10)
    assert looked.returncode == 0, looked.stderr
    assert "line/a" in looked.stdout
    assert "<== moves +1" in looked.stdout
    assert not any("line/b" in text and "<==" in text for text in looked.stdout.splitlines())
    assert json.loads(recording.read_text().splitlines()[0]).keys() == {"at", "line"}


def test_a_source_that_says_nothing_is_named(line: SerialWire, tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(
        '[gateway]\nname = "g"\norganisation = "o"\n[[source]]\nkind = "serial_line"\nname = "line"\n'
        f'port = "{line.link}"\n[[source]]\nkind = "serial_line"\nname = "gone"\nport = "/dev/ttyNONE0"\n'
    )
    looked = typed("--config", file, "probe", "--for", 1)
    assert looked.returncode == 1
    assert "line: nothing was heard" in looked.stderr
    assert "gone: nothing was heard. PortLost: /dev/ttyNONE0" in looked.stderr
    assert typed("--config", file, "probe", "--source", "nobody").returncode == 3
