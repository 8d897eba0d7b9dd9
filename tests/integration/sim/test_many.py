"""Hundreds of devices in one process cost little."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from coldchain_sim.truth import Transport
from demo import broker
from demo.evidence import read_truth
from demo.ports import LOCAL, free_port, listens
from demo.programs import Program, installed
from demo.waiting import wait_for
from support.parts import require

DEVICES = 400
SITE = f"""
chambers:
  - name: room
bridge:
  - {{sensor: s, chamber: room, every_s: 1, copies: {DEVICES}}}
"""
STORY = "sentence: Many.\nsite: many\nspeed: 20\n"


def cpu_seconds(pid: int) -> float:
    """User and system time of a running process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.budget(20)
def test_four_hundred_devices_speak_every_second_on_a_part_of_one_core(tmp_path: Path) -> None:
    require("mosquitto")
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "many.yaml").write_text(SITE, "utf-8")
    (tmp_path / "many.yaml").write_text(STORY, "utf-8")
    port = free_port()
    hub = broker.command(broker.Kind.MOSQUITTO, port=port, directory=tmp_path / "broker")
    run = [installed("coldchain-sim"), "run", str(tmp_path / "many.yaml"), "--out", str(tmp_path / "sim")]
    run += ["--mqtt", f"{LOCAL}:{port}"]
    with ThreadPoolExecutor(max_workers=1) as forker:
        hub_program = Program(name="broker", command=hub, log=tmp_path / "broker.log", forker=forker)
        simulator = Program(name="simulator", command=run, log=tmp_path / "sim.log", forker=forker)
        hub_program.start()
        wait_for("the broker", lambda: listens(port), within_s=10.0)
        simulator.start()
        truth = tmp_path / "sim" / "truth.jsonl"
        try:
            wait_for("five rounds", lambda: len(read_truth(truth)) >= 5 * DEVICES, within_s=20.0, every_s=0.5)
            spent = cpu_seconds(simulator.pid)
        finally:
            simulator.stop()
            hub_program.stop()
    given = read_truth(truth)
    assert len({one.name for one in given}) == len(given)
    assert len({one.sensor for one in given}) == DEVICES
    assert {one.transport for one in given} == {Transport.MQTT}
    assert spent < 4.0
