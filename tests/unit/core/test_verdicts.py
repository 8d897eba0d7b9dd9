"""Verdicts: decided in order, never taken from missing data, bracketed by bounds, the same for any order."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain.bounds import Bound, filled
from coldchain.builtin_profiles import BUILTIN
from coldchain.errors import InvalidInput
from coldchain.excursions import Judged, judge
from coldchain.exposure import account
from coldchain.gaps import Spoken
from coldchain.profiles import Counting, Mode, Profile, Rule, Thermal
from coldchain.profiles.profile import USP_ACTIVATION_KJ_MOL
from coldchain.readings import Grade
from coldchain.verdicts import (
    Figure,
    Outcome,
    ReasonKind,
    Verdict,
    excursion_document,
    of_series,
    said,
    span_of,
    verdict_document,
    worst,
)
from coldchain.words import Language
from support.formulas import mean_kinetic_of
from support.judging_cases import MINUTE, SERIES, high, low, mixed_profiles, profile_of
from support.soak import rounds

HOUR = 60 * MINUTE
DAY = 24 * HOUR
THERMAL = Thermal(ambient_high=30.0, ambient_low=-10.0, time_constant_ms=4 * HOUR)
Series = list[tuple[int, float]]
USUAL = profile_of(high(8.0), low(2.0))


def held(value: float, minutes: int, start: int = 0) -> Series:
    """One value every five minutes from a minute on."""
    return [((start + at) * MINUTE, value) for at in range(0, minutes, 5)]


def judged(profile: Profile = USUAL) -> Judged:
    return Judged(profile=profile, interval_ms=5 * MINUTE)


def verdict(series: Series, profile: Profile = USUAL, hours: float = 24, **more: object) -> Verdict:
    return of_series(series, judged(profile), (0, round(hours * HOUR)), **more)  # type: ignore[arg-type]  # any option


def kinds(found: Verdict) -> list[ReasonKind]:
    return [reason.kind for reason in found.reasons]


DAY_AT_FIVE = held(5.0, 24 * 60)
WARM = held(5.0, 600) + held(9.0, 60, 600) + held(5.0, 780, 660)


def test_a_day_within_limits_conforms() -> None:
    found = verdict(DAY_AT_FIVE)
    assert (found.outcome, found.reasons, found.coverage) == (Outcome.CONFORM, (), 1.0)


def test_a_limit_broken_for_longer_than_allowed_does_not_conform() -> None:
    found = verdict(WARM)
    assert found.outcome is Outcome.NON_CONFORM
    (reason,) = found.reasons
    assert (reason.kind, reason.rule) == (ReasonKind.LIMIT_BROKEN, "high")
    assert reason.figures[Figure.OUT_MS] == 60 * MINUTE
    assert reason.figures[Figure.FROM_MS] == 600 * MINUTE


def test_an_excursion_within_its_delay_conforms_and_is_told() -> None:
    found = verdict(held(5.0, 600) + held(9.0, 20, 600) + held(5.0, 820, 620))
    assert (found.outcome, kinds(found)) == (Outcome.CONFORM, [ReasonKind.WITHIN_DELAY])


def test_a_rule_that_only_warns_changes_no_outcome() -> None:
    found = verdict(WARM, profile_of(high(warning=0, alarm=None)))
    assert (found.outcome, kinds(found)) == (Outcome.CONFORM, [ReasonKind.WARNING_ONLY])


def test_what_is_surely_broken_is_broken_however_little_is_known() -> None:
    found = verdict(held(9.0, 60))
    assert found.outcome is Outcome.NON_CONFORM
    assert kinds(found) == [ReasonKind.LIMIT_BROKEN, ReasonKind.COVERAGE_TOO_LOW]


def test_nothing_known_is_never_conform() -> None:
    found = verdict([])
    assert (found.outcome, kinds(found)) == (Outcome.NOT_DEMONSTRABLE, [ReasonKind.NO_READINGS])


def test_too_little_known_is_not_demonstrable() -> None:
    found = verdict(held(5.0, 22 * 60))
    assert (found.outcome, kinds(found)) == (Outcome.NOT_DEMONSTRABLE, [ReasonKind.COVERAGE_TOO_LOW])
    assert found.reasons[0].figures[Figure.SHARE] == pytest.approx(22 / 24)


def test_grades_that_do_not_suffice_prove_nothing() -> None:
    medicine = replace(USUAL, grades=(Grade.SEALED,))
    grades = [Grade.CONTROLLER_PROBE] * 100 + [Grade.SEALED] * 188
    found = verdict(DAY_AT_FIVE, medicine, grades=grades)
    assert (found.outcome, kinds(found)) == (Outcome.NOT_DEMONSTRABLE, [ReasonKind.GRADE_TOO_LOW])
    assert found.shares[Grade.CONTROLLER_PROBE] == pytest.approx(100 / 288)
    assert found.sufficient == pytest.approx(188 / 288)
    assert verdict(DAY_AT_FIVE, USUAL, grades=grades).outcome is Outcome.CONFORM


def test_an_excursion_that_goes_on_into_a_gap_may_hide_what_is_missing() -> None:
    lenient = replace(USUAL, required_coverage=0.5)
    found = verdict(held(5.0, 600) + held(9.0, 20, 600) + held(5.0, 600, 720), lenient, hours=22)
    assert (found.outcome, kinds(found)[0]) == (Outcome.NOT_DEMONSTRABLE, ReasonKind.GAP_MAY_HIDE)
    calm = verdict(held(5.0, 620) + held(5.0, 600, 720), lenient, hours=22)
    assert calm.outcome is Outcome.CONFORM


def test_a_gap_in_which_the_space_may_have_warmed_is_not_demonstrable() -> None:
    drifting = replace(USUAL, required_coverage=0.5, thermal=THERMAL)
    short = held(5.0, 600) + held(5.0, 820, 620)
    long = held(5.0, 600) + held(5.0, 600, 840)
    assert verdict(short, drifting).outcome is Outcome.CONFORM, "20 min are too short to warm"
    found = verdict(long, drifting)
    assert (found.outcome, kinds(found)) == (Outcome.NOT_DEMONSTRABLE, [ReasonKind.GAP_MAY_HIDE] * 2)
    assert {reason.rule for reason in found.reasons} == {"high", "low"}


def test_the_bounds_of_a_gap_bracket_what_is_known() -> None:
    found = verdict(held(5.0, 600) + held(5.0, 600, 840), replace(USUAL, thermal=THERMAL))
    assert found.optimistic is not None
    assert found.warm is not None
    assert found.cold is not None
    assert found.optimistic.unknown_ms == found.warm.unknown_ms == found.cold.unknown_ms == 0
    assert found.optimistic.rule("high").out_ms == 0
    assert found.warm.rule("high").out_ms > 2 * HOUR
    assert found.cold.rule("low").out_ms > 2 * HOUR
    assert found.cold.mkt < found.account.mkt < found.warm.mkt  # type: ignore[operator]  # all known


def test_a_gap_at_the_end_is_bounded_to_its_end() -> None:
    found = verdict(held(5.0, 22 * 60), replace(USUAL, thermal=THERMAL))
    assert found.warm is not None
    assert found.optimistic is not None
    assert (found.account.unknown_ms, found.warm.unknown_ms, found.optimistic.unknown_ms) == (2 * HOUR, 0, 0)
    assert found.warm.rule("high").out_ms > HOUR


def rolling(hours: int = 24) -> Rule:
    rule = replace(high(hysteresis=0.0, warning=None, alarm=0), name="mkt")
    return replace(rule, mode=Mode.MKT, window_ms=hours * HOUR)


def test_a_window_too_warm_does_not_conform_and_says_where_it_lies() -> None:
    series = held(5.0, 48 * 60) + held(15.0, 6 * 60, 48 * 60) + held(5.0, 24 * 60, 54 * 60)
    found = verdict(series, profile_of(rolling()), hours=78)
    assert (found.outcome, kinds(found)) == (Outcome.NON_CONFORM, [ReasonKind.MEAN_TOO_WARM])
    window = found.windows["mkt"]
    assert window.from_ms <= 48 * HOUR < 54 * HOUR <= window.to_ms
    assert window.to_ms % HOUR == 0
    by_formula = mean_kinetic_of([(5.0, 18), (15.0, 6)], USP_ACTIVATION_KJ_MOL)
    assert window.mkt == pytest.approx(by_formula, abs=0.001)


def test_a_time_shorter_than_the_window_is_its_own_window() -> None:
    found = verdict(held(12.0, 120), profile_of(rolling()), hours=2)
    assert (found.outcome, found.windows["mkt"].mkt) == (Outcome.NON_CONFORM, 12.0)


def test_a_mean_of_nothing_known_breaks_no_limit() -> None:
    found = verdict([], profile_of(rolling()), hours=2)
    assert (found.windows, kinds(found)) == ({}, [ReasonKind.NO_READINGS])


def test_an_excursion_is_plain_values_too() -> None:
    ended, standing = judge([*WARM, (DAY, 9.5)], DAY, judged()).excursions
    document = json.loads(json.dumps(excursion_document(ended)))
    assert (document["opened_ms"], document["closed_ms"]) == (10 * HOUR, 11 * HOUR)
    assert (document["level"], document["alarm_ms"], document["out_ms"]) == ("alarm", 630 * MINUTE, HOUR)
    assert (document["rule"], document["peak"], document["peak_ms"]) == ("high", 9.0, 10 * HOUR)
    document = json.loads(json.dumps(excursion_document(standing)))
    assert (document["closed_ms"], document["alarm_ms"], document["level"]) == (None, None, "warning")


def test_freezing_passes_a_mean_and_not_an_extreme() -> None:
    frozen = held(6.0, 20 * 60) + held(-2.0, 4 * 60, 20 * 60)
    assert verdict(frozen, profile_of(rolling())).outcome is Outcome.CONFORM
    found = of_series(frozen, judged(BUILTIN["vaccine-freeze-sensitive"]), (0, DAY))
    assert found.outcome is Outcome.NON_CONFORM
    assert found.reasons[0].rule == "freeze"


@pytest.mark.parametrize(
    ("value", "uncertainty", "outcome"),
    [
        (5.0, 0.5, Outcome.CONFORM),
        (7.8, 0.1, Outcome.CONFORM),
        (7.8, 0.5, Outcome.NOT_DEMONSTRABLE),
        (8.3, 0.5, Outcome.NOT_DEMONSTRABLE),
        (8.6, 0.5, Outcome.NON_CONFORM),
        (5.0, None, Outcome.NOT_DEMONSTRABLE),
    ],
)
def test_values_within_the_uncertainty_of_a_limit_prove_nothing(
    value: float, uncertainty: float | None, outcome: Outcome
) -> None:
    careful = replace(USUAL, indeterminate=True)
    assert verdict(held(value, 24 * 60), careful, uncertainty=uncertainty).outcome is outcome


def test_indeterminate_time_is_told() -> None:
    careful = replace(USUAL, indeterminate=True)
    series = held(5.0, 600) + held(7.8, 60, 600) + held(5.0, 780, 660)
    assert verdict(series, careful, uncertainty=0.5).indeterminate_ms == HOUR


def test_counting_by_points_is_readings_times_interval() -> None:
    series = [(0, 9.0), (4 * MINUTE, 9.0), (11 * MINUTE, 9.0), (15 * MINUTE, 5.0), (20 * MINUTE, 5.0)]
    by_time = of_series(series, judged(), span_of(series, judged()))
    assert (by_time.counted_ms("high"), by_time.recorded_ms) == (15 * MINUTE, 25 * MINUTE)
    points = judged(replace(USUAL, counting=Counting.POINTS))
    by_points = of_series(series, points, span_of(series, points))
    assert (by_points.counted_ms("high"), by_points.recorded_ms) == (15 * MINUTE, 25 * MINUTE)
    elapsed = judged(replace(USUAL, counting=Counting.ELAPSED))
    assert span_of(series, elapsed) == (0, 20 * MINUTE)
    assert span_of(series[:1], elapsed) == (0, 5 * MINUTE)
    uneven = [*series[:1], (6 * MINUTE, 9.0), *series[3:]]
    assert of_series(uneven, points, span_of(uneven, points)).counted_ms("high") == 10 * MINUTE


def test_the_worst_of_several_is_theirs() -> None:
    assert worst([Outcome.CONFORM, Outcome.NOT_DEMONSTRABLE]) is Outcome.NOT_DEMONSTRABLE
    assert worst([Outcome.CONFORM, Outcome.NON_CONFORM, Outcome.NOT_DEMONSTRABLE]) is Outcome.NON_CONFORM
    assert worst([Outcome.CONFORM]) is Outcome.CONFORM
    assert worst([]) is Outcome.NOT_DEMONSTRABLE


def test_reasons_are_told_in_both_languages_with_their_figures() -> None:
    (reason,) = verdict(WARM).reasons
    figures = "beyond it 60.0 min, allowed 30.0 min, peak 9, limit 8"
    assert said(reason, Language.EN) == f"high: beyond the limit for longer than allowed ({figures})"
    assert said(reason, Language.ZH).startswith("high: 超限时间超过允许值 (超限 60.0 分钟")
    assert "91.67%" in said(verdict(held(5.0, 22 * 60)).reasons[0], Language.EN)


def test_a_verdict_is_plain_values_too() -> None:
    document = json.loads(json.dumps(verdict_document(verdict(WARM, replace(USUAL, thermal=THERMAL)))))
    assert document["outcome"] == "non_conform"
    assert document["exposure"]["rules"]["high"]["out_ms"] == HOUR
    assert document["reasons"][0]["figures"]["peak"] == 9.0


def test_an_excursion_before_the_time_that_ended_counts_no_more() -> None:
    found = of_series(WARM, judged(), (11 * HOUR, DAY))
    assert found.outcome is Outcome.CONFORM
    standing = of_series(WARM, judged(), (10 * HOUR + 45 * MINUTE, DAY))
    assert standing.outcome is Outcome.NON_CONFORM


@settings(max_examples=rounds(25, 10_000), deadline=None)
@pytest.mark.soak
@given(mixed_profiles(), SERIES.filter(bool), st.randoms(use_true_random=False))
def test_order_and_repetition_change_no_verdict(
    profile: Profile, series: Series, chance: random.Random
) -> None:
    by = Judged(profile=profile, interval_ms=MINUTE)
    again = series + chance.choices(series, k=len(series))
    chance.shuffle(again)
    ordered = sorted(dict(again).items())
    span = span_of(series, by)
    assert of_series(ordered, by, span) == of_series(series, by, span)


COURSES = st.lists(st.floats(min_value=-1.5, max_value=1.5), min_size=40, max_size=120)
HOLES = st.lists(st.tuples(st.integers(3, 110), st.integers(4, 40)), max_size=4)


@pytest.mark.soak
@settings(max_examples=rounds(25, 2_000), deadline=None)
@given(COURSES, HOLES)
def test_bounds_hold_whatever_the_space_did_slower_than_its_time_constant(
    moves: list[float], holes: list[tuple[int, int]]
) -> None:
    """The truth drifts no faster than the bound allows; holes are torn into it; the bounds bracket it."""
    profile = replace(profile_of(high(8.0), low(2.0), gap_floor_ms=0), thermal=THERMAL)
    by = Judged(profile=profile, interval_ms=5 * MINUTE)
    share = 5 / 240  # of the way to the ambient, in one step of 5 min
    value, truth = 5.0, []
    for index, move in enumerate(moves):
        truth.append((index * 5 * MINUTE, round(value, 3)))
        reach = (30.0 - value) if move > 0 else (value + 10.0)
        value += move / 1.5 * reach * share * 0.9
    span = (0, len(truth) * 5 * MINUTE)
    gone = {index for first, length in holes for index in range(first, first + length)}
    known = [pair for index, pair in enumerate(truth) if index not in gone]
    exact = account(truth, by, span)
    found = of_series(known, by, span)
    partly = found.account
    assert (found.optimistic or partly).rule("high").out_ms <= exact.rule("high").out_ms
    assert exact.rule("high").out_ms <= (found.warm or partly).rule("high").out_ms
    assert exact.rule("low").out_ms <= (found.cold or partly).rule("low").out_ms
    assert exact.mkt <= (found.warm or partly).mkt + 0.002  # type: ignore[operator]  # known
    assert exact.mkt >= (found.cold or partly).mkt - 0.002  # type: ignore[operator]  # known


@pytest.mark.parametrize(
    ("celsius", "outcome"),
    [
        (7.6, Outcome.CONFORM),
        (7.8, Outcome.NOT_DEMONSTRABLE),
        (8.2, Outcome.NOT_DEMONSTRABLE),
        (8.4, Outcome.NON_CONFORM),
    ],
)
def test_the_limit_of_a_mean_has_a_guard_band_too(celsius: float, outcome: Outcome) -> None:
    mean = replace(high(8.0, warning=None, alarm=0), mode=Mode.MKT, window_ms=24 * HOUR)
    profile = replace(profile_of(mean), indeterminate=True)
    series = [(index * HOUR, celsius) for index in range(25)]
    by = Judged(profile=profile, interval_ms=HOUR)
    assert of_series(series, by, (0, 24 * HOUR), uncertainty=0.3).outcome is outcome


@pytest.mark.parametrize("lost", [1, 2, 3, 40])
def test_a_gap_at_the_end_of_a_question_is_filled_to_its_end(lost: int) -> None:
    profile = replace(profile_of(high(8.0), low(2.0), gap_floor_ms=0), thermal=THERMAL)
    known = [(index * 5 * MINUTE, 5.0) for index in range(100 - lost)]
    found = of_series(known, Judged(profile=profile, interval_ms=5 * MINUTE), (0, 500 * MINUTE))
    assert found.account.unknown_ms == (lost * 5) * MINUTE
    assert [found.warm and found.warm.unknown_ms, found.cold and found.cold.unknown_ms] == [0, 0]


@settings(max_examples=rounds(25, 1200), deadline=None)
@given(SERIES, st.sampled_from(Bound))
def test_a_filled_series_has_no_gap_and_every_reading(series: Series, bound: Bound) -> None:
    by = Judged(profile=replace(USUAL, thermal=THERMAL), interval_ms=MINUTE)
    span = (900_000, 6_000_000)
    made = filled(series, by, span, bound)
    assert set(series) <= set(made)
    if series or bound is not Bound.OPTIMISTIC:
        spoken = Spoken([at for at, _ in made], interval_ms=MINUTE, limit_ms=by.limit_ms)
        assert spoken.gaps(*span) == []


def test_limits_of_another_quantity_are_judged_by_its_rules() -> None:
    damp = Rule(
        name="damp", side=high().side, threshold=75.0, inclusive=False, alarm_after_ms=0, quantity="humidity"
    )
    by = Judged(profile=profile_of(high(), damp), interval_ms=5 * MINUTE, quantity="humidity")
    found = of_series(held(80.0, 24 * 60), by, (0, DAY))
    assert (found.outcome, found.reasons[0].rule) == (Outcome.NON_CONFORM, "damp")


def test_a_profile_without_rules_for_a_quantity_is_no_profile() -> None:
    with pytest.raises(InvalidInput):
        profile_of()
