"""A whole run in this process: lines, bus and bridge, the timeline, and an end in order."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from coldchain_runtime.clock import SystemClock
from coldchain_sim import scenario
from coldchain_sim.app import RunSettings, running
from coldchain_sim.cli import main
from coldchain_sim.devices import Publication
from coldchain_sim.scenario import Event, Moment
from coldchain_sim.transports.mqtt import MOST_WAITING, Broker, MqttOutlet
from demo import broker
from demo.evidence import read_events, read_truth
from demo.ports import LOCAL, free_port, listens
from demo.programs import Program
from demo.waiting import wait_for
from support.parts import require


def said(text: str) -> Publication:
    return Publication(topic="zigbee2mqtt/s", payload=text.encode())


@pytest.fixture
def mqtt_port(tmp_path: Path) -> Iterator[int]:
    require("mosquitto")
    port = free_port()
    with ThreadPoolExecutor(max_workers=1) as forker:
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


def settings_for(folder: Path, *, mqtt: Broker | None, for_s: float, told: list[str]) -> RunSettings:
    story, site = scenario.load("door-left-open")
    return RunSettings(
        scenario=story,
        site=site,
        directory=folder,
        mqtt=mqtt,
        speed=600.0,
        seed=1,
        for_s=for_s,
        tell=told.append,
    )


async def test_the_bridge_speaks_the_timeline_happens_and_all_ends(tmp_path: Path, mqtt_port: int) -> None:
    told: list[str] = []
    settings = settings_for(tmp_path / "sim", mqtt=Broker(host=LOCAL, port=mqtt_port), for_s=4.0, told=told)
    async with running(settings, SystemClock()) as simulation:
        assert (tmp_path / "sim" / "tty-bus-1").is_symlink()
        await simulation.play()
    assert not list((tmp_path / "sim").glob("tty-*"))
    given = read_truth(tmp_path / "sim" / "truth.jsonl")
    assert {one.sensor for one in given} == {"配送车/前", "配送车/后"}
    assert [one.event for one in read_events(tmp_path / "sim" / "events.jsonl")] == [
        "door_opens",
        "door_closes",
    ]
    assert any(sentence.endswith("the door of chiller is opened") for sentence in told)


async def test_every_event_can_happen_and_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    settings = settings_for(tmp_path / "sim", mqtt=None, for_s=1.0, told=told)
    async with running(settings, SystemClock()) as simulation:
        for event in Event:
            where = "chiller-line" if event in scenario.ABOUT_LINES else "chiller"
            simulation.act(Moment(at_min=0.0, event=event, where=where))
        assert simulation.lines["chiller-line"].line.plugged
    assert [one.event for one in read_events(tmp_path / "sim" / "events.jsonl")] == [
        event.value for event in Event
    ]
    assert len(told) == len(Event)


async def test_a_run_that_is_cancelled_ends_in_order(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "sim", mqtt=None, for_s=60.0, told=[])
    async with running(settings, SystemClock()) as simulation:
        playing = asyncio.create_task(simulation.play())
        await asyncio.sleep(0.2)
        playing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await playing
    assert not list((tmp_path / "sim").glob("tty-*"))


def test_what_the_broker_took_is_told_once_and_only_then(mqtt_port: int) -> None:
    outlet = MqttOutlet(Broker(host=LOCAL, port=mqtt_port), client_id="outlet")
    taken: list[int] = []
    for number in range(50):
        assert outlet.publish(said(str(number)), partial(taken.append, number))
    assert (outlet.waiting(), taken, outlet.connected()) == (50, [], False)
    outlet.start()
    wait_for("all PUBACKs", lambda: outlet.waiting() == 0, within_s=10.0)
    assert outlet.connected()
    assert sorted(taken) == list(range(50))
    outlet.stop()


def test_a_bridge_without_broker_keeps_only_so_much() -> None:
    outlet = MqttOutlet(Broker(host=LOCAL, port=free_port()), client_id="outlet")
    sent = sum(outlet.publish(said("x"), lambda: None) for _ in range(MOST_WAITING + 10))
    assert sent <= MOST_WAITING
    assert outlet.waiting() == sent


def test_the_command_ends_by_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "sim"
    assert main(["run", "compressor-failure", "--out", str(out), "--for", "0.5", "--speed", "3000"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("The chiller's compressor stops")
    assert said[1].startswith("not heard without --mqtt HOST:PORT: ")
    assert any("the compressor of chiller fails" in line for line in said)
    assert said[-1] == "ended; readings given out: 0 serial, 0 modbus, 0 mqtt, 0 onewire"


def test_the_list_has_a_sentence_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == scenario.shipped_names()
    assert all(line.endswith(".") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["run", "holiday", "--out", "x"], 2),
        (["run", "normal-day", "--out", "/proc/nowhere"], 1),
    ],
)
def test_what_goes_wrong_is_one_line(
    arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    assert capsys.readouterr().err.startswith("coldchain-sim: ")


def test_a_broken_scenario_file_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("sentence: [\n", "utf-8")
    assert main(["run", str(file), "--out", str(tmp_path / "sim")]) == 2
    assert "mine.yaml:" in capsys.readouterr().err
