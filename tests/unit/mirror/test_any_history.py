"""Whatever comes, in whatever order, with whatever faults: the bucket holds what should stand there."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coldchain.words import Text
from coldchain_backend.fleet import Plan, Point, Zone, fleet_record
from coldchain_backend.ledger import Json, Kind, NewRecord, act_record
from support.judged_log import HOUR, MINUTE, T0, plan
from support.memory_bucket import MemoryBucket
from support.mirrored_log import MirroredLog
from support.soak import rounds

SENSORS = ("a", "b", "c")
FIELDS: tuple[dict[str, Any], ...] = ({}, {"humidity": 50.0}, {"door_open": True})


def placed(where: tuple[int, int, int], interval_ms: int = MINUTE, name: str = "") -> Plan:
    """Two zones; each sensor stands at one of three points, two of them in the first zone, or nowhere.

    `name` is that of the first point.
    """
    base = plan(dict.fromkeys(SENSORS, interval_ms))
    asset = base.assets[0]
    zone = asset.zones[0]
    seats: dict[int, str] = {}
    for sensor, seat in zip(SENSORS, where, strict=True):
        seats.setdefault(seat, sensor)

    def point(number: int) -> Point:
        one = replace(zone.points[0], id=f"p{number}", sensor=seats.get(number))
        return replace(one, name=Text(en=name, zh="门口")) if number == 1 and name else one

    first = replace(zone, id="z1", points=(point(1), point(2)))
    second: Zone = replace(zone, id="z2", points=(point(3),))
    return replace(base, assets=(replace(asset, zones=(first, second)),))


def speak(log: MirroredLog, chance: random.Random) -> None:
    """One sensor says something, mostly now, sometimes late, again, or in contradiction."""
    log.at(log.clock.wall_ms + MINUTE)
    sensor, back = chance.choice(SENSORS), chance.choice((0, 0, 0, 0, 1, 2, 45, 200))
    time_ms = max(T0, log.clock.wall_ms - back * MINUTE)
    lines = [
        b"reading,sensor=%b %b %d" % (sensor.encode(), f"{name}={str(said).lower()}".encode(), time_ms)
        for name, said in chance.choice(FIELDS).items()
    ]
    log.say((sensor, time_ms, chance.choice((4.0, 5.0, 9.0, 12.0))), lines=lines)


def rest(log: MirroredLog, chance: random.Random) -> None:
    """Time passes."""
    minutes = chance.choice((1, 20, 90, 400))
    log.alive_until(log.clock.wall_ms + minutes * MINUTE, every_ms=10 * MINUTE)


def move(log: MirroredLog, chance: random.Random) -> None:
    """A fleet version, now or from an earlier instant on, puts sensors elsewhere."""
    from_ms = log.clock.wall_ms - chance.choice((0, 30, 300)) * MINUTE
    seats = chance.randrange(4), chance.randrange(4), chance.randrange(4)
    what = placed(seats, name=chance.choice(("", "", "Front", "Door side")))
    payload = fleet_record(plan=what, text="", by="admin", reason=None, base=0, from_ms=from_ms)
    log.put(NewRecord(kind=Kind.FLEET, payload=payload))


def zone(log: MirroredLog, chance: random.Random) -> None:
    """A person says in which state a zone is, or was."""
    state = chance.choice(("in_use", "empty", "maintenance"))
    from_ms = log.clock.wall_ms - chance.choice((0, 60)) * MINUTE
    said: dict[str, Json] = {"zone": "z1", "state": state, "from": from_ms, "reason": "r"}
    log.put(act_record("zone_state", "Li", said))


def falter(log: MirroredLog, chance: random.Random) -> None:
    """The mirror goes on, fails somewhere, or is a new process."""
    assert isinstance(log.bucket, MemoryBucket)
    if chance.random() < 0.5:
        log.restart()
    log.bucket.fail_after = log.bucket.requests + chance.randrange(12)
    log.reflect(tries=5)
    log.bucket.fail_after = None


def fold(log: MirroredLog, chance: random.Random) -> None:
    """Judging sums up."""
    del chance
    while log.judging.fold():
        pass


def reflect(log: MirroredLog, chance: random.Random) -> None:
    """The mirror catches up."""
    del chance
    log.reflect()


STEPS = (*[speak] * 8, rest, move, zone, falter, fold, reflect)


def history(log: MirroredLog, seed: int, most: int = 1000) -> list[str]:
    """Up to 60 steps by chance; their names."""
    chance = random.Random(seed)
    log.fleet(placed((chance.randrange(4), chance.randrange(4), chance.randrange(4))))
    done = []
    for _ in range(min(chance.randrange(5, 60), most)):
        step = chance.choice(STEPS)
        step(log, chance)
        done.append(step.__name__)
    return done


FOUND = (36,)
"""Seeds that found a fault. 36: a reading falls before the end to which a gap of its sensor is marked."""


def seeds(block: int) -> list[int]:
    """The seeds of a block; those that found something belong to the first."""
    return [*range(block * 3, block * 3 + 3), *(FOUND if block == 0 else ())]


@pytest.mark.soak
@pytest.mark.parametrize("block", range(rounds(4, 300)))
def test_the_bucket_holds_what_should_stand_there(tmp_path: Path, block: int) -> None:
    for seed in seeds(block):
        folder = tmp_path / str(seed)
        folder.mkdir()
        happens(MirroredLog(folder, MemoryBucket()), folder, seed)


def happens(log: MirroredLog, folder: Path, seed: int) -> None:
    """A history happens; then its bucket holds what should stand there, and so does one filled anew."""
    bucket = log.bucket
    assert isinstance(bucket, MemoryBucket)
    try:
        done = history(log, seed)
        log.alive_until(log.clock.wall_ms + HOUR, every_ms=10 * MINUTE)
        fold(log, random.Random())
        log.reflect()
        found = log.compared()
        told = "\n".join(one.told() for one in found.findings[:10])
        assert found.equal, f"seed {seed} after {done}:\n{told}"
        assert plain(filled_anew(log, folder)) == plain(bucket), f"seed {seed} after {done}"
    finally:
        log.close()


def filled_anew(log: MirroredLog, folder: Path) -> MemoryBucket:
    """Another bucket, filled from the beginning."""
    other = MemoryBucket(name="other")
    log.mirror.close()
    log.bucket, log.file = other, folder / "other.json"
    log.mirror = log.fresh_mirror()
    log.reflect()
    return other


PASSING = {"gateway", "to_ms", "out_s", "peak", "peak_ms", "data_gap", "deliveries", "undelivered"}


def plain(bucket: MemoryBucket) -> dict[object, object]:
    """Everything but what says of itself that it is as of its writing."""
    return {
        key: {name: value for name, value in fields.items() if name not in PASSING}
        if fields.get("whole") is not False
        else "so far"
        for key, fields in bucket.content("mirror").items()
    }
