"""Judging, case by case."""

from __future__ import annotations

import pytest

from coldchain.builtin_profiles import BUILTIN
from coldchain.errors import InvalidInput
from coldchain.excursions import (
    INITIAL,
    ChangeKind,
    Excursion,
    Judged,
    Sample,
    State,
    Until,
    excursion_id,
    judge,
    next_due,
    run,
    step,
)
from coldchain.profiles import Level, Rule
from support.judging_cases import MINUTE, high, low, profile_of

HOUR = 60 * MINUTE


def judged_by(*rules: Rule, interval_ms: int = MINUTE) -> Judged:
    return Judged(profile=profile_of(*rules), interval_ms=interval_ms)


def only(series: list[tuple[int, float]], judged: Judged, until_ms: int | None = None) -> Excursion:
    excursions = judge(series, series[-1][0] if until_ms is None else until_ms, judged).excursions
    assert len(excursions) == 1
    return excursions[0]


def test_three_hours_without_data_are_not_three_hours_out_of_limits() -> None:
    judged = judged_by(high(8.0, alarm=30 * MINUTE))
    found = only([(0, 9.0), (180 * MINUTE, 9.1), (181 * MINUTE, 5.0)], judged)
    assert found.out_ms == 2 * MINUTE
    assert found.data_gap
    assert found.alarm_ms is None
    assert (found.peak, found.peak_ms) == (9.1, 180 * MINUTE)


def test_a_gap_neither_resets_nor_advances_the_delay() -> None:
    judged = judged_by(high(8.0, warning=None, alarm=10 * MINUTE))
    before = [(n * MINUTE, 9.0) for n in range(7)]
    after = [(5 * HOUR + n * MINUTE, 9.0) for n in range(6)]
    assert only(before + after, judged).alarm_ms == 5 * HOUR + 3 * MINUTE


def test_a_time_just_within_the_gap_limit_counts_whole() -> None:
    judged = judged_by(high(8.0))
    assert only([(0, 9.0), (15 * MINUTE, 5.0)], judged).out_ms == 15 * MINUTE
    beyond = only([(0, 9.0), (15 * MINUTE + 1, 5.0)], judged)
    assert (beyond.out_ms, beyond.data_gap) == (MINUTE, True)


@pytest.mark.parametrize(("inclusive", "value", "opens"), [
    (False, 8.0, False), (False, 8.0004, False), (False, 8.001, True),
    (True, 8.0, True), (True, 7.9996, True), (True, 7.999, False),
])  # fmt: skip
def test_the_high_limit_itself(*, inclusive: bool, value: float, opens: bool) -> None:
    judged = judged_by(high(8.0, inclusive=inclusive))
    assert bool(judge([(0, value)], 0, judged).excursions) is opens


@pytest.mark.parametrize(("inclusive", "value", "opens"), [
    (False, 0.0, False), (False, -0.0, False), (False, -0.001, True),
    (True, 0.0, True), (True, -0.0, True), (True, 0.001, False),
])  # fmt: skip
def test_zero_is_a_value_on_either_side_of_its_sign(*, inclusive: bool, value: float, opens: bool) -> None:
    judged = judged_by(low(0.0, inclusive=inclusive))
    assert bool(judge([(0, value)], 0, judged).excursions) is opens


def test_decimal_arithmetic_of_a_probe_does_not_open_an_excursion() -> None:
    assert not judge([(0, 7.7 + 0.1 + 0.2)], 0, judged_by(high(8.0))).excursions


def test_an_excursion_ends_only_when_clear_of_the_hysteresis() -> None:
    judged = judged_by(high(8.0, hysteresis=0.5))
    still = only([(0, 8.2), (MINUTE, 7.6)], judged)
    assert still.closed_ms is None
    assert only([(0, 8.2), (MINUTE, 7.6), (2 * MINUTE, 7.5)], judged).closed_ms == 2 * MINUTE


def test_time_within_the_hysteresis_is_not_time_out_of_limits() -> None:
    judged = judged_by(high(8.0, warning=None, alarm=10 * MINUTE))
    back = [(n * MINUTE, 7.9) for n in range(1, 41)]
    found = only([(0, 8.2), *back, (41 * MINUTE, 8.1), (49 * MINUTE, 8.1)], judged)
    assert (found.out_ms, found.alarm_ms) == (9 * MINUTE, None)
    again = only([(0, 8.2), (MINUTE, 7.9), *[(n * MINUTE, 8.1) for n in range(2, 12)]], judged)
    assert again.alarm_ms == 11 * MINUTE


def test_an_inclusive_limit_without_hysteresis_can_end() -> None:
    judged = judged_by(high(8.0, inclusive=True, hysteresis=0.0))
    assert only([(0, 8.0), (MINUTE, 7.999)], judged).closed_ms == MINUTE


def test_levels_are_reached_at_their_exact_instants() -> None:
    judged = judged_by(high(8.0, warning=90_000, alarm=150_000))
    found = only([(0, 9.0), (MINUTE, 9.0), (2 * MINUTE, 9.0), (3 * MINUTE, 9.0)], judged)
    assert (found.warning_ms, found.alarm_ms) == (90_000, 150_000)


def test_a_delay_that_runs_out_with_the_end_is_reached() -> None:
    judged = judged_by(high(8.0, warning=None, alarm=MINUTE))
    _, changes = run(INITIAL, [(0, 9.0), (MINUTE, 5.0)], judged)
    assert [change.kind for change in changes] == [
        ChangeKind.OPENED,
        ChangeKind.LEVEL_REACHED,
        ChangeKind.CLOSED,
    ]
    assert changes[-1].level is Level.ALARM


def test_without_delay_the_level_is_reached_by_the_opening_reading() -> None:
    state, changes = step(INITIAL, Sample(time_ms=0, value=9.0), judged_by(high(8.0, warning=0, alarm=0)))
    assert [(change.kind, change.level, change.at_ms) for change in changes] == [
        (ChangeKind.OPENED, None, 0),
        (ChangeKind.LEVEL_REACHED, Level.WARNING, 0),
        (ChangeKind.LEVEL_REACHED, Level.ALARM, 0),
    ]
    assert [one.level for one in state.open] == [Level.ALARM]


def test_silence_lets_the_last_reading_speak_for_one_interval() -> None:
    judged = judged_by(high(8.0, warning=None, alarm=10 * MINUTE))
    assert only([(0, 9.0)], judged, until_ms=9 * HOUR).out_ms == MINUTE


def test_a_due_time_beyond_the_last_readings_word_is_not_promised() -> None:
    near, far = judged_by(high(8.0, warning=None, alarm=30_000)), judged_by(high(8.0, warning=None))
    assert next_due(step(INITIAL, Sample(time_ms=5, value=9.0), near)[0], near) == 30_005
    assert next_due(step(INITIAL, Sample(time_ms=5, value=9.0), far)[0], far) is None
    assert next_due(INITIAL, near) is None


def test_rules_of_one_profile_are_judged_side_by_side() -> None:
    judged = Judged(profile=BUILTIN["vaccine-2-8"], interval_ms=10 * MINUTE)
    series = [(n * 10 * MINUTE, -1.0) for n in range(8)] + [(80 * MINUTE, 5.0)]
    found = judge(series, 80 * MINUTE, judged).excursions
    assert [(one.rule, one.alarm_ms, one.closed_ms) for one in found] == [
        ("freeze", 60 * MINUTE, 80 * MINUTE),
        ("low", 30 * MINUTE, 80 * MINUTE),
    ]


def test_the_peak_is_the_first_of_the_farthest_readings() -> None:
    found = only([(0, 8.2), (MINUTE, 9.5), (2 * MINUTE, 9.5), (3 * MINUTE, 8.8)], judged_by(high(8.0)))
    assert (found.peak, found.peak_ms) == (9.5, MINUTE)


def test_the_end_carries_the_reading_that_ended_it_and_the_whole_account() -> None:
    _, changes = run(INITIAL, [(0, 9.0), (MINUTE, 11.3), (2 * MINUTE, 5.0)], judged_by(high(8.0)))
    end = changes[-1]
    assert (end.kind, end.at_ms, end.value, end.level) == (ChangeKind.CLOSED, 2 * MINUTE, 5.0, Level.WARNING)
    assert (end.excursion.peak, end.excursion.out_ms, end.rule, end.opened_ms) == (
        11.3,
        2 * MINUTE,
        "high",
        0,
    )


@pytest.mark.parametrize("time_ms", [59_999, MINUTE])
def test_a_reading_that_is_not_behind_the_last_is_refused(time_ms: int) -> None:
    judged = judged_by(high(8.0))
    state, _ = step(INITIAL, Sample(time_ms=MINUTE, value=5.0), judged)
    with pytest.raises(InvalidInput, match="behind"):
        step(state, Sample(time_ms=time_ms, value=5.0), judged)
    with pytest.raises(InvalidInput, match="behind"):
        run(state, [(time_ms, 5.0)], judged)


def test_a_reading_within_time_already_accounted_for_is_refused() -> None:
    judged = judged_by(high(8.0))
    state, _ = step(INITIAL, Sample(time_ms=0, value=9.0), judged)
    state, _ = step(state, Until(time_ms=30_000), judged)
    with pytest.raises(InvalidInput, match="behind"):
        step(state, Sample(time_ms=29_999, value=5.0), judged)
    assert step(state, Sample(time_ms=30_000, value=5.0), judged)[1][0].kind is ChangeKind.CLOSED


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_a_number_is_refused(value: float) -> None:
    state, _ = step(INITIAL, Sample(time_ms=0, value=5.0), judged_by(low(2.0)))
    for start in (INITIAL, state):
        with pytest.raises(InvalidInput, match="finite"):
            run(start, [(10, value)], judged_by(low(2.0)))


def test_an_interval_must_be_positive() -> None:
    with pytest.raises(InvalidInput, match="interval"):
        Judged(profile=BUILTIN["demo"], interval_ms=0)


@pytest.mark.parametrize(
    "stored", [{}, {"last_ms": "1"}, {"last_ms": 1, "last": 2.0, "accounted_ms": 1, "places": [[]]}]
)
def test_what_is_no_stored_state_is_refused(stored: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        State.from_json(stored)


def test_an_excursion_is_named_by_its_cause() -> None:
    name = excursion_id("cq-store.chiller.front", "high", 1_795_376_523_000)
    assert name == excursion_id("cq-store.chiller.front", "high", 1_795_376_523_000)
    assert name.startswith("ex_")
    assert (
        len(
            {
                name,
                excursion_id("other", "high", 1_795_376_523_000),
                excursion_id("cq-store.chiller.front", "low", 1_795_376_523_000),
            }
        )
        == 3
    )
