"""What a change of the fleet touches, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.words import Text
from coldchain_backend.fleet import Fleet, FleetVersion, Plan, StateEntry, StateSource, ZoneState, digest_of
from coldchain_backend.mirror.retag import EVER_MS, Piece, changed, merged, retag
from coldchain_backend.mirror.standing import label, limits, stands
from support.judged_log import HOUR, MINUTE, ORGANISATION, T0, plan, profile


def version(number: int, from_ms: int, what: Plan) -> FleetVersion:
    return FleetVersion(
        number=number, from_ms=from_ms, digest=digest_of(what), plan=what, text="", by="admin", reason=None
    )  # fmt: skip


def fleet(*versions: tuple[int, Plan]) -> Fleet:
    made = Fleet.empty(ORGANISATION)
    for number, (from_ms, what) in enumerate(versions, start=1):
        made = made.with_version(version(number, from_ms, what))
    return made


BASE = plan({"a": MINUTE, "b": MINUTE})


def swapped(what: Plan) -> Plan:
    asset = what.assets[0]
    zone = asset.zones[0]
    first, second = zone.points
    points = (replace(first, sensor=second.sensor), replace(second, sensor=first.sensor))
    return replace(what, assets=(replace(asset, zones=(replace(zone, points=points),)),))


def renamed(what: Plan) -> Plan:
    asset = what.assets[0]
    return replace(what, assets=(replace(asset, name=replace(asset.name, en="Another")),))


PIECES: list[Piece] = [(0, 10, "a"), (10, None, "b")]


@pytest.mark.parametrize(
    ("old", "new", "spans"),
    [
        (PIECES, PIECES, []),
        ([], PIECES, [(0, EVER_MS)]),
        (PIECES, [], [(0, EVER_MS)]),
        (PIECES, [(0, 10, "a"), (10, 20, "b")], [(20, EVER_MS)]),
        (PIECES, [(0, 5, "a"), (5, None, "b")], [(5, 10)]),
        (PIECES, [(0, None, "a")], [(10, EVER_MS)]),
        ([(0, 10, "a")], [(0, 4, "a"), (6, 10, "a")], [(4, 6)]),
        ([(0, 10, "a")], [(0, 2, "b"), (2, 4, "c"), (4, 10, "a")], [(0, 4)]),
    ],
)
def test_the_times_that_say_something_else(
    old: list[Piece], new: list[Piece], spans: list[tuple[int, int]]
) -> None:
    assert changed(old, new) == spans
    assert changed(new, old) == spans


cuts = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 2)), max_size=6)


@given(cuts, cuts)
def test_outside_of_what_changed_both_say_the_same(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    old, new = course(one), course(other)
    spans = changed(old, new)
    for at_ms in range(35):
        same = said(old, at_ms) == said(new, at_ms)
        assert same != any(from_ms <= at_ms < to_ms for from_ms, to_ms in spans)


def course(found: list[tuple[int, int]]) -> list[Piece]:
    times = sorted(dict(found).items())
    ends = [at_ms for at_ms, _ in times[1:]]
    return [(at_ms, end_ms, key) for (at_ms, key), end_ms in zip(times, [*ends, None], strict=False)]


def said(pieces: list[Piece], at_ms: int) -> list[object]:
    return [key for from_ms, to_ms, key in pieces if from_ms <= at_ms and (to_ms is None or at_ms < to_ms)]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), max_size=10))
def test_spans_are_joined_without_loss(found: list[tuple[int, int]]) -> None:
    spans = [(at, at + length) for at, length in found]
    joined = merged(spans)
    assert all(before[1] < after[0] for before, after in pairwise(joined))
    within = {at for from_ms, to_ms in spans for at in range(from_ms, to_ms)}
    assert within == {at for from_ms, to_ms in joined for at in range(from_ms, to_ms)}


def test_the_same_file_again_touches_nothing() -> None:
    assert not retag(fleet((T0, BASE)), fleet((T0, BASE), (T0 + HOUR, BASE)))


def test_sensors_that_change_places_from_now_on_touch_only_what_comes() -> None:
    found = retag(fleet((T0, BASE)), fleet((T0, BASE), (T0 + HOUR, swapped(BASE))))
    assert found.readings == {"a": [(T0 + HOUR, EVER_MS)], "b": [(T0 + HOUR, EVER_MS)]}
    assert not found.limits
    assert not found.points
    assert found.compliance.keys() == {"p.a", "p.b"}


def test_sensors_that_changed_places_earlier_touch_all_since() -> None:
    before = fleet((T0, BASE), (T0 + 3 * HOUR, renamed(BASE)))
    after = before.with_version(version(3, T0 + HOUR, swapped(BASE)))
    assert retag(before, after).readings == {"a": [(T0 + HOUR, EVER_MS)], "b": [(T0 + HOUR, EVER_MS)]}


def test_a_new_name_touches_limits_only() -> None:
    found = retag(fleet((T0, BASE)), fleet((T0, BASE), (T0 + HOUR, renamed(BASE))))
    assert found.limits == {"z": [(T0 + HOUR, EVER_MS)]}
    assert not found.readings
    assert not found.gaps


def test_other_limits_touch_gaps_and_accounts_but_no_reading() -> None:
    strict = replace(profile(gap_floor_ms=5 * MINUTE), version=2)
    found = retag(
        fleet((T0, BASE)), fleet((T0, BASE), (T0 + HOUR, plan({"a": MINUTE, "b": MINUTE}, limits=strict)))
    )
    assert found.limits.keys() == {"z"}
    assert found.gaps.keys() == {"a", "b"}
    assert not found.readings


def test_a_zone_that_was_not_in_use_touches_its_time() -> None:
    before = fleet((T0, BASE))
    entry = StateEntry(
        zone="z", state=ZoneState.EMPTY, from_ms=T0 + HOUR, to_ms=T0 + 2 * HOUR, source=StateSource.ACT,
        number=2, by="Li",
    )  # fmt: skip
    found = retag(before, before.with_state(entry))
    assert found.limits["z"][0][0] == T0 + HOUR
    assert found.gaps["a"][0][0] <= T0 + HOUR
    assert not found.readings


def test_a_point_in_another_zone_touches_its_alerts() -> None:
    asset = BASE.assets[0]
    zone = asset.zones[0]
    moved = replace(zone, id="z2", points=zone.points[1:])
    other = replace(BASE, assets=(replace(asset, zones=(replace(zone, points=zone.points[:1]), moved)),))
    found = retag(fleet((T0, BASE)), fleet((T0, BASE), (T0 + HOUR, other)))
    assert found.points == {"p.b"}
    assert found.readings.keys() == {"b"}


def test_where_a_sensor_stood_is_told_in_whole_times() -> None:
    both = fleet((T0, BASE), (T0 + HOUR, renamed(BASE)), (T0 + 2 * HOUR, swapped(BASE)))
    assert [(*one[:2], one.point) for one in stands(both, "a")] == [
        (T0, T0 + 2 * HOUR, "p.a"),
        (T0 + 2 * HOUR, None, "p.b"),
    ]
    assert stands(both, "nobody") == []


def test_limits_stand_at_their_begin_and_at_full_hours() -> None:
    [one] = limits(fleet((T0 + 10, BASE)), "z")
    lines = list(one.lines(0, T0 + 3 * HOUR))
    assert [int(line.rpartition(" ")[2]) for line in lines] == [T0 + 10, T0 + HOUR, T0 + 2 * HOUR]
    assert "low=0.0" in lines[0]
    assert "high=8.0" in lines[0]
    assert 'profile="chilled@1"' in lines[0]


def test_a_new_name_of_a_point_begins_a_new_time_and_leaves_what_was_before() -> None:
    first, later = plan({"a": MINUTE}), plan({"a": MINUTE})
    asset = later.assets[0]
    zone = asset.zones[0]
    points = (replace(zone.points[0], name=Text(en="Door side", zh="门口")),)
    later = replace(later, assets=(replace(asset, zones=(replace(zone, points=points),)),))
    old = fleet((T0, first))
    new = fleet((T0, first), (T0 + HOUR, later))
    assert [(one.from_ms, one.to_ms, one.name) for one in stands(new, "a")][-1] == (
        T0 + HOUR, None, "Door side / 门口",
    )  # fmt: skip
    assert retag(old, new).readings == {"a": [(T0 + HOUR, EVER_MS)]}
    assert not retag(new, new)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (Text(en="Front", zh="前部"), "Front / 前部"),
        (Text(en="Front"), "Front"),
        (Text(zh="前部"), "前部"),
        (Text(en=" P1 ", zh="P1"), "P1"),
        (Text(), ""),
    ],
)
def test_a_label_says_each_name_once(name: Text, said: str) -> None:
    assert label(name) == said
