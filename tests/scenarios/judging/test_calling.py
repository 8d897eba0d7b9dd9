"""Routes and escalations on the real judging: by the log's clock, in its transactions, over restarts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from coldchain_backend.fleet import (
    Call,
    Escalation,
    EscalationStep,
    Match,
    NamedSchedule,
    Plan,
    Route,
    ScheduledTime,
)
from coldchain_backend.ledger import MarkName, mark_record
from support.judged_log import HOUR, MINUTE, SECOND, T0, Log, plan
from support.soak import rounds

if TYPE_CHECKING:
    from support.acceptance import Figures

EVERY_DAY = tuple(range(7))
STEPS = (
    EscalationStep(wait_ms=5 * MINUTE),
    EscalationStep(wait_ms=10 * MINUTE, calls=(Call(receivers=("manager",)),), times=2),
)
# T0 is 2026-11-23 04:00 in Shanghai
NIGHT = ScheduledTime(days=EVERY_DAY, from_minute=20 * 60, to_minute=4 * 60 + 30)
DAY = ScheduledTime(days=EVERY_DAY, from_minute=4 * 60 + 30, to_minute=20 * 60)


def routed_plan(*, escalation: bool = True) -> Plan:
    """One sensor; shifts that change half an hour behind T0; `backup` stands in for the night."""
    names = ("it", "night", "day", "manager", "backup")
    bare = plan({"s": MINUTE}, receivers=names, offline_after_ms=12 * HOUR)
    calls = (Call(receivers=("night",), schedule="nights"), Call(receivers=("day",), schedule="days"))
    match, named = Match(zones=("z",)), "e" if escalation else None
    return replace(
        bare,
        receivers=tuple(
            replace(one, fallback="backup") if one.name == "night" else one for one in bare.receivers
        ),
        schedules=(
            NamedSchedule(name="nights", time_zone="Asia/Shanghai", times=(NIGHT,)),
            NamedSchedule(name="days", time_zone="Asia/Shanghai", times=(DAY,)),
        ),
        escalations=(Escalation(name="e", steps=STEPS, acknowledged_for_ms=HOUR),),
        routes=(Route(name="all", match=match, calls=calls, escalation=named),),
    )


def too_warm(log: Log) -> str:
    """An excursion that becomes an alarm at T0 + 20 s."""
    for second in (0, 10, 20):
        log.at(T0 + second * SECOND)
        log.say(("s", T0 + second * SECOND, 12.0))
    [alert] = [one for one in log.alerts() if one.cause.kind.value == "excursion"]
    return alert.id


def goes_on(log: Log, until_ms: int) -> None:
    """Readings out of limits, every minute, up to an instant."""
    while log.clock.wall_ms < until_ms:
        log.at(min(log.clock.wall_ms + MINUTE, until_ms))
        log.say(("s", log.clock.wall_ms, 12.0))


def test_an_alarm_at_night_calls_the_night_then_the_manager_then_the_day(log: Log) -> None:
    log.fleet(routed_plan())
    log.only = "excursion"
    too_warm(log)
    goes_on(log, T0 + 40 * MINUTE)
    assert log.told() == [
        "night alert.fired", "night alert.escalated", "manager alert.fired", "manager alert.escalated",
        "day alert.fired",
    ]  # fmt: skip
    log.at(T0 + 41 * MINUTE)
    log.say(("s", T0 + 41 * MINUTE, 4.0))
    assert log.told()[5:] == ["day alert.resolved", "manager alert.resolved", "night alert.resolved"]


@pytest.mark.acceptance("T17")
def test_the_shift_that_begins_with_an_alarm_already_on_is_told_without_any_reading(
    log: Log, figures: Figures
) -> None:
    log.fleet(routed_plan(escalation=False))
    log.only = "excursion"
    too_warm(log)
    log.alive_until(T0 + 30 * MINUTE - SECOND, every_ms=MINUTE)
    assert log.told() == ["night alert.fired"]
    log.at(T0 + 30 * MINUTE)
    log.mark()
    assert log.told() == ["night alert.fired", "day alert.fired"]
    figures.add(shifts=1)


def test_a_receiver_that_does_not_take_a_critical_alert_has_its_fallback_told_once(log: Log) -> None:
    log.fleet(routed_plan(escalation=False))
    log.only = "excursion"
    alert = too_warm(log)
    undelivered = mark_record(MarkName.UNDELIVERED, {"receiver": "night", "alerts": [alert, "al_none"]})
    log.put(undelivered)
    log.put(undelivered)
    log.put(mark_record(MarkName.UNDELIVERED, {"receiver": "day", "alerts": "all"}))
    assert log.told() == ["night alert.fired", "backup alert.fired"]
    goes_on(log, T0 + 2 * MINUTE)
    log.at(T0 + 3 * MINUTE)
    log.say(("s", log.clock.wall_ms, 4.0))
    assert log.told()[2:] == ["backup alert.resolved", "night alert.resolved"]


def test_system_alerts_stay_with_the_system_receiver_where_routes_are_for_alarms(log: Log) -> None:
    log.fleet(routed_plan())
    log.put(mark_record(MarkName.CLONE, {"gateway": "gw"}))
    assert log.told() == ["it alert.fired"]


def test_steps_that_fell_into_our_downtime_do_not_all_come_at_once(log: Log) -> None:
    log.fleet(routed_plan())
    log.only = "excursion"
    too_warm(log)
    log.at(T0 + 3 * HOUR)
    log.restart()
    log.mark(MarkName.START)
    assert log.told() == ["night alert.fired", "day alert.fired"]
    log.alive_until(T0 + 3 * HOUR + 9 * MINUTE, every_ms=MINUTE)
    assert len(log.told()) == 2
    log.alive_until(T0 + 3 * HOUR + 10 * MINUTE, every_ms=MINUTE)
    assert log.told()[2:] == ["manager alert.fired"]


@pytest.mark.acceptance("T5")
@settings(max_examples=rounds(3, 200), deadline=None, phases=[Phase.explicit, Phase.generate])
@given(
    restarts=st.sets(st.integers(1, 44), min_size=1, max_size=8),
    acknowledged=st.none() | st.integers(1, 40),
)
def test_restarts_change_nothing_of_who_is_called(
    tmp_path_factory: pytest.TempPathFactory, restarts: set[int], acknowledged: int | None
) -> None:
    told = []
    for restarted in (False, True):
        log = Log(tmp_path_factory.mktemp("log"))
        log.fleet(routed_plan())
        alert = too_warm(log)
        for minute in range(1, 45):
            if restarted and minute in restarts:
                log.restart()
            log.at(T0 + minute * MINUTE)
            log.say(("s", log.clock.wall_ms, 12.0))
            if minute == acknowledged:
                log.acknowledge(alert)
        told.append([line.split(" ", 2)[:2] for line in log.deliveries()])
        log.close()
    assert told[0] == told[1]
