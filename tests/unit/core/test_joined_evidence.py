"""Evidence of several times together: required time is theirs alone, and nothing between them counts."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain.errors import InvalidInput
from coldchain.excursions import Judged
from coldchain.profiles import Mode, Profile, Thermal
from coldchain.verdicts import Evidence, Figure, Outcome, ReasonKind, decide, evidence_of, joined
from support.judging_cases import MINUTE, SERIES, high, low, mixed_profiles, profile_of
from support.soak import rounds

HOUR = 60 * MINUTE
USUAL = profile_of(high(8.0), low(2.0))
DRIFTING = replace(USUAL, thermal=Thermal(ambient_high=30.0, ambient_low=-10.0, time_constant_ms=4 * HOUR))
CAREFUL = replace(USUAL, indeterminate=True)
Series = list[tuple[int, float]]


def held(value: float, from_hour: int, to_hour: int) -> Series:
    return [(at, value) for at in range(from_hour * HOUR, to_hour * HOUR, 5 * MINUTE)]


def part(
    series: Series, hours: tuple[int, int], profile: Profile = USUAL, uncertainty: float | None = None
) -> Evidence:
    by = Judged(profile=profile, interval_ms=5 * MINUTE)
    return evidence_of(series, by, (hours[0] * HOUR, hours[1] * HOUR), uncertainty=uncertainty)


def test_time_between_the_parts_is_not_required() -> None:
    whole = joined([part(held(5.0, 0, 6), (0, 6)), part(held(5.0, 18, 24), (18, 24))])
    found = decide(whole)
    assert (found.outcome, found.coverage, found.account.required_ms) == (Outcome.CONFORM, 1.0, 12 * HOUR)
    assert (found.from_ms, found.to_ms) == (0, 24 * HOUR)


def test_a_limit_broken_in_one_part_is_broken_in_the_whole() -> None:
    calm, warm = part(held(5.0, 0, 6), (0, 6)), part(held(9.0, 18, 20), (18, 20))
    for parts in ([calm, warm], [warm, calm]):
        found = decide(joined(parts))
        assert found.outcome is Outcome.NON_CONFORM
        assert found.counted_ms("high") == 2 * HOUR
        assert found.reasons[0].figures[Figure.FROM_MS] == 18 * HOUR


def test_one_part_is_itself() -> None:
    only = part(held(5.0, 0, 3), (0, 6))
    assert joined([only]) is only


@pytest.mark.parametrize("profiles", [[], [USUAL, DRIFTING]])
def test_nothing_and_parts_under_different_profiles_are_not_joined(profiles: list[Profile]) -> None:
    with pytest.raises(InvalidInput, match="one profile"):
        joined([part(held(5.0, 0, 1), (0, 1), profile) for profile in profiles])


def test_an_uncertainty_that_one_part_lacks_is_lacking_in_the_whole() -> None:
    sure = part(held(5.0, 0, 6), (0, 6), CAREFUL, 0.1)
    coarse = part(held(7.8, 18, 24), (18, 24), CAREFUL, 0.5)
    unknown = part(held(5.0, 18, 24), (18, 24), CAREFUL)
    whole = joined([sure, coarse])
    assert (whole.uncertainty, whole.indeterminate_ms) == (0.5, 6 * HOUR)
    assert decide(whole).outcome is Outcome.NOT_DEMONSTRABLE
    lacking = joined([sure, unknown])
    assert (lacking.uncertainty, lacking.surely, lacking.possibly) == (None, None, None)
    assert decide(lacking).outcome is Outcome.NOT_DEMONSTRABLE


def test_the_bounds_of_the_whole_take_the_known_parts_as_they_are() -> None:
    known, torn = part(held(5.0, 0, 6), (0, 6), DRIFTING), part(held(5.0, 18, 20), (18, 24), DRIFTING)
    whole = joined([known, torn])
    assert whole.warm is not None
    assert torn.warm is not None
    assert (whole.warm.required_ms, whole.warm.unknown_ms) == (12 * HOUR, 0)
    assert whole.warm.rule("high").out_ms == torn.warm.rule("high").out_ms > HOUR
    assert joined([known, known]).warm is None, "without gaps there is nothing to bound"
    assert {"high", "low"} <= set(whole.drifted)
    reasons = [reason.kind for reason in decide(whole).reasons]
    assert reasons.count(ReasonKind.GAP_MAY_HIDE) == 2


def test_a_gap_that_one_part_cannot_bound_leaves_the_whole_without_bound() -> None:
    torn, silent = part(held(5.0, 0, 2), (0, 6)), part([], (18, 24))
    assert torn.optimistic is not None
    assert silent.optimistic is None
    assert joined([torn, silent]).optimistic is None


def test_the_worst_window_of_all_parts_is_the_warmest_and_of_equal_ones_the_first() -> None:
    mean = replace(high(8.0, hysteresis=0.0, warning=None, alarm=0), mode=Mode.MKT, window_ms=2 * HOUR)
    parts = [
        part(held(value, hour, hour + 3), (hour, hour + 3), profile_of(mean))
        for hour, value in ((0, 6.0), (6, 9.0), (12, 9.0), (18, 7.0))
    ]
    for order in (parts, parts[::-1]):
        window = joined(order).judged.windows["high"]
        assert (window.mkt, window.to_ms) == (9.0, 7 * HOUR), "known for half of its two hours"
        assert decide(joined(order)).outcome is Outcome.NON_CONFORM


@settings(max_examples=rounds(25, 800), deadline=None)
@given(mixed_profiles(), SERIES.filter(bool), st.permutations(range(3)))
def test_the_order_of_the_parts_changes_no_verdict(
    profile: Profile, series: Series, order: list[int]
) -> None:
    by = Judged(profile=profile, interval_ms=MINUTE)
    cuts = [900_000, 2_000_000, 3_000_000, 5_000_000]
    parts = [evidence_of(series, by, span) for span in itertools.pairwise(cuts)]
    whole, mixed = joined(parts), joined([parts[index] for index in order])
    assert whole.account == mixed.account
    assert decide(whole).outcome is decide(mixed).outcome
    assert sum(part.account.required_ms for part in parts) == whole.account.required_ms
