"""Accounts: equal to plain arithmetic, additive over any partition to the last bit, stored without loss."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import replace
from fractions import Fraction
from math import exp
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain.errors import InvalidInput
from coldchain.excursions import Judged
from coldchain.exposure import Account, Cell, account, accounts, boundaries, cells, hour_sums, merged, total
from coldchain.gaps import Spoken, crossing_ms
from coldchain.profiles import Profile, Rule, Weighting
from coldchain.readings import Grade
from support.judging_cases import MINUTE, SERIES, high, low, profile_of, profiles
from support.soak import rounds

HOUR = 60 * MINUTE
Series = list[tuple[int, float]]
INTERVALS = st.sampled_from([10_000, MINUTE, 20 * MINUTE])
LAWS = st.sampled_from(Weighting)
CUTS = st.lists(st.integers(0, 4_000_000), min_size=2, max_size=8, unique=True).map(sorted)


def judged_by(profile: Profile, interval: int, law: Weighting) -> Judged:
    return Judged(profile=replace(profile, weighting=law), interval_ms=interval)


@pytest.mark.soak
@settings(max_examples=rounds(25, 10_000), deadline=None)
@given(st.builds(judged_by, profiles(), INTERVALS, LAWS), SERIES, CUTS, st.randoms(use_true_random=False))
def test_accounts_of_any_partition_in_any_order_equal_the_whole(
    by: Judged, series: Series, cuts: list[int], chance: random.Random
) -> None:
    grades = [chance.choice(list(Grade)) for _ in series]
    parts = accounts(series, by, cuts, grades=grades)
    chance.shuffle(parts)
    assert merged(parts) == account(series, by, (cuts[0], cuts[-1]), grades=grades)


def plain(series: Series, by: Judged, from_ms: int, to_ms: int) -> dict[str, Fraction | int]:
    """The same sums ms by piece, with fractions and no shared code."""
    found: dict[str, Fraction | int] = {"covered": 0, "values": Fraction(0), "kinetic": Fraction(0)}
    found |= {rule.name: 0 for rule in by.rules}
    for index, (at, value) in enumerate(series):
        after = series[index + 1] if index + 1 < len(series) else None
        gap = after is None or after[0] - at > by.limit_ms
        end = (
            at + by.interval_ms if after is None else min(after[0], at + by.interval_ms) if gap else after[0]
        )
        begin, stop = max(at, from_ms), min(end, to_ms)
        if begin >= stop:
            continue
        found["covered"] += stop - begin
        here, there = round(value, 3), round(value if gap or after is None else after[1], 3)
        if by.profile.weighting is Weighting.HOLD_LAST:
            there = here
        middle = Fraction(begin + stop - 2 * at, 2 * (end - at))
        for name, one, other in (("values", here, there), ("kinetic", weight(here), weight(there))):
            found[name] += (Fraction(one) + (Fraction(other) - Fraction(one)) * middle) * (stop - begin)
        for rule in by.rules:
            found[rule.name] += stop - begin if rule.broken_by(here) else 0
    return found


def weight(celsius: float) -> float:
    return exp(10_000 * (1 / 273.15 - 1 / (273.15 + celsius)))


@settings(max_examples=rounds(25, 2000), deadline=None)
@given(profiles(), INTERVALS, LAWS, SERIES, CUTS)
def test_an_account_is_what_plain_arithmetic_gives(
    profile: Profile, interval: int, law: Weighting, series: Series, cuts: list[int]
) -> None:
    by, span = judged_by(profile, interval, law), (cuts[0], cuts[-1])
    ours, theirs = account(series, by, span), plain(series, by, *span)
    assert ours.covered_ms == theirs["covered"]
    assert ours.covered_ms + ours.unknown_ms == span[1] - span[0]
    assert {one.rule: one.out_ms for one in ours.rules} == {rule.name: theirs[rule.name] for rule in by.rules}
    assert ours.double_values / 2000 == pytest.approx(float(theirs["values"]), abs=0.01)
    assert ours.double_kinetic / 2**65 == pytest.approx(float(theirs["kinetic"]), rel=1e-9, abs=1e-6)
    inside = [value for at, value in series if span[0] <= at < span[1]]
    assert ours.readings == len(inside)
    assert (None if ours.highest is None else ours.highest.value) == (
        round(max(inside), 3) + 0.0 if inside else None
    )


def steady(value: float, count: int, start: int = 0) -> Series:
    return [((start + n) * MINUTE, value) for n in range(count)]


def by(*rules: Rule, law: Weighting = Weighting.HOLD_LAST) -> Judged:
    return judged_by(profile_of(*rules), MINUTE, law)


def test_minutes_and_degree_minutes_beyond_a_limit() -> None:
    series = [*steady(5.0, 10), *steady(10.0, 5, 10), *steady(5.0, 5, 15)]
    found = account(series, by(high(8.0), low(6.0)), (0, 20 * MINUTE))
    beyond, below = found.rule("high"), found.rule("low")
    assert (beyond.out_ms, beyond.readings, beyond.degree_minutes) == (5 * MINUTE, 5, 10.0)
    assert (below.out_ms, below.readings, below.degree_minutes) == (15 * MINUTE, 15, 15.0)
    assert found.in_ms == 0
    assert found.highest is not None
    assert (found.highest.value, found.highest.at_ms) == (10.0, 10 * MINUTE)
    assert found.rule("none").out_ms == 0


def test_an_inclusive_limit_counts_the_threshold_itself() -> None:
    series = steady(8.0, 10)
    assert account(series, by(high(8.0)), (0, 10 * MINUTE)).rule("high").out_ms == 0
    assert account(series, by(high(8.0, inclusive=True)), (0, 10 * MINUTE)).rule("high").out_ms == 10 * MINUTE


def test_the_trapezoid_takes_the_mean_of_neighbours_and_time_beyond_stays_held() -> None:
    series = [(0, 4.0), (10 * MINUTE, 10.0)]
    span = (0, 10 * MINUTE)
    straight = account(series, by(high(), law=Weighting.TRAPEZOID), span)
    assert (straight.mean, straight.rule("high").out_ms) == (7.0, 0)
    assert account(series, by(high()), span).mean == 4.0


def test_nine_degrees_then_nothing_for_three_hours_is_no_breach_of_three_hours() -> None:
    series = [(0, 9.0), (3 * HOUR, 9.1)]
    found = account(series, by(high()), (0, 3 * HOUR + MINUTE))
    assert (found.rule("high").out_ms, found.unknown_ms) == (2 * MINUTE, 3 * HOUR - MINUTE)


def test_mean_deviation_and_coverage_of_nothing_are_nothing() -> None:
    found = account([], by(high()), (0, HOUR))
    assert (found.mean, found.deviation, found.mkt, found.coverage) == (None, None, None, 0.0)
    assert account([], by(high()), (0, 0)).coverage is None
    assert merged([]) is None


def test_deviation_is_weighted_by_time() -> None:
    series = [(0, 4.0), (MINUTE, 8.0), (4 * MINUTE, 8.0)]
    found = account(series, by(high()), (0, 5 * MINUTE))
    assert found.deviation == pytest.approx(1.6)


def test_shares_of_time_by_grade() -> None:
    grades = [Grade.SEALED] * 6 + [Grade.TIME_PLACED] * 4
    found = account(steady(5.0, 10), by(high()), (0, 10 * MINUTE), grades=grades)
    assert found.grades == ((Grade.SEALED, 6 * MINUTE), (Grade.TIME_PLACED, 4 * MINUTE))


@settings(max_examples=rounds(25, 1000), deadline=None)
@given(profiles(), SERIES, CUTS)
def test_a_stored_account_comes_back_whole(profile: Profile, series: Series, cuts: list[int]) -> None:
    found = account(series, judged_by(profile, MINUTE, Weighting.TRAPEZOID), (cuts[0], cuts[-1]))
    assert Account.from_json(json.loads(json.dumps(found.to_json()))) == found


@settings(max_examples=rounds(25, 1000), deadline=None)
@given(profiles(), SERIES, CUTS)
def test_stored_accounts_add_up_as_accounts_do(profile: Profile, series: Series, cuts: list[int]) -> None:
    found = accounts(series, judged_by(profile, MINUTE, Weighting.TRAPEZOID), cuts)
    stored = json.loads(json.dumps([one.to_json() for one in found]))
    assert total(stored) == merged(found)
    assert total(stored[::-1]) == merged(found[::-1])


def test_no_accounts_and_accounts_of_different_activation_energies_have_no_total() -> None:
    stored = account(steady(5.0, 3), by(high()), (0, MINUTE)).to_json()
    for wrong in ([], [stored, {**stored, "activation_kj_mol": 60.0}]):
        with pytest.raises(InvalidInput, match="do not add up"):
            total(json.loads(json.dumps(wrong)))


@pytest.mark.parametrize(
    "change", [{"sums": [1, 2]}, {"kinetic": 5}, {"lowest": [1]}, {"rules": [["x"]]}, {"grades": []}]
)
def test_what_is_no_stored_account_is_refused(change: dict[str, object]) -> None:
    stored = account(steady(5.0, 3), by(high()), (0, MINUTE)).to_json()
    with pytest.raises(InvalidInput):
        Account.from_json({**stored, **change})


def test_accounts_of_different_activation_energies_do_not_add_up() -> None:
    one = account(steady(5.0, 3), by(high()), (0, MINUTE))
    with pytest.raises(InvalidInput, match="activation"):
        one.merge(replace(one, activation_kj_mol=60.0))


def test_readings_out_of_order_make_no_account() -> None:
    with pytest.raises(InvalidInput, match="ascend"):
        account([(5, 1.0), (5, 2.0)], by(high()), (0, MINUTE))


def test_hour_sums_are_cut_at_full_hours_of_utc() -> None:
    series = steady(5.0, 150, 30)
    found = hour_sums(series, by(high()), (40 * MINUTE, 3 * HOUR))
    assert [(one.hour_ms, one.double_ms) for one in found] == [
        (0, 40 * MINUTE),
        (HOUR, 2 * HOUR),
        (2 * HOUR, 2 * HOUR),
    ]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Asia/Shanghai", "2026-07-01", 24),
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Asia/Kolkata", "2026-03-29", 24),
        ("America/Santiago", "2026-09-06", 23),
    ],
)
def test_local_days_have_the_hours_that_they_have(zone: str, day: str, hours: float) -> None:
    from datetime import datetime, timedelta

    place = ZoneInfo(zone)
    noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=place)
    found = cells(Cell.DAY, int(noon.timestamp()) * 1000, int(noon.timestamp()) * 1000 + 1, place)
    assert [(to_ms - from_ms) / HOUR for from_ms, to_ms in found] == [hours]
    edges = boundaries(
        Cell.DAY, found[0][0], found[0][0] + int(timedelta(days=40).total_seconds()) * 1000, place
    )
    assert edges == sorted(set(edges))


def test_quarters_and_hours_cover_a_time() -> None:
    assert cells(Cell.QUARTER, 1, 15 * MINUTE + 1) == [(0, 15 * MINUTE), (15 * MINUTE, 30 * MINUTE)]
    assert boundaries(Cell.HOUR, HOUR, 2 * HOUR) == [HOUR, 2 * HOUR]
    assert boundaries(Cell.HOUR, HOUR, HOUR) == boundaries(Cell.DAY, HOUR, HOUR) == []


@settings(max_examples=rounds(25, 2000), deadline=None)
@given(SERIES, CUTS)
def test_pieces_cover_a_time_without_overlap(series: Series, cuts: list[int]) -> None:
    spoken = Spoken([at for at, _ in series], interval_ms=10_000, limit_ms=25_000)
    pieces = list(spoken.pieces(cuts[0], cuts[-1]))
    ends = [piece.to_ms for piece in pieces]
    assert [cuts[0], *ends[:-1]] == [piece.from_ms for piece in pieces]
    assert ends[-1] == cuts[-1]
    assert all(after.from_ms == before.to_ms for before, after in itertools.pairwise(pieces))


def test_a_crossing_is_an_estimate_between_two_readings() -> None:
    assert crossing_ms((0, 4.0), (100, 12.0), 8.0) == 50
    assert crossing_ms((0, 4.0), (100, 6.0), 8.0) is None
    assert crossing_ms((0, 8.0), (100, 8.0), 8.0) is None


@pytest.mark.parametrize(
    ("before", "after", "at_ms"),
    [(8.0, 12.0, 0), (4.0, 8.0, 100), (12.0, 8.0, 100), (8.0, 4.0, 0), (12.0, 4.0, 50), (8.1, 12.0, None)],
)
def test_a_reading_at_the_threshold_crosses_it_there(before: float, after: float, at_ms: int | None) -> None:
    assert crossing_ms((0, before), (100, after), 8.0) == at_ms


def test_accounts_under_changed_rules_add_up_by_the_name_of_each() -> None:
    warm = account(steady(9.0, 10), by(high(8.0)), (0, 10 * MINUTE))
    cold = account([(10 * MINUTE + at, 1.0) for at, _ in steady(1.0, 10)], by(low(2.0)), (10 * MINUTE, HOUR))
    for both in (warm.merge(cold), cold.merge(warm)):
        assert (both.rule("high").out_ms, both.rule("low").out_ms) == (10 * MINUTE, 10 * MINUTE)
        assert both.rule("high").degree_minutes == both.rule("low").degree_minutes == 10.0
        assert both.lowest is not None
        assert both.highest is not None
        assert (both.lowest.value, both.highest.value) == (1.0, 9.0)


def test_a_time_without_readings_takes_no_extreme_from_the_others() -> None:
    known = account(steady(5.0, 10), by(high()), (0, 10 * MINUTE))
    empty = account([], by(high()), (10 * MINUTE, HOUR))
    for both in (known.merge(empty), empty.merge(known)):
        assert (both.lowest, both.highest) == (known.lowest, known.highest)
        assert (both.covered_ms, both.unknown_ms) == (10 * MINUTE, 50 * MINUTE)
    assert empty.merge(empty).lowest is None


def test_of_equal_extremes_the_first_is_named() -> None:
    early = account(steady(5.0, 10), by(high()), (0, 10 * MINUTE))
    late = account([(HOUR + at, value) for at, value in steady(5.0, 10)], by(high()), (HOUR, 2 * HOUR))
    for both in (early.merge(late), late.merge(early)):
        assert (both.lowest, both.highest) == (early.lowest, early.highest)
