"""How many different people an alarm reaches: by person, by address, at the worst hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.builtin_profiles import BUILTIN
from coldchain.words import Text
from coldchain_backend.access import Person
from coldchain_backend.alerts.recipients import put_in_use, reached_by, recipients_of, too_few
from coldchain_backend.fleet import Plan, Receiver
from coldchain_backend.fleetfile import parse
from support.staff import Staff

NOW = int(datetime(2026, 11, 25, 12, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()) * 1000
FLEET = """
organisation: demo
receivers:
  - name: texts
    persons: [wang, chen]
    sms: {url: "https://sms.example/send", body: "to={phone}"}
  - name: mails
    persons: [chen, zhao, li]
    email: {host: mail.example, sender: "cold@example.org"}
  - name: group
    persons: [wang, li, sun]
    wecom: {url: "file:wecom-url"}
assets:
  - id: store
    kind: cold_store
    name: {en: Store}
    time_zone: Asia/Shanghai
    zones:
      - {id: cold, name: {en: Cold}, profile: cct-medicine-gsp, state: in_use}
      - {id: food, name: {en: Food}, profile: chilled-food, state: in_use}
      - {id: next, name: {en: Next}, profile: cct-medicine-gsp, state: planned}
"""


def person(id: str, mobile: str = "13800000000", email: str = "x@example.org") -> Person:
    return Person(id=id, name=Text(en=id), mobile=mobile, email=email)


ALL = [person(id) for id in ("wang", "chen", "zhao", "li", "sun")]


def plan_of(routes: str = "") -> Plan:
    return parse(FLEET + routes)


def receivers(*names: str) -> list[Receiver]:
    return [one for one in plan_of().receivers if one.name in names]


def counted(plan: Plan, staff: Staff, zone: str = "cold") -> tuple[str, ...]:
    asset, found = next(one for one in plan.zones() if one[1].id == zone)
    return recipients_of(plan, asset, found, staff, NOW).persons


def test_gsp_medicine_demands_three_people_and_says_by_which_article() -> None:
    demanding = {name for name, profile in BUILTIN.items() if profile.recipients}
    assert demanding == {
        "cct-medicine-gsp", "cct-medicine-gsp-transport", "medicine-ambient-cn", "medicine-cold-cn",
        "medicine-cool-cn",
    }  # fmt: skip
    for name in demanding:
        assert BUILTIN[name].recipients == 3
        assert "art. 5 and 6" in BUILTIN[name].citation or "art. 6" in BUILTIN[name].citation


def test_who_is_named_twice_is_one_person() -> None:
    assert sorted(reached_by(receivers("texts", "mails", "group"), Staff(*ALL))) == [
        "chen", "li", "sun", "wang", "zhao",
    ]  # fmt: skip
    assert reached_by(receivers("texts", "mails"), Staff(*ALL)) == ("wang", "chen", "zhao", "li")


def test_an_address_of_the_channels_kind_is_needed() -> None:
    staff = Staff(person("wang", mobile=""), person("chen"), person("zhao", email=""), person("li"))
    assert reached_by(receivers("texts"), staff) == ("chen",)
    assert reached_by(receivers("mails"), staff) == ("chen", "li")
    assert "wang" in reached_by(receivers("group"), staff), "a group's robot needs no address of a person"


def test_who_is_disabled_or_unknown_is_not_reached() -> None:
    staff = Staff(replace(person("wang"), disabled=True), person("sun"))
    assert reached_by(receivers("texts", "mails", "group"), staff) == ("sun",)


def test_the_fewest_of_the_week_count() -> None:
    routes = """
schedules:
  - {name: days, time_zone: Asia/Shanghai, times: ["mon-fri 08:00-18:00"]}
routes:
  - name: medicine
    match: {zones: [cold]}
    on_call: [{schedule: days, notify: [texts, mails]}]
default_route: {notify: [texts]}
"""
    plan = plan_of(routes)
    assert len(counted(plan, Staff(*ALL))) == 2, "at night only two are told"
    [found] = too_few(plan, Staff(*ALL), NOW)
    zone = ZoneInfo("Asia/Shanghai")
    spans = [tuple(f"{datetime.fromtimestamp(at / 1000, zone):%a %H}" for at in one) for one in found.short]
    assert spans == [
        ("Mon 00", "Mon 08"), ("Mon 18", "Tue 08"), ("Tue 18", "Wed 08"), ("Wed 18", "Thu 08"),
        ("Thu 18", "Fri 08"), ("Fri 18", "Mon 00"),
    ]  # fmt: skip
    assert str(found).startswith(
        "zone cold: an alarm must reach 3 different people, but reaches 2 (wang, chen) "
        "Mon 00:00-Mon 08:00, Mon 18:00-Tue 08:00, "
    )


def test_who_is_named_in_vain_at_the_worst_hour_is_told_with_the_reason() -> None:
    staff = Staff(person("wang", mobile=""), person("chen", mobile=""), replace(person("li"), disabled=True))
    [found] = too_few(plan_of(), staff, NOW)
    assert found.persons == ("chen", "wang"), "by mail, and in the group"
    assert [(one.person, one.receiver, one.why.value) for one in found.absent] == [
        ("zhao", "mails", "unknown"), ("li", "mails", "disabled"), ("sun", "group", "unknown"),
    ]  # fmt: skip
    assert str(found) == (
        "zone cold: an alarm must reach 3 different people, but reaches 2 (chen, wang) at all hours; "
        "not counted: zhao (unknown, named by mails), li (disabled, named by mails), "
        "sun (unknown, named by group)"
    )
    only_texts = replace(plan_of(), receivers=tuple(receivers("texts")))
    [bare] = too_few(only_texts, Staff(person("wang", mobile=""), person("chen")), NOW)
    assert [str(one) for one in bare.absent] == ["wang (no address, named by texts)"]


@pytest.mark.parametrize("wanted", [1, 2, 4, 5, 6])
def test_the_profiles_own_figure_decides_and_no_name(wanted: int) -> None:
    """Whatever a profile is called: five can be reached, and it demands what it says."""
    plan = plan_of()
    profile = plan.profile("chilled-food")
    assert profile is not None
    others = (one for one in plan.profiles if one.name != profile.name)
    demanding = replace(plan, profiles=(*others, replace(profile, recipients=wanted)))
    found = [one for one in too_few(demanding, Staff(*ALL), NOW) if one.zone == "food"]
    assert [(len(one.persons), one.wanted) for one in found] == ([(5, 6)] if wanted > 5 else [])


def test_hours_that_touch_are_said_as_one() -> None:
    """Silence and excursions may go different ways; their short hours are one list."""
    routes = """
schedules:
  - {name: am, time_zone: Asia/Shanghai, times: ["daily 00:00-12:00"]}
  - {name: pm, time_zone: Asia/Shanghai, times: ["daily 12:00-24:00"]}
routes:
  - {name: kinds, match: {zones: [cold], kinds: [silence]}, on_call: [{schedule: am, notify: [texts]}]}
  - {name: rest, match: {zones: [cold]}, on_call: [{schedule: am, notify: [texts]},
     {schedule: pm, notify: [mails]}]}
default_route: {notify: [texts, mails, group]}
"""
    [found] = too_few(plan_of(routes), Staff(person("wang"), person("zhao")), NOW)
    assert len(found.short) == 1
    assert "at all hours" in str(found)


def test_too_few_are_told_for_zones_in_use_that_demand_them() -> None:
    assert list(too_few(plan_of(), Staff(*ALL), NOW)) == []
    found = list(too_few(plan_of(), Staff(person("wang"), person("sun")), NOW))
    assert [(one.zone, one.wanted, one.persons) for one in found] == [("cold", 3, ("wang", "sun"))]
    assert str(found[0]).startswith(
        "zone cold: an alarm must reach 3 different people, but reaches 2 (wang, sun) at all hours; "
    )
    assert list(too_few(plan_of(), Staff(), NOW, only={"next"})) == []
    assert "reaches nobody" in str(next(iter(too_few(plan_of(), Staff(), NOW))))


def test_what_is_put_in_use_is_what_was_not_or_demands_more() -> None:
    empty, full = Plan(organisation="demo"), plan_of()
    assert put_in_use(empty, full) == {"cold"}
    assert put_in_use(full, full) == frozenset()
    planned = parse(FLEET.replace("state: in_use", "state: planned"))
    assert put_in_use(planned, full) == {"cold"}
    food = parse(FLEET.replace("profile: chilled-food", "profile: medicine-cold-cn"))
    assert put_in_use(full, food) == {"food"}
    assert put_in_use(food, full) == frozenset()


@given(st.sets(st.sampled_from(["wang", "chen", "zhao", "li", "sun", "stranger"])), st.sampled_from(ALL))
def test_one_person_more_never_makes_it_fewer(known: set[str], more: Person) -> None:
    few, plan = Staff(*(person(id) for id in known)), plan_of()
    many = Staff(*(person(id) for id in known), more)
    assert set(counted(plan, few)) <= set(counted(plan, many))
    assert len(counted(plan, few)) <= len(known)
