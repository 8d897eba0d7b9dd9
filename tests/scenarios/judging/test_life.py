"""An excursion from its first reading to its end, on a clock moved by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from coldchain_backend.judging.views import Condition
from support.judged_log import SECOND, T0, Log, plan


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    log = Log(tmp_path)
    yield log
    log.close()


def test_an_excursion_warns_alarms_and_resolves_and_receivers_hear_of_alarm_and_end(log: Log) -> None:
    log.fleet(plan({"s": 2 * SECOND}))
    for number in range(40):
        time_ms = T0 + number * 2 * SECOND
        log.at(time_ms + 100)
        log.say(("s", time_ms, 11.3 if 10 <= number < 20 else 4.0))
    assert log.steps() == [
        "excursion warning fired",
        "excursion alarm level_changed",
        "excursion alarm resolved",
    ]
    assert log.told() == ["dispatch alert.fired", "dispatch alert.resolved"]
    [stored] = log.stored()
    assert stored.excursion.opened_ms == T0 + 20 * SECOND
    assert stored.excursion.closed_ms == T0 + 40 * SECOND
    assert stored.excursion.peak == 11.3
    board = log.answers.board(log.clock.wall_ms)
    assert [point.condition for point in board.points] == [Condition.IN_LIMITS]


def test_the_alarm_fires_without_a_further_reading_when_its_time_comes(log: Log) -> None:
    log.fleet(plan({"s": 30 * SECOND}))
    log.say(("s", T0, 4.0), ("s", T0 + 1, 9.0))
    assert log.steps() == ["excursion warning fired"]
    log.alive_until(T0 + 20 * SECOND)
    assert log.steps() == ["excursion warning fired", "excursion alarm level_changed"]
    [alert] = log.alerts()
    assert alert.cause.reached_ms == T0 + 1 + 10 * SECOND
