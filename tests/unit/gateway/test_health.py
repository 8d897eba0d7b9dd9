"""The gateway's own readings, and how `status` tells them."""

import dataclasses
import json
from pathlib import Path

import pytest

from coldchain.errors import Unavailable
from coldchain.lineprotocol import Line, encode_fields, parse, series_key
from coldchain.readings import Value
from coldchain_gateway import __version__
from coldchain_gateway.cli import status
from coldchain_gateway.health import (
    Growth,
    Health,
    HealthLoop,
    ReloadHealth,
    SourceHealth,
    gateway_fields,
    note_lines,
    oldest_waiting_s,
    rss_bytes,
    source_healths,
)
from coldchain_gateway.machine import Machine
from coldchain_gateway.outbox import Counts
from coldchain_gateway.uplink import UplinkState
from coldchain_gateway.uplink.direct import DirectState
from coldchain_runtime.supervisor import LoopState, LoopStatus
from support.health import GOOD
from support.still_clock import StillClock

DENIED = UplinkState(state="denied", message="HTTP 403", last_accepted_ms=None, unsent_again=0)


DOWN = SourceHealth(
    name="bus", state="backing_off", error="PortLost: gone", restarts=30, refused={}, down_s=60
)


class Notebook:
    """Keeps what is noted."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def note(
        self, measurement: str, tags: dict[str, str], fields: dict[str, Value | str], *, urgent: bool = False
    ) -> None:
        (line,) = parse(b"%b %b 1" % (series_key(measurement, tags), encode_fields(fields)))
        assert isinstance(line, Line)
        self.lines.append(line)

    def of(self, measurement: str) -> list[Line]:
        return [line for line in self.lines if line.measurement == measurement]


def influx(*, state: str = "connected", message: str = "", dead_lines: int = 0) -> DirectState:
    return DirectState(state=state, message=message, written_lines=9, dead_lines=dead_lines, missed_batches=0)


def shown(health: Health, age_s: int = 1) -> tuple[str, list[str]]:
    document = json.loads(json.dumps(dataclasses.asdict(health)))
    return "\n".join(status.lines(document, age_s)), list(status.alarms(document, age_s))


def test_a_healthy_gateway_shows_no_alarm() -> None:
    text, alarms = shown(GOOD)
    assert alarms == []
    assert "uplink    connected" in text
    assert "2 batches wait (7 s)" in text
    assert "refused: sentinel 3" in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"not_kept_for_s": 9}, "no room for 9 s"),
        ({"clock_alarm": True}, "nothing is sealed"),
        ({"sources": (DOWN,)}, "source bus has not run for 60 s: PortLost: gone"),
        ({"watchdog_withheld": "intake has ended"}, "something stands still: intake has ended"),
        ({"machine": Machine(undervoltage=True)}, "supply voltage is too low"),
        (
            {"reload": ReloadHealth(number=1, fate="refused", changes=(), message="x:1")},
            "is not what runs: x:1",
        ),
        ({"outbox": Counts(refused_batches=2)}, "2 batches refused"),
        ({"quarantined": 1}, "1 broken outboxes put aside"),
        (
            {
                "uplink": UplinkState(
                    state="denied", message="HTTP 403", last_accepted_ms=None, unsent_again=0
                )
            },
            "does not admit",
        ),
        ({"influxdb": influx(state="denied", message="HTTP 404")}, "InfluxDB does not admit"),
        ({"influxdb": influx(dead_lines=3)}, "3 lines refused by InfluxDB"),
    ],
)
def test_what_needs_a_person_is_said(change: dict[str, object], said: str) -> None:
    text, alarms = shown(dataclasses.replace(GOOD, **change))  # type: ignore[arg-type]  # one field each
    assert any(said in alarm for alarm in alarms)
    assert "ALARM" in text


def test_a_wire_that_others_speak_on_needs_a_person_though_its_loop_runs() -> None:
    (source,) = source_healths(["bus"], [], {}, remarks={"bus": "another Modbus master speaks on this line"})
    text, alarms = shown(dataclasses.replace(GOOD, sources=(source,)))
    assert alarms == ["source bus is not read: another Modbus master speaks on this line"]
    assert "source    bus: running  another Modbus master" in text


def test_the_last_fault_of_a_wire_that_runs_again_is_told_as_past() -> None:
    source = SourceHealth(name="bus", state="running", error="PortLost: gone", restarts=2, refused={})
    text, alarms = shown(dataclasses.replace(GOOD, sources=(source,)))
    assert "source    bus: running  (begun anew 2 times, last after PortLost: gone)" in text
    assert alarms == []


def test_an_old_status_means_that_it_does_not_run() -> None:
    assert any("not running" in alarm for alarm in shown(GOOD, age_s=31)[1])


def test_many_reasons_are_shortened_and_counted() -> None:
    refused = {f"reason_{number}": number for number in range(9)}
    source = SourceHealth(name="x", state="running", error="", restarts=0, refused=refused)
    assert "and 3 more reasons" in shown(dataclasses.replace(GOOD, sources=(source,)))[0]


def test_no_status_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no status yet"):
        status.read_status(tmp_path / "status.json")
    (tmp_path / "status.json").write_text("[]")
    with pytest.raises(Unavailable, match="not a status"):
        status.read_status(tmp_path / "status.json")


def test_health_lines_are_line_protocol_and_wires_and_refusals_only_what_has_changed() -> None:
    notebook, noted = Notebook(), {}  # type: ignore[var-annotated]
    for _ in range(2):
        note_lines(notebook, GOOD, noted)  # type: ignore[arg-type]  # only `note` is called
    assert len(notebook.of("gateway")) == 2
    assert len(notebook.of("refusal")) == 1
    assert notebook.of("refusal")[0].tags == {"source": "line", "reason": "sentinel"}
    assert [line.fields["refused"] for line in notebook.of("source")] == [3]
    failing = dataclasses.replace(GOOD.sources[0], state="backing_off")
    note_lines(notebook, dataclasses.replace(GOOD, sources=(failing,)), noted)  # type: ignore[arg-type]
    assert [line.fields["state"] for line in notebook.of("source")][-1] == "backing_off"
    assert notebook.of("gateway")[0].fields["clock_trusted"] is True
    assert gateway_fields(GOOD)["outbox_lines"] == 20


async def test_status_json_is_replaced_whole_and_lines_come_every_minute(tmp_path: Path) -> None:
    clock, notebook = StillClock(), Notebook()
    rounds = 0

    def stock() -> Health:
        nonlocal rounds
        rounds += 1
        if rounds > 25:  # two minutes of rounds of 5 s
            raise KeyboardInterrupt
        return GOOD

    loop = HealthLoop(clock=clock, data_dir=tmp_path, take_stock=stock, intake=notebook)  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        await loop.run()
    assert len(notebook.of("gateway")) == 3
    assert status.read_status(tmp_path / "status.json")["gateway"] == "gw-1"


def test_a_full_disk_costs_the_status_only(tmp_path: Path) -> None:
    loop = HealthLoop(
        clock=StillClock(),
        data_dir=tmp_path / "gone",
        take_stock=lambda: GOOD,
        intake=Notebook(),  # type: ignore[arg-type]
    )
    loop.write(GOOD)


def test_sources_stand_with_their_loops_and_others_refusals_are_shown_too() -> None:
    loops = [LoopStatus(name="source.line", state=LoopState.BACKING_OFF, restarts=4, error="PortLost: gone")]
    line, outbox = source_healths(["line"], loops, {("line", "crc"): 2, ("outbox", "not_kept"): 7})
    assert (line.state, line.restarts, line.refused) == ("backing_off", 4, {"crc": 2})
    assert (outbox.name, outbox.refused) == ("outbox", {"not_kept": 7})


def test_hours_until_full_need_a_minute_of_growth() -> None:
    growth = Growth()
    assert growth.hours_until_full(0, 1000, 0) is None
    assert growth.hours_until_full(100, 1000, 30_000) is None
    assert growth.hours_until_full(100, 1000, 60_000) == 0.2
    assert growth.hours_until_full(0, 1000, 70_000) is None


def test_ages_need_trusted_time() -> None:
    assert oldest_waiting_s(Counts(oldest_waiting_ms=1000), 9000) == 8
    assert oldest_waiting_s(Counts(oldest_waiting_ms=1000), None) == 0
    assert oldest_waiting_s(Counts(), 9000) == 0


def test_this_process_has_a_size() -> None:
    assert rss_bytes() > 1_000_000


def test_the_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    assert version("coldchain-gateway") == __version__


def test_a_wire_that_was_just_pulled_is_no_alarm() -> None:
    assert shown(dataclasses.replace(GOOD, sources=(dataclasses.replace(DOWN, down_s=59),)))[1] == []


def test_a_remark_stands_in_place_of_an_old_error() -> None:
    loops = [LoopStatus(name="source.bus", error="PortLost: gone")]
    (told,) = source_healths(["bus"], loops, {}, {"bus": "another master speaks"})
    assert told.error == "another master speaks"
    (told,) = source_healths(["bus"], loops, {}, {})
    assert told.error == "PortLost: gone"
