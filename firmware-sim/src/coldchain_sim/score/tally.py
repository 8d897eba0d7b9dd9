"""Truth beside what was told: found, missed and false, and how long it took, for each kind of fault."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from coldchain_sim.score.labels import Fault, Label, Told

SLACK_MS = 10 * 60_000
ALARM_ONLY = frozenset({"excursion"})
"""A warning about an open door is true; it is the alarm that must not be false."""


@dataclass(slots=True)
class Tally:
    """All trials of one fault. `delays_ms` is from the beginning of a condition to its telling."""

    fault: Fault
    trials: int = 0
    found: int = 0
    missed: int = 0
    true: int = 0
    false: int = 0
    delays_ms: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, labels: Sequence[Label], told: Sequence[Told]) -> None:
        """Take in one trial."""
        counted = [one for one in told if one.kind not in ALARM_ONLY or one.level == "alarm"]
        self.trials += 1
        for label in labels:
            if not label.wanted:
                continue
            telling = [one for one in counted if label.holds(one, SLACK_MS)]
            if telling:
                self.found += 1
                self.delays_ms.append(max(0, min(one.at_ms for one in telling) - label.from_ms))
            else:
                self.missed += 1
                self.notes.append(
                    f"{name}: missed {'/'.join(sorted(label.kinds))} of {sorted(label.sensors)}"
                )
        for one in counted:
            if any(label.holds(one, SLACK_MS) for label in labels):
                self.true += 1
            else:
                self.false += 1
                self.notes.append(f"{name}: false {one.kind} {one.level} of {one.sensor}")

    @property
    def recall(self) -> float | None:
        """Share of what was there that was told; None where nothing was."""
        wanted = self.found + self.missed
        return None if not wanted else self.found / wanted

    @property
    def precision(self) -> float | None:
        """Share of what was told that was there; None where nothing was told."""
        told = self.true + self.false
        return None if not told else self.true / told

    def line(self) -> str:
        """One row of the table."""
        delay = "–" if not self.delays_ms else f"{median(self.delays_ms) / 60_000:.0f} min"
        return (
            f"{self.fault.value:<22} {self.trials:>6} {self.found:>6} {self.missed:>7} {self.false:>6}"
            f" {_share(self.recall):>8} {_share(self.precision):>10} {delay:>10}"
        )


HEAD = (
    f"{'fault':<22} {'trials':>6} {'found':>6} {'missed':>7} {'false':>6} {'recall':>8} {'precision':>10}"
    f" {'delay':>10}"
)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
