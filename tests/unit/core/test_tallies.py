"""Rules that need more of the past: sums, rolling means, rates; irreversible ones and ignored starts."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace
from datetime import timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain.errors import InvalidInput
from coldchain.excursions import (
    INITIAL,
    Change,
    ChangeKind,
    Judged,
    Sample,
    State,
    Until,
    judge,
    next_due,
    run,
    step,
)
from coldchain.profiles import Level, Mode, Profile, Reset, Rule, Side
from support.judging_cases import MINUTE, SERIES, Series, high, low, mixed_profiles, profile_of, stepped
from support.soak import rounds

HOUR = 60 * MINUTE
INTERVALS = st.sampled_from([10_000, MINUTE, 20 * MINUTE])


def held(value: float, minutes: int, start: int = 0, step: int = 5) -> Series:
    """One value every `step` minutes from a minute on."""
    return [((start + at) * MINUTE, value) for at in range(0, minutes, step)]


def sums(delay: int = HOUR, **other: object) -> Rule:
    return replace(high(warning=None, alarm=delay), mode=Mode.CUMULATIVE, **other)  # type: ignore[arg-type]  # any field


def judged(*rules: Rule, interval: int = 5 * MINUTE) -> Judged:
    return Judged(profile=profile_of(*rules), interval_ms=interval)


def alarms(series: Series, by: Judged, until: int | None = None) -> list[int]:
    """When an alarm was reached, in ms."""
    end = series[-1][0] + by.interval_ms if until is None else until
    return [one.alarm_ms for one in judge(series, end, by).excursions if one.alarm_ms is not None]


@pytest.mark.soak
@settings(max_examples=rounds(25, 10_000), deadline=None)
@given(mixed_profiles(), INTERVALS, SERIES, st.lists(st.integers(0, 30)))
def test_batches_of_any_size_give_the_same_as_single_steps(
    profile: Profile, interval: int, series: Series, cuts: list[int]
) -> None:
    by = Judged(profile=profile, interval_ms=interval)
    bounds = sorted({0, len(series), *(cut for cut in cuts if cut < len(series))})
    state, changes = INITIAL, []
    for first, last in itertools.pairwise(bounds):
        state, news = run(state, series[first:last], by)
        changes += news
    after, told = stepped(series, by)
    assert state == after
    assert by_turns(changes) == by_turns(told)


def by_turns(changes: list[Change]) -> list[Change]:
    """Each rule's changes in their order; which rule takes its turn first within an instant is not said."""
    return sorted(changes, key=lambda change: (change.at_ms, change.rule))


@settings(max_examples=rounds(25, 800), deadline=None)
@given(mixed_profiles(), INTERVALS, SERIES)
def test_a_stored_state_goes_on_as_if_never_stored(profile: Profile, interval: int, series: Series) -> None:
    by = Judged(profile=profile, interval_ms=interval)
    half = len(series) // 2
    state, _ = stepped(series[:half], by)
    restored = State.from_json(json.loads(json.dumps(state.to_json())))
    assert restored == state
    assert stepped(series[half:], by, restored) == stepped(series[half:], by, state)


@settings(max_examples=rounds(25, 800), deadline=None)
@given(mixed_profiles(), INTERVALS, SERIES.filter(bool), st.lists(st.integers(0, 40_000), max_size=4))
def test_waiting_in_steps_is_waiting_at_once_and_takes_nothing_from_what_comes_later(
    profile: Profile, interval: int, series: Series, waits: list[int]
) -> None:
    by = Judged(profile=profile, interval_ms=interval)
    state, _ = stepped(series, by)
    gradually, told, instant = state, list[Change](), series[-1][0]
    for wait in waits:
        instant += wait
        gradually, news = step(gradually, Until(time_ms=instant), by)
        told += news
        assert step(gradually, Until(time_ms=instant), by) == (gradually, [])
    at_once = step(state, Until(time_ms=instant), by)
    assert (gradually, told) == at_once
    later = (instant + 7_000, 9.0)
    after, news = step(gradually, Sample(time_ms=later[0], value=later[1]), by)
    without, all_news = step(state, Sample(time_ms=later[0], value=later[1]), by)
    assert (after.places, after.tallies, after.open) == (without.places, without.tallies, without.open)
    assert sorted(told + news, key=str) == sorted(all_news, key=str)


@settings(max_examples=rounds(25, 800), deadline=None)
@given(mixed_profiles(), INTERVALS, SERIES)
def test_the_next_due_time_is_the_first_at_which_time_alone_changes_something(
    profile: Profile, interval: int, series: Series
) -> None:
    by = Judged(profile=profile, interval_ms=interval)
    state, _ = stepped(series, by)
    due = next_due(state, by)
    if due is None:
        assert step(state, Until(time_ms=10**12), by)[1] == []
        return
    assert step(state, Until(time_ms=due - 1), by)[1] == []
    assert {change.kind for change in step(state, Until(time_ms=due), by)[1]} == {ChangeKind.LEVEL_REACHED}


def plain_sum(series: Series, rule: Rule, by: Judged, until: int) -> int:
    """Time behind readings beyond a limit, one after the other."""
    total = 0
    for (at, value), (following, _) in itertools.pairwise([*series, (until, 0.0)]):
        last = at + by.interval_ms
        end = following if following - at <= by.limit_ms and following != until else min(following, last)
        total += end - at if rule.broken_by(round(value, 3)) else 0
    return total


@settings(max_examples=rounds(25, 1000), deadline=None)
@given(series=SERIES.filter(bool), interval=INTERVALS, inclusive=st.booleans())
def test_a_sum_that_is_never_reset_is_all_time_beyond_the_limit(
    *, series: Series, interval: int, inclusive: bool
) -> None:
    rule = replace(sums(delay=10**9), inclusive=inclusive)
    by = judged(rule, interval=interval)
    state, _ = run(INITIAL, series, by)
    until = series[-1][0] + interval
    state, _ = step(state, Until(time_ms=until), by)
    assert sum(one[1] for one in state.tallies[0].sums) == plain_sum(series, rule, by, until)


def test_a_sum_goes_on_over_excursions() -> None:
    visits = held(9.0, 40) + held(5.0, 60, 40) + held(9.0, 40, 100) + held(5.0, 60, 140)
    assert alarms(visits, judged(sums())) == [120 * MINUTE], "40 min, then 20 min of the second visit"
    assert alarms(visits, judged(high(warning=None, alarm=HOUR))) == []


def test_once_used_up_each_further_visit_is_an_alarm_at_once() -> None:
    visits = held(9.0, 60) + held(5.0, 30, 60) + held(9.0, 5, 90) + held(5.0, 30, 95)
    assert alarms(visits, judged(sums())) == [60 * MINUTE, 90 * MINUTE]


def test_a_sum_over_a_window_forgets_full_hours() -> None:
    rule = sums(reset=Reset.WINDOW, window_ms=2 * HOUR)
    near = held(9.0, 40) + held(5.0, 20, 40) + held(9.0, 40, 60) + held(5.0, 20, 100)
    far = held(9.0, 40) + held(5.0, 80, 40) + held(9.0, 40, 120) + held(5.0, 20, 160)
    assert alarms(near, judged(rule)) == [80 * MINUTE]
    assert alarms(far, judged(rule)) == []


def test_a_sum_of_a_local_day_begins_anew_at_local_midnight() -> None:
    rule = sums(reset=Reset.LOCAL_DAY)
    visits = held(9.0, 70)
    midnight_inside = timezone(timedelta(hours=23, minutes=30))
    assert alarms(visits, judged(rule)) == [60 * MINUTE]
    assert alarms(visits, replace(judged(rule), zone=midnight_inside)) == []
    shanghai = replace(judged(rule), zone=ZoneInfo("Asia/Shanghai"))
    assert alarms(visits, shanghai) == [60 * MINUTE]


def test_a_gap_adds_nothing_to_a_sum() -> None:
    visits = held(9.0, 30) + held(9.0, 30, 300)
    assert alarms(visits, judged(sums(delay=61 * MINUTE))) == []
    assert alarms(visits, judged(sums(delay=60 * MINUTE))) == [330 * MINUTE]
    assert judge(visits, 400 * MINUTE, judged(sums())).excursions[0].data_gap


def mean(window_hours: int = 24, **other: object) -> Rule:
    rule = high(hysteresis=0.0, warning=None, alarm=0)
    window = window_hours * HOUR
    return replace(rule, name="mkt", mode=Mode.MKT, window_ms=window, **other)  # type: ignore[arg-type]  # any field


@pytest.mark.parametrize(("celsius", "hours"), [(10.0, 12.66), (12.0, 7.92), (15.0, 4.52), (20.0, 2.12)])
def test_a_rolling_mean_is_too_warm_at_the_full_hour_after_the_published_time(
    celsius: float, hours: float
) -> None:
    series = held(5.0, 24 * 60) + held(celsius, 24 * 60, 24 * 60)
    opened = [one.opened_ms for one in judge(series, 48 * HOUR, judged(mean())).excursions]
    assert opened == [(24 + int(hours) + 1) * HOUR]


def test_a_mean_waits_until_half_of_its_window_is_known() -> None:
    assert judge(held(20.0, 11 * 60 + 30), 12 * HOUR, judged(mean())).excursions == ()
    found = judge(held(20.0, 13 * 60), 13 * HOUR, judged(mean())).excursions
    assert [(one.opened_ms, one.peak) for one in found] == [(12 * HOUR, 20.0)]


def test_a_mean_closes_when_the_window_is_cool_again() -> None:
    series = held(5.0, 4 * 60) + held(20.0, 60, 4 * 60) + held(5.0, 6 * 60, 5 * 60)
    found = judge(series, 11 * HOUR, judged(mean(2))).excursions
    assert [(one.opened_ms, one.closed_ms) for one in found] == [(5 * HOUR, 7 * HOUR)]


def test_a_rate_is_the_median_of_slopes() -> None:
    rule = replace(high(20.0, hysteresis=5.0, warning=0, alarm=None), mode=Mode.RATE, window_ms=10 * MINUTE)
    ramp = (
        held(5.0, 20, step=1)
        + [((20 + n) * MINUTE, 5.0 + 0.5 * n) for n in range(20)]
        + held(15.0, 30, 40, 1)
    )
    found = judge(ramp, 70 * MINUTE, judged(rule, interval=MINUTE)).excursions
    assert len(found) == 1
    assert found[0].peak == pytest.approx(30.0, abs=0.1)
    assert 20 * MINUTE < found[0].opened_ms < 30 * MINUTE
    spike = [*held(5.0, 20, step=1), (20 * MINUTE, 15.0), *held(5.0, 20, 21, 1)]
    assert judge(spike, 41 * MINUTE, judged(rule, interval=MINUTE)).excursions == ()
    falling = replace(rule, side=Side.LOW, threshold=-20.0)
    down = [(at, 30.0 - value) for at, value in ramp]
    assert len(judge(down, 70 * MINUTE, judged(falling, interval=MINUTE)).excursions) == 1


def test_what_is_irreversible_stays_open_once_its_alarm_is_reached() -> None:
    freeze = replace(low(-0.5, inclusive=True, warning=0, alarm=60 * MINUTE), irreversible=True)
    short = held(-1.0, 30) + held(5.0, 60, 30)
    long = held(-1.0, 70) + held(5.0, 60, 70) + held(-2.0, 10, 130) + held(5.0, 60, 140)
    assert [one.closed_ms for one in judge(short, 90 * MINUTE, judged(freeze)).excursions] == [30 * MINUTE]
    found = judge(long, 200 * MINUTE, judged(freeze)).excursions
    assert [(one.closed_ms, one.out_ms, one.peak, one.level) for one in found] == [
        (None, 80 * MINUTE, -2.0, Level.ALARM)
    ]


def test_nothing_opens_in_the_time_ignored_at_the_start() -> None:
    rule = replace(high(warning=0, alarm=None), ignore_at_start_ms=30 * MINUTE)
    assert judge(held(20.0, 30) + held(5.0, 30, 30), HOUR, judged(rule)).excursions == ()
    found = judge(held(20.0, 40) + held(5.0, 30, 40), 70 * MINUTE, judged(rule)).excursions
    assert [one.opened_ms for one in found] == [30 * MINUTE]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reset": Reset.WINDOW, "window_ms": HOUR}, "only a cumulative sum"),
        ({"mode": Mode.MKT}, "whole hours"),
        ({"mode": Mode.MKT, "window_ms": 90 * MINUTE}, "whole hours"),
        ({"mode": Mode.MKT, "window_ms": 367 * 24 * HOUR}, "whole hours"),
        ({"mode": Mode.MKT, "window_ms": HOUR, "side": Side.LOW}, "heat only"),
        ({"mode": Mode.MKT, "window_ms": HOUR, "quantity": "humidity"}, "heat only"),
        ({"mode": Mode.CUMULATIVE, "reset": Reset.WINDOW}, "whole hours"),
        ({"mode": Mode.CUMULATIVE, "window_ms": HOUR}, "no sense"),
        ({"mode": Mode.RATE}, "window"),
        ({"mode": Mode.RATE, "window_ms": 7 * HOUR}, "window"),
        ({"window_ms": HOUR}, "no sense"),
        ({"ignore_at_start_ms": -1}, "ignored"),
        ({"threshold": 8.0001}, "three decimals"),
    ],
)
def test_a_rule_of_another_mode_that_cannot_be_meant_is_refused(
    changes: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        replace(high(), **changes)  # type: ignore[arg-type]  # one wrong thing after the other


@pytest.mark.parametrize("stored", [{"tallies": [1]}, {"tallies": [{"cumulated": None}]}])
def test_a_stored_tally_that_is_none_is_refused(stored: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        State.from_json({"last_ms": 1, "last": 1.0, "accounted_ms": 1, "places": [], **stored})


@settings(max_examples=rounds(25, 3000), deadline=None)
@given(mixed_profiles(), INTERVALS, st.lists(st.floats(2.6, 7.4), min_size=8, max_size=24), st.data())
def test_a_calm_batch_with_one_surprise_gives_the_same_as_single_steps(
    profile: Profile, interval: int, values: list[float], data: st.DataObject
) -> None:
    """Long calm batches are passed at a glance; a peak, a gap or a step back among them must not be."""
    by = Judged(profile=profile, interval_ms=interval)
    series = [(1_000_000 + index * interval, value) for index, value in enumerate(values)]
    state, _ = stepped(series[:1], by)
    state, _ = step(state, Until(time_ms=series[0][0] + data.draw(st.integers(0, interval))), by)
    place = data.draw(st.integers(1, len(series) - 1))
    peak = data.draw(st.sampled_from([values[place], 11.3, -0.6]))
    wait = data.draw(st.sampled_from([0, 3 * HOUR]))
    surprise = [(at + wait, value) for at, value in series[place:]]
    batch = [*series[1:place], (surprise[0][0], peak), *surprise[1:]]
    after, changes = stepped(batch, by, state)
    for found, news in (run(state, batch, by), run(state, iter(batch), by)):
        assert found == after
        assert by_turns(news) == by_turns(changes)
    assert run(state, [], by) == (state, [])


def test_a_calm_batch_that_steps_back_or_is_no_number_is_refused_whole() -> None:
    for rules in ((high(), low()), (low(), sums())):
        by = judged(*rules)
        state, _ = stepped(held(5.0, 10), by)
        batch = held(5.0, 60, start=10)
        for wrong in (
            [*batch, batch[-1]],
            [*batch[:5], batch[2], *batch[5:]],
            [*batch, (HOUR * 9, math.nan)],
        ):
            with pytest.raises(InvalidInput):
                run(state, wrong, by)
