"""Whom a zone's alarms reach hour by hour, when nobody is on call, and how such times are said."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain.profiles import Level
from coldchain_backend.alerts import AlertKind
from coldchain_backend.alerts.reach import (
    WEEK_MS,
    Weeks,
    alarms_of,
    gaps,
    idle_routes,
    said_times,
    week,
    week_begin,
)
from coldchain_backend.alerts.routing import Matter, Reason, route
from coldchain_backend.fleet import Plan
from support.routed import RECEIVERS, routed
from support.soak import rounds

HOUR = 3_600_000
SHANGHAI = "Asia/Shanghai"
ROUTES = """- name: vaccines
  match: {zones: [store.vaccine]}
  on_call: [{schedule: days, notify: [day]}, {schedule: nights, notify: [night]}]
- name: trucks
  match: {asset_kinds: [vehicle]}
  notify: [dispatch]
"""


def ms(text: str, zone: str = SHANGHAI) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


MONDAY = ms("2026-11-23")


def matter(plan: Plan, zone: str, level: Level = Level.ALARM) -> Matter:
    found = plan.zone(zone)
    assert found is not None
    return alarms_of(*found, AlertKind.EXCURSION, level)


def test_a_week_is_told_in_stretches_that_join_and_differ() -> None:
    plan = routed(ROUTES)
    found = week(plan, matter(plan, "store.vaccine"), MONDAY)
    assert (found[0].from_ms, found[-1].to_ms) == (MONDAY, MONDAY + WEEK_MS)
    for before, after in pairwise(found):
        assert before.to_ms == after.from_ms
        assert (before.receivers, before.reason) != (after.receivers, after.reason)
    assert [one.receivers for one in found[:3]] == [("night",), ("day",), ("night",)]
    weekend = [one for one in found if one.reason is Reason.NOBODY_ON_CALL]
    assert [(one.from_ms, one.to_ms) for one in weekend] == [
        (ms(f"2026-11-{day}T08:00"), ms(f"2026-11-{day}T20:00")) for day in (28, 29)
    ]
    assert weekend[0].receivers == RECEIVERS


@settings(max_examples=rounds(25, 2000), deadline=None)
@given(
    minute=st.integers(0, 7 * 24 * 60 - 1),
    zone=st.sampled_from(["store.vaccine", "store.freezer", "truck.box"]),
)
def test_every_instant_of_a_week_says_what_routing_says(minute: int, zone: str) -> None:
    plan = routed(ROUTES)
    at_ms = MONDAY + minute * 60_000
    asked = matter(plan, zone)
    [stretch] = [one for one in week(plan, asked, MONDAY) if one.from_ms <= at_ms < one.to_ms]
    now = route(asked, plan, at_ms)
    assert (stretch.receivers, stretch.reason) == (now.receivers, now.reason)


def test_remembered_weeks_are_those_of_each_place_and_level() -> None:
    plan = routed(ROUTES)
    weeks = Weeks(plan, MONDAY)
    for _ in range(2):
        for zone in ("store.vaccine", "store.freezer", "truck.box"):
            for level in Level:
                asked = matter(plan, zone, level)
                assert weeks.of(asked) == week(plan, asked, MONDAY)


def test_gaps_name_zone_hours_and_who_is_told_instead() -> None:
    plan = routed(ROUTES + "default_route: {notify: [manager]}\n")
    [gap] = gaps(plan, MONDAY)
    assert (gap.asset, gap.zone, gap.instead) == ("store", "store.vaccine", ("manager",))
    assert said_times(gap.times, SHANGHAI) == f"Sat 08:00-Sat 20:00, Sun 08:00-Sun 20:00 ({SHANGHAI})"


def test_a_default_route_with_nobody_on_call_is_a_gap_of_every_zone_that_takes_it() -> None:
    plan = routed(ROUTES + "default_route: {on_call: [{schedule: nights, notify: [night]}]}\n")
    found = {gap.zone: said_times(gap.times, SHANGHAI) for gap in gaps(plan, MONDAY)}
    assert found["store.freezer"] == f"daily 08:00-20:00 ({SHANGHAI})"
    assert "truck.box" not in found


@pytest.mark.parametrize(
    ("routes", "idle"),
    [
        ("- {name: a, notify: [day]}\n- {name: b, notify: [day]}\n", {1: "routes before it"}),
        ("- {name: a, notify: [day], then: continue}\n- {name: b, notify: [day]}\n", {}),
        ("- {name: a, match: {kinds: [door]}, notify: [day]}\n- {name: b, notify: [day]}\n", {}),
        ("- {name: a, match: {levels: [warning]}, notify: [day]}\n- {name: b, notify: [day]}\n", {}),
        ("- {name: a, match: {asset_kinds: [locker]}, notify: [day]}\n", {0: "nothing in the fleet"}),
        ("- {name: a, match: {profiles: [chilled-food]}, notify: [day]}\n", {0: "nothing in the fleet"}),
        ("- {name: a, match: {classes: [system]}, notify: [day]}\n", {}),
        (("- {name: a, match: {assets: [truck]}, notify: [day]}\n"
         "- {name: b, match: {zones: [truck.box]}, notify: [day]}\n"), {1: "routes before it"}),
    ],
)  # fmt: skip
def test_routes_that_take_nothing_are_named_with_the_reason(routes: str, idle: dict[int, str]) -> None:
    found = dict(idle_routes(routed(routes)))
    assert found.keys() == idle.keys()
    assert all(why in found[index] for index, why in idle.items())


@pytest.mark.parametrize(
    ("zone", "now", "begin"),
    [
        (SHANGHAI, "2026-11-23T00:00", "2026-11-23"),
        (SHANGHAI, "2026-11-29T23:59", "2026-11-23"),
        ("Europe/Berlin", "2026-10-25T12:00", "2026-10-19"),
    ],
)
def test_a_week_begins_on_monday_by_the_local_clock(zone: str, now: str, begin: str) -> None:
    assert week_begin(zone, ms(now, zone)) == ms(begin, zone)


def test_many_times_are_cut_short_with_their_number_and_all_of_them_is_said_so() -> None:
    odd = tuple((MONDAY + hour * HOUR, MONDAY + hour * HOUR + HOUR // (hour + 1)) for hour in range(10))
    assert said_times(odd, SHANGHAI).endswith(f"and 2 more ({SHANGHAI})")
    assert said_times(((MONDAY, MONDAY + WEEK_MS),), SHANGHAI) == "at all hours"
