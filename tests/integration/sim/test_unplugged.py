"""A port that is pulled out and plugged in again, as the real command does it by its timeline."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import serial

from coldchain_sim.devices.modbus import crc16
from demo.evidence import read_events, read_truth
from demo.programs import Program, installed
from demo.waiting import wait_for

SITE = """
chambers:
  - name: room
lines:
  - {name: line, sensors: [{sensor: a, chamber: room, every_s: 0.2}]}
buses:
  - {name: bus, units: [{address: 7, sensor: b, chamber: room}]}
"""
STORY = """
sentence: Ports come and go.
site: here
speed: 60
timeline:
  - {at_min: 3, event: line_unplugged, where: line}
  - {at_min: 3, event: line_unplugged, where: bus}
  - {at_min: 4, event: line_plugged, where: line}
  - {at_min: 4, event: line_plugged, where: bus}
"""
ASK = bytes([7, 4, 0, 1, 0, 1])


@pytest.fixture
def out(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "here.yaml").write_text(SITE, "utf-8")
    (tmp_path / "mine.yaml").write_text(STORY, "utf-8")
    command = [installed("coldchain-sim"), "run", str(tmp_path / "mine.yaml"), "--out", str(tmp_path / "sim")]
    with ThreadPoolExecutor(max_workers=1) as forker:
        program = Program(name="simulator", command=command, log=tmp_path / "log", forker=forker)
        program.start()
        wait_for("the line", (tmp_path / "sim" / "tty-line").exists, within_s=10.0)
        yield tmp_path / "sim"
        assert program.stop() == 0


def read_a_line(out: Path) -> bool:
    try:
        with serial.Serial(str(out / "tty-line"), 9600, timeout=1.0) as port:
            return b'"id":"a"' in port.readline() + port.readline()
    except serial.SerialException:
        return False


def ask_the_bus(out: Path) -> bool:
    try:
        with serial.Serial(str(out / "tty-bus"), 9600, timeout=1.0) as port:
            port.write(ASK + crc16(ASK))
            return port.read(7)[:3] == bytes([7, 4, 2])
    except serial.SerialException:
        return False


def happened(out: Path, event: str) -> int:
    return sum(one.event == event for one in read_events(out / "events.jsonl"))


def test_ports_go_and_come_back_and_speak_again(out: Path) -> None:
    wait_for("a line", lambda: read_a_line(out), within_s=10.0)
    wait_for("an answer", lambda: ask_the_bus(out), within_s=10.0)
    wait_for("the cables to be pulled", lambda: happened(out, "line_unplugged") == 2, within_s=10.0)
    wait_for("the cables to be plugged in", lambda: happened(out, "line_plugged") == 2, within_s=10.0)
    wait_for("a line again", lambda: read_a_line(out), within_s=10.0)
    wait_for("an answer again", lambda: ask_the_bus(out), within_s=10.0)


def test_each_reading_has_a_number_of_its_own(out: Path) -> None:
    with serial.Serial(str(out / "tty-line"), 9600, timeout=1.0) as port:

        def ten() -> bool:
            port.read(4_096 if port.in_waiting else 1)
            return len(read_truth(out / "truth.jsonl")) >= 10

        wait_for("ten readings", ten, within_s=10.0)
    names = [one.name for one in read_truth(out / "truth.jsonl")]
    assert len(set(names)) == len(names)
    assert [name.counter for name in names] == sorted(name.counter for name in names)
