"""Hours and days that are not over stand in the bucket as far as they are known, and are told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from coldchain_backend.fleet import ZoneState
from coldchain_backend.influx import Fields
from support.judged_log import HOUR, MINUTE, T0, plan
from support.memory_bucket import MemoryBucket
from support.mirrored_log import MirroredLog


@pytest.fixture
def log(log: MirroredLog) -> MirroredLog:
    log.fleet(plan({"a": MINUTE}))
    return log


def speak(log: MirroredLog, minutes: range, celsius: float = 4.0) -> None:
    """A reading a minute."""
    for minute in minutes:
        log.at(T0 + minute * MINUTE)
        log.say(("a", T0 + minute * MINUTE, celsius))


def cells(bucket: MemoryBucket, cell: str = "hour") -> dict[int, Fields]:
    """The cells that stand there, by hour or day, minutes after T0."""
    return {
        (at_ns // 1_000_000 - T0) // MINUTE: fields
        for (name, tags, at_ns), fields in sorted(bucket.content().items(), key=lambda one: one[0][2])
        if name == "compliance" and dict(tags)["cell"] == cell
    }


def folded(log: MirroredLog) -> None:
    while log.judging.fold():
        pass
    log.reflect()


def test_the_first_hour_is_told_before_it_is_over(log: MirroredLog, bucket: MemoryBucket) -> None:
    speak(log, range(20))
    log.reflect()
    [(at, hour)] = cells(bucket).items()
    assert (at, hour["whole"]) == (0, False)
    assert hour["coverage"] == 1.0, "the time behind the newest reading is not yet unknown"
    assert hour["required_s"] == pytest.approx(19 * 60)
    [day] = cells(bucket, "day").values()
    assert day["required_s"] == hour["required_s"]
    assert log.compared().equal


def test_an_hour_that_is_over_is_whole(log: MirroredLog, bucket: MemoryBucket) -> None:
    speak(log, range(1, 70))
    log.reflect()
    assert [hour["whole"] for hour in cells(bucket).values()] == [False, False]
    folded(log)
    assert [hour["whole"] for hour in cells(bucket).values()] == [True, False]
    assert log.compared().equal


def test_a_sensor_that_fell_silent_is_known_less_and_less(log: MirroredLog, bucket: MemoryBucket) -> None:
    speak(log, range(1, 30))
    log.alive_until(T0 + 3 * HOUR, every_ms=10 * MINUTE)
    log.reflect()
    coverages = [hour["coverage"] for hour in cells(bucket).values()]
    assert coverages[0] == pytest.approx(29 / 59, abs=0.02)
    assert coverages[1:] == [0.0, 0.0]
    assert [hour["conform"] for hour in cells(bucket).values()] == [-1.0, -1.0, -1.0]


def test_late_readings_correct_a_cell_before_it_is_folded_again(
    log: MirroredLog, bucket: MemoryBucket
) -> None:
    speak(log, range(10))
    speak(log, range(50, 75))
    folded(log)
    before = cells(bucket)[0]
    assert before["coverage"] == pytest.approx(1 / 3)
    assert before["whole"] is True
    log.at(T0 + 75 * MINUTE)
    log.say(*(("a", T0 + minute * MINUTE, 4.0) for minute in range(10, 50)))
    log.alive_until(T0 + 77 * MINUTE, every_ms=10_000)
    log.reflect()
    now = cells(bucket)[0]
    assert now["coverage"] == 1.0, "judging dropped the hour and has not folded it again"
    assert now["whole"] is False
    folded(log)
    assert cells(bucket)[0]["whole"] is True
    assert log.compared().equal


def test_a_zone_that_is_not_in_use_has_no_cells(tmp_path: Path) -> None:
    bucket = MemoryBucket()
    log = MirroredLog(tmp_path, bucket)
    log.fleet(plan({"a": MINUTE}, state=ZoneState.EMPTY))
    speak(log, range(1, 20))
    log.reflect()
    assert cells(bucket) == {}
    log.close()


def test_a_large_fleet_is_summed_up_less_often(log: MirroredLog, bucket: MemoryBucket) -> None:
    log.fleet(plan({f"s{number}": MINUTE for number in range(130)} | {"a": MINUTE}))
    speak(log, range(1, 3))
    log.reflect()
    first = log.position().told_ms
    speak(log, range(3, 5))
    log.reflect()
    assert log.position().told_ms == first, "131 sensors are worth more than two minutes"
    speak(log, range(5, 7))
    log.reflect()
    assert log.position().told_ms > first
