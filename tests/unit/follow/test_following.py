"""What a follower does beside taking points: paging, rules that come later, conditions, what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from coldchain.errors import InvalidInput, Unavailable
from coldchain_backend.influx import InfluxTrouble, Trouble
from coldchain_backend.ingest.follow import SeriesEntry, StoreFacts
from coldchain_backend.ingest.follow import reading as reading_module
from coldchain_backend.ledger import DiskFull
from support.follow_stage import ENTRY, HOUR, MINUTE, NANO, FollowStage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[FollowStage]:
    made = FollowStage(tmp_path)
    yield made
    made.close()


def fill(stage: FollowStage, minutes: int, sensor: str = "s1", host: str = "a") -> None:
    for minute in range(minutes):
        stage.put(stage.now_ms - minute * MINUTE, 4.0 + minute % 3, sensor, host)


def test_the_first_import_is_marked_and_then_it_is_live(stage: FollowStage) -> None:
    fill(stage, 120)
    stage.settle()
    assert stage.marks() == ["follow_imports", "follow_caught_up"]
    assert (stage.state.live, stage.state.begin) == (
        True,
        stage.now_ms - stage.section.recheck - 119 * MINUTE,
    )
    stage.follower.close()
    stage.start()
    stage.settle()
    assert stage.marks() == ["follow_imports", "follow_caught_up"]


def test_an_empty_store_is_live_at_once(stage: FollowStage) -> None:
    stage.settle()
    assert stage.state.live
    assert stage.state.conditions() == {}
    stage.put(stage.now_ms)
    stage.settle()
    assert stage.evidence() == stage.wanted()


def test_an_import_that_was_interrupted_is_marked_again(stage: FollowStage) -> None:
    fill(stage, 3 * 24 * 60)
    stage.follower.turn()
    stage.store.down = Trouble.DOWN
    with pytest.raises(InfluxTrouble):
        stage.settle()
    stage.follower.import_again()
    stage.store.down = None
    stage.settle()
    assert stage.marks() == ["follow_imports", "follow_imports", "follow_caught_up"]
    assert stage.evidence() == stage.wanted()


def test_points_are_asked_for_in_pieces(stage: FollowStage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_module, "MOST_POINTS", 50)
    fill(stage, 2_000)
    for number in range(300):
        stage.put(stage.now_ms - 90_000 - number * 37)
    stage.settle()
    assert stage.store.largest <= 50
    assert stage.evidence() == stage.wanted()


def test_the_import_begins_at_the_day_that_is_set(tmp_path: Path) -> None:
    stage = FollowStage(tmp_path, since="2026-11-20")
    fill(stage, 10 * 24 * 60)
    stage.settle()
    stage.close()
    begin_ms = stage.section.since_ms
    found = {said[3] for said in stage.evidence()}
    assert min(found) >= begin_ms
    assert len(found) == sum(1 for said in stage.wanted() if said[3] >= begin_ms)


def test_a_rule_that_comes_later_has_its_past_read(stage: FollowStage) -> None:
    fill(stage, 3 * 24 * 60)
    for hour in range(70):
        stage.put(stage.now_ms - hour * HOUR, 50.0 + hour, field="humidity")
    stage.settle()
    assert {said[1] for said in stage.evidence()} == {"temperature"}
    more = replace(ENTRY, field="humidity")
    stage.section = replace(stage.section, series=(ENTRY, more))
    stage.follower.close()
    stage.start()
    stage.settle()
    assert stage.evidence() == stage.wanted()
    assert sum(said[1] == "humidity" for said in stage.evidence()) == 70


def test_a_rescan_finds_what_is_older_than_the_window_once(stage: FollowStage) -> None:
    fill(stage, 60)
    stage.settle()
    old_ms = stage.now_ms - 40 * 24 * HOUR
    for minute in range(200):
        stage.put(old_ms + minute * MINUTE, 7.0)
    stage.settle()
    assert len(stage.evidence()) == 60
    for found in (200, 0):
        asked = stage.follower.rescan(old_ms - HOUR, stage.now_ms)
        stage.settle()
        assert (asked.done, asked.found) == (True, found)
    assert stage.evidence() == stage.wanted()


def test_a_rescan_backwards_is_refused(stage: FollowStage) -> None:
    with pytest.raises(InvalidInput):
        stage.follower.rescan(10, 10)


def test_a_value_that_was_overwritten_is_a_second_reading_where_its_hour_is_read_again(
    stage: FollowStage,
) -> None:
    fill(stage, 120)
    stage.settle()
    stage.put(stage.now_ms - stage.section.recheck - 90 * MINUTE, 9.75)
    stage.put(stage.now_ms - stage.section.recheck - 90 * MINUTE + 1, 9.5)
    stage.settle()
    values = {said[2] for said in stage.evidence()}
    assert {9.75, 9.5} <= values
    assert len(stage.evidence()) == 122


def test_points_that_are_gone_are_counted_and_stay_in_evidence(stage: FollowStage) -> None:
    fill(stage, 120)
    stage.settle()
    [points] = stage.store.series.values()
    for time_ns in sorted(points)[10:30]:
        del points[time_ns]
    for _ in range(3):
        stage.settle()
    assert (stage.state.gone, len(stage.evidence())) == (20, 120)
    assert "emptied" not in stage.state.conditions()
    points.clear()
    stage.settle()
    assert (stage.state.gone, len(stage.evidence())) == (120, 120)
    assert "emptied" in stage.state.conditions()


def test_points_of_the_future_are_kept_at_once_and_never_again(stage: FollowStage) -> None:
    fill(stage, 10)
    ahead_ms = stage.now_ms + 3 * HOUR + 7
    stage.put(ahead_ms, 30.0)
    stage.settle()
    assert stage.evidence() == stage.wanted()
    assert "future" in stage.state.conditions()
    for _ in range(24):
        stage.pass_time(10 * MINUTE)
        stage.put(stage.now_ms, 4.0)
        stage.settle()
        if stage.now_ms % 3:
            stage.follower.close()
            stage.start()
    assert "future" not in stage.state.conditions()
    assert stage.evidence() == stage.wanted()


def test_very_many_points_of_the_future_are_named_only(stage: FollowStage) -> None:
    for number in range(10_001):
        stage.put(stage.now_ms + 24 * HOUR + number)
    stage.settle()
    assert not stage.evidence()
    assert "10001 points lie in the future" in stage.state.conditions()["future"]


def test_series_without_the_tags_are_named_and_the_others_taken(stage: FollowStage) -> None:
    fill(stage, 5)
    stage.store.put("modbus", "temperature", {"sensor": "x"}, stage.now_ms * NANO, 4.0)
    stage.settle()
    assert len(stage.evidence()) == 5
    assert "sensor=x (no_sensor)" in stage.state.conditions()["unnamed"]


def test_two_series_of_one_sensor_are_both_taken_and_named(stage: FollowStage) -> None:
    for minute in range(200):
        for slave in ("1", "2"):
            tags = {"host": "a", "sensor": "s1", "slave": slave}
            time_ns = (stage.now_ms - minute * MINUTE + int(slave)) * NANO
            stage.store.put("modbus", "temperature", tags, time_ns, 4.0)
    stage.settle()
    assert len(stage.evidence()) == 400
    assert "a-s1" in stage.state.conditions()["shared"]


def test_texts_are_counted_and_told(stage: FollowStage) -> None:
    fill(stage, 5)
    stage.put(stage.now_ms - MINUTE, "E2", "s2")
    stage.settle()
    assert list(stage.state.others.values()) == [1]
    assert "types" in stage.state.conditions()
    assert len(stage.evidence()) == 5


def test_points_within_one_millisecond_are_all_taken_and_equal_ones_are_one(stage: FollowStage) -> None:
    for number, value in enumerate((4.0, 4.5, 4.5)):
        tags = {"host": "a", "sensor": "s1"}
        stage.store.put("modbus", "temperature", tags, stage.now_ms * NANO + number, value)
    for _ in range(3):
        stage.settle()
    assert sorted(said[2] for said in stage.evidence()) == [4.0, 4.5]


@pytest.mark.parametrize(
    ("facts", "trouble"),
    [
        (StoreFacts(version="2", there=False), Trouble.BUCKET),
        (StoreFacts(version="2", there=True, mirrored=True), Trouble.FOREIGN),
    ],
)
def test_a_store_that_is_not_there_or_a_mirrors_is_not_read(
    stage: FollowStage, facts: StoreFacts, trouble: Trouble
) -> None:
    fill(stage, 5)
    stage.store.facts = facts
    with pytest.raises(InfluxTrouble) as refused:
        stage.settle()
    assert refused.value.trouble is trouble
    assert not stage.evidence()
    stage.store.facts = StoreFacts(version="2", there=True)
    stage.settle()
    assert len(stage.evidence()) == 5


def test_what_cannot_be_kept_is_read_again(stage: FollowStage) -> None:
    fill(stage, 500)
    stage.door.ledger.mood = DiskFull("no room")
    with pytest.raises(Unavailable):
        stage.settle()
    stage.follower.begin_again()
    stage.door.ledger.mood = None
    stage.settle()
    assert stage.evidence() == stage.wanted()


def test_what_is_remembered_stays_small(stage: FollowStage) -> None:
    """Keys of hours that are not read again are let go of."""
    fill(stage, 10 * 24 * 60)
    stage.settle()
    for _ in range(3):
        stage.pass_time(2 * HOUR)
        stage.settle()
    hours = [int(path.stem) for path in stage.folder.glob("*.keys")]
    assert min(hours) >= stage.now_ms - stage.section.reread - 2 * HOUR
    assert sum(path.stat().st_size for path in stage.folder.glob("*.keys")) <= 8 * 60 * 27


def test_a_series_entry_of_switches(tmp_path: Path) -> None:
    entry = SeriesEntry(measurement="modbus", field="open", quantity="door_open", sensor="{host}")
    stage = FollowStage(tmp_path, entry)
    for minute in range(10):
        tags = {"host": "a"}
        stage.store.put("modbus", "open", tags, (stage.now_ms - minute * MINUTE) * NANO, minute % 2 == 0)
    stage.settle()
    stage.close()
    assert {said[:2] for said in stage.evidence()} == {("a", "door_open")}
    assert sum(stage.evidence().values()) == 10
