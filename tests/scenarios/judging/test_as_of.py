"""Readings as they were known at a record: what came later is out, what only came again stays."""

from __future__ import annotations

import pytest

from coldchain.errors import InvalidInput
from coldchain_backend.judging import as_of
from coldchain_backend.judging.as_of import ReadingsAsOf
from coldchain_backend.judging.voided import stamped_before
from support.judged_log import HOUR, MINUTE, T0, Log, plan

SENSORS = ("plain", "two words", "a:b/c@d-e.f", "zigbee/疫苗柜 2")


def known(log: Log, sensor: str, number: int) -> list[tuple[int, float]]:
    """Minutes and temperatures of the first hour as they were known at a record."""
    asked = ReadingsAsOf(recall=log.records, ledger=log.ledger, number=number)
    samples, ranks = asked.graded(sensor, "temperature", T0, T0 + HOUR)
    assert len(samples) == len(ranks)
    return [((at - T0) // MINUTE, value) for at, value in samples]


@pytest.mark.parametrize("sensor", SENSORS)
def test_a_late_reading_is_out_whatever_its_sensor_is_called(log: Log, sensor: str) -> None:
    log.fleet(plan({sensor: MINUTE}))
    log.at(T0 + 10 * MINUTE)
    log.say((sensor, T0 + MINUTE, 4.0), (sensor, T0 + 3 * MINUTE, 5.0))
    then = log.ledger.end
    log.say((sensor, T0 + 2 * MINUTE, 9.0))
    assert known(log, sensor, then) == [(1, 4.0), (3, 5.0)]
    assert known(log, sensor, log.ledger.end) == [(1, 4.0), (2, 9.0), (3, 5.0)]


def test_a_reading_that_came_again_was_known_when_it_first_came(log: Log) -> None:
    log.fleet(plan({"s": MINUTE}))
    log.at(T0 + 10 * MINUTE)
    log.say(("s", T0 + MINUTE, 4.0))
    then = log.ledger.end
    log.say(("s", T0 + MINUTE, 4.0), ("s", T0 + 2 * MINUTE, 4.5))
    assert known(log, "s", then) == [(1, 4.0)]


def test_the_value_that_won_then_is_the_one_that_was_known_then(log: Log) -> None:
    log.fleet(plan({"s": MINUTE}))
    log.at(T0 + 10 * MINUTE)
    numbers = []
    for value in (6.0, 5.0, 7.0, 4.0):
        log.say(("s", T0 + MINUTE, value))
        numbers.append(log.ledger.end)
        standing = log.records.samples("s", "temperature", T0, T0 + HOUR)
        assert known(log, "s", log.ledger.end) == [(1, standing[0][1])]
    at_first = known(log, "s", numbers[0])
    assert at_first == [(1, 6.0)]


def test_a_question_that_would_read_too_much_of_the_ledger_is_refused(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(as_of, "MOST_RECORDS", 4)
    log.fleet(plan({"s": MINUTE}))
    then = log.ledger.end
    for minute in range(5):
        log.at(T0 + (minute + 1) * MINUTE)
        log.say(("s", log.clock.wall_ms, 4.0))
    with pytest.raises(InvalidInput, match="ask for a later"):
        known(log, "s", then)
    assert len(known(log, "s", then + 3)) == 3


def test_the_record_before_an_instant_is_found_among_any_number(log: Log) -> None:
    stamps = []
    for minute in range(9):
        log.at(T0 + minute * MINUTE)
        log.mark()
        stamps.append(log.clock.wall_ms)
    assert stamped_before(log.ledger, T0 - 1, log.ledger.end) == 0
    for index, stamp in enumerate(stamps):
        assert stamped_before(log.ledger, stamp + 1, log.ledger.end) == index + 1
    assert stamped_before(log.ledger, stamps[-1] + HOUR, 4) == 4
