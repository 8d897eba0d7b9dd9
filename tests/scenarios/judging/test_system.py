"""Marks of the service → alerts about the product: one per condition, or per event until it is seen."""

import pytest

from coldchain_backend.alerts import AlertState
from coldchain_backend.ledger import MarkName, mark_record
from support.judged_log import SECOND, Log, plan

EVENTS = [MarkName.REPAIRED, MarkName.CLOCK_BACK, MarkName.CLONE, MarkName.TWO_GATEWAYS, MarkName.FOREIGN_KEY]
LASTING = [
    (MarkName.DISK_FULL, MarkName.DISK_RECOVERED),
    (MarkName.DELIVERY_FAILING, MarkName.DELIVERY_RECOVERED),
]


@pytest.fixture
def told(log: Log) -> Log:
    log.fleet(plan({"s": 10 * SECOND}, receivers=("admin", "dispatch")))
    return log


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_told_once_until_a_person_has_seen_it(told: Log, name: MarkName) -> None:
    for _ in range(2):
        told.put(mark_record(name, {"gateway": "gw"}))
    [alert] = told.alerts()
    assert alert.state is AlertState.FIRING
    assert "gateway gw" in str(alert.cause.detail)
    told.acknowledge(alert.id)
    assert told.alerts()[0].state is AlertState.CLOSED
    told.clock.advance(SECOND)
    told.put(mark_record(name, {"gateway": "gw"}))
    assert [one.state for one in told.alerts()] == [AlertState.CLOSED, AlertState.FIRING]


@pytest.mark.parametrize(("begin", "end"), LASTING)
def test_a_condition_lasts_until_it_is_over(told: Log, begin: MarkName, end: MarkName) -> None:
    for _ in range(2):
        told.put(mark_record(begin))
        told.clock.advance(SECOND)
        told.put(mark_record(begin))
        told.clock.advance(SECOND)
        told.put(mark_record(end))
        told.put(mark_record(end))
        told.clock.advance(SECOND)
    rests = AlertState.RESOLVED if "filling" in begin else AlertState.RESOLVED_UNACKED
    assert [one.state for one in told.alerts()] == [rests] * 2
    assert told.told() == ["admin alert.fired", "admin alert.resolved"] * 2


@pytest.mark.parametrize("name", [MarkName.START, MarkName.STOP, MarkName.ALIVE])
def test_ordinary_marks_are_no_alerts(told: Log, name: MarkName) -> None:
    told.put(mark_record(name))
    assert told.alerts() == []
