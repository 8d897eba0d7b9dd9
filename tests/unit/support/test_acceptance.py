"""The table of acceptance tests tells a failure as one, sums figures and sorts by number."""

from support.acceptance import Acceptance, Figures
from support.soak import SOAK, rounds


def test_rows_are_sorted_by_number_and_figures_summed() -> None:
    told = Figures()
    told.add(rounds=3, lost=0)
    told.add(rounds=2)
    table = Acceptance()
    table.add("A10", "passed", 1.0, {})
    table.add("A2", "passed", 0.5, told.counts)
    table.add("A2", "passed", 0.5, told.counts)
    first, second = table.lines()
    assert first.split()[:2] == ["A2", "ok"]
    assert "rounds 10  lost 0" in first
    assert second.startswith("A10 ")


def test_one_failure_fails_the_row_and_a_skipped_row_is_not_ok() -> None:
    table = Acceptance()
    table.add("A1", "passed", 1.0, {})
    table.add("A1", "failed", 1.0, {})
    table.add("A3", "skipped", 0.0, {})
    assert [line.split()[1] for line in table.lines()] == ["FAILED", "skipped"]


def test_rounds_follow_the_soak_setting() -> None:
    assert rounds(1, 2) == (2 if SOAK else 1)
