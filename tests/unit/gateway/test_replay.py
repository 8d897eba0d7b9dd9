"""A recording said again: its times, its pace, what is no recording."""

import asyncio
import io
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from coldchain.readings import Refusal
from coldchain_gateway.contracts import Acquired, Sample
from coldchain_gateway.sources import ReplayConfig, open_source
from coldchain_gateway.sources.replay.recording import Recorded, read_recording, recorded_line
from coldchain_gateway.sources.replay.source import RecordingMissing
from support.fake_clock import FakeClock, settle
from support.fuzzing import broken
from support.looking_intake import LookingIntake

START_MS = 1_795_376_523_000
LINES = [b'{"id":"a","temp":%d.5}' % number for number in range(4)]


def recording(folder: Path) -> ReplayConfig:
    file = folder / "recording.jsonl"
    file.write_bytes(b"".join(recorded_line(START_MS + 2_000 * n, line) for n, line in enumerate(LINES)))
    return ReplayConfig(kind="replay", name="case", file=Path(file.name))


def samples(taken: list[Acquired]) -> list[tuple[object, int | None]]:
    return [
        (one.values["temperature"], one.source_time_ms)
        for acquired in taken
        for one in acquired.decoded
        if isinstance(one, Sample)
    ]


@pytest.mark.parametrize(("times", "told"), [("recorded", True), ("now", False)])
async def test_lines_come_at_their_pace_with_their_times(
    times: Literal["recorded", "now"],
    told: bool,  # noqa: FBT001 - a case of the test
    tmp_path: Path,
) -> None:
    clock, intake = FakeClock(), LookingIntake()
    config = replace(recording(tmp_path), times=times, speed=2.0)
    source = open_source(config, clock=clock, template_dirs=(), folder=tmp_path)
    task = asyncio.create_task(source.run(intake))
    await settle()
    assert len(intake.taken) == 1
    await clock.pass_time(1.5)
    assert len(intake.taken) == 2
    await clock.pass_time(10)
    assert samples(intake.taken) == [(n + 0.5, START_MS + 2_000 * n if told else None) for n in range(4)]
    assert not task.done()
    task.cancel()


async def test_at_speed_nought_nothing_is_waited_for(tmp_path: Path) -> None:
    clock, intake = FakeClock(), LookingIntake()
    config = replace(recording(tmp_path), speed=0.0)
    source = open_source(config, clock=clock, template_dirs=(), folder=tmp_path)
    task = asyncio.create_task(source.run(intake))
    await settle()
    assert len(intake.taken) == 4
    task.cancel()


async def test_a_missing_file_is_told(tmp_path: Path) -> None:
    config = ReplayConfig(kind="replay", name="case", file=Path("nowhere.jsonl"))
    source = open_source(config, clock=FakeClock(), template_dirs=(), folder=tmp_path)
    with pytest.raises(RecordingMissing, match="nowhere"):
        await source.run(LookingIntake())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"not json", "bad_json"),
        (b'{"line":"x"}', "bad_time"),
        (b'{"at":5,"line":"x"}', "bad_time"),
        (b'{"at":1795376523000}', "not_a_line"),
        (b'{"at":1795376523000,"hex":"zz"}', "not_a_line"),
        (b'{"at":1795376523000,"line":"%b"}' % (b"x" * 70_000), "too_long"),
    ],
)
def test_what_is_no_recording_is_refused_and_the_next_line_read(text: bytes, reason: str) -> None:
    first, second = read_recording(io.BytesIO(text + b"\n\n" + recorded_line(START_MS, b"\xff\x00")))
    assert isinstance(first, Refusal)
    assert first.reason.value == reason
    assert second == Recorded(at_ms=START_MS, line=b"\xff\x00")


@pytest.mark.soak
def test_any_bytes_are_a_recording_or_a_refusal() -> None:
    seeds = [recorded_line(START_MS, line) for line in (*LINES, b"\xff")]
    for text in broken(seeds, seed=11):
        for one in read_recording(io.BytesIO(text)):
            assert isinstance(one, Recorded | Refusal)
