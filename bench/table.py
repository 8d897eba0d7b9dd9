"""The table of `make bench`: each figure beside a bare baseline of the same run and its budget."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measured figure.

    `unit` says which way is better: anything per second wants to be high, sizes and durations low;
    a ratio (×) says it, or its budget does, and its baseline is not compared with it once more.
    `baseline` is the same work without our code, measured in the same run; None where there is none.
    """

    name: str
    value: float
    unit: str
    baseline: float | None = None
    baseline_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a row must reach (`at_least`) or stay under (`at_most`)."""

    at_least: float | None = None
    at_most: float | None = None

    def met_by(self, value: float) -> bool:
        low_enough = self.at_most is None or value <= self.at_most
        return low_enough and (self.at_least is None or value >= self.at_least)

    def __str__(self) -> str:
        if self.at_least is not None:
            return f"≥ {figure(self.at_least)}"
        return "" if self.at_most is None else f"≤ {figure(self.at_most)}"


def figure(value: float) -> str:
    """A number as people read it: thousands spaced, no digits that noise made."""
    if abs(value) >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"


def lines(rows: Iterable[Row], budgets: dict[str, Budget]) -> list[str]:
    """The table as text, one line a row."""
    head = ("what", "value", "unit", "budget", "", "baseline", "ratio")
    cells = [head, *(_cells(row, budgets.get(row.name)) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]


def _cells(row: Row, budget: Budget | None) -> tuple[str, ...]:
    verdict = "" if budget is None else ("ok" if budget.met_by(row.value) else "MISSED")
    baseline = "" if row.baseline is None else f"{figure(row.baseline)} {row.baseline_name}"
    ratio = "" if not row.baseline or row.unit.startswith("×") else f"{row.value / row.baseline:.2f}"
    return (
        row.name,
        figure(row.value),
        row.unit,
        "" if budget is None else str(budget),
        verdict,
        baseline,
        ratio,
    )


def print_table(rows: Iterable[Row], budgets: dict[str, Budget] | None = None) -> None:
    for line in lines(rows, budgets or {}):
        print(line)
