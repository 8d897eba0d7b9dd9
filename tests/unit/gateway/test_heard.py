"""Which sensors were heard, written down for whoever declares the fleet."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path

import pytest

from coldchain_gateway.heard import HEARD_FILE, MOST_SENSORS, HeardLoop, HeardSensor, read_heard, write_heard
from coldchain_gateway.local_alarm import Heard
from support.fake_clock import FakeClock


def heard(interval_ms: int | None = None) -> Heard:
    return Heard(values={"temperature": 4.0}, at_ms=0, interval_ms=interval_ms)


def test_what_was_written_is_read_again_by_name(tmp_path: Path) -> None:
    write_heard(tmp_path, {"冷库/前": heard(10_000), "a": heard()})
    assert read_heard(tmp_path) == (
        HeardSensor(sensor="a", interval_ms=None),
        HeardSensor(sensor="冷库/前", interval_ms=10_000),
    )


def test_no_more_than_so_many_are_written(tmp_path: Path) -> None:
    write_heard(tmp_path, {f"{number:05}": heard() for number in range(MOST_SENSORS + 5)})
    assert len(read_heard(tmp_path)) == MOST_SENSORS


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", "5", '{"a": "x"}', '{"a": []}', '{"a": Infinity}', '{"a": NaN}', "\xff"]
)
def test_a_file_that_is_damaged_or_not_there_tells_of_nobody(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / HEARD_FILE).write_bytes(text.encode("latin-1"))
    assert read_heard(tmp_path) == ()


async def test_it_is_written_a_minute_after_the_start_and_twice_an_hour_a_fault_changes_nothing(
    tmp_path: Path,
) -> None:
    clock, latest = FakeClock(), {"a": heard()}
    folder = tmp_path / "later"
    task = asyncio.create_task(HeardLoop(clock, folder, lambda: latest).run())
    await clock.pass_time(61)
    assert not folder.exists(), "there was no folder, and the loop goes on"
    folder.mkdir()
    await clock.pass_time(1_740)
    assert read_heard(folder) == ()
    await clock.pass_time(60)
    assert [one.sensor for one in read_heard(folder)] == ["a"]
    assert json.loads((folder / HEARD_FILE).read_text()) == {"a": None}
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
