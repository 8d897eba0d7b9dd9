"""Alerts that go on while the fleet file changes who there is to tell: somebody always knows."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.profiles import Level
from coldchain_backend.alerts import AlertKind
from coldchain_backend.alerts.auditor import Queued, Stated, audit
from coldchain_backend.delivery.rate import Window
from coldchain_backend.fleet import Rate
from support.alert_stage import MINUTE, Stage, cause, fleet_of


def changed(stage: Stage, *receivers: str) -> None:
    """Another fleet file is applied a minute later."""
    stage.go(MINUTE)
    stage.fleet = fleet_of(*receivers, number=2)
    stage.desk.replan(stage.now_ms, stage.fleet)


@pytest.mark.parametrize("kind", [AlertKind.EXCURSION, AlertKind.SYSTEM])
def test_what_fired_before_there_was_anybody_is_told_when_there_is(kind: AlertKind) -> None:
    stage = Stage(fleet=fleet_of())
    stage.fire(cause("c", kind=kind))
    assert stage.heard("a") == []
    changed(stage, "a", "b")
    assert stage.heard("a") == ["alert.fired"]
    changed(stage, "a", "b")
    assert stage.heard("a") == ["alert.fired"], "once"
    alert = stage.alert("c")
    [finding] = audit([Queued(alert=alert, alone=frozenset(alert.told))], stage.fleet.plan, stage.now_ms)
    assert finding.stated is Stated.TOLD
    stage.end(cause("c", kind=kind))
    assert stage.heard("a") == ["alert.fired", "alert.resolved"]


def test_where_all_who_heard_of_it_left_the_file_the_others_hear_of_it() -> None:
    stage = Stage(fleet=fleet_of("a"))
    stage.fire(cause("c"))
    changed(stage, "b")
    assert stage.heard("b") == ["alert.fired"]
    stage.end(cause("c"))
    assert stage.heard("a") == ["alert.fired", "alert.resolved"], "the end is owed"
    assert stage.heard("b") == ["alert.fired", "alert.resolved"]


def test_where_somebody_who_heard_of_it_is_still_there_nobody_is_called_again() -> None:
    stage = Stage(fleet=fleet_of("a", "b"))
    stage.fire(cause("c"))
    changed(stage, "b", "new")
    assert stage.heard("new") == []
    assert stage.heard("b") == ["alert.fired"]


def test_who_took_notice_is_enough() -> None:
    stage = Stage(fleet=fleet_of("a"))
    alert = stage.fire(cause("c"))
    stage.act("acknowledge", alert.id)
    changed(stage, "b")
    assert stage.heard("b") == []


def test_what_is_shelved_waits_for_its_end() -> None:
    stage = Stage(fleet=fleet_of())
    alert = stage.fire(cause("c"))
    stage.act("shelve", alert.id, until=stage.now_ms + 10 * MINUTE)
    changed(stage, "a")
    assert stage.heard("a") == []
    stage.go(10 * MINUTE)
    assert stage.heard("a") == ["alert.fired"]


def test_a_warning_for_the_page_calls_nobody() -> None:
    stage = Stage(fleet=fleet_of())
    stage.fire(cause("c", Level.WARNING))
    changed(stage, "a")
    assert stage.heard("a") == []


def test_a_step_that_waits_alone_for_the_rate_is_told_whole() -> None:
    stage = Stage(fleet=fleet_of("a", rate=Rate(count=1, per_ms=MINUTE)))
    stage.fire(cause("first"))
    second = stage.fire(cause("second", sensor="t", asset="other"))
    stage.go(2 * MINUTE)
    [body] = [
        orjson.loads(one.body) for one in stage.book.deliveries.values()
        if orjson.loads(one.body)["data"].get("alert_id") == second.id
    ]  # fmt: skip
    assert body["type"] == "alert.fired"
    assert body["data"]["critical"] is True
    for name in ("third", "fourth", "fifth"):
        stage.fire(cause(name, rule=name))
    stage.go(2 * MINUTE)
    kinds = [orjson.loads(one.body)["type"] for one in stage.book.deliveries.values()]
    assert kinds.count("alert.digest") == 1, "two wait together"


def test_the_end_stands_behind_a_step_that_waits_for_the_digest() -> None:
    stage = Stage(fleet=fleet_of("a", rate=Rate(count=4, per_ms=MINUTE)))
    alert = stage.fire(cause("c"))
    stage.fire(cause("d", sensor="t", asset="other"))
    stage.act("shelve", alert.id, until=stage.now_ms + 10 * MINUTE)
    stage.end(cause("c"))
    stage.go(2 * MINUTE)
    assert stage.heard("a", "c") == ["alert.fired", "alert.shelved", "alert.resolved"]
    told = [orjson.loads(one.body)["type"] for one in stage.book.deliveries.values() if one.receiver == "a"]
    assert told == ["alert.fired", "alert.fired", "alert.digest"], "the end did not overtake it"


@given(st.lists(st.tuples(st.integers(0, 700), st.booleans()), max_size=60), st.integers(1, 5))
def test_no_second_sees_more_than_the_pace_and_room_is_where_it_is_promised(
    wishes: list[tuple[int, bool]], pace: int
) -> None:
    window = Window(Rate(count=20, per_ms=60_000), (), Rate(count=pace, per_ms=1000))
    now_ms, sent = 0, []
    for pause_ms, critical in wishes:
        now_ms += pause_ms
        if window.room(now_ms, critical=critical):
            window.note(now_ms)
            sent.append(now_ms)
        free_ms = window.free_ms(now_ms, critical=critical)
        assert free_ms == now_ms or not window.room(free_ms - 1, critical=critical)
        assert free_ms == now_ms or Window(
            Rate(count=20, per_ms=60_000), sent, Rate(count=pace, per_ms=1000)
        ).room(free_ms, critical=critical)
    for begins_ms in sent:
        assert sum(begins_ms <= at_ms < begins_ms + 1000 for at_ms in sent) <= pace
        assert sum(begins_ms <= at_ms < begins_ms + 60_000 for at_ms in sent) <= 20


def test_another_pace_keeps_the_history() -> None:
    window = Window(Rate(count=8, per_ms=1000), [900, 950])
    paced = window.with_rate(Rate(count=8, per_ms=1000), Rate(count=2, per_ms=500))
    assert paced.room(1000, critical=True) == 0
    assert paced.free_ms(1000, critical=True) == 1400
    assert paced.with_rate(Rate(count=8, per_ms=1000), Rate(count=2, per_ms=500)) is paced
