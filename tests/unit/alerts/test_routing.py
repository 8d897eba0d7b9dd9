"""Who is told: routes in order, by place, level, kind and hour, and what happens where none fits."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain.profiles import Level
from coldchain_backend.alerts import AlertKind, Cause, Subject
from coldchain_backend.alerts.routing import (
    DEFAULT,
    Matter,
    Mismatch,
    Reason,
    Rung,
    matter_of,
    on_call,
    route,
    rungs_of,
    spot_of,
)
from coldchain_backend.fleet import Call, Escalation, EscalationStep, Match, Plan, Route
from support.routed import RECEIVERS, routed
from support.soak import rounds

MINUTE = 60_000
ROUTES = """- name: vaccines
  match: {profiles: [vaccine-2-8], levels: [warning, alarm]}
  notify: [quality]
  then: continue
- name: trucks
  match: {asset_kinds: [vehicle]}
  on_call:
    - {schedule: days, notify: [day]}
    - {schedule: nights, notify: [night]}
  escalation: standard
- name: doors
  match: {zones: [store.freezer], kinds: [door, mains]}
  notify: [dispatch]
- name: rest
  match: {assets: [store]}
  on_call: [{schedule: days, notify: [day, dispatch]}]
default_route: {notify: [manager]}
"""


def at(text: str) -> int:
    """An instant by the clock of Shanghai; 2026-11-23 is a Monday."""
    return (
        int(datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp())
        * 1000
    )


CAUSE = Cause(id="c", kind=AlertKind.EXCURSION, subject=Subject(), opened_ms=0, known_ms=0)
NOON, NIGHT, SUNDAY = at("23T12:00"), at("23T23:00"), at("29T12:00")


def of(plan: Plan, zone: str, kind: AlertKind = AlertKind.EXCURSION, level: Level = Level.ALARM) -> Matter:
    found = plan.zone(zone)
    assert found is not None
    return Matter(level=level, kind=kind, spots=(spot_of(*found),))


@pytest.mark.parametrize(
    ("asked", "told", "reason", "names"),
    [
        (("store.vaccine", "excursion", NOON), "quality day dispatch", Reason.ROUTE, "vaccines rest"),
        (("store.vaccine", "excursion", NIGHT), "quality", Reason.ROUTE, "vaccines rest"),
        (("truck.box", "excursion", NOON), "day", Reason.ROUTE, "trucks"),
        (("truck.box", "silence", NIGHT), "night", Reason.ROUTE, "trucks"),
        (("truck.box", "silence", SUNDAY), "manager", Reason.NOBODY_ON_CALL, "trucks default"),
        (("store.freezer", "door", NIGHT), "dispatch", Reason.ROUTE, "doors"),
        (("store.freezer", "excursion", NIGHT), "manager", Reason.NOBODY_ON_CALL, "rest default"),
    ],
)
def test_routes_are_tried_in_order_by_place_kind_and_hour(
    asked: tuple[str, str, int], told: str, reason: Reason, names: str
) -> None:
    plan, (zone, kind, at_ms) = routed(ROUTES), asked
    found = route(of(plan, zone, AlertKind(kind)), plan, at_ms)
    assert (found.receivers, found.reason) == (tuple(told.split()), reason)
    assert found.routes == tuple(names.split())


def test_without_routes_everybody_is_told_of_alarms_and_the_system_receiver_of_the_product() -> None:
    plan = routed()
    alarm = route(of(plan, "truck.box"), plan, NOON)
    assert (alarm.receivers, alarm.reason, alarm.rungs) == (RECEIVERS, Reason.EVERYBODY, ())
    system = route(Matter(level=Level.WARNING, kind=AlertKind.SYSTEM), plan, NOON)
    assert (system.receivers, system.reason) == (("it",), Reason.SYSTEM_RECEIVER)


def test_people_hear_of_warnings_only_where_a_route_names_them() -> None:
    plan = routed(ROUTES)
    asked = route(of(plan, "store.vaccine", level=Level.WARNING), plan, NOON)
    assert (asked.receivers, asked.reason) == (("quality",), Reason.ROUTE)
    shown = route(of(plan, "truck.box", level=Level.WARNING), plan, NOON)
    assert (shown.receivers, shown.reason) == ((), Reason.PAGE_ONLY)


def test_system_alerts_take_no_route_for_alarms_and_may_have_their_own() -> None:
    routes = "- {name: all, notify: [day]}\n- {name: product, match: {classes: [system]}, notify: [night]}\n"
    plan = routed(routes)
    system = Matter(level=Level.ALARM, kind=AlertKind.SYSTEM)
    found = route(system, plan, NOON)
    assert (found.receivers, found.routes) == (("night",), ("product",))
    assert [one.passed_by for one in found.considered] == [Mismatch.CLASS, None]
    assert route(of(plan, "truck.box"), plan, NOON).receivers == ("day",)


def test_an_unheard_gateway_goes_the_way_of_every_zone_that_it_leaves_unknown() -> None:
    plan = routed(ROUTES)
    cause = Cause(
        id="g", kind=AlertKind.GATEWAY_OFFLINE, subject=Subject(asset="store", gateway="gw"), opened_ms=0,
        known_ms=0, sensors=("a", "b", "c", "gone"),
    )  # fmt: skip
    matter = matter_of(cause, Level.ALARM, plan)
    assert [spot.zone for spot in matter.spots] == ["store.vaccine", "store.freezer", "truck.box"]
    assert route(matter, plan, NIGHT).receivers == ("quality", "night", "manager")
    alone = matter_of(replace(cause, sensors=()), Level.ALARM, plan)
    assert [(spot.asset, spot.zone) for spot in alone.spots] == [("store", None)]


def test_a_zone_that_left_the_fleet_still_goes_somewhere() -> None:
    plan = routed(ROUTES)
    gone = replace(CAUSE, subject=Subject(asset="old", zone="old.z"))
    found = route(matter_of(gone, Level.ALARM, plan), plan, NOON)
    assert (found.receivers, found.reason) == (("manager",), Reason.DEFAULT_ROUTE)


def test_where_nobody_of_the_default_route_is_on_call_either_everybody_hears() -> None:
    only = "- {name: v, match: {zones: [truck.box]}, notify: [day]}\n"
    plan = routed(only + "default_route: {on_call: [{schedule: days, notify: [day]}]}\n")
    found = route(of(plan, "store.freezer"), plan, SUNDAY)
    assert (found.receivers, found.reason, found.routes) == (RECEIVERS, Reason.EVERYBODY, (DEFAULT,))
    assert found.boundary_ms == at("30T08:00")


def test_a_fleet_without_receivers_says_so() -> None:
    found = route(Matter(level=Level.ALARM, kind=AlertKind.EXCURSION), Plan(organisation="demo"), NOON)
    assert (found.receivers, found.reason) == ((), Reason.NO_RECEIVER)


def test_what_was_looked_at_names_the_part_that_did_not_fit() -> None:
    plan = routed(ROUTES)
    considered = route(of(plan, "truck.box"), plan, NOON).considered
    assert [(one.route, one.passed_by) for one in considered] == [
        ("vaccines", Mismatch.PROFILE), ("trucks", None), ("doors", Mismatch.KIND), ("rest", Mismatch.ASSET),
    ]  # fmt: skip
    behind = routed("- {name: first, notify: [day]}\n- {name: second, notify: [night]}\n")
    assert [one.passed_by for one in route(of(behind, "truck.box"), behind, NOON).considered] == [
        None, Mismatch.EARLIER,
    ]  # fmt: skip


def test_the_boundary_is_the_next_change_of_a_schedule_of_those_routes() -> None:
    plan = routed(ROUTES)
    assert route(of(plan, "truck.box"), plan, NOON).boundary_ms == at("23T20:00")
    assert route(of(plan, "truck.box"), plan, at("23T20:00")).boundary_ms == at("24T08:00")
    assert route(of(plan, "store.freezer", AlertKind.DOOR), plan, NOON).boundary_ms is None


def test_an_escalation_is_written_out_step_by_step() -> None:
    steps = (EscalationStep(wait_ms=10), EscalationStep(wait_ms=15, calls=(Call(receivers=("m",)),), times=2))
    found = rungs_of(Escalation(name="e", steps=steps, repeat=1))
    assert [(one.number, one.after_ms, bool(one.calls)) for one in found] == [
        (1, 10, False), (2, 25, True), (3, 40, True), (4, 50, False), (5, 65, True), (6, 80, True),
    ]  # fmt: skip
    plan = routed(ROUTES)
    told = route(of(plan, "truck.box"), plan, NOON)
    assert [one.after_ms // MINUTE for one in told.rungs] == [10, 25, 40]
    assert (told.escalations, told.acknowledged_for_ms) == (("standard",), 60 * MINUTE)
    assert told.rungs[0] == Rung(number=1, after_ms=10 * MINUTE, calls=())


def test_of_several_calls_each_receiver_is_told_once() -> None:
    plan = routed()
    calls = (Call(receivers=("day", "it")), Call(receivers=("it", "night"), schedule="always"))
    assert on_call(calls, plan, NOON) == ("day", "it", "night")


names = st.sampled_from(RECEIVERS)
calls = st.lists(
    st.builds(
        Call,
        receivers=st.lists(names, min_size=1, max_size=2).map(tuple),
        schedule=st.sampled_from([None, "days", "nights"]),
    ),
    min_size=1,
    max_size=2,
).map(tuple)
matches = st.builds(
    Match,
    zones=st.lists(st.sampled_from(["store.vaccine", "truck.box", "nowhere"]), max_size=1).map(tuple),
    asset_kinds=st.lists(st.sampled_from(["vehicle", "cold_store"]), max_size=1).map(tuple),
    levels=st.lists(st.sampled_from(list(Level)), max_size=2).map(tuple),
    kinds=st.lists(st.sampled_from(["excursion", "silence"]), max_size=1).map(tuple),
)
ways = st.builds(Route, name=st.just(""), match=matches, calls=calls, goes_on=st.booleans())


@settings(max_examples=rounds(25, 3000), deadline=None)
@given(
    routes=st.lists(ways, max_size=4),
    default=st.none() | st.builds(Route, name=st.just(DEFAULT), calls=calls),
    zone=st.sampled_from(["store.vaccine", "store.freezer", "truck.box"]),
    hour=st.integers(0, 167),
)  # fmt: skip
def test_whatever_the_routes_an_alarm_reaches_somebody_at_every_hour(
    routes: list[Route], default: Route | None, zone: str, hour: int
) -> None:
    named = tuple(replace(one, name=f"r{number}") for number, one in enumerate(routes))
    plan = replace(routed(), routes=named, default_route=default)
    at_ms = at("23T00:00") + hour * 60 * MINUTE
    found = route(of(plan, zone), plan, at_ms)
    assert found.receivers
    assert len(set(found.receivers)) == len(found.receivers)
    assert set(found.receivers) <= set(RECEIVERS)
    matched = [one.route for one in found.considered if one.passed_by is None]
    first_that_ends = next(
        (n for n, one in enumerate(named) if one.name in matched and not one.goes_on), None
    )
    assert first_that_ends is None or matched[-1] == named[first_that_ends].name
    if found.boundary_ms is not None:
        just_before = route(of(plan, zone), plan, found.boundary_ms - 1)
        assert just_before.receivers == found.receivers
