"""A recording is played as it arrived; what is none is named by its line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from coldchain.errors import ConfigError
from coldchain_backend.cli import app
from coldchain_backend.ruletests import play_recording

T0 = 1_795_312_800_000
FLEET = """\
organisation: o
assets:
  - id: a
    kind: cold_store
    name: {en: A}
    time_zone: UTC
    zones:
      - {id: z, name: {en: Z}, profile: medicine-cold-cn, points: [{id: p, name: {en: P}, sensor: s}]}
sensors: [{id: s, interval: 1m}]
gateways: [{name: gw, asset: a}]
"""


def batch(minute: int, value: float, arrives: int | None = None) -> str:
    at_ms = T0 + minute * 60_000
    line = f"reading,sensor=s temperature={value} {at_ms}"
    arrives_ms = at_ms + 1_000 if arrives is None else T0 + arrives * 60_000
    return json.dumps({"gateway": "gw", "sealed": at_ms, "arrives": arrives_ms, "lines": [line]})


def files(folder: Path, *lines: str) -> tuple[Path, Path]:
    fleet, recording = folder / "fleet.yaml", folder / "batches.jsonl"
    fleet.write_text(FLEET, encoding="utf-8")
    recording.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return fleet, recording


def test_batches_are_judged_as_they_arrived(tmp_path: Path) -> None:
    fleet, recording = files(tmp_path, batch(0, 5), batch(1, 11), batch(2, 5, arrives=4))
    steps = [one.document() for one in play_recording(fleet, recording).happened]
    assert [step["event"] for step in steps] == ["excursion.fired", "excursion.resolved"]
    assert [int(str(step["at"])) - T0 for step in steps] == [61_000, 240_000]


def test_the_command_prints_steps_as_json(tmp_path: Path) -> None:
    fleet, recording = files(tmp_path, batch(0, 5), batch(1, 11), batch(2, 5))
    done = CliRunner().invoke(app, ["rules", "play", str(fleet), str(recording), "--json"])
    assert done.exit_code == 0, done.output
    steps = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(step["event"], step["rule"]) for step in steps] == [
        ("excursion.fired", "high"), ("excursion.resolved", "high"),
    ]  # fmt: skip


SOUND = {"gateway": "gw", "sealed": 1, "lines": []}
WRONG = [
    "",
    "{",
    "[]",
    "{}",
    *(
        json.dumps({**SOUND, **wrong})
        for wrong in (
            {"sealed": -1},
            {"sealed": 1.5},
            {"sealed": True},
            {"gateway": ""},
            {"lines": "x"},
            {"lines": ["a\nb"]},
            {"arrives": "x"},
        )
    ),
]


@pytest.mark.parametrize("line", WRONG)
def test_what_is_no_recording_is_named_by_its_line(tmp_path: Path, line: str) -> None:
    fleet, recording = files(tmp_path, batch(0, 5), line)
    with pytest.raises(ConfigError) as caught:
        play_recording(fleet, recording)
    assert caught.value.line == 2


def test_an_empty_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing was recorded"):
        play_recording(*files(tmp_path))
