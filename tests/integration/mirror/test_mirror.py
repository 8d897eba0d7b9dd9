"""The mirror on real servers: contract, catch-up, moved sensors, rebuild, and every fault it heals from."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from coldchain_backend.fleet import fleet_record
from coldchain_backend.influx import Influx, InfluxTrouble, Left, Precision, Trouble
from coldchain_backend.ledger import Kind, NewRecord
from support.bucket_contract import BucketContract
from support.influx_servers import MASTER, Bucket, tell
from support.judged_log import HOUR, MINUTE, T0, plan
from support.mirrored_log import MirroredLog

SENSORS = tuple(f"s{number}" for number in range(12))


class TestRealBucket(BucketContract):
    @pytest.fixture
    def bucket(self, place: Bucket) -> Iterator[Influx]:
        influx = place.influx()
        yield influx
        influx.close()


@pytest.fixture
def log(tmp_path: Path, place: Bucket) -> Iterator[MirroredLog]:
    made = MirroredLog(tmp_path, place.influx())
    made.fleet(plan(dict.fromkeys(SENSORS, MINUTE)))
    yield made
    made.close()


def talk(log: MirroredLog, minutes: int, value: float = 4.0) -> None:
    """Every sensor says something every minute; one breaks its limit now and then."""
    for minute in range(minutes):
        log.at(log.clock.wall_ms + MINUTE)
        warm = 12.0 if minute % 60 > 40 else value
        log.say(*((one, log.clock.wall_ms, warm if one == "s0" else value) for one in SENSORS))


def equal(log: MirroredLog, name: str) -> int:
    """Compare; prints what was counted."""
    found = log.compared()
    assert found.equal, "\n".join(one.told() for one in found.findings[:10])
    tell(f"{name}: {found.points} points, 0 missing, 0 different, 0 orphaned")
    return found.points


def readings(log: MirroredLog) -> int:
    found = log.bucket.points("reading", {}, (0, 1 << 62))
    return sum(len(points) for _, points in found)


def test_it_catches_up_exactly_after_an_outage(log: MirroredLog, place: Bucket) -> None:
    talk(log, 30)
    log.reflect()
    assert readings(log) == 30 * len(SENSORS)
    place.server.kill()
    talk(log, 120)
    with pytest.raises(InfluxTrouble) as failed:
        log.reflect(tries=1)
    assert failed.value.trouble is Trouble.DOWN
    log.mirror.begin_again()
    place.server.start()
    talk(log, 5)
    log.reflect()
    assert readings(log) == 155 * len(SENSORS)
    equal(log, "after an outage")


def test_a_backdated_assignment_leaves_no_orphans(log: MirroredLog) -> None:
    talk(log, 90)
    log.reflect()
    what = plan(dict.fromkeys(SENSORS, MINUTE))
    asset = what.assets[0]
    zone = asset.zones[0]
    first, second, *rest = zone.points
    swapped = (replace(first, sensor="s1"), replace(second, sensor="s0"), *rest)
    moved = replace(what, assets=(replace(asset, zones=(replace(zone, points=swapped),)),))
    back = T0 + 30 * MINUTE
    payload = fleet_record(plan=moved, text="", by="admin", reason="swapped", base=0, from_ms=back)
    log.put(NewRecord(kind=Kind.FLEET, payload=payload))
    talk(log, 10)
    log.reflect()
    assert readings(log) == 100 * len(SENSORS)
    of_s0 = {dict(tags)["point"]: len(points) for tags, points in
             log.bucket.points("reading", {"sensor": "s0"}, (0, 1 << 62))}  # fmt: skip
    assert of_s0 == {"p.s0": 29, "p.s1": 71}
    equal(log, "backdated assignment")


def test_a_rebuild_stands_as_before(log: MirroredLog) -> None:
    talk(log, 60)
    log.reflect()
    before = readings(log)
    log.bucket.write(f"reading,organisation=demo,sensor=ghost temperature=1.0 {T0}".encode(), Precision.MS)
    log.mirror.refill("for a test")
    log.reflect()
    assert readings(log) == before
    assert log.mirror.state.fills == 2
    equal(log, "rebuild")


def test_compare_finds_what_is_missing_different_and_orphaned(log: MirroredLog) -> None:
    talk(log, 20)
    log.reflect()
    ours = "organisation=demo,asset=store,zone=z,point=p.s3,point_name=s3,sensor=s3"
    log.bucket.delete("reading", {"sensor": "s2"}, ((T0 + MINUTE) * 1_000_000, (T0 + 3 * MINUTE) * 1_000_000))
    log.bucket.write(f"reading,{ours} temperature=99.0 {T0 + MINUTE}".encode(), Precision.MS)
    log.bucket.write(f"reading,{ours} temperature=1.0 {T0 + MINUTE + 1}".encode(), Precision.MS)
    found = log.compared()
    assert found.counts == {"missing": 2, "different": 1, "orphaned": 1}
    tell(f"compare: {found.points} points, {found.counts}")
    assert any("temperature: should be 4.0, is 99" in one.detail for one in found.findings)


def test_an_emptied_bucket_is_filled_again(log: MirroredLog, place: Bucket) -> None:
    talk(log, 30)
    log.reflect()
    place.empty()
    assert readings(log) == 0
    talk(log, 2)
    log.reflect()
    assert log.mirror.state.why == "the bucket was emptied"
    assert readings(log) == 32 * len(SENSORS)
    equal(log, "emptied")


def test_a_revoked_token_stops_nothing_and_heals(log: MirroredLog, place: Bucket) -> None:
    talk(log, 5)
    log.reflect()
    place.revoke()
    talk(log, 5)
    with pytest.raises(InfluxTrouble) as failed:
        log.reflect(tries=1)
    assert failed.value.trouble is Trouble.TOKEN
    log.mirror.begin_again()
    assert log.judging.offset == log.ledger.end
    place.allow()
    log.reflect()
    equal(log, "token revoked")


def test_a_deleted_bucket_is_named_and_not_made_unless_asked(
    log: MirroredLog, place: Bucket, tmp_path: Path
) -> None:
    talk(log, 5)
    log.reflect()
    place.drop()
    talk(log, 5)
    with pytest.raises(InfluxTrouble) as failed:
        log.reflect(tries=1)
    assert failed.value.trouble in {Trouble.BUCKET, Trouble.TOKEN}  # a token dies with its only bucket
    log.mirror.begin_again()


def test_a_bucket_that_is_made_again_is_filled_again(tmp_path: Path, place: Bucket) -> None:
    log = MirroredLog(tmp_path, place.lasting.influx())
    try:
        log.fleet(plan(dict.fromkeys(SENSORS, MINUTE)))
        talk(log, 5)
        log.reflect()
        place.drop()
        talk(log, 5)
        with pytest.raises(InfluxTrouble) as failed:
            log.reflect(tries=1)
        assert failed.value.trouble is (Trouble.TOKEN if place.server.version == "1" else Trouble.BUCKET)
        log.mirror.begin_again()
        place.make_again()
        log.reflect()
        assert readings(log) == 10 * len(SENSORS)
        equal(log, "bucket made again")
    finally:
        log.close()


def test_foreign_types_leave_out_points_that_are_counted_and_named(log: MirroredLog) -> None:
    log.bucket.write(f'reading,foreign=1 humidity="wet" {T0}'.encode(), Precision.MS)
    talk(log, 10)
    at_ms = log.clock.wall_ms - 5
    wet, bright = b"reading,sensor=s5 humidity=50.0 %d", b"reading,sensor=s6 illuminance=5.0 %d"
    log.say(lines=[wet % at_ms, bright % at_ms])
    talk(log, 2)
    log.reflect()
    tally = log.mirror.state.tally
    assert tally.left == {Left.TYPE: 1}
    assert "humidity" in tally.samples[Left.TYPE]
    assert "left_type" in log.mirror.state.conditions()
    found = log.compared()
    assert found.counts == {"missing": 1, "different": 0, "orphaned": 0}
    tell(f"type conflict: {tally.points} points written, {dict(tally.left)} left out and named")


def test_points_out_of_retention_are_counted(tmp_path: Path, place: Bucket) -> None:
    """1.6 also takes what falls into the hour that its retention cuts: up to two hours are kept."""
    short = place.server.bucket(retention_h=1)
    log = MirroredLog(tmp_path, short.influx())
    try:
        now_ms = int(time.time() * 1000) // MINUTE * MINUTE
        log.at(now_ms - 4 * HOUR)
        log.fleet(plan(dict.fromkeys(SENSORS, MINUTE)))
        talk(log, 240)
        log.reflect()
        tally = log.mirror.state.tally
        assert tally.left[Left.RETENTION] > 100 * len(SENSORS)
        kept = readings(log)
        assert 50 * len(SENSORS) <= kept <= tally.points
        assert kept + tally.left[Left.RETENTION] >= 240 * len(SENSORS)
        assert log.mirror.state.retention_ms == HOUR
        tell(f"retention: {tally.points} points kept, {tally.left[Left.RETENTION]} out of retention")
    finally:
        log.close()


def test_a_bucket_is_made_when_asked(tmp_path: Path, place: Bucket) -> None:
    if place.server.version == "1":
        place.server.statement(f"GRANT ALL PRIVILEGES TO {place.user}")
        named = replace(place, name=f"made-by-{place.name}")
    else:
        named = replace(place, name=f"made-by-{place.name}", token=MASTER)
    log = MirroredLog(tmp_path, named.influx(), retention_ms=30 * 24 * HOUR)
    try:
        log.fleet(plan(dict.fromkeys(SENSORS, MINUTE)))
        talk(log, 3)
        log.reflect()
        assert log.mirror.state.retention_ms == 30 * 24 * HOUR
        equal(log, "bucket made")
    finally:
        log.close()


def test_a_slow_server_is_waited_for_within_bounds(tmp_path: Path, place: Bucket) -> None:
    log = MirroredLog(tmp_path, place.influx(timeout_s=1.0))
    try:
        log.fleet(plan(dict.fromkeys(SENSORS, MINUTE)))
        talk(log, 5)
        log.reflect()
        place.server.freeze()
        talk(log, 5)
        began = time.monotonic()
        with pytest.raises(InfluxTrouble) as failed:
            log.reflect(tries=1)
        took = time.monotonic() - began
        assert failed.value.trouble is Trouble.SLOW
        log.mirror.begin_again()
        tell(f"slow: given up after {took:.1f} s")
    finally:
        place.server.thaw()
    log.reflect(tries=20)
    equal(log, "slow")
    log.close()


def test_killed_while_it_is_written_to_it_is_equal_afterwards(log: MirroredLog, place: Bucket) -> None:
    """kill -9 in the middle of a filling, several times."""
    talk(log, 120)
    done = threading.Event()

    def kill() -> None:
        for pause in (0.05, 0.2, 0.4):
            if done.wait(pause):
                return
            place.server.kill()
            place.server.start()

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        for _ in range(3):
            log.reflect(tries=500, pause_s=0.1)
            log.mirror.refill("again")
            talk(log, 10)
        log.reflect(tries=500, pause_s=0.1)
    finally:
        done.set()
        killer.join()
    log.reflect(tries=500, pause_s=0.1)
    assert readings(log) == 150 * len(SENSORS)
    equal(log, "kill -9 while it is written to")
