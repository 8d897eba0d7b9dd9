"""Records that say odd things: judged as far as they make sense, never an error."""

import pytest

from coldchain_backend.ledger import Kind, MarkName, NewRecord, act_record, mark_record
from support.judged_log import MINUTE, SECOND, T0, Log, Voice, plan


@pytest.mark.parametrize(
    "line",
    [
        b"hole,run=run-1 first=5i,last=2i 1",
        b'hole,run=run-1 first="a",last=2i 1',
        b"hole first=1i,last=2i 1",
        b"hole,run=run-1 first=2i,last=2i 1",
        b"hole,run=run-1 first=1i,last=9223372036854775807i 1",
        b"run,run=run-2 previous=7i 1",
        b'run,run=run-2 previous="",previous_seq=0i 1',
        b'local_alarm,point=p.s state="alarm" 1',
        b'local_alarm,point=p.s,rule=high state="end" 1',
        b'local_alarm,point=p.s,rule=high state="alarm"',
        b"gateway outbox_batches=1i",
        b'going_down reason="sigterm"',
        b"refusal,source=x,reason=crc count=3i 1",
    ],
)
def test_odd_lines_of_a_gateway_change_nothing(log: Log, line: bytes) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.say(("s", T0, 4.0), lines=[line])
    assert log.steps() == []
    [run] = log.books.load().runs
    assert (run.held, run.whole) == (1, True)


@pytest.mark.parametrize(
    ("act", "details"),
    [
        ("acknowledge", {}),
        ("acknowledge", {"alert": 7}),
        ("declare_lost", {"run": "nobody", "first": 1, "last": 2}),
        ("declare_lost", {"run": "run-1", "first": "1"}),
        ("enrol", {"key": "not base64!"}),
        ("enrol", {}),
        ("revoke", {}),
        ("dance", {"with": "wolves"}),
    ],
)
def test_odd_acts_change_nothing(log: Log, act: str, details: dict[str, str | int]) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.say(("s", T0, 4.0))
    log.put(act_record(act, "Li", dict(details)))
    assert log.steps() == []
    assert log.judging.offset == log.ledger.end


def test_unknown_marks_are_passed_over(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.put(NewRecord(kind=Kind.MARK, payload=b'{"mark":"eclipse"}'), mark_record(MarkName.STOP))
    assert log.steps() == []


def test_an_end_without_a_beginning_is_no_system_alert(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.put(mark_record(MarkName.DISK_RECOVERED))
    assert log.steps() == []


def test_failing_deliveries_are_one_alert_per_receiver_until_they_work(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}, receivers=("admin", "dispatch")))
    log.put(mark_record(MarkName.DELIVERY_FAILING, {"receiver": "dispatch"}))
    log.put(mark_record(MarkName.DELIVERY_FAILING, {"receiver": "admin"}))
    log.put(mark_record(MarkName.DELIVERY_RECOVERED, {"receiver": "dispatch"}))
    states = sorted((str(alert.cause.detail), alert.state.value) for alert in log.alerts())
    assert [state for _, state in states] == ["firing", "resolved_unacked"]
    assert "admin" in states[0][0]


def test_two_gateways_have_holes_of_their_own(log: Log) -> None:
    log.fleet(plan({"a": 10 * SECOND, "b": 10 * SECOND}, gateways=("gw", "gw2")))
    other = Voice(name="gw2", run="run-9")
    log.say(*[("a", T0 + n * 10 * SECOND, 9.0) for n in range(3)])
    log.put(other.record(other.batch([("b", T0 + n * 10 * SECOND, 9.0) for n in range(3)])))
    other.batch([])
    log.at(T0 + 40 * SECOND)
    log.say(("a", T0 + 30 * SECOND, 4.0))
    log.put(other.record(other.batch([("b", T0 + 30 * SECOND, 4.0)])))
    states = {alert.cause.subject.sensor: alert.state.value for alert in log.alerts()}
    assert states == {"a": "resolved_unacked", "b": "firing"}


def test_holes_that_are_filled_in_any_order_end_the_waiting_once(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.say(*[("s", T0 + n * 10 * SECOND, 9.0) for n in range(3)])
    missing = [log.voice.record(log.voice.batch([("s", T0 + n * 10 * SECOND, 9.0)])) for n in (3, 4, 5)]
    log.at(T0 + 2 * MINUTE)
    log.say(("s", T0 + 60 * SECOND, 4.0))
    for number in (2, 0, 1):
        assert log.alerts()[0].state.value == "firing"
        log.clock.advance(100)
        log.put(missing[number])
    log.clock.advance(2 * SECOND)
    log.mark()
    assert log.told() == ["dispatch alert.fired", "dispatch alert.resolved"]
