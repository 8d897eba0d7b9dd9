"""The table of acceptance tests tells a failure as one, sums figures and sorts by number."""

import pytest

from support.acceptance import SAYINGS, Acceptance, Figures, chosen
from support.soak import SOAK, rounds


def test_rows_are_sorted_by_number_and_figures_summed() -> None:
    told = Figures()
    told.add(rounds=3, lost=0)
    told.add(rounds=2)
    table = Acceptance()
    table.add("A10", "passed", 1.0, {})
    table.add("A2", "passed", 0.5, told.counts)
    table.add("A2", "passed", 0.5, told.counts)
    table.add("T1", "passed", 1.0, {})
    first, figures, second, _ = table.lines("A")
    assert first.split()[:2] == ["A2", "ok"]
    assert SAYINGS["A"][1] in first
    assert figures.strip() == "2 tests in 1.0 s, rounds 10, lost 0"
    assert second.startswith("A10 ")
    assert second.endswith(SAYINGS["A"][9])


def test_one_failure_fails_the_row_and_a_skipped_row_is_not_ok() -> None:
    table = Acceptance()
    table.add("A1", "passed", 1.0, {})
    table.add("A1", "failed", 1.0, {})
    table.add("A3", "skipped", 0.0, {})
    assert [line.split()[1] for line in table.lines("A")[::2]] == ["FAILED", "skipped"]


def test_each_letter_has_a_table_and_names_what_no_test_has() -> None:
    table = Acceptance()
    table.add("T17", "passed", 1.0, {})
    table.add("A1", "passed", 1.0, {})
    assert table.letters == ["A", "T"]
    assert table.missing("T") == [f"T{number}" for number in range(1, 17)]
    assert "A1" not in table.missing("A")


def test_tests_are_chosen_by_the_letter_of_any_of_their_names(request: pytest.FixtureRequest) -> None:
    node = request.node
    assert isinstance(node, pytest.Item)
    node.add_marker(pytest.mark.acceptance("A9", "T9"))
    assert chosen([node], "T") == ([node], [])
    assert chosen([node], "B") == ([], [node])
    node.own_markers.clear()  # this test is none of them


def test_rounds_follow_the_soak_setting() -> None:
    assert rounds(1, 2) == (2 if SOAK else 1)
