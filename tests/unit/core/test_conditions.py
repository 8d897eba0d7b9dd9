"""How loud a device's condition is: stuck values, batteries, doors, calibrations, clocks, silent gateways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.conditions import (
    BEHIND_FOR_MS,
    BEHIND_MS,
    CALIBRATION_AHEAD_MS,
    CATCHING_UP_MS,
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    Flat,
    Lag,
    battery_level,
    calibration_level,
    calibration_next_ms,
    clock_level,
    door_due_ms,
    door_level,
    flat_line,
    hears_nothing,
    lag,
)
from coldchain.profiles import Level

AFTER = 6 * HOUR_MS
NOW = 48 * HOUR_MS


Series = list[tuple[int, float]]


def series(values: list[float], every_ms: int = 5 * MINUTE_MS) -> Series:
    """Values that end now."""
    return [(NOW - (len(values) - 1 - index) * every_ms, value) for index, value in enumerate(values)]


STILL = series([4.0] * 100)
MOVING = series([4.0 + (index % 12) / 10 for index in range(300)])
QUIET = series([4.0 + (index % 2) / 10 for index in range(300)])


def flat(
    samples: list[tuple[int, float]], *near: list[tuple[int, float]], step: float | None = 0.1
) -> Flat | None:
    return flat_line(samples, NOW, after_ms=AFTER, resolution=step, siblings=near)


def test_a_value_that_stands_still_beside_one_that_moves_is_flat_since_its_first_such_reading() -> None:
    found = flat(series([5.0] * 20 + [4.0] * 100), MOVING)
    assert found == Flat(since_ms=NOW - 99 * 5 * MINUTE_MS, value=4.0)


@pytest.mark.parametrize(
    ("samples", "near"),
    [
        (series([4.0] * 60), [MOVING]),  # not long enough
        (series([4.0] * 5, every_ms=2 * HOUR_MS), [MOVING]),  # too few readings
        (STILL, [QUIET]),  # a calm store at a coarse step
        (STILL, []),  # nobody to compare with, and not four times as long
        (MOVING, [MOVING]),
        ([], [MOVING]),
        ([(at - 7 * HOUR_MS, value) for at, value in STILL], [MOVING]),  # silent, not flat
    ],
)
def test_what_is_not_flat(samples: Series, near: list[Series]) -> None:
    assert flat(samples, *near) is None


def test_without_a_neighbour_it_takes_four_times_as_long() -> None:
    assert flat(series([4.0] * 289)) is not None
    assert flat(series([4.0] * 288)) is None
    assert flat(series([4.0] * 289), []) is not None, "a neighbour that is silent is none"


def test_the_step_of_the_sensor_decides_what_is_the_same() -> None:
    noisy = series([4.0 + (index % 2) * 0.0625 for index in range(100)])
    assert flat(noisy, MOVING, step=0.5) is None, "the neighbour moved by less than five such steps"
    wide = series([4.0 + index % 10 for index in range(300)])
    assert flat(noisy, wide, step=0.5) is not None
    assert flat(noisy, wide, step=0.0625) is None
    assert flat(STILL, MOVING, step=None) == flat(STILL, MOVING, step=0.1)


@given(percents=st.lists(st.floats(0, 100), min_size=1), low=st.floats(0, 100))
def test_a_battery_once_told_is_never_less_loud_until_it_is_well(percents: list[float], low: float) -> None:
    told: Level | None = None
    for percent in percents:
        level = battery_level(percent, low, told)
        if percent <= low:
            assert level is not None
        if told is not None and level is not None:
            assert level.rank >= told.rank
        if level is None:
            assert percent > low
            assert told is None or percent >= low + 5
        told = level


def test_a_battery_near_its_end_is_an_alarm() -> None:
    assert battery_level(5.0, 15.0, None) is Level.ALARM
    assert battery_level(15.0, 15.0, None) is Level.WARNING
    assert battery_level(15.1, 15.0, None) is None
    assert battery_level(0.0, 0.0, None) is Level.ALARM


def test_a_door_is_a_warning_then_an_alarm_and_then_nothing_more() -> None:
    assert door_level(0, 10, 9) is None
    assert door_level(0, 10, 10) is Level.WARNING
    assert door_level(0, 10, 30) is Level.ALARM
    assert [door_due_ms(100, 10, told) for told in (None, Level.WARNING, Level.ALARM)] == [110, 130, None]


@given(now_ms=st.integers(0, 100 * DAY_MS))
def test_a_calibration_is_louder_at_the_instants_it_names(now_ms: int) -> None:
    due_ms = 60 * DAY_MS
    level, next_ms = calibration_level(due_ms, now_ms), calibration_next_ms(due_ms, now_ms)
    assert level is (
        Level.ALARM
        if now_ms >= due_ms
        else Level.WARNING
        if now_ms >= due_ms - CALIBRATION_AHEAD_MS
        else None
    )
    if next_ms is None:
        assert level is Level.ALARM
    else:
        assert next_ms > now_ms
        assert calibration_level(due_ms, next_ms) is not level
        assert calibration_level(due_ms, next_ms - 1) is level


def test_a_clock_ahead_is_an_alarm_at_once_an_untrusted_one_after_a_day() -> None:
    assert clock_level(0, 0, ahead=True) is Level.ALARM
    assert clock_level(0, DAY_MS - 1, ahead=False) is Level.WARNING
    assert clock_level(0, DAY_MS, ahead=False) is Level.ALARM


def test_many_silent_gateways_are_one_fault() -> None:
    assert not hears_nothing(2, 2), "two of two may be two faults"
    assert not hears_nothing(3, 15)
    assert hears_nothing(4, 15)
    assert hears_nothing(3, 14)


OLD = BEHIND_MS + HOUR_MS


@pytest.mark.parametrize(
    ("age_ms", "begun", "passed_ms", "said"),
    [
        (BEHIND_MS + 30_000, (0, OLD), DAY_MS, Lag.NONE),
        (BEHIND_MS + 30_001, None, 0, Lag.BEGINS),
        (OLD, (0, OLD), BEHIND_FOR_MS - 1, Lag.LASTS),
        (OLD, (0, OLD), BEHIND_FOR_MS, Lag.CLOCK),
        (OLD + 2 * HOUR_MS, (0, OLD), BEHIND_FOR_MS, Lag.CLOCK),
        (OLD - CATCHING_UP_MS, (0, OLD), BEHIND_FOR_MS, Lag.CLOCK),
        (OLD - CATCHING_UP_MS - 1, (0, OLD), BEHIND_FOR_MS, Lag.BEGINS),
    ],
)
def test_old_readings_blame_the_clock_only_when_they_stay_as_old(
    age_ms: int, begun: tuple[int, int] | None, passed_ms: int, said: Lag
) -> None:
    assert lag(age_ms, 30_000, begun, passed_ms) is said


def test_a_backlog_that_drains_for_hours_never_blames_the_clock() -> None:
    begun, now_ms = None, 0
    for age_ms in range(8 * HOUR_MS, 0, -3 * MINUTE_MS):
        now_ms += 5 * MINUTE_MS
        said = lag(age_ms, 30_000, begun, now_ms)
        assert said is not Lag.CLOCK
        begun = (now_ms, age_ms) if said is Lag.BEGINS else begun
