"""What people and time do about an alert: taking notice, shelving, windows, calling again, deciding."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coldchain.profiles import Level
from coldchain_backend.alerts import AlertKind, AlertState, EndKind, MuteKind, alert_id_of, mute_id_of
from coldchain_backend.fleet import Alerting
from coldchain_backend.ledger import Json
from support.acceptance import Figures
from support.alert_stage import HOUR, MINUTE, Stage, cause, fleet_of

X = alert_id_of("x")
LATCHING = Alerting(latch=("chilled/high",))


def test_an_acknowledgement_has_person_reason_and_action() -> None:
    stage = Stage()
    stage.fire(cause("x"))
    stage.act("acknowledge", X, by="Wang", reason="compressor off", action="goods moved to store 2")
    taken = stage.alert("x").acknowledged
    assert taken is not None
    assert (taken.by, taken.reason, taken.action) == ("Wang", "compressor off", "goods moved to store 2")
    assert stage.book.steps[X, 2].note == "goods moved to store 2"
    assert stage.alert("x").state is AlertState.ACKNOWLEDGED


def test_the_first_acknowledgement_stays() -> None:
    stage = Stage()
    stage.fire(cause("x"))
    stage.act("acknowledge", X, by="Wang")
    stage.act("acknowledge", X, by="Li")
    taken = stage.alert("x").acknowledged
    assert taken is not None
    assert taken.by == "Wang"
    assert stage.steps("x") == ["fired", "acknowledged"]


def test_an_alarm_that_ended_unseen_waits_for_a_person() -> None:
    stage = Stage()
    stage.fire(cause("x"))
    stage.end(cause("x"))
    assert stage.alert("x").state is AlertState.RESOLVED_UNACKED
    assert stage.alert("x").state.listed
    assert not stage.alert("x").state.open
    stage.act("acknowledge", X)
    assert stage.alert("x").state is AlertState.RESOLVED


def test_a_warning_rests_by_itself() -> None:
    stage = Stage()
    stage.fire(cause("x", Level.WARNING))
    stage.end(cause("x", Level.WARNING))
    assert stage.alert("x").state is AlertState.RESOLVED


def test_an_acknowledged_alarm_that_goes_on_is_told_again() -> None:
    stage = Stage(fleet=fleet_of("a", alerting=Alerting(ack_timeout_ms=HOUR)))
    stage.fire(cause("x"))
    stage.go(10 * MINUTE)
    stage.act("acknowledge", X)
    stage.go(59 * MINUTE)
    assert stage.alert("x").state is AlertState.ACKNOWLEDGED
    stage.go(MINUTE)
    alert = stage.alert("x")
    assert (alert.state, alert.acknowledged, alert.rearms) == (AlertState.FIRING, None, 1)
    assert stage.heard("a", "x") == ["alert.fired", "alert.acknowledged", "alert.rearmed"]
    stage.act("acknowledge", X, by="Zhao")
    stage.end(cause("x"))
    stage.go(5 * HOUR)
    assert stage.alert("x").rearms == 1


def test_an_alarm_that_nobody_acknowledges_is_told_again_so_often() -> None:
    stage = Stage(fleet=fleet_of("a", alerting=Alerting(rearm_ms=HOUR, rearm_times=2)))
    stage.fire(cause("x"))
    stage.go(10 * HOUR)
    assert stage.heard("a", "x") == ["alert.fired", "alert.rearmed", "alert.rearmed"]
    assert stage.alert("x").rearms == 2


def test_reminders_reach_whoever_came_since() -> None:
    stage = Stage(fleet=fleet_of("a", alerting=Alerting(rearm_ms=HOUR)))
    stage.fire(cause("x"))
    stage.fleet = fleet_of("a", "b", alerting=Alerting(rearm_ms=HOUR))
    stage.go(HOUR)
    assert stage.heard("b", "x") == ["alert.fired"]


def test_a_latched_alarm_waits_for_a_decision_about_the_goods() -> None:
    stage = Stage(fleet=fleet_of("a", alerting=LATCHING))
    stage.fire(cause("x"))
    stage.act("acknowledge", X)
    stage.end(cause("x"))
    assert stage.alert("x").state is AlertState.LATCHED
    stage.act("disposition", X, by="Quality", decision="held", reason="sample taken")
    assert stage.alert("x").state is AlertState.LATCHED
    stage.act("disposition", X, by="Quality", decision="released", reason="stability data")
    alert = stage.alert("x")
    assert alert.state is AlertState.RESOLVED
    assert alert.disposition is not None
    assert (alert.disposition.by, alert.disposition.decision.value) == ("Quality", "released")
    assert stage.steps("x") == ["fired", "acknowledged", "resolved", "disposed", "disposed"]


def test_only_the_rule_that_latches_does() -> None:
    stage = Stage(fleet=fleet_of("a", alerting=LATCHING))
    stage.fire(cause("x", rule="low"))
    stage.end(cause("x", rule="low"))
    assert stage.alert("x").state is AlertState.RESOLVED_UNACKED


def test_a_closed_alarm_latches_too_and_a_withdrawn_one_does_not() -> None:
    stage = Stage(fleet=fleet_of("a", alerting=LATCHING))
    stage.fire(cause("x"))
    stage.end(cause("x"), EndKind.CLOSED, by="admin")
    stage.fire(cause("y", sensor="t"))
    stage.end(cause("y", sensor="t"), EndKind.WITHDRAWN)
    assert (stage.alert("x").state, stage.alert("y").state) == (AlertState.LATCHED, AlertState.WITHDRAWN)


def test_a_decision_while_it_goes_on_decides_nothing() -> None:
    stage = Stage(fleet=fleet_of("a", alerting=LATCHING))
    stage.fire(cause("x"))
    stage.act("disposition", X, decision="released")
    assert stage.alert("x").disposition is None
    stage.act("disposition", X, decision="nonsense")
    stage.end(cause("x"))
    assert stage.alert("x").state is AlertState.LATCHED


def test_a_comment_is_for_the_record() -> None:
    stage = Stage()
    stage.fire(cause("x"))
    stage.act("comment", X, text="driver called")
    assert stage.heard("a", "x") == ["alert.fired"]
    assert stage.book.steps[X, 2].note == "driver called"


def test_shelving_is_told_lasts_its_time_and_what_goes_on_is_told_once() -> None:
    stage = Stage()
    stage.fire(cause("x"))
    stage.act("shelve", X, until=stage.now_ms + HOUR, reason="door is being mended")
    alert = stage.alert("x")
    assert (alert.standing, alert.state) == (AlertState.SHELVED, AlertState.FIRING)
    assert alert.muted is not None
    assert (alert.muted.kind, alert.muted.by, alert.muted.until_ms) == (
        MuteKind.SHELVED,
        "Li",
        stage.now_ms + HOUR,
    )
    stage.go(59 * MINUTE)
    assert stage.heard("a", "x") == ["alert.fired", "alert.shelved"]
    stage.go(MINUTE)
    assert stage.heard("a", "x") == ["alert.fired", "alert.shelved", "alert.unshelved"]
    stage.go(10 * HOUR)
    assert stage.heard("a", "x") == ["alert.fired", "alert.shelved", "alert.unshelved"]


@pytest.mark.parametrize(("level", "longest_ms"), [(Level.WARNING, 24 * HOUR), (Level.ALARM, 4 * HOUR)])
@pytest.mark.parametrize("one_shot", [False, True])
def test_no_shelving_lasts_longer_than_its_level_allows(
    level: Level, longest_ms: int, *, one_shot: bool
) -> None:
    stage = Stage()
    stage.fire(cause("x", level))
    stage.act("shelve", X, until=stage.now_ms + 1000 * HOUR, one_shot=one_shot)
    stage.go(longest_ms - 1)
    assert stage.alert("x").standing is AlertState.SHELVED
    stage.go(1)
    assert stage.alert("x").standing is AlertState.FIRING


def test_a_timed_shelving_holds_for_the_condition_and_a_one_shot_for_one_occurrence() -> None:
    for one_shot, heard in ((False, []), (True, ["alert.fired"])):
        stage = Stage()
        stage.fire(cause("x"))
        stage.act("shelve", X, until=stage.now_ms + 2 * HOUR, one_shot=one_shot)
        stage.end(cause("x"))
        stage.go(MINUTE)
        stage.fire(cause("next", opened_ms=stage.now_ms))
        assert stage.heard("a", "next") == heard
        stage.go(2 * HOUR)
        assert stage.heard("a", "next") == ["alert.fired"]


def test_a_person_takes_a_shelving_off() -> None:
    stage = Stage()
    stage.fire(cause("x"))
    stage.act("shelve", X)
    stage.act("unshelve", X)
    stage.act("unshelve", X)
    assert stage.steps("x") == ["fired", "shelved", "unshelved"]
    assert stage.book.mutes == {}


def test_a_shelved_warning_that_becomes_an_alarm_is_told_at_once() -> None:
    stage = Stage()
    stage.fire(cause("x", Level.WARNING))
    stage.act("shelve", X)
    stage.fire(cause("x", Level.ALARM))
    assert stage.heard("a", "x") == ["alert.fired"]
    assert stage.alert("x").standing is AlertState.FIRING
    assert stage.steps("x") == ["fired", "shelved", "level_changed", "unshelved"]


def test_what_is_not_there_or_has_ended_is_not_shelved() -> None:
    stage = Stage()
    stage.act("shelve", "al_none")
    stage.fire(cause("x"))
    stage.end(cause("x"))
    stage.act("shelve", X)
    assert stage.book.mutes == {}


def test_a_window_ahead_begins_and_ends_by_itself() -> None:
    stage = Stage()
    stage.fire(cause("x"))
    ahead: dict[str, Json] = {"from": stage.now_ms + HOUR, "to": stage.now_ms + 2 * HOUR}
    stage.act("window", "", "Li", "works", zone="z", **ahead)
    assert stage.alert("x").standing is AlertState.FIRING
    stage.go(HOUR)
    assert stage.alert("x").standing is AlertState.SUPPRESSED
    stage.go(HOUR)
    assert stage.alert("x").standing is AlertState.FIRING
    assert stage.heard("a", "x") == ["alert.fired", "alert.released"]
    assert stage.book.mutes == {}


@pytest.mark.acceptance("T17")
def test_a_window_that_ends_over_a_condition_tells_it_at_once_without_new_data(figures: Figures) -> None:
    stage = Stage()
    stage.act("window", zone="z", to=stage.now_ms + HOUR)
    stage.fire(cause("x"))
    stage.go(HOUR - 1)
    assert stage.heard("a") == []
    stage.go(1)
    assert stage.heard("a", "x") == ["alert.fired"]
    stage.go(10 * HOUR)
    assert stage.heard("a", "x") == ["alert.fired"]
    figures.add(windows=1)


@pytest.mark.acceptance("T17")
def test_levels_go_up_and_down_as_one_alert_with_a_history(figures: Figures) -> None:
    stage = Stage()
    for level in (Level.WARNING, Level.ALARM, Level.WARNING, Level.ALARM):
        stage.fire(cause("x", level))
    assert stage.steps("x") == ["fired", "level_changed", "amended", "level_changed"]
    levels = [stage.book.steps[X, number].level for number in range(1, 5)]
    assert levels == [Level.WARNING, Level.ALARM, Level.WARNING, Level.ALARM]
    assert stage.heard("a", "x") == ["alert.fired", "alert.amended", "alert.level_changed"]
    figures.add(level_changes=3)


@pytest.mark.acceptance("T17")
def test_repeating_and_clearing_by_hand(figures: Figures) -> None:
    stage = Stage()
    for _ in range(3):
        stage.fire(cause("x", kind=AlertKind.SYSTEM))
    stage.act("acknowledge", X, by="Wang")
    assert stage.heard("a", "x") == ["alert.fired", "alert.acknowledged", "alert.closed"]
    assert stage.alert("x").state is AlertState.CLOSED
    figures.add(repeats=3, cleared_by_hand=1)


@pytest.mark.acceptance("T14")
def test_what_is_thirty_days_old_is_recorded_and_pages_nobody(figures: Figures) -> None:
    stage = Stage()
    old_ms = stage.now_ms - 30 * 24 * HOUR
    old = replace(cause("x", opened_ms=old_ms), known_ms=old_ms, peak_ms=old_ms)
    alert = stage.desk.look(old, stage.now_ms, stage.fleet)
    assert alert is not None
    assert (alert.paged, alert.state) == (False, AlertState.FIRING)
    assert stage.steps("x") == ["fired"]
    assert stage.heard("a") == []
    figures.add(recorded=1, paged=0)


def test_out_of_service_lies_over_a_window_and_ends_with_the_return() -> None:
    stage = Stage()
    stage.act("window", zone="z", to=stage.now_ms + HOUR)
    number = stage.act("out_of_service", sensor="s", work="calibration")
    stage.fire(cause("x"))
    assert stage.alert("x").standing is AlertState.OUT_OF_SERVICE
    stage.go(2 * HOUR)
    assert stage.alert("x").standing is AlertState.OUT_OF_SERVICE
    stage.act("return_to_service", id=mute_id_of(number))
    assert stage.heard("a", "x") == ["alert.fired"]
    assert stage.steps("x") == ["fired", "out_of_service", "returned"]


def test_nothing_is_out_of_service_for_ever() -> None:
    stage = Stage(fleet=fleet_of("a", alerting=Alerting(out_of_service_ms=HOUR)))
    stage.act("out_of_service", sensor="s")
    stage.fire(cause("x"))
    stage.go(HOUR)
    assert stage.heard("a", "x") == ["alert.fired"]


def test_a_mute_touches_only_what_it_names() -> None:
    stage = Stage()
    stage.act("window", sensor="t", to=stage.now_ms + HOUR)
    stage.act("window", asset="another", to=stage.now_ms + HOUR)
    stage.act("window", zone="another", to=stage.now_ms + HOUR)
    stage.fire(cause("x"))
    stage.fire(cause("y", sensor="t"))
    assert (stage.heard("a", "x"), stage.heard("a", "y")) == (["alert.fired"], [])


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"to": 0},
        {"to": "soon"},
        {"times": []},
        {"times": [{"days": [7], "from": 0, "to": 60}]},
        {"times": [{"days": [0], "from": 0}]},
        {"times": [{"days": [0], "from": 0, "to": 1441}]},
        {"times": [{"days": [0], "from": 0, "to": 60}], "time_zone": "Nowhere/At_all"},
        {"times": "always"},
    ],
)
def test_a_window_that_makes_no_sense_is_none(fields: dict[str, object]) -> None:
    stage = Stage()
    stage.act("window", zone="z", **fields)  # type: ignore[arg-type]  # nonsense, as a log may hold it
    assert stage.book.mutes == {}
