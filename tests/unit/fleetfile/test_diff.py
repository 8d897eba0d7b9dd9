"""What a file changes, and what that does to the watch."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from coldchain.profiles import Profile, Rule
from coldchain_backend.fleet import Plan, ZoneState
from coldchain_backend.fleetfile import Kind, OpenAlert, compare, parse
from support.fleets import FLEET_FILE, plans

GOOD = FLEET_FILE.read_text("utf-8")
OWN = """
profiles:
  - name: own
    version: 1
    title: {en: Own}
    citation: none
    rules:
      - {name: high, side: high, threshold: 8, inclusive: true, hysteresis: 0.5, warning_after: 0s,
         alarm_after: 20m}
      - {name: low, side: low, threshold: 2, hysteresis: 0.5, warning_after: 0s, alarm_after: 20m}
"""
BASE = parse(GOOD.replace("profile: vaccine-2-8", "profile: own") + OWN)


def changed(*pairs: tuple[str, str]) -> Plan:
    text = GOOD.replace("profile: vaccine-2-8", "profile: own") + OWN
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return parse(text)


@given(plans())
def test_a_plan_does_not_differ_from_itself(plan: Plan) -> None:
    assert compare(plan, plan).empty
    assert not compare(plan, plan).removes


@given(plans(), plans())
def test_plans_differ_exactly_when_something_is_listed(old: Plan, new: Plan) -> None:
    difference = compare(old, new)
    assert difference.empty == (old == new) or _only_order_differs(old, new)


def _only_order_differs(old: Plan, new: Plan) -> bool:
    return {one.id for one in old.sensors} == {one.id for one in new.sensors}


@given(plans(), plans())
def test_what_one_way_adds_the_other_way_removes(old: Plan, new: Plan) -> None:
    there = {(one.what, one.id) for one in compare(old, new).entries if one.kind is Kind.ADDED}
    back = {(one.what, one.id) for one in compare(new, old).entries if one.kind is Kind.REMOVED}
    assert there == back


@given(plans(), plans())
def test_points_that_are_lost_were_judged_and_are_not_any_more(old: Plan, new: Plan) -> None:
    def judged(plan: Plan) -> set[str]:
        return {place.point.id for place in plan.places() if place.in_use and place.point.sensor}

    assert set(compare(old, new).losing) == judged(old) - judged(new)


LOOSER = [
    (("threshold: 8", "threshold: 8.1"), "limit 8.1, was 8"),
    (("threshold: 2", "threshold: 1"), "limit 1, was 2"),
    (("inclusive: true", "inclusive: false"), "itself no longer breaks it"),
    (("alarm_after: 20m", "alarm_after: 30m"), "alarm after 30m, was 20m"),
    (("warning_after: 0s, alarm_after: 20m", "alarm_after: 20m"), "warning after never, was 0s"),
    (("hysteresis: 0.5", "hysteresis: 0.1"), "hysteresis 0.1, was 0.5"),
    (("{id: zigbee/疫苗柜, interval: 60s", "{id: zigbee/疫苗柜, interval: 5m"), "expected every 5m, was 1m"),
    (("offline_after: 60m", "offline_after: 2h"), "may be unheard for 2h, was 1h"),
    (("profile: own", "profile: own\n        state: maintenance"), "no longer judged"),
]


@pytest.mark.parametrize(("pair", "said"), LOOSER)
def test_what_gets_looser_is_said(pair: tuple[str, str], said: str) -> None:
    looser = compare(BASE, changed(pair)).looser
    assert any(said in one for one in looser), looser


TIGHTER = [pair for pair, _ in LOOSER]


@pytest.mark.parametrize("pair", TIGHTER)
def test_the_way_back_is_not_looser(pair: tuple[str, str]) -> None:
    assert compare(changed(pair), BASE).looser == ()


def test_a_rule_that_goes_is_looser() -> None:
    low = (
        "      - {name: low, side: low, threshold: 2, hysteresis: 0.5, warning_after: 0s, alarm_after: 20m}\n"
    )
    assert any("rule low (low 2) is gone" in one for one in compare(BASE, changed((low, ""))).looser)


def test_other_limits_need_another_version() -> None:
    other = changed(("threshold: 8", "threshold: 7"))
    assert compare(BASE, other).clashes == (
        "profile own: other limits under version 1; raise its version to 2",
    )
    assert (
        compare(BASE, changed(("threshold: 8", "threshold: 7"), ("version: 1", "version: 2"))).clashes == ()
    )


def test_alerts_end_with_their_point_their_zone_or_their_rule() -> None:
    alerts = (
        OpenAlert(id="kept", point="cq-store.chiller.front", rule="high"),
        OpenAlert(id="point", point="cq-store.vaccine.shelf", rule="high"),
        OpenAlert(id="system", point=None, rule=None),
    )
    shelf = next(line for line in GOOD.splitlines(keepends=True) if "vaccine.shelf" in line)
    gone = changed((shelf, ""), ("        profile: own\n        points:\n", "        profile: own\n"))
    assert compare(BASE, gone, alerts).ending == ("point",)
    zones = BASE.assets[0].zones
    shut = replace(BASE.assets[0], zones=tuple(replace(zone, state=ZoneState.PLANNED) for zone in zones))
    assert compare(BASE, replace(BASE, assets=(shut,)), alerts).ending == ("kept", "point")


def test_a_rule_of_another_name_ends_its_alert() -> None:
    def renamed(profile: Profile) -> Profile:
        rules: tuple[Rule, ...] = tuple(replace(rule, name=f"{rule.name}-2") for rule in profile.rules)
        return replace(profile, rules=rules)

    new = replace(BASE, profiles=tuple(renamed(profile) for profile in BASE.profiles))
    alert = OpenAlert(id="a", point="cq-store.chiller.front", rule="high")
    assert compare(BASE, new, (alert,)).ending == ("a",)


def test_a_point_that_moves_to_another_zone_is_listed() -> None:
    point = "          - {id: cq-store.chiller.rear, name: {en: Rear, zh: 后部}, sensor: chiller-rear}\n"
    dock = "          - {id: cq-store.dock.wall,"
    moved = changed((point, ""), (dock, point + dock))
    assert any(
        "zone: cq-store.chiller → cq-store.dock" in one.details for one in compare(BASE, moved).entries
    )
