"""Whose turn it is on a bus: every unit at its interval, a silent one backed off, so it delays no other."""

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a unit may fail in a row, and how long it is left alone then."""

    failures: int = 2
    retry_ms: int = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One unit's place in the order; times are CLOCK_BOOTTIME ms."""

    address: int
    interval_ms: int
    due_ms: int
    failures: int = 0

    def silent(self, patience: Patience) -> bool:
        """Backed off."""
        return self.failures >= patience.failures

    def after(self, now_ms: int, patience: Patience, *, answered: bool) -> "Turn":
        """The next turn: on its own raster, without making up for missed ones; a silent unit waits longer."""
        failures = 0 if answered else self.failures + 1
        if failures >= patience.failures:
            return replace(self, failures=failures, due_ms=now_ms + max(patience.retry_ms, self.interval_ms))
        missed = max(0, now_ms - self.due_ms) // self.interval_ms
        return replace(self, failures=failures, due_ms=self.due_ms + (missed + 1) * self.interval_ms)


def next_turn(turns: Iterable[Turn]) -> Turn:
    """The unit that is due first; of several the one that fails less."""
    return min(turns, key=lambda turn: (turn.due_ms, turn.failures, turn.address))
