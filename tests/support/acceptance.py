"""Acceptance tests by name: what each tried and what it found, printed as one table at the end.

A test says `@pytest.mark.acceptance("A6")` and tells its figures through the fixture `figures`; several tests
of one name are one row, their figures summed.
"""

from __future__ import annotations

from dataclasses import dataclass, field


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

    def lines(self) -> list[str]:
        """One line a name, A2 before A10."""
        return [_line(name, self.rows[name]) for name in sorted(self.rows, key=_order)]


def _order(name: str) -> tuple[str, int]:
    return name.rstrip("0123456789"), int(name.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") or 0)


def _line(name: str, row: Row) -> str:
    verdict = "FAILED" if row.failed else ("skipped" if not row.passed else "ok")
    figures = "  ".join(f"{key} {count}" for key, count in row.counts.items())
    tests = row.passed + row.failed + row.skipped
    return f"{name:<4} {verdict:<8} {tests:>3} tests {row.seconds:8.1f} s  {figures}"
