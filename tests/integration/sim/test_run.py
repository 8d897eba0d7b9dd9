"""The real command on real wires: what its readers got is what its truth says, one to one."""

import json
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import paho.mqtt.client as paho
import pytest
import serial
from paho.mqtt.enums import CallbackAPIVersion

from coldchain_sim.cli import main
from coldchain_sim.devices.modbus import crc16
from demo import broker
from demo.evidence import Name, compare, read_events, read_truth
from demo.ports import LOCAL, free_port, listens
from demo.programs import Program, installed
from demo.waiting import wait_for
from support.parts import require

READ_BLOCK = bytes([1, 4, 0, 1, 0, 17])
ANSWER_BYTES = 3 + 2 * 17 + 2


@dataclass(slots=True)
class Ear:
    """Everything that came out of the wires."""

    port: int
    names: list[Name] = field(default_factory=list)
    client: paho.Client = field(init=False)
    subscribed: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id="ear")
        self.client.on_connect = lambda client, *_: client.subscribe("zigbee2mqtt/#", qos=1)
        self.client.on_message = self._message
        self.client.on_subscribe = self._subscribed
        self.client.connect(LOCAL, self.port)
        self.client.loop_start()

    def _subscribed(self, *_: object) -> None:
        self.subscribed = True

    def _message(self, _client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        sensor = message.topic.removeprefix("zigbee2mqtt/")
        self.names.append(Name(sensor, json.loads(message.payload)["counter"]))

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def forker() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=1) as one:
        yield one


@pytest.fixture
def mqtt_port(tmp_path: Path, forker: ThreadPoolExecutor) -> Iterator[int]:
    require("mosquitto")
    port = free_port()
    program = Program(
        name="broker",
        command=broker.command(broker.Kind.MOSQUITTO, port=port, directory=tmp_path / "broker"),
        log=tmp_path / "broker.log",
        forker=forker,
    )
    program.start()
    wait_for("the broker", lambda: listens(port), within_s=10.0)
    yield port
    program.stop()


class Simulate(Protocol):
    def __call__(self, *arguments: str) -> Program: ...


@pytest.fixture
def simulate(tmp_path: Path, forker: ThreadPoolExecutor) -> Iterator[Simulate]:
    """Starts the real command; whatever a test does, it has ended afterwards."""
    started: list[Program] = []

    def start(*arguments: str) -> Program:
        command = [installed("coldchain-sim"), "run", "door-left-open", "--out", str(tmp_path / "sim")]
        program = Program(
            name="simulator", command=[*command, *arguments], log=tmp_path / "sim.log", forker=forker
        )
        started.append(program)
        program.start()
        return program

    yield start
    for program in started:
        program.stop()


def ask(port: serial.Serial) -> Name:
    port.write(READ_BLOCK + crc16(READ_BLOCK))
    answer = port.read(ANSWER_BYTES)
    assert crc16(answer[:-2]) == answer[-2:]
    return Name("freezer-md02", int.from_bytes(answer[33:37], "big"))


def test_what_was_read_is_what_truth_says(tmp_path: Path, mqtt_port: int, simulate: Simulate) -> None:
    out = tmp_path / "sim"
    with closing(Ear(mqtt_port)) as ear:
        wait_for("a subscription", lambda: ear.subscribed, within_s=5.0)
        program = simulate("--mqtt", f"{LOCAL}:{mqtt_port}", "--speed", "120")
        wait_for("the lines", (out / "tty-bus-1").exists, within_s=10.0)
        with (
            serial.Serial(str(out / "tty-chiller-line"), 9600, timeout=0.1) as line,
            serial.Serial(str(out / "tty-bus-1"), 9600, timeout=2.0) as bus,
        ):
            heard = bytearray()

            def enough() -> bool:
                heard.extend(line.read(4_096))
                ear.names.append(ask(bus))
                return heard.count(b"chiller-goods") >= 1 and heard.count(b"\n") >= 4

            wait_for("some readings", enough, within_s=20.0)
            line.timeout = 0.05
            program.signal(signal.SIGTERM)

            def ended() -> bool:
                with suppress(serial.SerialException):  # the line goes with the simulator
                    heard.extend(line.read(4_096))
                return not program.running

            wait_for("its end", ended, within_s=10.0)
        for text in bytes(heard).decode().splitlines():
            if text.startswith("{"):
                said = json.loads(text)
                ear.names.append(Name(said["id"], said["counter"]))
        tallies = compare(read_truth(out / "truth.jsonl"), ear.names)
    assert {tally.transport for tally in tallies} == {"serial", "modbus", "mqtt"}
    assert [tally for tally in tallies if not tally.one_to_one] == []
    assert program.stop() == 0
    assert [event.event for event in read_events(out / "events.jsonl")][:1] == ["door_opens"]


def test_what_nobody_reads_is_not_true(tmp_path: Path, simulate: Simulate) -> None:
    out = tmp_path / "sim"
    program = simulate("--for", "3")
    wait_for("its end", lambda: not program.running, within_s=20.0)
    assert program.stop() == 0
    assert read_truth(out / "truth.jsonl") == []
    assert not list(out.glob("tty-*"))


def test_without_a_broker_it_goes_on_and_ends_when_asked(simulate: Simulate) -> None:
    program = simulate("--mqtt", f"{LOCAL}:{free_port()}", "--for", "2")
    wait_for("its end", lambda: not program.running, within_s=15.0)
    assert program.stop() == 0


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["list"], 0, "door-left-open"),
        (["--help"], 0, "examples:"),
        (["run", "--help"], 0, "--speed"),
        (
            ["run", "no-such", "--out", "x"],
            2,
            "no scenario 'no-such'; there are: alert-storm, compressor-failure",
        ),
        (["run"], 2, "scenario"),
        (["run", "normal-day", "--out", "x", "--mqtt", "nowhere"], 2, "HOST:PORT"),
        (["run", "normal-day", "--out", "x", "--speed", "0"], 2, "above 0"),
        ([], 2, "command"),
    ],
)
def test_the_command_line_says_what_is_wrong(
    arguments: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        ended: object = main(arguments)
    except SystemExit as exit_:  # argparse ends by itself
        ended = exit_.code
    said = capsys.readouterr()
    assert ended == code
    assert says in said.out + said.err


def test_the_installed_command_is_this_one() -> None:
    done = subprocess.run([installed("coldchain-sim"), "list"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("alert-storm")
