"""Acceptance tests by name: what each tried and what it found, printed as a table for each letter at the end.

A test says `@pytest.mark.acceptance("A6")` and tells its figures through the fixture `figures`; several tests
of one name are one row, their figures summed. A: the gateway's. T: alerts and delivery.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import pytest
from hypothesis import HealthCheck

NAMES: Final = {"A": 15, "T": 17}
"""Letters, and how many names each has."""
FIGURES: Final = [HealthCheck.function_scoped_fixture]
"""For settings of a property test with `figures`: they are of all its examples together."""


@dataclass(slots=True)
class Figures:
    """Whole numbers of one test by name, such as rounds, readings, lost, doubled."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, **counts: int) -> None:
        """Add to the figures of this test."""
        for name, count in counts.items():
            self.counts[name] = self.counts.get(name, 0) + count


@dataclass(slots=True)
class Row:
    """All tests of one name."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Acceptance:
    """The rows so far, by name."""

    rows: dict[str, Row] = field(default_factory=dict)

    def add(self, name: str, outcome: str, seconds: float, counts: dict[str, int]) -> None:
        """Take one phase of one test."""
        row = self.rows.setdefault(name, Row())
        row.seconds += seconds
        if outcome == "passed":
            row.passed += 1
        elif outcome == "skipped":
            row.skipped += 1
        elif outcome == "failed":
            row.failed += 1
        for key, count in counts.items():
            row.counts[key] = row.counts.get(key, 0) + count

    @property
    def letters(self) -> list[str]:
        """The tables that have rows."""
        return sorted({name[0] for name in self.rows})

    def lines(self, letter: str) -> list[str]:
        """One line a name, A2 before A10."""
        names = [name for name in self.rows if name[0] == letter]
        return [_line(name, self.rows[name]) for name in sorted(names, key=_order)]

    def missing(self, letter: str) -> list[str]:
        """Names of a table that no test has."""
        return [
            f"{letter}{number + 1}"
            for number in range(NAMES[letter])
            if f"{letter}{number + 1}" not in self.rows
        ]


def chosen(items: Iterable[pytest.Item], letter: str) -> tuple[Sequence[pytest.Item], Sequence[pytest.Item]]:
    """Tests with a name of this letter, and the others."""
    wanted: list[pytest.Item] = []
    others: list[pytest.Item] = []
    for item in items:
        marker = item.get_closest_marker("acceptance")
        names = marker.args if marker is not None else ()
        (wanted if any(str(name).startswith(letter) for name in names) else others).append(item)
    return wanted, others


def _order(name: str) -> tuple[str, int]:
    return name.rstrip("0123456789"), int(name.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") or 0)


def _line(name: str, row: Row) -> str:
    verdict = "FAILED" if row.failed else ("skipped" if not row.passed else "ok")
    figures = "  ".join(f"{key} {count}" for key, count in row.counts.items())
    tests = row.passed + row.failed + row.skipped
    return f"{name:<4} {verdict:<8} {tests:>3} tests {row.seconds:8.1f} s  {figures}"
