"""Routes, schedules and escalations in a fleet file: taken, refused, advised on, and said of a change."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain.errors import ConfigError, InvalidInput
from coldchain.profiles import Level
from coldchain_backend.fleet import AlertClass, Call, Match, canonical, digest_of, fleet_record, version_of
from coldchain_backend.fleetfile import advice, advice_on_file, compare, parse
from coldchain_backend.fleetfile.route_entries import dates, time_span
from support.routed import routed, routed_text
from support.soak import rounds

ALL = "- {name: all, notify: [dispatch]}\n"
A = "- {name: a, notify: [day], "
DAYS = "{schedule: days, notify: [day]}"
NIGHTS = "{schedule: nights, notify: [night]}"
MONDAY = int(datetime(2026, 11, 23, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()) * 1000
WHOLE = """- name: vaccines
  match:
    zones: [store.vaccine]
    levels: [warning, alarm]
    kinds: [excursion, silence]
    classes: [alarm]
    asset_kinds: [cold_store]
    profiles: [vaccine-2-8]
    assets: [store]
  notify: [quality]
  on_call: [{schedule: nights, notify: [night]}]
  escalation: standard
  then: continue
default_route: {notify: [manager], escalation: standard}
"""


def test_a_whole_route_reaches_the_plan_and_comes_back_from_the_ledger() -> None:
    plan = routed(WHOLE)
    [route] = plan.routes
    assert route.match == Match(
        zones=("store.vaccine",), levels=(Level.WARNING, Level.ALARM), kinds=("excursion", "silence"),
        classes=(AlertClass.ALARM,), asset_kinds=("cold_store",), profiles=("vaccine-2-8",),
        assets=("store",),
    )  # fmt: skip
    assert route.calls == (Call(receivers=("quality",)), Call(receivers=("night",), schedule="nights"))
    assert (route.escalation, route.goes_on) == ("standard", True)
    assert plan.default_route is not None
    assert plan.default_route.calls == (Call(receivers=("manager",)),)
    payload = fleet_record(plan=plan, text="", by="a", reason=None, base=0)
    back = version_of(offset=1, received_ms=0, payload=payload).plan
    assert (back.routes, back.schedules, back.escalations, back.default_route) == (
        plan.routes, plan.schedules, plan.escalations, plan.default_route,
    )  # fmt: skip
    assert digest_of(back) == digest_of(plan)


def test_a_fleet_without_routes_has_the_digest_that_it_always_had() -> None:
    """A new key must not make every old version differ."""
    text = routed_text("")
    text = text[: text.index("schedules:")] + text[text.index("assets:") :]
    assert b"routes" not in canonical(parse(text))
    assert b"schedules" not in canonical(parse(text))


@pytest.mark.parametrize(
    ("changed", "key", "told"),
    [
        ("- {name: all, notify: [dispach]}\n", "routes[0].notify[0]", "did you mean `dispatch`"),
        ("- {name: all}\n", "routes[0]", "tells somebody"),
        ("- {name: all, notify: []}\n", "routes[0]", "tells somebody"),
        ("- {name: default, notify: [day]}\n", "routes[0]", "the default route"),
        (ALL + ALL, "routes[1].name", "stands twice"),
        (A + "escalation: slow}\n", "routes[0].escalation", "unknown escalation"),
        (A + "then: stopp}\n", "routes[0].then", "did you mean `stop`"),
        (A + "match: {zones: [store.vacine]}}\n", "match.zones[0]", "did you mean"),
        (A + "match: {assets: [truk]}}\n", "match.assets[0]", "did you mean `truck`"),
        (A + "match: {profiles: [x]}}\n", "match.profiles[0]", "unknown profile"),
        (A + "match: {kinds: [excurs]}}\n", "match.kinds[0]", "excursion"),
        (A + "match: {levels: [critical]}}\n", "match.levels[0]", "warning, alarm"),
        (A + "match: {classes: [all]}}\n", "match.classes[0]", "alarm, system"),
        ("- {name: a, on_call: [{schedule: day, notify: [day]}]}\n", "on_call[0].schedule", "mean `days`"),
        ("- {name: a, on_call: [{schedule: days, notify: []}]}\n", "on_call[0]", "at least one receiver"),
        ("default_route: {notify: [who]}\n", "default_route.notify[0]", "unknown receiver"),
        ("default_route: {notify: [day], escalation: x}\n", "default_route.escalation", "unknown escalation"),
        ("default_route: {}\n", "default_route", "tells somebody"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_line_and_key(changed: str, key: str, told: str) -> None:
    text = routed_text(changed)
    with pytest.raises(ConfigError) as error:
        parse(text, file="fleet.yaml")
    said = str(error.value)
    assert "fleet.yaml:" in said
    assert key in said
    assert told in said


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('times: ["mon-fri 08:00-20:00"]', "times: []", "never on"),
        ("Asia/Shanghai, times", "Asia/Chongking, times", "not an IANA time zone"),
        ("daily 20:00-08:00", "daily 20:00", "not days and a time of day"),
        ("{wait: 10m}", "{wait: 0s}", "longer than 0"),
        ("times: 2", "times: 21", "1 to 20"),
        ("    acknowledged_for: 60m\n", "    repeat: 21\n", "0 to 20"),
        ("times: 2}", "times: 20}\n    repeat: 20", "more than 100 times"),
        ("name: nights", "name: days", "schedule `days` stands twice"),
        ("[manager]", "[maneger]", "did you mean `manager`"),
        (
            "    kind: vehicle\n",
            "    kind: vehicle\n    offline_alarm_after: 10m\n",
            "before the warning after 1h",
        ),
    ],
)
def test_mistakes_of_schedules_and_escalations_are_told(old: str, new: str, told: str) -> None:
    text = routed_text(ALL)
    assert old in text
    text = text.replace(old, new, 1)
    with pytest.raises(ConfigError, match=told):
        parse(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-10-01", ("2026-10-01", "2026-10-01")),
        (" 2026-10-01..2026-10-07 ", ("2026-10-01", "2026-10-07")),
    ],
)
def test_days_of_exceptions_are_read(text: str, found: tuple[str, str]) -> None:
    assert dates(text) == found


@pytest.mark.parametrize(
    "text",
    ["", "2026-10", "2026-02-30", "2026-10-07..2026-10-01", "2026-01-01..2027-02-01", "9999-01-01"],
)  # fmt: skip
def test_other_days_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"not a|lies"):
        dates(text)


def test_times_of_exceptions_have_no_days_of_the_week() -> None:
    assert time_span("22:00-06:00").from_minute == 22 * 60
    with pytest.raises(InvalidInput):
        time_span("mon 22:00-06:00")


@settings(max_examples=rounds(25, 20_000), deadline=None)
@given(st.text(max_size=40) | st.from_regex(r"[0-9.\-:]{1,24}"))
def test_any_text_for_days_or_times_is_read_or_refused(text: str) -> None:
    for reader in (dates, time_span):
        try:
            reader(text)
        except InvalidInput:
            continue


def test_hours_in_which_nobody_is_on_call_are_named_with_line_and_key(tmp_path: Path) -> None:
    path = tmp_path / "fleet.yaml"
    path.write_text(routed_text(f"- {{name: v, match: {{zones: [store.vaccine]}}, on_call: [{DAYS}]}}\n"))
    [warning] = advice_on_file(path, parse(path.read_text()), MONDAY)
    lines = path.read_text().splitlines()
    assert "store.vaccine" in lines[warning.line - 1]
    assert warning.key == "assets[0].zones[0].id"
    assert "Mon 00:00-Mon 08:00, Mon 20:00-Tue 08:00" in warning.message
    assert "Fri 20:00-Mon 00:00 (Asia/Shanghai)" in warning.message
    assert "dispatch, day, night, manager, quality, it are told instead" in warning.message
    assert str(warning).startswith(f"{path}:{warning.line}: assets[0]")


@pytest.mark.parametrize(
    ("routes", "told"),
    [
        (ALL, []),
        ("", []),
        (f"- {{name: a, on_call: [{DAYS}, {NIGHTS}, {{schedule: always, notify: [it]}}]}}\n", []),
        (f"- {{name: a, match: {{kinds: [silence]}}, on_call: [{NIGHTS}]}}\n", ["daily 08:00-20:00"] * 3),
        (A + "match: {zones: [store.vaccine], asset_kinds: [vehicle]}}\n", ["nothing in the fleet"]),
        (ALL + A + "match: {zones: [truck.box]}}\n", ["`a` takes nothing: routes before it"]),
        ("- {name: it, match: {classes: [system], zones: [truck.box]}, notify: [it]}\n", []),
        ("- {name: it, match: {classes: [system], kinds: [door]}, notify: [it]}\n", ["nothing in the fleet"]),
    ],
)  # fmt: skip
def test_advice_is_given_where_it_is_due(routes: str, told: list[str]) -> None:
    found = [message for _, message in advice(routed(routes), MONDAY)]
    assert len(found) == len(told), found
    assert all(part in message for part, message in zip(told, found, strict=True))


def test_a_fleet_that_tells_nobody_is_advised_against() -> None:
    text = routed_text("", receivers=()).replace("receivers:\n", "").replace("system_receiver: it\n", "")
    text = text[: text.index("schedules:")] + text[text.index("assets:") :]
    assert [message for _, message in advice(parse(text), MONDAY)] == [
        "nobody is told of alarms: the fleet has no receiver"
    ]


def test_a_change_names_whose_recipients_change() -> None:
    before, after = (
        routed(ALL),
        routed("- {name: v, match: {zones: [store.vaccine]}, notify: [quality]}\n" + ALL),
    )
    difference = compare(before, after)
    assert difference.recipients == ("zone store.vaccine, alarm: dispatch → quality",)
    assert ("route", "v") in {(one.what, one.id) for one in difference.entries}
    assert ("setting", "order of routes") in {(one.what, one.id) for one in difference.entries}
    assert compare(before, before).recipients == ()


def test_a_change_of_hours_alone_is_told_as_other_times() -> None:
    route = "- {name: a, on_call: [{schedule: days, notify: [day]}, {schedule: nights, notify: [day, it]}]}\n"
    before = routed_text(route)
    after = before.replace("mon-fri 08:00-20:00", "daily 08:00-20:00")
    wide = compare(parse(before), parse(after)).recipients
    assert "zone truck.box, alarm: day, it, dispatch, night, manager, quality → day, it" in wide
    later = after.replace("daily 20:00-08:00", "daily 21:00-08:00").replace("08:00-20:00", "08:00-21:00")
    assert set(compare(parse(after), parse(later)).recipients) == {
        f"zone {zone}, alarm: day, it at other times"
        for zone in ("store.vaccine", "store.freezer", "truck.box")
    }


def test_an_alarm_about_an_unheard_asset_that_comes_later_is_a_loosening() -> None:
    text = routed_text("")
    early = text.replace("    kind: vehicle\n", "    kind: vehicle\n    offline_alarm_after: 80m\n")
    late = text.replace("    kind: vehicle\n", "    kind: vehicle\n    offline_alarm_after: 120m\n")
    assert compare(parse(early), parse(late)).looser == (
        "asset truck: an alarm only when unheard for 2h, was 1h20m",
    )
    assert compare(parse(text), parse(late)).looser == (
        "asset truck: an alarm only when unheard for 2h, was 30m after the warning",
    )
    assert compare(parse(text), parse(early)).looser == ()
    assert compare(parse(late), parse(early)).looser == ()
