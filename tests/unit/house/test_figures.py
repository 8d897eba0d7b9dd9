"""The figures count what they say."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence

import pytest

from tools.figures import (
    Figure,
    Module,
    broad_excepts,
    constructor_arguments,
    length,
    measure,
    percentile,
    sleeps,
)


def module(path: str, source: str) -> Module:
    text = textwrap.dedent(source)
    return Module(path=path, text=text, tree=ast.parse(text))


def figure(figures: Sequence[Figure], name: str) -> Figure:
    return next(one for one in figures if one.name.startswith(name))


def test_a_file_over_the_cap_is_named() -> None:
    figures = measure(
        [module("core/long.py", "x = 1\n" * 401), module("tests/unit/test_x.py", "y = 2\n" * 401)]
    )
    longest = figure(figures, "file: longest")
    assert not longest.met
    assert longest.line().endswith("core/long.py(401) tests/unit/test_x.py(401)")


def test_functions_are_measured_with_their_docstrings_and_without_decorators() -> None:
    one = module("core/a.py", '@d\ndef f() -> None:\n    """Says."""\n    return None\n')
    assert [length(found) for found in one.functions()] == [3]


def test_arguments_without_types_are_found_and_self_needs_none() -> None:
    one = module("core/a.py", "class A:\n    def f(self, a: int, *b, **c: str) -> None: ...\n")
    share = figure(measure([one]), "arguments annotated")
    assert share.value == pytest.approx(200 / 3)
    assert share.where == ["core/a.py:2"]


@pytest.mark.parametrize(
    ("clause", "broad"),
    [
        ("except ValueError", 0),
        ("except Exception", 1),
        ("except (ValueError, BaseException)", 1),
        ("except", 1),
        ("except* ExceptionGroup", 0),
    ],
)
def test_broad_excepts_are_counted(clause: str, broad: int) -> None:
    assert broad_excepts(module("core/a.py", f"try:\n    f()\n{clause}:\n    g()\n")) == broad


def test_sleeps_count_in_quiet_tiers_only() -> None:
    asleep = "import time\ntime.sleep(1)\n"
    files = [module("tests/unit/test_a.py", asleep), module("tests/integration/test_b.py", asleep)]
    assert figure(measure(files), "sleeps").value == 1


def test_constructor_arguments_leave_self_out() -> None:
    one = module("core/a.py", "class A:\n    def __init__(self, a: int, *, b: int) -> None: ...\n")
    assert [constructor_arguments(found) for found in one.classes()] == [2]


def test_percentiles_are_values_that_were_there() -> None:
    assert percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 100], 0.9) == 100
    assert percentile([], 0.9) == 0


def test_giving_way_once_is_no_sleep_and_a_fake_clock_sleeps_in_no_time() -> None:
    calm = module("tests/unit/test_a.py", "import asyncio\nasyncio.sleep(0)\nclock.sleep(5)\n")
    assert sleeps(calm) == 0
    assert sleeps(module("tests/unit/test_b.py", "import asyncio\nasyncio.sleep(delay)\n")) == 1


def test_what_is_not_reached_yet_is_told_and_fails_only_below_what_was() -> None:
    told = Figure(name="x", value=0.8, low=1.0, high=1.6, floor=0.75)
    assert "OUTSIDE" in told.line()
    assert told.tolerable
    assert not Figure(name="x", value=0.7, low=1.0, high=1.6, floor=0.75).tolerable
    assert not Figure(name="x", value=0.8, low=1.0).tolerable


def test_a_target_with_two_ends_is_met_between_them() -> None:
    assert Figure(name="x", value=1.2, low=1.0, high=1.6).met
    assert not Figure(name="x", value=0.9, low=1.0, high=1.6).met
    assert "1 … 1.6" in Figure(name="x", value=1.7, low=1.0, high=1.6).line()
