"""While numbers of a gateway's run are missing, nothing resolves and nothing is green."""

from coldchain_backend.judging.views import Condition
from coldchain_backend.ledger import act_record
from support.judged_log import MINUTE, SECOND, T0, Log, plan


def interrupted(log: Log) -> list[object]:
    """An alarm, then a batch that does not come, then readings back within limits; the missing record."""
    log.fleet(plan({"s": 10 * SECOND}))
    log.say(*[("s", T0 + n * 10 * SECOND, 9.0) for n in range(3)])
    missing = log.voice.record(log.voice.batch([("s", T0 + n * 10 * SECOND, 9.5) for n in range(3, 6)]))
    log.at(T0 + 2 * MINUTE)
    log.say(*[("s", T0 + n * 10 * SECOND, 4.0) for n in range(6, 12)])
    return [missing]


def test_the_end_waits_for_the_missing_batch_and_knows_what_was_in_it(log: Log) -> None:
    [missing] = interrupted(log)
    assert log.steps() == ["excursion alarm fired"]
    [point] = log.answers.board(log.clock.wall_ms).points
    assert (point.condition, point.catching_up) == (Condition.UNKNOWN, True)
    assert point.catching_up_to_ms == T0 + 20 * SECOND
    log.at(T0 + 3 * MINUTE)
    log.put(missing)  # type: ignore[arg-type]  # a NewRecord
    log.at(T0 + 3 * MINUTE + 2 * SECOND)
    log.mark()
    [alert] = log.alerts()
    assert alert.state.value == "resolved_unacked"
    assert alert.cause.end is not None
    assert (alert.cause.peak, alert.cause.end.incomplete) == (9.5, False)
    assert log.told() == ["dispatch alert.fired", "dispatch alert.resolved"]


def test_after_half_an_hour_the_end_is_told_as_incomplete(log: Log) -> None:
    interrupted(log)
    log.alive_until(T0 + 2 * MINUTE + 30 * MINUTE)
    excursion = next(alert for alert in log.alerts() if alert.cause.kind.value == "excursion")
    assert excursion.state.value == "resolved_unacked"
    assert excursion.cause.end is not None
    assert excursion.cause.end.incomplete


def test_numbers_declared_lost_by_a_person_end_the_waiting(log: Log) -> None:
    interrupted(log)
    log.put(
        act_record("declare_lost", "Li", {"run": "run-1", "first": 2, "last": 2, "reason": "card broken"})
    )
    assert log.alerts()[0].state.value == "resolved_unacked"


def test_a_hole_declared_by_the_gateway_ends_the_waiting(log: Log) -> None:
    interrupted(log)
    hole = b'hole,run=run-1 first=2i,last=2i,hash="x",reason="cap" %d' % log.clock.wall_ms
    log.say(lines=[hole])
    assert log.alerts()[0].state.value == "resolved_unacked"


def test_live_readings_may_open_and_worsen_over_holes(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.voice.batch([("s", T0, 4.0)])
    log.say(("s", T0 + 10 * SECOND, 9.0))
    assert log.steps() == ["excursion warning fired"]
    log.alive_until(T0 + 20 * SECOND)
    assert log.steps()[-1] == "excursion alarm level_changed"


def test_a_successor_names_how_far_the_last_run_went(log: Log) -> None:
    interrupted_at = T0
    log.fleet(plan({"s": 10 * SECOND}))
    log.say(*[("s", interrupted_at + n * 10 * SECOND, 9.0) for n in range(3)])
    log.voice.run, log.voice.seq = "run-2", 0
    line = b'run,run=run-2 previous="run-1",previous_seq=4i,previous_hash="x" %d' % T0
    log.at(T0 + MINUTE)
    log.say(("s", T0 + 30 * SECOND, 4.0), lines=[line])
    assert log.alerts()[0].state.value == "firing"
    log.put(act_record("declare_lost", "Li", {"run": "run-1", "first": 2, "last": 4, "reason": "lost"}))
    assert log.alerts()[0].state.value == "resolved_unacked"
