"""Floods, chatter and digests at the desk: criticals first, the rest together, nothing lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import orjson
import pytest

from coldchain.profiles import Level
from coldchain_backend.alerts import AlertKind, AlertState, EndKind, alert_id_of
from coldchain_backend.alerts.chatter import HOLD_MS
from coldchain_backend.alerts.digests import GATHER_MS
from coldchain_backend.alerts.together import MOST_BYTES, MOST_NAMED
from coldchain_backend.fleet import Alerting, Rate
from support.acceptance import Figures
from support.alert_stage import ENDS, HOUR, MINUTE, Stage, cause, fleet_of
from support.soak import rounds

TWENTY = Rate(count=20, per_ms=MINUTE)
LOUD = Alerting(flood_count=1000)
"""No flood: what the rate alone does."""


def storm(stage: Stage, number: int, over_ms: int, *, level: Level = Level.ALARM) -> None:
    """So many excursions, each of another point, one after another."""
    for index in range(number):
        stage.fire(cause(f"c{index}", level, sensor=f"s{index}", asset=f"a{index % 7}"))
        if (index + 1) % max(1, number // 100) == 0:
            stage.go(over_ms * max(1, number // 100) // number)


def bodies(stage: Stage, kind: str) -> list[dict[str, object]]:
    """The data of all deliveries of a type, in the order of queueing."""
    found = [orjson.loads(one.body) for one in stage.book.deliveries.values()]
    return [body["data"] for body in found if body["type"] == kind]


def most_in_a_window(stage: Stage, receiver: str, rate: Rate) -> int:
    sent = sorted(one.due_ms for one in stage.book.deliveries.values() if one.receiver == receiver)
    return max(sum(1 for at_ms in sent if first <= at_ms < first + rate.per_ms) for first in sent)


@pytest.mark.soak
@pytest.mark.acceptance("T11")
def test_ten_thousand_alerts_in_a_minute_stay_within_the_rate_and_all_are_told(figures: Figures) -> None:
    number = rounds(1_000, 10_000)
    stage = Stage(fleet=fleet_of("a", rate=TWENTY))
    storm(stage, number, MINUTE)
    stage.go(10 * MINUTE)
    for index in range(number):
        stage.end(cause(f"c{index}", sensor=f"s{index}"))
    stage.go(24 * HOUR)
    stories = stage.stories()
    assert len([one for one in stage.book.alerts.values() if one.cause.kind is AlertKind.EXCURSION]) == number
    for index in range(number):
        story = stories["a", alert_id_of(f"c{index}")]
        assert story[0] == "alert.fired"
        assert story[-1] == "alert.resolved"
    worst = most_in_a_window(stage, "a", TWENTY)
    assert worst <= TWENTY.count
    digests = bodies(stage, "alert.digest")
    by_themselves = len(bodies(stage, "alert.fired"))
    figures.add(alerts=number, by_themselves=by_themselves, digests=len(digests), most_a_minute=worst)
    assert by_themselves + len(digests) < 200
    assert sum(1 for one in stage.book.alerts.values() if one.cause.kind is AlertKind.FLOOD) == 1
    assert not [one for one in stage.book.told_in_digests.values() if one.digest is None]


@pytest.mark.acceptance("T11")
def test_criticals_use_the_rate_first(figures: Figures) -> None:
    stage = Stage(fleet=fleet_of("a", alerting=LOUD, rate=TWENTY))
    for index in range(40):
        stage.fire(cause(f"w{index}", kind=AlertKind.SYSTEM, sensor=f"w{index}"))
    told_before = len(bodies(stage, "alert.fired"))
    for index in range(5):
        stage.fire(cause(f"c{index}", sensor=f"c{index}"))
    fired = bodies(stage, "alert.fired")
    assert told_before == 5
    assert [one["critical"] for one in fired] == [False] * 5 + [True] * 5
    figures.add(criticals_at_once=5)


def test_a_digest_names_criticals_first_and_counts_the_rest() -> None:
    stage = Stage(fleet=fleet_of("a", alerting=LOUD, rate=TWENTY))
    storm(stage, 60, 0)
    stage.go(GATHER_MS)
    [digest] = bodies(stage, "alert.digest")
    named = digest["named"]
    assert isinstance(named, list)
    assert (len(named), digest["count"], digest["unnamed"]) == (MOST_NAMED, 50, 50 - MOST_NAMED)
    assert {one["event"] for one in named} == {"fired"}
    assert len({one["place"]["zh"] for one in named}) == MOST_NAMED
    assert (named[0]["value_c"], named[0]["limit_c"], named[0]["level"]) == (9.0, 8.0, "alarm")
    text = digest["text"]
    assert isinstance(text, dict)
    assert text["en"].startswith("Together: 50 new. p.s")
    assert text["en"].count("9.0 °C (new)") == 10
    assert text["en"].endswith("and 40 more.")
    assert "另有 40 条" in text["zh"]
    assert all(len(one.body) < 20_000 for one in stage.book.deliveries.values())


@pytest.mark.parametrize("long", [200, 400, 4_000])
def test_a_digest_of_long_names_names_fewer_and_stays_small(long: int) -> None:
    stage = Stage(fleet=fleet_of("a", alerting=LOUD, rate=TWENTY))
    for index in range(60):
        stage.fire(cause(f"c{index}", sensor=f"{index:04d}{'s' * long}"))
    stage.go(GATHER_MS)
    [digest] = bodies(stage, "alert.digest")
    named = digest["named"]
    assert isinstance(named, list)
    assert 1 <= len(named) < MOST_NAMED
    assert (digest["count"], digest["unnamed"]) == (50, 50 - len(named))
    if len(named) > 1:
        assert all(len(one.body) < MOST_BYTES for one in stage.book.deliveries.values())


def test_a_digest_says_of_each_alert_what_its_own_message_would() -> None:
    stage = Stage(fleet=fleet_of("a", alerting=LOUD, rate=TWENTY))
    storm(stage, 12, 0)
    stage.go(GATHER_MS)
    [alone, *_], [digest] = bodies(stage, "alert.fired"), bodies(stage, "alert.digest")
    named = digest["named"]
    assert isinstance(named, list)
    for one in named:
        assert {"kind", "asset", "sensor", "opened_at", "at"} <= one.keys()
        assert one.keys() <= alone.keys() | {"event", "place", "at"}
        assert None not in [one.get(name, "") for name in ("asset", "zone", "point", "gateway", "rule")]


def test_who_heard_the_fire_in_a_digest_hears_the_end_in_one() -> None:
    stage = Stage(fleet=fleet_of("a", alerting=LOUD, rate=Rate(count=2, per_ms=MINUTE)))
    for name in ("x", "y", "z"):
        stage.fire(cause(name, sensor=name))
    assert stage.alert("x").by_digest == ()
    assert stage.alert("y").by_digest == ("a",)
    stage.go(2 * MINUTE)
    stage.end(cause("y", sensor="y"))
    stage.end(cause("x", sensor="x"))
    stage.go(HOUR)
    assert stage.heard("a", "x") == ["alert.fired", "alert.resolved"]
    assert stage.heard("a", "y") == ["alert.fired", "alert.resolved"]
    assert [one["events"] for one in bodies(stage, "alert.digest")] == [{"alert.fired": 2}]
    assert len(bodies(stage, "alert.resolved")) == 2, "what ended alone is told whole"


def test_an_alert_that_ends_before_the_digest_stands_in_it_with_its_end() -> None:
    stage = Stage(fleet=fleet_of("a", alerting=LOUD, rate=Rate(count=1, per_ms=MINUTE)))
    stage.fire(cause("x", sensor="x"))
    stage.fire(cause("y", sensor="y"))
    stage.go(1000)
    stage.end(cause("y", sensor="y"))
    stage.go(HOUR)
    [digest] = bodies(stage, "alert.digest")
    named = digest["named"]
    assert isinstance(named, list)
    assert [(one["event"], one["value_c"]) for one in named] == [("fired", 4.0), ("resolved", 4.0)]
    assert (digest["count"], digest["unnamed"]) == (1, 0)


def test_ten_alarms_in_ten_minutes_are_a_flood_with_its_first_and_its_shares() -> None:
    stage = Stage()
    for index in range(9):
        stage.fire(cause(f"c{index}", sensor=f"s{index}", asset=f"a{index % 3}"))
        stage.go(MINUTE)
    assert stage.heard("a") == ["alert.fired"] * 9
    stage.fire(cause("c9", sensor="s9", asset="a0"))
    [flood] = [one for one in stage.book.alerts.values() if one.cause.kind is AlertKind.FLOOD]
    assert (flood.cause.count, flood.cause.first) == (10, alert_id_of("c0"))
    assert Counter({one.asset: one.count for one in flood.cause.shares}) == Counter(a0=4, a1=3, a2=3)
    assert flood.cause.detail == "a0 (4), a1 (3), a2 (3)"
    assert not flood.critical
    assert stage.heard("a")[-1] == "alert.fired"
    stage.fire(cause("c10", sensor="s10", asset="a9"))
    [flood] = [one for one in stage.book.alerts.values() if one.cause.kind is AlertKind.FLOOD]
    assert flood.cause.count == 11


def test_a_flood_ends_when_it_is_calm_and_tells_its_end() -> None:
    stage = Stage()
    storm(stage, 12, 0)
    [flood] = [one for one in stage.book.alerts.values() if one.cause.kind is AlertKind.FLOOD]
    stage.go(9 * MINUTE)
    assert stage.book.alerts[flood.id].state is AlertState.FIRING
    stage.go(2 * MINUTE)
    assert stage.book.alerts[flood.id].state is AlertState.RESOLVED_UNACKED
    assert stage.stories()["a", flood.id] == ["alert.fired", "alert.resolved"]
    storm(replace_names(stage), 12, 0)
    assert sum(1 for one in stage.book.alerts.values() if one.cause.kind is AlertKind.FLOOD) == 2


def replace_names(stage: Stage) -> Stage:
    """The same stage, for causes of the same names: the old ones count as another organisation's."""
    stage.book.alerts = {f"old {name}": alert for name, alert in stage.book.alerts.items()}
    return stage


def test_alarms_one_by_one_are_no_flood() -> None:
    stage = Stage()
    for index in range(30):
        stage.fire(cause(f"c{index}", sensor=f"s{index}"))
        stage.go(2 * MINUTE)
    assert not [one for one in stage.book.alerts.values() if one.cause.kind is AlertKind.FLOOD]


def chattering(stage: Stage, times: int, *, first: int = 0, sensor: str = "s") -> None:
    """An excursion that comes for a minute, so often, every five minutes."""
    for index in range(first, first + times):
        one = cause(f"{sensor}{index}", sensor=sensor, opened_ms=stage.now_ms)
        stage.fire(one)
        stage.go(MINUTE)
        stage.end(one)
        stage.go(4 * MINUTE)


def test_what_comes_and_goes_is_told_once_as_unstable_and_every_recovery_is_told() -> None:
    stage = Stage()
    chattering(stage, 8)
    for index in range(3):
        assert stage.heard("a", f"s{index}") == ["alert.fired", "alert.resolved"]
    for index in range(3, 8):
        assert stage.heard("a", f"s{index}") == []
        assert stage.steps(f"s{index}") == ["fired", "suppressed", "resolved"]
    [unstable] = [one for one in stage.book.alerts.values() if one.cause.kind is AlertKind.UNSTABLE]
    assert (unstable.cause.count, unstable.cause.detail, unstable.critical) == (8, "excursion high", True)
    assert stage.stories()["a", unstable.id] == ["alert.fired"]
    stage.go(HOUR)
    assert stage.stories()["a", unstable.id] == ["alert.fired", "alert.resolved"]
    chattering(stage, 1, first=20)
    assert stage.heard("a", "s20") == ["alert.fired", "alert.resolved"]


def test_an_occurrence_that_lasts_is_told_although_its_source_is_unstable() -> None:
    stage = Stage()
    chattering(stage, 4)
    last = cause("last", opened_ms=stage.now_ms)
    stage.fire(last)
    assert stage.heard("a", "last") == []
    assert stage.alert("last").standing is AlertState.SUPPRESSED
    stage.go(HOLD_MS)
    assert stage.heard("a", "last") == ["alert.fired"]
    stage.go(3 * HOUR)
    [unstable] = [one for one in stage.book.alerts.values() if one.cause.kind is AlertKind.UNSTABLE]
    assert unstable.state.open, "it goes on, so it is not stable"
    stage.end(last)
    stage.go(2 * HOUR)
    assert stage.heard("a", "last") == ["alert.fired", "alert.resolved"]
    assert not stage.book.alerts[unstable.id].state.open


def test_two_sources_that_take_turns_are_not_unstable() -> None:
    stage = Stage()
    for index in range(3):
        chattering(stage, 1, first=index)
        chattering(stage, 1, first=index, sensor="t")
    assert not [one for one in stage.book.alerts.values() if one.cause.kind is AlertKind.UNSTABLE]


def test_chatter_that_ends_by_configuration_is_closed_and_not_resolved() -> None:
    stage = Stage()
    chattering(stage, 3)
    last = cause("last", opened_ms=stage.now_ms)
    stage.fire(last)
    stage.end(last, EndKind.CLOSED, by="admin")
    stage.go(3 * HOUR)
    [unstable] = [one for one in stage.book.alerts.values() if one.cause.kind is AlertKind.UNSTABLE]
    assert unstable.state is AlertState.CLOSED
    assert unstable.cause.end is not None
    assert unstable.cause.end.by == "admin"


@pytest.mark.parametrize("restarts", [1, 3, 10])
def test_a_restart_in_a_storm_changes_nothing(restarts: int) -> None:
    plain, again = (Stage(fleet=fleet_of("a", rate=TWENTY)) for _ in range(2))
    for index in range(60):
        for stage in (plain, again):
            one = cause(f"c{index}", sensor=f"s{index % 9}", opened_ms=stage.now_ms)
            stage.fire(one)
            stage.go(20_000)
            if index % 3:
                stage.end(one)
        if index % restarts == 0:
            again.restart()
    for stage in (plain, again):
        stage.go(6 * HOUR)
    assert plain.book == again.book


def test_nothing_of_a_storm_leaves_the_record() -> None:
    stage = Stage(fleet=fleet_of("a", rate=TWENTY))
    storm(stage, 200, MINUTE)
    assert sum(1 for (_, sequence) in stage.book.steps if sequence == 1) == 200 + 1
    assert all(one.told == ("a",) for one in stage.book.alerts.values())


def test_warnings_are_no_part_of_floods_and_digests() -> None:
    stage = Stage()
    storm(stage, 50, 0, level=Level.WARNING)
    assert stage.book.deliveries == {}
    assert not [one for one in stage.book.alerts.values() if one.cause.kind is AlertKind.FLOOD]


def test_a_receiver_that_left_during_a_storm_is_told_what_it_is_owed() -> None:
    stage = Stage(fleet=fleet_of("a", "b", alerting=LOUD, rate=Rate(count=2, per_ms=MINUTE)))
    for name in ("x", "y", "z"):
        stage.fire(cause(name, sensor=name))
    stage.fleet = replace(stage.fleet, versions=fleet_of("a", alerting=LOUD, number=2).versions)
    stage.go(HOUR)
    for name in ("x", "y", "z"):
        stage.end(cause(name, sensor=name))
    stage.go(HOUR)
    for story in stage.stories().values():
        assert story[0] == "alert.fired"
        assert story[-1] in ENDS
    assert {who for who, _ in stage.stories()} == {"a", "b"}
