"""What holds of judging for every series, profile, order, duplication and batching."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain.builtin_profiles import BUILTIN
from coldchain.excursions import (
    INITIAL,
    ChangeKind,
    Judged,
    State,
    Until,
    glance,
    judge,
    next_due,
    run,
    step,
)
from coldchain.excursions import Series as SeenAtOnce
from coldchain.profiles import Profile
from support.acceptance import FIGURES, Figures
from support.judging_cases import SERIES, Series, profiles, stepped
from support.second_opinion import excursions_by_the_other, excursions_of
from support.soak import rounds

INTERVALS = st.sampled_from([1_000, 10_000, 60_000])


def last_ms(series: Series) -> int:
    return series[-1][0] if series else 1_000_000


@settings(max_examples=rounds(25, 8000), deadline=None)
@given(profiles(), INTERVALS, SERIES, st.integers(min_value=-20_000, max_value=2_000_000))
def test_the_second_judge_agrees(profile: Profile, interval: int, series: Series, beyond: int) -> None:
    until = last_ms(series) + beyond
    judged = Judged(profile=profile, interval_ms=interval)
    ours = excursions_of(judge(series, until, judged).excursions)
    assert ours == excursions_by_the_other(series, until, judged)


@pytest.mark.soak
@pytest.mark.acceptance("T1")
@settings(max_examples=rounds(25, 10_000), deadline=None, suppress_health_check=FIGURES)
@given(profile=profiles(), interval=INTERVALS, series=SERIES, chance=st.randoms(use_true_random=False))
def test_order_and_duplication_do_not_matter(
    profile: Profile, interval: int, series: Series, chance: random.Random, figures: Figures
) -> None:
    figures.add(series=1)
    judged, until = Judged(profile=profile, interval_ms=interval), last_ms(series) + 5_000
    again = series + chance.choices(series, k=len(series)) if series else []
    chance.shuffle(again)
    assert judge(again, until, judged) == judge(series, until, judged)


@settings(max_examples=rounds(25, 6000), deadline=None)
@given(profiles(), INTERVALS, SERIES, st.lists(st.integers(min_value=0, max_value=30)))
def test_batches_of_any_size_give_the_same_as_single_steps(
    profile: Profile, interval: int, series: Series, cuts: list[int]
) -> None:
    judged = Judged(profile=profile, interval_ms=interval)
    bounds = sorted({0, len(series), *(cut for cut in cuts if cut < len(series))})
    state, changes = INITIAL, []
    for first, last in itertools.pairwise(bounds):
        state, news = run(state, series[first:last], judged)
        changes += news
    assert (state, changes) == stepped(series, judged)


@settings(max_examples=rounds(25, 3000), deadline=None)
@given(profiles(), INTERVALS, SERIES, st.integers(0, 8), st.integers(1, 12))
def test_a_glance_sees_what_steps_would_come_to_or_nothing(
    profile: Profile, interval: int, series: Series, taken: int, looked_at: int
) -> None:
    judged = Judged(profile=profile, interval_ms=interval)
    before, _ = stepped(series[:taken], judged)
    times, values = zip(*series[taken : taken + looked_at], strict=True) if series[taken:] else ((1,), (5.0,))
    behind = glance(before, SeenAtOnce(times, values, min(values), max(values)), judged)
    if behind is not None:
        assert run(before, list(zip(times, values, strict=True)), judged) == (behind, [])
        assert not behind.open


@settings(max_examples=rounds(25, 4000), deadline=None)
@given(st.lists(st.sampled_from([2.1, 4.0, 7.9]), max_size=20), st.sampled_from([5.0, 8.001]))
def test_readings_within_every_limit_are_taken_at_a_glance(values: list[float], last: float) -> None:
    judged = Judged(profile=BUILTIN["vaccine-2-8"], interval_ms=10_000)
    before, _ = run(INITIAL, [(0, 5.0)], judged)
    said = [*values, last]
    times = range(10_000, 10_000 * len(said) + 1, 10_000)
    behind = glance(before, SeenAtOnce(times, said, min(said), max(said)), judged)
    assert (behind is None) == (last > 8)


@settings(max_examples=rounds(25, 4000), deadline=None)
@given(profiles(), INTERVALS, SERIES, st.lists(st.integers(min_value=0, max_value=40_000), max_size=5))
def test_until_is_idempotent_and_monotone(
    profile: Profile, interval: int, series: Series, waits: list[int]
) -> None:
    judged = Judged(profile=profile, interval_ms=interval)
    state, _ = stepped(series, judged)
    gradually, told = state, []
    instant = last_ms(series)
    for wait in waits:
        instant += wait
        gradually, news = step(gradually, Until(time_ms=instant), judged)
        told += news
        assert step(gradually, Until(time_ms=instant), judged) == (gradually, [])
        assert step(gradually, Until(time_ms=instant - 1), judged) == (gradually, [])
    if waits:
        assert (gradually, told) == step(state, Until(time_ms=instant), judged)


@settings(max_examples=rounds(25, 4000), deadline=None)
@given(profiles(), INTERVALS, SERIES, SERIES.filter(bool), st.integers(min_value=0, max_value=1_000_000))
def test_until_takes_nothing_from_later_readings(
    profile: Profile, interval: int, series: Series, later: Series, wait: int
) -> None:
    judged = Judged(profile=profile, interval_ms=interval)
    state, _ = stepped(series, judged)
    instant = last_ms(series) + wait
    after = [(time_ms - 1_000_000 + instant, value) for time_ms, value in later]
    waited, told = step(state, Until(time_ms=instant), judged)
    with_wait, news = stepped(after, judged, waited)
    without, changes = stepped(after, judged, state)
    assert (with_wait, told + news) == (without, changes)


@settings(max_examples=rounds(25, 4000), deadline=None)
@given(profiles(), INTERVALS, SERIES)
def test_the_next_due_time_is_the_first_at_which_time_alone_changes_something(
    profile: Profile, interval: int, series: Series
) -> None:
    judged = Judged(profile=profile, interval_ms=interval)
    state, _ = stepped(series, judged)
    due = next_due(state, judged)
    if due is None:
        assert step(state, Until(time_ms=last_ms(series) + 10**9), judged)[1] == []
    else:
        assert step(state, Until(time_ms=due - 1), judged)[1] == []
        news = step(state, Until(time_ms=due), judged)[1]
        assert {change.at_ms for change in news} == {due}
        assert {change.kind for change in news} == {ChangeKind.LEVEL_REACHED}


@settings(max_examples=rounds(25, 2000), deadline=None)
@given(profiles(), INTERVALS, SERIES)
def test_a_stored_state_goes_on_as_if_never_stored(profile: Profile, interval: int, series: Series) -> None:
    judged = Judged(profile=profile, interval_ms=interval)
    half = len(series) // 2
    state, _ = stepped(series[:half], judged)
    restored = State.from_json(state.to_json())
    assert restored == state
    assert stepped(series[half:], judged, restored) == stepped(series[half:], judged, state)
