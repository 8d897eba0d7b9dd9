"""Each acceptance test that is promised is held by at least one test, and no test names one that is not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from support.acceptance import NAMES

TESTS = Path(__file__).parents[1]
PROMISED = [f"{letter}{number}" for letter, count in NAMES.items() for number in range(1, count + 1)]


@cache
def marked() -> dict[str, list[str]]:
    """The names that test functions are marked with, and where."""
    found: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        text = path.read_text("utf-8")
        for test, name in _marks(ast.parse(text)) if "acceptance(" in text else ():
            found.setdefault(name, []).append(f"{path.relative_to(TESTS)}::{test}")
    return found


def _marks(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            for decorator in node.decorator_list:
                yield from ((node.name, name) for name in _names(decorator))


def _names(decorator: ast.expr) -> Iterator[str]:
    """The names in `pytest.mark.acceptance("T1", …)`."""
    if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.acceptance":
        yield from (ast.literal_eval(one) for one in decorator.args)


@pytest.mark.parametrize("name", PROMISED)
def test_every_promised_name_is_held_by_a_test(name: str) -> None:
    assert marked().get(name), f"no test is marked {name}"


def test_no_test_is_marked_with_a_name_that_nobody_promised() -> None:
    strange = {name: where for name, where in marked().items() if name not in PROMISED}
    assert strange == {}


def test_what_is_marked_in_pairs_counts_for_both() -> None:
    tree = ast.parse('@pytest.mark.acceptance("T1", "A2")\n@other\ndef test_x(): ...\n')
    assert list(_marks(tree)) == [("test_x", "T1"), ("test_x", "A2")]


def test_the_power_cut_counts_for_the_crash_matrix() -> None:
    """A kill keeps what the kernel has; only a power cut loses it."""
    assert any(where.startswith("integration/powercut/") for where in marked()["T2"])
