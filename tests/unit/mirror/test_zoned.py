"""Cells of whole zones: sums and worst values of the cells of their points."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.lineprotocol import Line, parse
from coldchain_backend.fleet import Plan, fleet_record
from coldchain_backend.influx import Fields, Precision
from coldchain_backend.ledger import Kind, NewRecord
from coldchain_backend.mirror.shape import COMPLIANCE, ZONE_COMPLIANCE
from coldchain_backend.mirror.zoned import Told, of_zone
from support.judged_log import HOUR, MINUTE, T0, plan
from support.memory_bucket import MemoryBucket
from support.mirrored_log import MirroredLog

SECONDS = st.integers(0, 3600).map(float)


@st.composite
def accounts(draw: st.DrawFn) -> Told:
    """A cell of a point as judging may sum it up: something is required of it."""
    covered, unknown = draw(SECONDS), draw(SECONDS)
    required = covered + unknown + 1
    inside = draw(st.floats(0, covered))
    tags = {
        "organisation": "demo", "asset": draw(st.sampled_from("ab")), "zone": "z",
        "point": draw(st.sampled_from(("p1", "p2", "p3"))), "quantity": "temperature",
        "profile": draw(st.sampled_from(("one@1", "two@1"))), "cell": "hour",
    }  # fmt: skip
    said: dict[str, float | None] = {
        "required_s": required, "covered_s": covered, "unknown_s": unknown + 1, "in_s": inside,
        "required_coverage": draw(st.sampled_from((0.0, 0.9, 0.95))), "whole": draw(st.booleans()),
        "coverage": covered / required, "conform": draw(st.sampled_from((-1.0, 0.5, 1.0, None))),
        "lowest": draw(st.none() | st.floats(-40, 40)), "highest": draw(st.none() | st.floats(-40, 40)),
        "mkt": draw(st.none() | st.floats(-40, 40)), "low_degree_minutes": draw(st.none() | SECONDS),
        "high_degree_minutes": draw(st.none() | SECONDS),
    }  # fmt: skip
    return Told(COMPLIANCE, tags, said, T0 + HOUR * draw(st.integers(0, 1)))


def said(cells: list[Told], name: str) -> list[float]:
    return [value for one in cells if (value := one.fields[name]) is not None]  # type: ignore[misc] # numbers


@given(st.lists(accounts(), max_size=12))
def test_a_zone_is_the_sum_and_the_worst_of_its_points(cells: list[Told]) -> None:
    zones = of_zone(cells)
    assert len(zones) == len({(one.tags["asset"], one.at_ms) for one in cells})
    for zone in zones:
        mine = [one for one in cells if (one.tags["asset"], one.at_ms) == (zone.tags["asset"], zone.at_ms)]
        for name in ("required_s", "covered_s", "unknown_s", "in_s"):
            assert zone.fields[name] == pytest.approx(sum(said(mine, name)))
        assert zone.fields["coverage"] == pytest.approx(
            sum(said(mine, "covered_s")) / sum(said(mine, "required_s"))
        )
        assert zone.whole is all(one.whole for one in mine)
        assert zone.fields["points"] == len({one.tags["point"] for one in mine})
        for name, worst in (("conform", min), ("lowest", min), ("highest", max), ("mkt", max)):
            known = said(mine, name)
            assert zone.fields.get(name) == (worst(known) if known else None)


@given(st.lists(accounts(), min_size=1, max_size=8))
def test_a_cell_of_a_zone_is_written_in_the_types_that_its_shape_promises(cells: list[Told]) -> None:
    for zone in of_zone(cells):
        [line] = parse(zone.line.encode())
        assert isinstance(line, Line)
        assert set(line.tags) == set(ZONE_COMPLIANCE.tags)
        assert line.fields.keys() <= ZONE_COMPLIANCE.fields.keys()
        assert type(line.fields["whole"]) is bool
        assert type(line.fields["points"]) is int
        assert type(line.fields["in_s"]) is float


def two_zones(first: str, second: str, third: str) -> Plan:
    """Three sensors, each in one of the zones `z1` and `z2`."""
    base = plan({"a": MINUTE, "b": MINUTE, "c": MINUTE})
    asset = base.assets[0]
    zone, seats = asset.zones[0], {"a": first, "b": second, "c": third}
    points = [replace(zone.points[0], id=f"p-{sensor}", sensor=sensor) for sensor in seats]
    zones = tuple(
        replace(zone, id=name, points=tuple(one for one in points if seats[str(one.sensor)] == name))
        for name in ("z1", "z2")
    )
    return replace(base, assets=(replace(asset, zones=zones),))


@pytest.fixture
def log(log: MirroredLog) -> MirroredLog:
    log.fleet(two_zones("z1", "z1", "z2"))
    return log


def speak(log: MirroredLog, minutes: range, **celsius: float) -> None:
    """A reading a minute of each sensor that is named."""
    for minute in minutes:
        log.at(T0 + minute * MINUTE)
        log.say(*((sensor, T0 + minute * MINUTE, value) for sensor, value in celsius.items()))


def hours(bucket: MemoryBucket, zone: str) -> dict[int, Fields]:
    """The hours of a zone that stand there, by their number."""
    return {
        (at_ns // 1_000_000 - T0) // HOUR: fields
        for (name, tags, at_ns), fields in sorted(bucket.content().items(), key=lambda one: one[0][2])
        if name == "zone_compliance" and dict(tags)["zone"] == zone and dict(tags)["cell"] == "hour"
    }


def settle(log: MirroredLog) -> None:
    while log.judging.fold():
        pass
    log.reflect()


def test_hours_of_a_zone_stand_beside_those_of_its_points(log: MirroredLog, bucket: MemoryBucket) -> None:
    speak(log, range(1, 70), a=4.0, b=9.5, c=5.0)
    log.reflect()
    assert [hour["whole"] for hour in hours(bucket, "z1").values()] == [False, False]
    settle(log)
    first = hours(bucket, "z1")[0]
    assert (first["whole"], first["points"]) == (True, 2)
    assert first["required_s"] == 2 * 3600
    assert first["in_s"] == pytest.approx(59 * 60)
    assert (first["lowest"], first["highest"], first["conform"]) == (4.0, 9.5, 0.0)
    assert hours(bucket, "z2")[0]["conform"] == pytest.approx(59 / 60)
    assert log.compared().equal


def test_a_zone_is_whole_once_the_last_of_its_points_is(log: MirroredLog, bucket: MemoryBucket) -> None:
    speak(log, range(1, 70), a=4.0)
    speak(log, range(70, 80), a=4.0, b=4.0)
    settle(log)
    assert hours(bucket, "z1")[0]["coverage"] == pytest.approx(59 / 120)
    log.say(*(("b", T0 + minute * MINUTE, 4.0) for minute in range(1, 70)))
    log.alive_until(T0 + 82 * MINUTE, every_ms=10_000)
    log.reflect()
    assert hours(bucket, "z1")[0]["coverage"] == pytest.approx(59 / 60)
    assert hours(bucket, "z1")[0]["whole"] is False
    settle(log)
    assert hours(bucket, "z1")[0]["whole"] is True
    assert log.compared().equal


def test_a_backdated_move_corrects_both_zones(log: MirroredLog, bucket: MemoryBucket) -> None:
    speak(log, range(1, 130), a=4.0, b=9.5, c=5.0)
    settle(log)
    moved = two_zones("z1", "z2", "z2")
    payload = fleet_record(plan=moved, text="", by="q", reason=None, base=0, from_ms=T0 + HOUR)
    log.put(NewRecord(kind=Kind.FLEET, payload=payload))
    log.alive_until(T0 + 140 * MINUTE, every_ms=10_000)
    settle(log)
    assert [one["points"] for one in hours(bucket, "z1").values()][:2] == [2, 1]
    assert [one["points"] for one in hours(bucket, "z2").values()][:2] == [1, 2]
    assert hours(bucket, "z2")[1]["conform"] == 0.0
    assert log.compared().equal


def test_a_cell_of_a_zone_that_is_wrong_is_found(log: MirroredLog, bucket: MemoryBucket) -> None:
    speak(log, range(1, 70), a=4.0, b=9.5, c=5.0)
    settle(log)
    bucket.delete("zone_compliance", {"zone": "z1"}, (0, 1 << 62))
    stray = "zone_compliance,organisation=demo,asset=store,zone=z2,quantity=temperature,cell=hour in_s=1.0"
    bucket.write(f"{stray} {T0 - HOUR}".encode(), Precision.MS)
    counts = log.compared().counts
    assert (counts["missing"] >= 2, counts["orphaned"]) == (True, 1)
