"""Following real servers: imports past kills on both sides, late points, and every fault it heals from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from coldchain_backend.influx import InfluxTrouble, Precision, Trouble
from coldchain_backend.ingest.follow import InfluxSource
from support.follow_stage import HOUR, MINUTE, NANO, FollowStage, Killed
from support.influx_servers import Bucket, tell
from support.written_points import line, write

SENSORS = [(host, sensor) for host in ("truck7", "truck8") for sensor in ("front", "rear")]


class Followed:
    """A bucket that Telegraf fills, and a follower of it."""

    def __init__(self, folder: Path, place: Bucket) -> None:
        self.place = place
        self.telegraf = place.influx()
        self.reader = place.influx(timeout_s=1.5)
        self.stage = FollowStage(folder, source=InfluxSource(self.reader))

    def close(self) -> None:
        self.stage.close()
        self.telegraf.close()
        self.reader.close()

    def fill(self, from_ms: int, to_ms: int, every_ms: int = MINUTE) -> int:
        """Every sensor says something every so often; how many points."""
        return write(
            self.telegraf,
            (
                self.point(host, sensor, at_ms, 4.0 + (at_ms // MINUTE) % 17 / 4)
                for at_ms in range(from_ms, to_ms, every_ms)
                for host, sensor in SENSORS
            ),
        )

    def point(self, host: str, sensor: str, at_ms: int, value: float | int | str) -> bytes:
        tags = {"host": host, "sensor": sensor, "slave_id": "1"}
        return line("modbus", tags, "temperature", at_ms * NANO, value)

    def standing(self) -> int:
        """How many points there are, asked by a connection of its own."""
        found = self.telegraf.ask('SELECT count("temperature") FROM "modbus"')
        return sum(int(row[1] or 0) for table in found for row in table.rows)

    def equal(self, what: str) -> int:
        """Each point stands in evidence exactly once."""
        found, there = self.stage.evidence(), self.standing()
        assert set(found.values()) <= {1}, Counter(found.values())
        assert len(found) == there
        tell(f"{what}: {there} points, {len(found)} readings, 0 lost, 0 doubled")
        return there


@pytest.fixture
def followed(tmp_path: Path, place: Bucket) -> Iterator[Followed]:
    made = Followed(tmp_path, place)
    yield made
    made.close()


def test_an_import_past_kills_of_the_store_and_of_us(followed: Followed) -> None:
    stage, now_ms = followed.stage, followed.stage.now_ms
    followed.fill(now_ms - 10 * 24 * HOUR, now_ms, every_ms=2 * MINUTE)
    kills = turns = 0
    troubles = Counter[Trouble]()
    busy = True
    while busy:
        turns += 1
        if turns % 4 == 1:
            stage.kill_in = 0
        if turns % 9 == 5:
            followed.place.server.kill()
        try:
            busy = stage.follower.turn()
        except Killed:
            kills += 1
            stage.start()
        except InfluxTrouble as trouble:
            troubles[trouble.trouble] += 1
            followed.place.server.start()
    stage.kill_in = None
    stage.settle()
    tell(f"{turns} turns, {kills} kills of the follower, {troubles.total()} of InfluxDB")
    assert kills >= 3
    assert troubles.keys() == {Trouble.DOWN}
    assert followed.equal("import") == 10 * 24 * 30 * len(SENSORS)


def test_late_points_are_found_and_named_and_older_ones_by_a_rescan(followed: Followed) -> None:
    stage, now_ms = followed.stage, followed.stage.now_ms
    followed.fill(now_ms - 6 * HOUR, now_ms)
    stage.settle()
    late = [followed.point("truck7", "rear", now_ms - hour * HOUR - 7, 5.5) for hour in range(1, 5)]
    write(followed.telegraf, late)
    stage.settle()
    assert stage.state.late == 4
    assert sum(one.found for one in stage.state.differences) == 4
    assert {one.series for one in stage.state.differences} == {"reading,sensor=truck7-rear temperature"}
    followed.fill(now_ms - 50 * 24 * HOUR, now_ms - 50 * 24 * HOUR + 3 * HOUR)
    stage.settle()
    assert len(stage.evidence()) == followed.standing() - 3 * 60 * len(SENSORS)
    asked = stage.follower.rescan(now_ms - 60 * 24 * HOUR, now_ms)
    stage.settle()
    assert (asked.done, asked.found) == (True, 3 * 60 * len(SENSORS))
    followed.equal("late and rescanned")


def test_a_token_that_is_revoked_stops_it_until_it_is_accepted_again(followed: Followed) -> None:
    stage = followed.stage
    followed.fill(stage.now_ms - HOUR, stage.now_ms)
    stage.settle()
    followed.place.revoke()
    stage.pass_time(2 * MINUTE)
    with pytest.raises(InfluxTrouble) as refused:
        stage.settle()
    assert refused.value.trouble is Trouble.TOKEN
    followed.place.allow()
    stage.settle()
    followed.equal("token revoked and accepted again")


def test_a_store_that_does_not_answer_is_slow_and_is_taken_up_again(followed: Followed) -> None:
    stage = followed.stage
    followed.fill(stage.now_ms - HOUR, stage.now_ms)
    followed.place.server.freeze()
    try:
        with pytest.raises(InfluxTrouble) as slow:
            stage.settle()
    finally:
        followed.place.server.thaw()
    assert slow.value.trouble in (Trouble.SLOW, Trouble.DOWN)
    stage.settle()
    followed.equal("frozen and thawed")


def test_an_emptied_store_takes_nothing_back_and_is_told(followed: Followed) -> None:
    stage = followed.stage
    number = followed.fill(stage.now_ms - 3 * HOUR, stage.now_ms)
    stage.settle()
    assert "emptied" not in stage.state.conditions()
    followed.telegraf.delete("modbus", {}, (0, 1 << 62))
    stage.settle()
    assert (stage.state.gone, len(stage.evidence())) == (number, number)
    assert "emptied" in stage.state.conditions()
    followed.fill(stage.now_ms - MINUTE, stage.now_ms)
    stage.settle()
    assert len(stage.evidence()) == number + len(SENSORS)
    assert "emptied" not in stage.state.conditions()
    tell(f"emptied: {number} readings stay, {number} named as gone")


def test_texts_where_numbers_were_are_named_and_make_no_readings(followed: Followed) -> None:
    stage, now_ms = followed.stage, followed.stage.now_ms
    week = 8 * 24 * HOUR
    stage.section = replace(stage.section, reread=3 * week)
    stage.start()
    followed.fill(now_ms - HOUR, now_ms)
    texts = [followed.point("truck7", "rear", now_ms - week + number, "E2") for number in range(3)]
    write(followed.telegraf, texts)
    write(followed.telegraf, [followed.point("truck8", "rear", now_ms - 2 * week, 7)])
    stage.settle()
    found = stage.evidence()
    assert ("truck8-rear", "temperature", 7.0, now_ms - 2 * week) in found
    assert len(found) == 60 * len(SENSORS) + 1
    assert list(stage.state.others.values()) == [3]
    assert "types" in stage.state.conditions()
    tell("3 texts made no readings, an integer did")


def test_points_of_the_future_are_kept_once_and_named(followed: Followed) -> None:
    stage, now_ms = followed.stage, followed.stage.now_ms
    followed.fill(now_ms - HOUR, now_ms)
    write(followed.telegraf, [followed.point("truck7", "rear", now_ms + 2 * HOUR, 5.0)])
    stage.settle()
    assert "future" in stage.state.conditions()
    followed.equal("future")
    for _ in range(4):
        stage.pass_time(HOUR)
        stage.settle()
    assert "future" not in stage.state.conditions()
    followed.equal("when its time has come")


def test_a_bucket_that_a_mirror_writes_is_refused(followed: Followed) -> None:
    stage = followed.stage
    followed.fill(stage.now_ms - HOUR, stage.now_ms)
    mark = f'mirror,organisation=x fill="1",ledger=5i,stamp_ms=7i {stage.now_ms}'
    followed.telegraf.write(mark.encode(), Precision.MS)
    with pytest.raises(InfluxTrouble) as refused:
        stage.settle()
    assert refused.value.trouble is Trouble.FOREIGN
    assert not stage.evidence()


def test_a_bucket_that_is_dropped_and_made_again_goes_on(tmp_path: Path, place: Bucket) -> None:
    with closing(Followed(tmp_path, place.lasting)) as followed:
        stage = followed.stage
        followed.fill(stage.now_ms - HOUR, stage.now_ms)
        stage.settle()
        place.drop()
        with pytest.raises(InfluxTrouble):
            stage.settle()
        place.make_again()
        number = followed.fill(stage.now_ms - MINUTE, stage.now_ms)
        stage.settle()
        assert len(stage.evidence()) == 60 * len(SENSORS) + number
