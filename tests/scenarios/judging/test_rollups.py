"""Roll-ups are a cache: whatever came when, they say what the series say, and what is touched is dropped."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldchain.excursions import Judged
from coldchain.exposure import Account, account
from coldchain.spans import Cell, boundaries
from coldchain_backend.fleet import Plan
from coldchain_backend.judging.checks import differing_cells
from coldchain_backend.judging.contracts import AccountDay
from coldchain_backend.ledger import Json, act_record
from coldchain_backend.sql.session import raw
from support.judged_log import HOUR, MINUTE, SECOND, T0, Log, plan, profile
from support.soak import rounds

LIMITS = profile(alarm_after_ms=5 * MINUTE)
DAY = 24 * HOUR


def in_zone(made: Plan, time_zone: str) -> Plan:
    [asset] = made.assets
    return replace(made, assets=(replace(asset, time_zone=time_zone),))


def fold(log: Log) -> None:
    """Fold until nothing waits."""
    while log.judging.fold():
        pass


def all_hours(log: Log) -> list[Sequence[Account]]:
    """Every folded hour: the accounts of its quarters."""
    keys = log.records.folded_courses()
    return [quarters for key in keys for quarters in log.records.hours(key, 0, 1 << 62).values()]


def all_days(log: Log) -> list[AccountDay]:
    keys = log.records.folded_courses()
    return [day for key in keys for day in log.records.days(key, 0, 1 << 62)]


READINGS = st.lists(
    st.tuples(st.integers(0, 6 * 60), st.sampled_from([4.0, 7.8, 9.0, -1.0])), min_size=20, max_size=60
)


@settings(max_examples=rounds(15, 300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(readings=READINGS, seed=st.integers(0, 2**16), batch=st.integers(1, 20), folds=st.integers(1, 4))
def test_folded_at_any_time_and_in_any_order_they_equal_recomputation(
    readings: list[tuple[int, float]], seed: int, batch: int, folds: int
) -> None:
    said = [("s", T0 + minute * MINUTE, value) for minute, value in readings]
    random.Random(seed).shuffle(said)
    with tempfile.TemporaryDirectory() as folder:
        log = Log(Path(folder))
        log.fleet(in_zone(plan({"s": MINUTE}, limits=LIMITS), "Asia/Kathmandu"))
        log.at(T0 + 7 * HOUR)
        for number, start in enumerate(range(0, len(said), batch)):
            log.say(*said[start : start + batch])
            log.clock.advance(2 * SECOND)
            log.mark()
            if number % folds == 0:
                fold(log)
        fold(log)
        assert list(differing_cells(log.records, log.answers.fleet())) == []
        log.close()


@pytest.mark.parametrize(
    ("time_zone", "day", "hours"),
    [
        ("Europe/Berlin", "2027-03-28", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("Asia/Kathmandu", "2027-03-28", 24),
        ("Australia/Adelaide", "2027-04-04", 25),
    ],
)
def test_local_days_of_23_and_25_hours_and_zones_at_quarters(
    tmp_path: Path, time_zone: str, day: str, hours: int
) -> None:
    zone = ZoneInfo(time_zone)
    begin = int(datetime.fromisoformat(day).replace(tzinfo=zone).timestamp() * 1000)
    end = begin + hours * HOUR
    assert boundaries(Cell.DAY, begin, end, zone) == [begin, end]
    log = Log(tmp_path)
    log.clock.advance(begin - 2 * HOUR - log.clock.wall_ms)
    log.fleet(in_zone(plan({"s": 5 * MINUTE}, limits=LIMITS, gateways=()), time_zone))
    log.clock.advance(hours * HOUR + 5 * HOUR)
    samples = [
        (at, 9.0 if (at // HOUR) % 5 == 0 else 4.0)
        for at in range(begin - 2 * HOUR, end + 2 * HOUR, 5 * MINUTE)
    ]
    log.say(*[("s", at, value) for at, value in samples])
    fold(log)
    stored = all_days(log)
    wanted = account(samples, Judged(profile=LIMITS, interval_ms=5 * MINUTE), (begin, end))
    found = next(one for one in stored if one.day_ms == begin)
    assert found.end_ms == end
    assert replace(found.account, grades=()) == wanted
    assert found.account.required_ms == hours * HOUR
    log.close()


def test_a_late_reading_drops_its_cells_in_the_same_commit_and_they_come_back(log: Log) -> None:
    log.fleet(plan({"s": MINUTE}, limits=LIMITS, gateways=()))
    log.at(T0 + 3 * DAY)
    said = [("s", T0 + n * MINUTE, 4.0) for n in range(2 * 24 * 60) if not 600 <= n < 620]
    log.say(*said)
    fold(log)
    hours, days = len(all_hours(log)), len(all_days(log))
    assert (hours, days) == (47, 2), "a whole local day, and what was in use of the first"
    log.say(("s", T0 + 610 * MINUTE, 9.0))
    log.clock.advance(2 * SECOND)
    log.mark()
    assert len(all_hours(log)) < hours
    assert len(all_days(log)) == 1
    assert list(differing_cells(log.records, log.answers.fleet())) == []
    log.restart()
    fold(log)
    assert (len(all_hours(log)), len(all_days(log))) == (hours, days)
    assert list(differing_cells(log.records, log.answers.fleet())) == []


def test_a_cell_that_is_wrong_is_named(log: Log) -> None:
    log.fleet(plan({"s": MINUTE}, limits=LIMITS, gateways=()))
    log.at(T0 + 6 * HOUR)
    log.say(*[("s", T0 + n * MINUTE, 4.0) for n in range(300)])
    fold(log)
    with log.database.write() as connection, connection.begin():
        connection.exec_driver_sql(
            "UPDATE account_hour SET quarters = (SELECT quarters FROM account_hour WHERE hour_ms = ?)"
            " WHERE hour_ms = ?",
            (T0, T0 + HOUR),
        )
    found, *others = differing_cells(log.records, log.answers.fleet())
    assert len(others) == 3
    assert (found.sensor, found.cell, found.from_ms) == ("s", "quarter", T0 + HOUR)
    assert "lowest" in found.fields


def test_time_out_of_use_is_in_no_cell(log: Log) -> None:
    log.fleet(plan({"s": MINUTE}, limits=LIMITS, gateways=()))
    log.at(T0 + 6 * HOUR)
    log.say(*[("s", T0 + n * MINUTE, 9.0) for n in range(340)])
    fold(log)
    act: dict[str, Json] = {
        "zone": "z",
        "state": "maintenance",
        "from": T0 + 90 * MINUTE,
        "to": T0 + 150 * MINUTE,
    }
    log.put(act_record("zone_state", "Li", act))
    fold(log)
    assert list(differing_cells(log.records, log.answers.fleet())) == []
    known = sum(one.required_ms for quarters in all_hours(log) for one in quarters)
    assert known == 5 * HOUR - HOUR


def test_an_hour_is_folded_when_it_is_over_and_nothing_is_committed_before(log: Log) -> None:
    log.fleet(plan({"s": 5 * MINUTE}, limits=LIMITS, gateways=()))
    log.at(T0 + DAY)
    log.say(*[("s", T0 + n * 5 * MINUTE, 4.0) for n in range(48)])
    fold(log)
    hours, commits = len(all_hours(log)), changes(log)
    log.say(("s", T0 + 239 * MINUTE, 4.0))
    said = changes(log)
    assert said > commits
    assert not log.judging.fold(), "the hour goes on"
    assert changes(log) == said, "what does not wait costs no commit"
    log.say(("s", T0 + 241 * MINUTE, 4.0))
    assert log.judging.fold()
    assert len(all_hours(log)) == hours + 1


def changes(log: Log) -> int:
    """How many rows judging's connection has changed so far."""
    return raw(log.books._connection).total_changes
