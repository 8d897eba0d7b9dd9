"""How often a point was recorded is proved day by day from its records, not from what was configured."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from coldchain.excursions import Judged, judge
from coldchain.profiles import Profile
from coldchain.verdicts import of_series
from coldchain_backend.evidence.cadence import OUT_MS, STORAGE_MS, TRANSPORT_MS, Day, days_of
from coldchain_backend.evidence.parts import Part
from coldchain_backend.fleet import AssetKind, Place
from support.judged_log import HOUR, MINUTE, plan
from support.judging_cases import high, profile_of

MIDNIGHT = 20_780 * 24 * HOUR - 8 * HOUR
"""A midnight in Shanghai."""
USUAL = profile_of(high(8.0))
Series = list[tuple[int, float]]


def days(
    series: Series, hours: tuple[int, int], profile: Profile = USUAL, kind: AssetKind = AssetKind.COLD_STORE
) -> list[Day]:
    """Days of a part between two hours behind midnight; series in minutes behind it."""
    asset = replace(plan({"s": MINUTE}).assets[0], kind=kind)
    samples = [(MIDNIGHT + at * MINUTE, value) for at, value in series]
    span = MIDNIGHT + hours[0] * HOUR, MIDNIGHT + hours[1] * HOUR
    judged = Judged(profile=profile, interval_ms=10 * MINUTE, zone=ZoneInfo(asset.time_zone))
    part = Part(
        place=Place(asset=asset, zone=asset.zones[0], point=asset.zones[0].points[0]),
        sensor="s",
        judged=judged,
        lead_ms=span[0],
        from_ms=span[0],
        to_ms=span[1],
        until_ms=span[1],
        certificate=None,
        calibrations=(),
        uncertainty=None,
        ranks=(),
        samples=samples,
        excursions=judge(samples, span[1], judged).excursions,
        verdict=of_series(samples, judged, span),
    )
    return list(days_of(part))


def every(step: int, first: int, last: int, value: float = 5.0) -> Series:
    return [(at, value) for at in range(first, last, step)]


def test_each_local_day_stands_for_itself() -> None:
    one, two = days([*every(10, 0, 24 * 60), *every(45, 24 * 60, 36 * 60)], (0, 36))
    assert (one.from_ms, one.to_ms, two.to_ms) == (MIDNIGHT, MIDNIGHT + 24 * HOUR, MIDNIGHT + 36 * HOUR)
    assert (one.records, one.longest_ms, one.allowed_ms, one.proved) == (144, 10 * MINUTE, STORAGE_MS, True)
    assert (two.records, two.longest_ms, two.proved) == (16, 45 * MINUTE, False)


def test_a_day_without_a_record_is_one_long_wait() -> None:
    (only,) = days([], (0, 24))
    assert (only.records, only.longest_ms, only.proved) == (0, 24 * HOUR, False)


def test_a_wait_at_the_ends_of_a_day_counts() -> None:
    (late,) = days(every(10, 60, 24 * 60), (0, 24))
    (early,) = days(every(10, 0, 23 * 60), (0, 24))
    assert (late.longest_ms, early.longest_ms) == (60 * MINUTE, 70 * MINUTE)


def test_transport_is_recorded_more_often_than_storage() -> None:
    (store,) = days(every(10, 0, 24 * 60), (0, 24))
    (truck,) = days(every(10, 0, 24 * 60), (0, 24), kind=AssetKind.VEHICLE)
    assert (store.proved, truck.allowed_ms, truck.proved) == (True, TRANSPORT_MS, False)


def test_out_of_limits_records_must_come_faster_and_only_then() -> None:
    slow = [*every(10, 0, 600), *every(10, 600, 660, 9.0), *every(10, 660, 24 * 60)]
    fast = [*every(10, 0, 600), *every(2, 600, 660, 9.0), *every(10, 660, 24 * 60)]
    (missed,), (kept,), (calm,) = (days(one, (0, 24)) for one in (slow, fast, every(10, 0, 24 * 60)))
    assert (missed.longest_out_ms, missed.allowed_out_ms, missed.proved) == (10 * MINUTE, OUT_MS, False)
    assert (kept.longest_out_ms, kept.proved) == (2 * MINUTE, True)
    assert (calm.longest_out_ms, calm.proved) == (None, True)


def test_an_excursion_over_midnight_counts_in_both_days_and_only_there() -> None:
    warm = [*every(10, 0, 23 * 60), *every(5, 23 * 60, 25 * 60, 9.0), *every(10, 25 * 60, 72 * 60)]
    found = days(warm, (0, 72))
    assert [one.longest_out_ms for one in found] == [5 * MINUTE, 5 * MINUTE, None]


def test_the_profile_may_ask_for_another_cadence() -> None:
    strict = replace(USUAL, cadence_ms=5 * MINUTE, cadence_out_ms=MINUTE)
    (found,) = days(every(10, 0, 24 * 60), (0, 24), strict)
    assert (found.allowed_ms, found.allowed_out_ms, found.proved) == (5 * MINUTE, MINUTE, False)
