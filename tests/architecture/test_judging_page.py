"""docs/judging.md: each kind of odd input has an outcome and names tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "judging.md").read_text("utf-8")
SECTION = PAGE.partition("## 10. Odd input")[2].partition("\n## ")[0]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in SECTION.splitlines()
    if line.startswith("| ") and not line.startswith("| Input")
]
ASKED = (
    "in the future",
    "before 1970",
    "NaN, infinities",
    "out of the range",
    "unknown sensor",
    "equal instants, different values",
    "1 Hz bursts and 3 h holes",
    "a backlog of a year",
    "profile changed with effect in the past",
    "assignment changed with effect in the past",
    "profile changed during an open excursion",
    "assignment changed during an open excursion",
)
"""Input that must never be without a line."""


@cache
def functions_of(path: str) -> frozenset[str]:
    """The test functions of a file below tests/."""
    tree = ast.parse((TESTS / path).read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(one.name for one in tree.body if isinstance(one, kinds) and one.name.startswith("test_"))


@pytest.mark.parametrize("asked", ASKED)
def test_every_kind_that_must_have_an_outcome_has_one(asked: str) -> None:
    assert [row for row in ROWS if row[0].startswith(asked)], f"no line for {asked!r}"


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_every_line_names_an_outcome_and_tests_that_exist(row: list[str]) -> None:
    _, outcome, held = row
    names = re.findall(r"`([^`]+)`", held)
    assert outcome
    assert names, "no test is named"
    for name in names:
        path, _, test = name.partition("::")
        assert (TESTS / path).is_file(), f"{path} does not exist"
        assert test in functions_of(path) if test else functions_of(path), f"{name} does not exist"
