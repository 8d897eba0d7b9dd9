"""Late readings: what was told is amended, withdrawn, merged or split, and keeps its id."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from coldchain_backend.alerts import alert_id_of
from coldchain_backend.series.merge import order_of
from support.judged_log import HOUR, MINUTE, SECOND, T0, Log, plan, profile


@pytest.fixture(autouse=True)
def _only_excursions(log: Log) -> None:
    """These tests let the clock jump, so gateways and sensors are silent too."""
    log.only = "excursion"


def later(log: Log, *readings: tuple[str, int, float]) -> None:
    """A batch of late readings, and the end of the second in which they came."""
    log.say(*readings)
    log.clock.advance(2 * SECOND)
    log.mark()


def order(value: float) -> tuple[int, str]:
    """What decides which of two values of one instant wins."""
    return order_of((0, {"temperature": value}))


def within_beating(value: float) -> float:
    """A value within limits that wins over another of the same instant."""
    return next(one / 10 for one in range(30, 60) if order(one / 10) < order(value))


def outside_beating(value: float) -> float:
    """A value out of limits that wins over another of the same instant."""
    return next(one / 10 for one in range(90, 200) if order(one / 10) < order(value))


def test_late_readings_take_part_of_an_alarm_back(log: Log) -> None:
    log.fleet(plan({"s": MINUTE}, limits=profile(alarm_after_ms=5 * MINUTE)))
    log.at(T0 + 12 * MINUTE)
    log.say(("s", T0, 9.0), ("s", T0 + 10 * MINUTE, 9.0))
    assert log.steps() == ["excursion alarm fired"]
    later(log, *[("s", T0 + n * MINUTE, 4.0) for n in range(1, 10)])
    levels = {alert.state.value: alert.level.value for alert in log.alerts()}
    assert levels == {"resolved": "warning", "firing": "warning"}
    assert log.told() == ["dispatch alert.fired", "dispatch alert.amended"]


def test_an_excursion_that_never_was_is_withdrawn_and_its_receivers_hear_it(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.say(("s", T0, 9.0), ("s", T0 + 10 * SECOND, 9.0))
    log.at(T0 + 20 * SECOND)
    log.mark()
    right = within_beating(9.0)
    assert log.told() == ["dispatch alert.fired"]
    later(log, ("s", T0, right), ("s", T0 + 10 * SECOND, right))
    assert log.stored() == []
    assert log.told() == ["dispatch alert.fired", "dispatch alert.withdrawn"]
    assert [alert.state.value for alert in log.alerts()] == ["withdrawn"]


def test_what_was_withdrawn_and_comes_back_is_the_same_alert_in_a_new_revision(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.at(T0 + MINUTE)
    first = 9.0
    log.say(("s", T0, first), ("s", T0 + 10 * SECOND, 4.0))
    [before] = log.stored()
    second = within_beating(first)
    later(log, ("s", T0, second))
    assert log.stored() == []
    later(log, ("s", T0, outside_beating(second)))
    [after] = log.stored()
    assert after.id == before.id
    assert after.revision > before.revision
    assert [alert.id for alert in log.alerts()] == [alert_id_of(before.id)]


def test_two_excursions_become_one_and_the_later_continues_as_the_first(log: Log) -> None:
    log.fleet(plan({"s": MINUTE}))
    log.at(T0 + 5 * MINUTE)
    log.say(*[("s", T0 + n * MINUTE, value) for n, value in enumerate((9.9, 9.9, 4.0, 9.9, 9.9))])
    first, second = sorted(log.stored(), key=lambda one: one.created)
    later(log, ("s", T0 + 2 * MINUTE, outside_beating(4.0)))
    [left] = log.stored()
    assert left.id == first.id
    states = {alert.id: alert.state.value for alert in log.alerts()}
    assert states == {alert_id_of(first.id): "firing", alert_id_of(second.id): "merged"}
    assert "dispatch alert.merged" in log.told()
    log.at(T0 + 6 * MINUTE)
    log.say(("s", T0 + 5 * MINUTE, 4.0))
    assert log.told()[-1] == "dispatch alert.resolved"


def test_a_split_leaves_the_id_with_the_part_that_is_still_open(log: Log) -> None:
    log.fleet(plan({"s": MINUTE}))
    log.at(T0 + 21 * MINUTE)
    log.say(*[("s", T0 + n * MINUTE, 9.0) for n in (0, 1, 10, 11, 20)])
    [before] = log.stored()
    later(log, ("s", T0 + 5 * MINUTE, 4.0))
    parts = sorted(log.stored(), key=lambda one: one.excursion.opened_ms)
    assert [part.excursion.closed_ms for part in parts] == [T0 + 5 * MINUTE, None]
    assert parts[1].id == before.id
    assert parts[0].id != before.id
    told = {alert.id: alert.state.value for alert in log.alerts()}
    assert told == {alert_id_of(before.id): "firing", alert_id_of(parts[0].id): "resolved_unacked"}


@pytest.mark.parametrize("restarted", [False, True])
def test_what_opened_later_at_first_keeps_its_id_from_what_opens_there_now(
    log: Log, *, restarted: bool
) -> None:
    log.fleet(plan({"s": MINUTE}))
    log.at(T0 + 31 * MINUTE)
    log.say(("s", T0 + 10 * MINUTE, 9.0), ("s", T0 + 11 * MINUTE, 4.0))
    later(log, ("s", T0 + 8 * MINUTE, 9.0))
    [moved] = log.stored()
    if restarted:
        log.restart()
    later(log, ("s", T0 + 9 * MINUTE, 4.0))
    first, second = sorted(log.stored(), key=lambda one: one.excursion.opened_ms)
    assert (first.id, first.excursion.opened_ms) == (moved.id, T0 + 8 * MINUTE)
    assert (second.id != moved.id, second.excursion.opened_ms) == (True, T0 + 10 * MINUTE)


def test_a_late_beginning_keeps_the_id_and_amends(log: Log) -> None:
    log.fleet(plan({"s": MINUTE}))
    log.at(T0 + 31 * MINUTE)
    log.say(*[("s", T0 + n * MINUTE, 9.0) for n in (10, 11)], ("s", T0 + 12 * MINUTE, 4.0))
    [before] = log.stored()
    later(log, *[("s", T0 + n * MINUTE, 11.3) for n in (8, 9)])
    [after] = log.stored()
    assert (after.id, after.excursion.opened_ms) == (before.id, T0 + 8 * MINUTE)
    assert log.steps()[-1] == "excursion alarm amended"
    [alert] = log.alerts()
    assert (alert.revision, alert.cause.peak, alert.state.value) == (2, 11.3, "resolved_unacked")


def test_a_sample_of_thirty_days_ago_is_recorded_and_pages_nobody(log: Log) -> None:
    log.fleet(plan({"s": MINUTE}, gateways=()))
    log.at(T0 + 30 * 24 * HOUR)
    log.say(("s", log.clock.wall_ms, 4.0))
    later(log, ("s", T0 + 5 * MINUTE, 20.0))
    [stored] = log.stored()
    assert stored.excursion.opened_ms == T0 + 5 * MINUTE
    assert log.told() == []


def test_a_conflict_is_named_and_the_same_value_again_is_none(log: Log) -> None:
    log.fleet(plan({"s": MINUTE}))
    log.at(T0 + HOUR)
    log.say(("s", T0 + MINUTE, 4.0), ("s", T0 + 2 * MINUTE, 4.0))
    later(log, ("s", T0 + MINUTE, 4.0), ("s", T0 + 2 * MINUTE, 5.0))
    assert log.conflicts() == [("s", T0 + 2 * MINUTE)]


@contextmanager
def states_asked_for() -> Iterator[list[str]]:
    """The questions for states at the beginning of hours that are put to any database meanwhile."""
    asked: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if statement.startswith("SELECT") and "course_hour" in statement:
            asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def outage(days: int) -> list[tuple[str, int, float]]:
    """What a sensor says every half minute in an hour before and one after an outage; twice out of limits."""
    warm = {40: 9.0, 41: 9.5, 42: 9.0, 100: 12.0}
    hours = (0, days * 24)
    return [
        ("s", T0 + hour * HOUR + n * MINUTE // 2, warm.get(n, 4.0 + n % 7 / 10))
        for hour in hours
        for n in range(120)
    ]


@pytest.mark.parametrize("days", [1, 40])
def test_a_backlog_before_a_long_outage_is_judged_without_a_step_for_each_hour_of_it(
    log: Log, tmp_path: Path, days: int
) -> None:
    readings = outage(days)
    before, after = readings[:120], readings[120:]
    limits = profile()
    log.fleet(plan({"s": 30 * SECOND}, limits=limits))
    log.at(after[-1][1] + SECOND)
    log.say(*after)
    with states_asked_for() as asked:
        for start in range(0, len(before), 30):
            later(log, *before[start : start + 30])
    assert 4 <= len(asked) <= 16, "four requests, each judged again once"
    straight = Log(tmp_path)
    straight.fleet(plan({"s": 30 * SECOND}, limits=limits))
    for part in (before, after):
        straight.at(part[-1][1] + SECOND)
        straight.say(*part)
    straight.at(log.clock.wall_ms)
    straight.mark()
    assert log.excursions(limits, 30 * SECOND) == straight.excursions(limits, 30 * SECOND)
    assert len(log.all_excursions("s")) == 4
    straight.close()
