"""Tiers of tests and the table of benchmarks say what they measured."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from bench.table import Budget, Row, figure, lines
from support.tiers import TIERS, Timing, tier_of


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("tests/unit/core/test_a.py", "fast"),
        ("/clone/tests/architecture/test_a.py", "fast"),
        ("tests/integration/test_a.py", "integration"),
        ("tests/e2e/test_a.py", "end to end"),
    ],
)
def test_a_test_belongs_to_the_tier_of_its_folder(path: str, name: str) -> None:
    tier = tier_of(PurePath(path))
    assert tier is not None
    assert tier.name == name


def test_files_elsewhere_belong_to_no_tier() -> None:
    assert tier_of(PurePath("tests/support/parts.py")) is None
    assert tier_of(PurePath("bench/table.py")) is None


def test_time_is_what_set_up_call_and_tear_down_took_together() -> None:
    timing = Timing()
    for start_s, stop_s, counts in ((0.0, 1.0, False), (1.0, 21.0, True), (21.0, 21.5, False)):
        timing.add(TIERS[0], start_s, stop_s, counts=counts)
    timing.add(TIERS[1], 40.0, 43.0, counts=True)
    fast, integration = timing.lines()
    assert "1 tests" in fast
    assert fast.endswith("21.5 s of 20 s  OVER")
    assert integration.endswith("3.0 s of 120 s")


def test_what_ran_side_by_side_counts_once() -> None:
    timing = Timing()
    for start_s, stop_s in ((10.0, 14.0), (0.0, 3.0), (11.0, 12.0), (13.0, 15.0)):
        timing.add(TIERS[0], start_s, stop_s, counts=True)
    assert "4 tests" in timing.lines()[0]
    assert "8.0 s of 20 s" in timing.lines()[0]


def test_a_row_stands_beside_its_budget_and_its_baseline() -> None:
    rows = [
        Row(name="ingest", value=80_000, unit="readings/s", baseline=160_000, baseline_name="parse only"),
        Row(name="RSS", value=61.5, unit="MB"),
    ]
    table = lines(rows, {"ingest": Budget(at_least=75_000), "RSS": Budget(at_most=60)})
    told = " ".join(table[1].split())
    assert told == "ingest 80 000 readings/s ≥ 75 000 ok 160 000 parse only 0.50"
    assert table[2].split() == ["RSS", "61.5", "MB", "≤", "60", "MISSED"]


@pytest.mark.parametrize(
    ("value", "text"), [(1_234_567.0, "1 234 567"), (99.94, "99.9"), (0.01234, "0.0123")]
)
def test_figures_have_no_digits_that_noise_made(value: float, text: str) -> None:
    assert figure(value) == text
