"""States with long windows are kept once a day: late readings are judged from there, to the same end."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from coldchain.excursions import INITIAL, Excursion, Judged, State, judge, run
from coldchain.profiles import Mode, Rule, Side
from coldchain_backend.judging import courses
from coldchain_backend.judging.courses import DAY_MS, LONG, keeps
from coldchain_backend.sql import rows, schema
from support.judged_log import HOUR, MINUTE, SECOND, T0, Log, plan, profile
from support.soak import rounds

MEAN = Rule(
    name="mean", side=Side.HIGH, threshold=5.0, inclusive=False, hysteresis=0.1,
    warning_after_ms=0, alarm_after_ms=2 * HOUR, mode=Mode.MKT, window_ms=72 * HOUR,
)  # fmt: skip
LIMITS = replace(profile(alarm_after_ms=HOUR), rules=(*profile(alarm_after_ms=HOUR).rules, MEAN))
JUDGED = Judged(profile=LIMITS, interval_ms=HOUR)
DAYS = 6
Said = list[tuple[str, int, float]]


def said(chance: random.Random) -> Said:
    """Six days with warm stretches; some hours without a reading."""
    found: Said = []
    for slot in range(DAYS * 24):
        if chance.random() < 0.9:
            warm = 9.0 if slot % 31 < chance.choice([2, 7]) else 4.6
            found.append(("s", T0 + slot * HOUR, round(warm + chance.random(), 2)))
    return found


def told(log: Log, batches: list[Said]) -> None:
    for batch in batches:
        log.say(*batch)
        log.clock.advance(2 * SECOND)
        log.mark()


def opened() -> Log:
    log = Log(Path("/tmp"))
    log.only = "excursion"
    log.fleet(plan({"s": HOUR}, limits=LIMITS, gateways=()))
    log.at(T0 + DAYS * DAY_MS)
    return log


def kept(log: Log) -> list[tuple[int, State]]:
    """The states that were kept, by hour."""
    with log.database.read() as connection:
        table = schema.course_hour
        found = connection.execute(select(table.c.hour_ms, table.c.state).order_by(table.c.hour_ms))
        return [(hour_ms, rows.state_of(blob)) for hour_ms, blob in found]


def whole(series: Said, log: Log) -> list[Excursion]:
    return list(judge([(at, value) for _, at, value in series], log.clock.wall_ms, JUDGED).excursions)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(rounds(2, 400)))
def test_late_batches_come_to_the_same_as_the_whole(seed: int) -> None:
    chance = random.Random(seed)
    series, log = said(chance), opened()
    batches = [series[start : start + 12] for start in range(0, len(series), 12)]
    late = [batches.pop(chance.randrange(len(batches))) for _ in range(3)]
    told(log, [*batches, *late, batches[0]])
    assert log.excursions(LIMITS, HOUR).get("s", []) == whole(series, log)
    log.close()


def test_states_with_long_windows_are_kept_once_a_day() -> None:
    log, series = opened(), said(random.Random(7))
    told(log, [series])
    found = kept(log)
    heavy = [hour_ms for hour_ms, state in found if any(len(one.sums) > LONG for one in state.tallies)]
    assert 3 <= len(heavy) <= DAYS
    assert all(before // DAY_MS != after // DAY_MS for before, after in pairwise(heavy))
    light = len(found) - len(heavy)
    assert light > 40, "while a window is short, every hour is kept"
    samples = [(at, value) for _, at, value in series]
    for hour_ms, state in found:
        before, _ = run(INITIAL, [one for one in samples if one[0] < hour_ms], JUDGED)
        assert state == before
    log.close()


def test_states_that_an_earlier_version_kept_each_hour_never_mislead(monkeypatch: pytest.MonkeyPatch) -> None:
    log, series = opened(), said(random.Random(3))
    late = series[70:76]
    monkeypatch.setattr(courses, "LONG", 10_000)
    told(log, [[one for one in series if one not in late]])
    assert len(kept(log)) > DAYS * 20
    monkeypatch.undo()
    told(log, [late, [("s", series[90][1] + MINUTE, 9.9)]])
    everything = sorted([*series, ("s", series[90][1] + MINUTE, 9.9)])
    assert log.excursions(LIMITS, HOUR).get("s", []) == whole(everything, log)
    samples = [(at, value) for _, at, value in everything]
    for hour_ms, state in kept(log):
        assert state == run(INITIAL, [one for one in samples if one[0] < hour_ms], JUDGED)[0]
    log.close()


@pytest.mark.parametrize(("hour", "before", "is_kept"), [(24, 23, True), (25, 24, False), (30, None, True)])
def test_the_first_hour_of_a_day_is_kept(hour: int, before: int | None, is_kept: bool) -> None:  # noqa: FBT001 - a column
    samples = [(n * HOUR, 4.0) for n in range(LONG + 24)]
    state, _ = run(INITIAL, samples, JUDGED)
    assert keeps(state, hour * HOUR, None if before is None else before * HOUR) is is_kept
    assert keeps(INITIAL, hour * HOUR, None if before is None else before * HOUR)
