"""The life of alerts on the real judging: acts and due times through the log, restarts, rebuilt databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from sqlalchemy import select

from coldchain.profiles import Level
from coldchain.words import Text
from coldchain_backend.alerts import AlertKind, AlertState, alert_id_of
from coldchain_backend.fleet import Alerting, Plan, ZoneState
from coldchain_backend.judging import AlertFilter
from coldchain_backend.ledger import ActName, Json, MarkName, act_record
from coldchain_backend.sql import compare, schema
from support.acceptance import Figures
from support.judged_log import HOUR, MINUTE, SECOND, T0, Log, plan, profile


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    log = Log(tmp_path)
    log.only = AlertKind.EXCURSION.value
    yield log
    log.close()


def out(log: Log, sensor: str = "s", seconds: int = 20, value: float = 9.0) -> None:
    """Out of limits from now on for so long, a reading each ten seconds."""
    for _ in range(0, seconds, 10):
        log.say((sensor, log.clock.wall_ms, value))
        log.at(log.clock.wall_ms + 10 * SECOND)


def act(log: Log, name: ActName, **details: Json) -> None:
    log.put(act_record(name.value, "Li", {"reason": "because", **details}))


def excursion(log: Log) -> str:
    """The id of the newest alert about an excursion."""
    return log.alerts()[-1].id


def messages(log: Log) -> list[dict[str, object]]:
    """The documents that were queued, in order of stamps."""
    with log.database.read() as connection:
        queue = schema.delivery
        order = queue.c.created_ms, queue.c.alert, queue.c.sequence
        found = connection.execute(select(queue.c.body).order_by(*order)).scalars()
        return [orjson.loads(body) for body in found]


def test_a_window_ends_by_the_logs_clock_and_what_goes_on_is_told_without_a_reading(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    act(log, ActName.WINDOW, zone="z", to=T0 + 10 * MINUTE)
    out(log)
    assert log.alerts()[0].standing is AlertState.SUPPRESSED
    assert log.told() == []
    log.at(T0 + 10 * MINUTE)
    log.mark()
    assert log.told() == ["dispatch alert.fired"]
    assert log.alerts()[0].standing is AlertState.FIRING


def test_shelving_and_its_end_stand_in_the_timeline_and_survive_a_restart(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    out(log)
    act(log, ActName.SHELVE, alert=excursion(log), until=T0 + HOUR)
    log.restart()
    assert [one.kind.value for one in log.answers.mutes()] == ["shelved"]
    log.at(T0 + HOUR)
    log.mark()
    assert log.told() == ["dispatch alert.fired", "dispatch alert.shelved", "dispatch alert.unshelved"]
    assert log.answers.mutes() == []
    assert log.steps()[-2:] == ["excursion alarm shelved", "excursion alarm unshelved"]


def test_what_is_out_of_limits_is_pending_until_its_delay_is_over(log: Log) -> None:
    limits = replace(profile(alarm_after_ms=10 * MINUTE))
    slow = replace(limits, rules=tuple(replace(rule, warning_after_ms=5 * MINUTE) for rule in limits.rules))
    log.fleet(plan({"s": 10 * SECOND}, limits=slow))
    out(log, seconds=60)
    assert log.alerts() == []
    [pending] = log.answers.alerts(AlertFilter(state=AlertState.PENDING))
    assert (pending.state, pending.level, pending.cause.value) == (AlertState.PENDING, Level.WARNING, 9.0)
    assert pending.cause.opened_ms == T0
    assert log.answers.alerts(AlertFilter(state=AlertState.PENDING, zone="other")) == []
    out(log, seconds=300)
    assert log.answers.alerts(AlertFilter(state=AlertState.PENDING)) == []
    assert log.alerts()[0].id == pending.id


@pytest.mark.acceptance("T4")
def test_silence_neither_resolves_nor_does_our_downtime_alarm(log: Log, figures: Figures) -> None:
    log.only = None
    log.fleet(plan({"s": 10 * SECOND, "never": 10 * SECOND}))
    out(log, seconds=30)
    log.alive_until(T0 + 10 * MINUTE, every_ms=MINUTE)
    states = {(one.cause.kind.value, one.cause.subject.sensor): one.state.value for one in log.alerts()}
    assert states["excursion", "s"] == "firing"
    assert ("silence", "never") in states or ("gateway_offline", None) in states
    before = len(log.alerts())
    log.at(log.clock.wall_ms + 5 * HOUR)
    log.mark(MarkName.START)
    log.at(log.clock.wall_ms + SECOND)
    log.mark()
    assert len(log.alerts()) == before, "the five hours in which nobody listened are no silence"
    figures.add(silent=1, never_seen=1, downtime_hours=5)


def busy(log: Log, *, restarts: bool) -> None:
    """A life with everything that is kept: acts, windows, chatter, a flood, digests, timers."""
    alerting = Alerting(ack_timeout_ms=20 * MINUTE, rearm_ms=15 * MINUTE, flood_count=3, chatter_count=2)
    sensors = {f"s{index}": 10 * SECOND for index in range(5)}
    log.fleet(replace(plan(sensors, receivers=("dispatch", "shift")), alerting=alerting))
    act(log, ActName.WINDOW, sensor="s4", to=T0 + 50 * MINUTE)
    for number in range(8):
        for index in range(5):
            value = 9.0 if (number + index) % 3 else 4.0
            log.say(
                (f"s{index}", log.clock.wall_ms, value), (f"s{index}", log.clock.wall_ms + 10 * SECOND, value)
            )
        log.at(log.clock.wall_ms + 3 * MINUTE)
        log.mark()
        if number == 2:
            act(log, ActName.ACKNOWLEDGE, alert=log.alerts()[0].id)
        if number == 4:
            act(log, ActName.SHELVE, alert=log.alerts()[-1].id)
            act(log, ActName.OUT_OF_SERVICE, sensor="s1", work="calibration")
        if restarts:
            log.restart()
    log.alive_until(log.clock.wall_ms + 3 * HOUR, every_ms=10 * MINUTE)


@pytest.mark.acceptance("T5")
def test_a_life_with_restarts_is_the_life_without(tmp_path: Path, figures: Figures) -> None:
    plain, again = Log(tmp_path), Log(tmp_path)
    try:
        busy(plain, restarts=False)
        busy(again, restarts=True)
        assert list(compare(plain.database, again.database)) == []
        assert plain.deliveries() == again.deliveries()
        kinds = {one.cause.kind.value for one in plain.alerts()}
        assert {"excursion", "flood", "unstable"} <= kinds
        figures.add(restarts=8, deliveries=len(plain.deliveries()), differences=0)
    finally:
        plain.close()
        again.close()


def test_a_rebuilt_database_is_the_same_and_queues_the_same_tellings(tmp_path: Path) -> None:
    log, rebuilt = Log(tmp_path), Log(tmp_path)
    try:
        busy(log, restarts=False)
        rebuilt.ledger = log.ledger
        rebuilt.judge(chunk=3)
        assert list(compare(log.database, rebuilt.database)) == []
        assert log.deliveries() == rebuilt.deliveries()
    finally:
        log.close()
        rebuilt.close()


@pytest.mark.acceptance("T3")
def test_a_file_that_removes_a_firing_zone_and_its_receiver_still_tells_the_end(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}, receivers=("dispatch", "shift")))
    out(log)
    empty = replace(plan({}, receivers=("dispatch",)), assets=(), sensors=())
    log.fleet(empty, by="Wang Wei")
    told = log.told()
    assert told[:2] == ["dispatch alert.fired", "shift alert.fired"]
    assert sorted(told[2:]) == ["dispatch alert.closed", "shift alert.closed"]
    data = messages(log)[-1]["data"]
    assert isinstance(data, dict)
    assert data["by"] == "Wang Wei"
    assert data["zone_name"] == {"en": "Chiller", "zh": "冷藏间"}
    assert "closed by a change of configuration (Wang Wei)" in data["text"]["en"]


def carrying(what: Plan) -> Plan:
    """The store as a truck with a door, a supply, a position, somebody to call and something to do."""
    [asset] = what.assets
    [zone] = asset.zones
    points = tuple(one for one in zone.points if one.sensor in {"s", "t", "gps"})
    zone = replace(
        zone, points=points, doors=("door",), state=ZoneState.IN_USE,
        instruction=Text(en="Move the goods.", zh="转移货物。"),
    )  # fmt: skip
    asset = replace(
        asset, zones=(zone,), mains=("supply",), plate="渝A·00000", contacts=("Duty +86 23 0000 0000",)
    )
    return replace(what, assets=(asset,))


def test_a_critical_message_has_everything_that_is_asked_on_the_phone(log: Log) -> None:
    names = {"s": 10 * SECOND, "t": 10 * SECOND, "gps": 10 * SECOND, "door": MINUTE, "supply": MINUTE}
    log.fleet(carrying(plan(names, receivers=("dispatch", "shift"))))
    for index in range(3):
        at_ms = T0 + index * 10 * SECOND
        log.at(at_ms)
        log.say(
            ("s", at_ms, 9.0 + index), ("t", at_ms, 5.0),
            lines=[
                f"reading,sensor=door door_open=true {at_ms}".encode(),
                f"reading,sensor=supply mains=true,ups_charge=80 {at_ms}".encode(),
                f"reading,sensor=gps latitude=29.563,longitude=106.551 {at_ms}".encode(),
            ],
        )  # fmt: skip
    fired = next(one["data"] for one in messages(log) if one["type"] == "alert.fired")
    assert isinstance(fired, dict)
    assert (fired["critical"], fired["class"], fired["level"]) == (True, "alarm", "alarm")
    assert (fired["plate"], fired["zone_time"]) == ("渝A·00000", "Asia/Shanghai")
    assert fired["contacts"] == [{"name": "Duty", "phone": "+86 23 0000 0000"}]
    assert (fired["limit_c"], fired["side"]) == (8.0, "high")
    assert fired["value_c"] > 8.0
    assert fired["out_minutes"] >= 0.1
    assert fired["degree_minutes"] is not None
    assert fired["last_contact_at"].startswith("2026-11-22T20:00:")
    assert fired["position"]["latitude"] == 29.563
    assert fired["context"]["door"] == "open"
    assert (fired["context"]["mains"], fired["context"]["ups_charge"]) == ("on", 80.0)
    siblings = {one["point"]: one for one in fired["context"]["siblings"]}
    assert (siblings["p.t"]["value_c"], siblings["p.t"]["out"]) == (5.0, False)
    assert fired["instruction"] == {"en": "Move the goods.", "zh": "转移货物。"}
    assert fired["told"] == ["dispatch", "shift"]
    story = log.answers.alert(alert_id_of(log.stored()[0].id))
    assert story is not None
    assert story.alert.context is not None
    assert story.alert.context.door_open is True
