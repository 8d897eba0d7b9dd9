"""Tiers of tests: which a file belongs to, how long each may take, how long it took."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A group of tests with one budget on two cores. `quiet` tiers open no socket."""

    name: str
    folders: tuple[str, ...]
    budget_s: float
    quiet: bool


TIERS = (
    Tier(name="fast", folders=("unit", "contract", "scenarios", "architecture"), budget_s=20.0, quiet=True),
    Tier(name="integration", folders=("integration",), budget_s=120.0, quiet=False),
    Tier(name="end to end", folders=("e2e",), budget_s=300.0, quiet=False),
)


def tier_of(path: PurePath) -> Tier | None:
    """The tier of a test file, by the first folder under tests/."""
    parts = path.parts
    if "tests" not in parts:
        return None
    folder = parts[parts.index("tests") + 1]
    return next((tier for tier in TIERS if folder in tier.folders), None)


@dataclass(slots=True)
class Timing:
    """Seconds and tests per tier; what ran side by side in several processes counts once."""

    spans: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    tests: dict[str, int] = field(default_factory=dict)

    def add(self, tier: Tier, start_s: float, stop_s: float, *, counts: bool) -> None:
        self.spans.setdefault(tier.name, []).append((start_s, stop_s))
        self.tests[tier.name] = self.tests.get(tier.name, 0) + int(counts)

    def lines(self) -> list[str]:
        """One line a tier that ran."""
        return [self._line(tier) for tier in TIERS if tier.name in self.spans]

    def _line(self, tier: Tier) -> str:
        seconds = _covered(self.spans[tier.name])
        verdict = "" if seconds <= tier.budget_s else "  OVER"
        tests = self.tests[tier.name]
        return f"{tier.name:<12} {tests:>5} tests {seconds:7.1f} s of {tier.budget_s:.0f} s{verdict}"


def _covered(spans: list[tuple[float, float]]) -> float:
    """Seconds in which at least one test ran."""
    covered, until = 0.0, 0.0
    for start, stop in sorted(spans):
        covered += max(0.0, stop - max(start, until))
        until = max(until, stop)
    return covered
