"""The desk with routes: who is called at the fire, by the steps of an escalation, by a change of shift."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import orjson
import pytest

from coldchain.profiles import Level
from coldchain_backend.alerts import (
    Alert,
    AlertKind,
    AlertState,
    Cause,
    DueName,
    End,
    EndKind,
    Mute,
    MuteKind,
    Scope,
    Subject,
    alert_id_of,
    calls,
)
from coldchain_backend.alerts.acts import Act, follow_act
from coldchain_backend.alerts.routing import matter_of, route
from coldchain_backend.fleet import Fleet, FleetVersion
from support.alert_book import Book, desk_on
from support.routed import routed

if TYPE_CHECKING:
    from support.acceptance import Figures

MINUTE, HOUR = 60_000, 3_600_000
ROUTES = """- name: vaccines
  match: {zones: [store.vaccine], levels: [warning, alarm]}
  notify: [quality]
  then: continue
- name: shifts
  match: {assets: [store]}
  on_call: [{schedule: days, notify: [day]}, {schedule: nights, notify: [night]}]
  escalation: standard
- {name: trucks, match: {assets: [truck]}, notify: [dispatch]}
"""


def at(text: str) -> int:
    local = datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    return int(local.timestamp()) * 1000


NOON, EVENING = at("23T12:00"), at("23T19:50")


class Story:
    """A desk, its book, and a clock that is moved by hand."""

    def __init__(self, routes: str = ROUTES, at_ms: int = NOON) -> None:
        self.book, self.at_ms = Book(), at_ms
        self.desk = desk_on(self.book)
        self.fleet = fleet_of(routes)

    def fires(self, zone: str, level: Level = Level.ALARM, **changes: object) -> str:
        self.cause = replace(cause(zone, level, self.at_ms), **changes)  # type: ignore[arg-type]  # checked by replace
        self.desk.look(self.cause, self.at_ms, self.fleet)
        return alert_id_of(self.cause.id)

    def ends(self) -> None:
        end = End(kind=EndKind.RESOLVED, event_ms=self.at_ms, value=4.0)
        self.desk.look(replace(self.cause, end=end), self.at_ms, self.fleet)

    def until(self, at_ms: int) -> None:
        self.book.run(self.desk, at_ms, self.fleet)
        self.at_ms = at_ms

    def acknowledge(self, alert: str) -> None:
        fields = {"act": "acknowledge", "alert": alert, "by": "Li", "reason": "seen"}
        follow_act(self.desk, Act(number=1, fields=fields, now_ms=self.at_ms, fleet=self.fleet))

    def restart(self) -> None:
        """A new desk on what was kept; its timers are where they were stored."""
        self.desk = desk_on(self.book)

    def told(self) -> list[str]:
        """Each telling as "receiver event minutes" since noon or the evening."""
        begin = min(one.due_ms for one in self.book.deliveries.values())
        found = [(one, orjson.loads(one.body)["type"]) for one in self.book.deliveries.values()]
        return [
            f"{one.receiver} {event.removeprefix('alert.')} {(one.due_ms - begin) // MINUTE}"
            for one, event in found
        ]


def fleet_of(routes: str) -> Fleet:
    version = FleetVersion(number=1, from_ms=0, digest="", plan=routed(routes), text="", by="admin")
    return Fleet.empty("demo").with_version(version)


def with_fallback() -> Story:
    """A story in which `it` stands in for `dispatch`."""
    story = Story()
    plan = story.fleet.plan
    receivers = [replace(one, fallback="it") if one.name == "dispatch" else one for one in plan.receivers]
    version = replace(story.fleet.current, number=2, plan=replace(plan, receivers=tuple(receivers)))
    story.fleet = story.fleet.with_version(version)
    return story


def cause(zone: str, level: Level, at_ms: int) -> Cause:
    asset = zone.partition(".")[0]
    return Cause(
        id=f"c.{zone}", kind=AlertKind.EXCURSION, subject=Subject(asset=asset, zone=zone), opened_ms=at_ms,
        known_ms=at_ms, reached_ms=at_ms, level=level, rule="high", value=9.0, limit=8.0, peak=9.0,
    )  # fmt: skip


def test_the_fire_goes_where_the_routes_say_and_its_end_to_whoever_heard_it() -> None:
    story = Story()
    story.fires("store.vaccine")
    story.ends()
    assert story.told() == ["quality fired 0", "day fired 0", "quality resolved 0", "day resolved 0"]


def test_steps_are_told_to_those_whom_they_name_and_first_as_a_fire() -> None:
    story = Story()
    story.fires("store.freezer")
    story.until(NOON + 2 * HOUR)
    assert story.told() == [
        "day fired 0", "day escalated 10", "manager fired 25", "manager escalated 40",
    ]  # fmt: skip
    story.ends()
    assert story.told()[4:] == ["day resolved 120", "manager resolved 120"]
    bodies = [orjson.loads(one.body)["data"] for one in story.book.deliveries.values()]
    assert [one["step"] for one in bodies[:4]] == [0, 1, 2, 3]
    assert "nobody has acknowledged" in bodies[1]["text"]["en"]


def test_an_acknowledgement_stops_it_and_its_time_out_lets_it_go_on() -> None:
    story = Story()
    alert = story.fires("store.freezer")
    story.until(NOON + 12 * MINUTE)
    story.acknowledge(alert)
    story.until(NOON + 71 * MINUTE)
    assert story.told() == ["day fired 0", "day escalated 10", "day acknowledged 12"]
    story.until(NOON + 3 * HOUR)
    assert story.told()[3:] == ["day rearmed 72", "manager fired 85", "manager escalated 100"]


@pytest.mark.acceptance("T17")
def test_who_comes_on_call_while_nobody_has_taken_notice_hears_at_once(figures: Figures) -> None:
    """The schedule begins with the condition already true; no reading is needed for it."""
    story = Story(ROUTES.replace("  escalation: standard\n", ""), EVENING)
    story.fires("store.freezer")
    story.until(EVENING + 9 * MINUTE)
    assert story.told() == ["day fired 0"]
    story.until(EVENING + 12 * HOUR + 30 * MINUTE)
    assert story.told() == ["day fired 0", "night fired 10"]
    body = orjson.loads([*story.book.deliveries.values()][1].body)
    assert "you are on call now" in body["data"]["text"]["en"]
    figures.add(shifts=2)


@pytest.mark.acceptance("T17")
def test_a_shift_hears_nothing_of_what_somebody_has_taken_notice_of() -> None:
    story = Story(at_ms=EVENING)
    story.acknowledge(story.fires("store.freezer"))
    story.until(EVENING + 30 * MINUTE)
    assert story.told() == ["day fired 0", "day acknowledged 0"]


def test_what_is_muted_calls_nobody_and_goes_on_where_it_stood_when_that_is_over() -> None:
    story = Story()
    alert = story.fires("store.freezer")
    story.until(NOON + 5 * MINUTE)
    mute = Mute(
        id="m", kind=MuteKind.SHELVED, scope=Scope(alert=alert), by="Li", reason="door repair",
        from_ms=story.at_ms, to_ms=story.at_ms + HOUR,
    )  # fmt: skip
    story.desk.mutes.add(mute, story.at_ms)
    story.desk.remute(story.at_ms, story.fleet)
    story.until(NOON + 3 * HOUR)
    assert story.told() == [
        "day fired 0", "day shelved 5", "day unshelved 65", "day escalated 70", "manager fired 85",
        "manager escalated 100",
    ]  # fmt: skip


def test_people_hear_of_a_warning_where_a_route_names_it_and_of_its_rise_where_others_do() -> None:
    story = Story()
    story.fires("store.vaccine", Level.WARNING)
    assert story.told() == ["quality fired 0"]
    story.desk.look(replace(story.cause, level=Level.ALARM), story.at_ms, story.fleet)
    assert story.told()[1:] == ["quality level_changed 0", "day fired 0"]


def test_an_old_warning_and_one_that_no_route_names_are_told_to_nobody() -> None:
    story = Story()
    story.fires("truck.box", Level.WARNING)
    story.fires("store.vaccine", Level.WARNING, known_ms=NOON - 3 * HOUR, opened_ms=NOON - 4 * HOUR)
    assert story.book.deliveries == {}


def test_a_receiver_that_cannot_be_reached_has_its_fallback_told_once() -> None:
    story = with_fallback()
    alert = story.fires("truck.box")
    for _ in range(2):
        story.desk.stand_in(alert, "dispatch", story.at_ms, story.fleet)
    story.desk.stand_in(alert, "manager", story.at_ms, story.fleet)
    story.desk.stand_in("al_none", "dispatch", story.at_ms, story.fleet)
    assert story.told() == ["dispatch fired 0", "it fired 0"]
    body = orjson.loads([*story.book.deliveries.values()][1].body)
    assert body["data"]["note"] == "dispatch"
    assert "could not be reached" in body["data"]["text"]["en"]
    story.ends()
    assert story.told()[2:] == ["dispatch resolved 0", "it resolved 0"]


def test_a_fallback_stands_in_also_for_what_somebody_else_has_taken_notice_of() -> None:
    """The end is owed to whoever heard; a critical alert that nobody could get is told in any state."""
    story = with_fallback()
    alert = story.fires("truck.box")
    story.acknowledge(alert)
    story.desk.stand_in(alert, "dispatch", story.at_ms, story.fleet)
    assert story.told() == ["dispatch fired 0", "dispatch acknowledged 0", "it fired 0"]


def test_a_changed_fleet_file_moves_what_is_due() -> None:
    story = Story(ROUTES.replace("  escalation: standard\n", ""))
    alert = story.fires("store.freezer")
    assert story.book.dues == {(alert, DueName.SHIFT): at("23T20:00")}
    story.fleet = fleet_of("- {name: all, notify: [it]}\n")
    story.desk.replan(story.at_ms, story.fleet)
    assert story.book.dues == {}


@pytest.mark.acceptance("T5")
def test_an_escalation_with_restarts_tells_what_one_without_tells(figures: Figures) -> None:
    plain, restarted = Story(at_ms=EVENING), Story(at_ms=EVENING)
    for story in (plain, restarted):
        alert = story.fires("store.vaccine")
        for minute in range(1, 160):
            if story is restarted:
                story.restart()
            story.until(EVENING + minute * MINUTE)
            if minute == 27:
                story.acknowledge(alert)
        story.ends()
    assert restarted.told() == plain.told()
    assert "manager fired 25" in plain.told()
    figures.add(restarts=159, told=len(plain.told()))


def test_routing_that_is_remembered_follows_the_plan_and_the_instant() -> None:
    """At one instant the same plan is asked once; another plan, and an equal one, decide by themselves."""
    alert = Alert(
        id="al_1",
        cause=Cause(
            id="c", kind=AlertKind.EXCURSION, subject=Subject(asset="store", zone="store.vaccine"),
            opened_ms=0, known_ms=0, level=Level.ALARM,
        ),
        state=AlertState.FIRING,
        level=Level.ALARM,
        sequence=1,
        revision=1,
        paged=True,
        fired_ms=0,
    )  # fmt: skip
    plan, silent = routed(ROUTES), routed("")
    noon, midnight = at("24T12:00"), at("24T23:59")
    assert calls.routed(alert, plan, noon) == route(matter_of(alert.cause, Level.ALARM, plan), plan, noon)
    assert calls.routed(alert, plan, noon) is calls.routed(alert, plan, noon)
    assert calls.routed(alert, plan, noon).receivers != calls.routed(alert, plan, midnight).receivers
    assert calls.routed(alert, silent, noon).receivers != calls.routed(alert, plan, noon).receivers
    equal = replace(plan)
    assert calls.routed(alert, equal, noon) == calls.routed(alert, plan, noon)
