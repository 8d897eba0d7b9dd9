"""`probe` on recordings: what is shown of readings and refusals, who said nothing, what is written down."""

import io
import json
from pathlib import Path

import pytest

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.cli import main
from coldchain_gateway.contracts import Acquired, MqttDelivery, Sample
from coldchain_gateway.discovery.looking import Look, LookingIntake
from coldchain_gateway.discovery.watching import Watch
from coldchain_gateway.sources.replay.recording import read_recording, recorded_line
from support.fake_clock import settle
from support.still_clock import StillClock

HEAD = '[gateway]\nname = "g"\norganisation = "o"\n'
REPLAY = '[[source]]\nkind = "replay"\nname = "{name}"\nfile = "{name}.jsonl"\nspeed = 0.0\n'
START_MS = 1_795_376_523_000
LINES = (b'{"id":"a","temp":4.5}', b'{"id":"a","temp":-127}', b"boot")


def site(folder: Path, *names: str) -> Path:
    """A configuration of recordings; the one called `mute` is not there."""
    for name in names:
        if name != "mute":
            lines = [recorded_line(START_MS + n, line) for n, line in enumerate(LINES)]
            (folder / f"{name}.jsonl").write_bytes(b"".join(lines))
    file = folder / "gateway.toml"
    file.write_text(HEAD + "".join(REPLAY.format(name=name) for name in names))
    return file


def test_probe_shows_each_reading_and_refusal_and_ends_with_one_where_a_source_said_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = site(tmp_path, "line", "mute")
    record = tmp_path / "again.jsonl"
    assert main(["--config", str(file), "probe", "--for", "1", "--json", "--record", str(record)]) == 1
    said = capsys.readouterr()
    shown = [json.loads(line) for line in said.out.splitlines()]
    assert [one["values"] for one in shown] == [{"temperature": 4.5}, {}, {}]
    assert shown[0]["time"] == "2026-11-22T19:42:03.000Z"
    assert shown[1]["quality"].startswith("sentinel")
    assert "mute: nothing was heard. " in said.err
    assert "line: nothing" not in said.err
    again = list(read_recording(io.BytesIO(record.read_bytes())))
    assert [one.line for one in again if not isinstance(one, Refusal)] == list(LINES)


def test_probe_asks_only_sources_there_are_and_writes_over_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(site(tmp_path, "line"))
    assert main(["--config", file, "probe", "--source", "lime"]) == 3
    assert "no source 'lime'; there are: line" in capsys.readouterr().err
    assert main(["--config", file, "probe", "--record", str(tmp_path / "line.jsonl")]) == 3
    assert "it is not overwritten" in capsys.readouterr().err
    assert (tmp_path / "line.jsonl").read_bytes().count(b"\n") == len(LINES)


def acquired(*decoded: Sample | Refusal, raw: bytes = b"") -> Acquired:
    return Acquired(source="s", decoded=decoded, boottime_ns=0, wall_ms=START_MS, raw=raw)


async def test_what_comes_from_a_thread_is_acknowledged_shown_and_kept_nowhere() -> None:
    shown: list[Look] = []
    intake = LookingIntake(shown.append, StillClock(START_MS), None)
    done: list[object] = []
    sample = Sample(sensor="a", values={"temperature": 4.5})
    intake.offer(
        Acquired(
            source="s",
            decoded=(sample,),
            boottime_ns=0,
            wall_ms=START_MS,
            delivery=MqttDelivery("session", 7, False, b"12345678", done.extend),
        )
    )
    intake.refuse("s", Refusal(reason=RefusalReason.CRC, detail="x", raw=b"\xff\n1", sensor="b"))
    intake.forget("session", lambda: done.append("forgotten"))
    intake.begin()
    intake.note("source", {}, {}, urgent=True)
    await settle()
    assert done == [7, "forgotten"]
    assert [(one.sensor, one.quality, one.raw) for one in shown] == [
        ("a", "arrival", ""),
        ("b", "crc (x)", "\\xff | 1"),
    ]
    assert intake.heard == {"s": 1}, "a refusal is no reading"


async def test_only_what_came_over_the_wire_is_recorded() -> None:
    record = io.BytesIO()
    intake = LookingIntake(lambda _: None, StillClock(), record)
    await intake.take(acquired(raw=b"line"))
    await intake.take(acquired(Sample(sensor="a", values={})))
    assert record.getvalue() == recorded_line(START_MS, b"line")


def test_a_table_on_a_terminal_is_drawn_anew_and_marks_the_farthest_mover() -> None:
    watch = Watch(redraws=True)
    for sensor, value in (("a", 4.0), ("b", 20.0), ("a", 2.5), ("b", 19.5)):
        text = watch.seen(Look(source="s", sensor=sensor, at_ms=0, values={"temperature": value}))
    assert text.startswith("\x1b[H")
    head, first, second = text.removesuffix("\n").split("\n")
    assert "which line is marked" in head
    assert first.startswith("s/a")
    assert first.endswith("<== moves -1.50")
    assert "19.50 … 20.00" in second
    assert "<==" not in second


def test_a_sensor_without_temperature_is_watched_by_its_first_number_and_one_without_any_not() -> None:
    watch = Watch(redraws=False)
    door = Look(source="s", sensor="door", at_ms=0, values={"door_open": True})
    assert watch.seen(door) == ""
    assert watch.seen(Look(source="s", sensor="x", at_ms=0, refused="crc")) == ""
    mixed = Look(source="s", sensor="rh", at_ms=0, values={"motion": False, "humidity": 61.0})
    assert "61.000" in watch.seen(mixed)
    assert watch.mover() is None
