"""Mean kinetic temperature: the published vectors, by formula, by weights in whole numbers and by series."""

from __future__ import annotations

import pytest

from coldchain.excursions import Judged
from coldchain.exposure import account
from coldchain.kinetic import HOUR_MS, HourSum, windows, worst_window
from coldchain.profiles.profile import USP_ACTIVATION_KJ_MOL
from support.formulas import mean_kinetic_of
from support.judging_cases import MINUTE, high, profile_of

H = 60
VECTORS = [
    ("constant 5", [(5.0, 24 * H)], 5.0, 5.0),
    ("20 h at 5, 4 h at 15", [(5.0, 20 * H), (15.0, 4 * H)], 6.667, 7.7046),
    ("22 h at 5, 2 h at 25", [(5.0, 22 * H), (25.0, 2 * H)], 6.667, 9.8252),
    ("23 h at 5, 1 h at 25", [(5.0, 23 * H), (25.0, 1 * H)], 5.833, 7.7564),
    ("20 h at 6, 4 h at -2", [(6.0, 20 * H), (-2.0, 4 * H)], 4.667, 5.1058),
    ("storage trap, unweighted", [(5.0, 46), (12.0, 30)], 7.763, 8.480),
    ("storage trap", [(5.0, 23 * H), (12.0, H)], 5.292, 5.4445),
    ("transport trap, unweighted", [(5.0, 120), (10.0, 30)], 6.0, 6.269),
    ("transport trap", [(5.0, 10 * H), (10.0, H)], 5.4545, 5.601),
    ("hold-last over a gap", [(5.0, 10 * H), (12.0, 4 * H)], 7.0, 7.655),
    ("gap excluded", [(5.0, 10 * H), (12.0, 5)], 5.0579, 5.090),
]
"""(°C, minutes) pairs, their weighted mean and their MKT."""

HOURS_AT = [(10.0, 12.66), (12.0, 7.92), (15.0, 4.52), (20.0, 2.12), (25.0, 1.11)]
"""Hours at a temperature, from 5 °C, before the mean kinetic temperature of 24 h exceeds 8 °C."""


@pytest.mark.parametrize(("pairs", "mkt"), [(pairs, mkt) for _, pairs, _, mkt in VECTORS])
def test_the_formula_gives_the_vectors(pairs: list[tuple[float, float]], mkt: float) -> None:
    assert mean_kinetic_of(pairs, USP_ACTIVATION_KJ_MOL) == pytest.approx(mkt, abs=0.001)


def series_of(pairs: list[tuple[float, float]], step: int) -> tuple[list[tuple[int, float]], int]:
    """Readings every `step` minutes that hold what the pairs say, and the end of their time."""
    samples, at = [], 0
    for celsius, minutes in pairs:
        samples += [((at + extra) * MINUTE, celsius) for extra in range(0, int(minutes), step)]
        at += int(minutes)
    return samples, at * MINUTE


@pytest.mark.parametrize(
    ("pairs", "mean", "mkt"),
    [(pairs, mean, mkt) for name, pairs, mean, mkt in VECTORS if "unweighted" not in name],
)
def test_a_series_gives_the_vectors(pairs: list[tuple[float, float]], mean: float, mkt: float) -> None:
    samples, end_ms = series_of(pairs, 5)
    judged = Judged(profile=profile_of(high()), interval_ms=5 * MINUTE)
    found = account(samples, judged, (0, end_ms))
    assert found.mkt == pytest.approx(mkt, abs=0.001)
    assert found.mean == pytest.approx(mean, abs=0.001)


def test_cadence_that_changes_out_of_limits_weighs_nothing_more() -> None:
    samples = [(index * 30 * MINUTE, 5.0) for index in range(46)]
    samples += [(23 * HOUR_MS + index * 2 * MINUTE, 12.0) for index in range(30)]
    judged = Judged(profile=profile_of(high()), interval_ms=30 * MINUTE)
    found = account(samples, judged, (0, 24 * HOUR_MS))
    assert (found.coverage, found.mean) == (1.0, 5.292)
    assert found.mkt == pytest.approx(5.4445, abs=0.001)


def test_a_gap_is_left_out_and_not_held() -> None:
    samples = [(index * 5 * MINUTE, 5.0) for index in range(120)] + [(10 * HOUR_MS, 12.0)]
    judged = Judged(profile=profile_of(high()), interval_ms=5 * MINUTE)
    found = account(samples, judged, (0, 14 * HOUR_MS + 5 * MINUTE))
    assert found.mkt == pytest.approx(5.090, abs=0.001)
    assert found.unknown_ms == 4 * HOUR_MS


@pytest.mark.parametrize(("celsius", "hours"), HOURS_AT)
def test_hours_until_the_window_is_too_warm(celsius: float, hours: float) -> None:
    def mkt(warm: float) -> float:
        return mean_kinetic_of([(5.0, 24 - warm), (celsius, warm)], USP_ACTIVATION_KJ_MOL)

    assert mkt(hours - 0.01) < 8.0 < mkt(hours + 0.01)


def test_the_worst_window_lies_where_it_was_warmest() -> None:
    cold, warm = 2 * HOUR_MS * 10, 2 * HOUR_MS * 30
    hours = [
        HourSum(hour_ms=n * HOUR_MS, double_ms=2 * HOUR_MS, kinetic=warm if n == 5 else cold)
        for n in range(9)
    ]
    found = worst_window(windows(hours, 2 * HOUR_MS, USP_ACTIVATION_KJ_MOL))
    assert found is not None
    assert (found.from_ms, found.to_ms) == (4 * HOUR_MS, 6 * HOUR_MS)
    assert worst_window(windows(hours[:1], 24 * HOUR_MS, USP_ACTIVATION_KJ_MOL)) is None
