"""Whose turn it is on a bus: every unit at its interval, a silent one backed off, so it delays no other."""

from dataclasses import dataclass, replace
from typing import Final

FAILURES_ALLOWED: Final = 2
SILENT_RETRY_MS: Final = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One unit's place in the order; times are CLOCK_BOOTTIME ms."""

    address: int
    interval_ms: int
    due_ms: int
    failures: int = 0

    @property
    def silent(self) -> bool:
        """Backed off."""
        return self.failures >= FAILURES_ALLOWED

    def after(self, now_ms: int, *, answered: bool) -> "Turn":
        """The next turn: on its own raster, without making up for missed ones; a silent unit waits longer."""
        failures = 0 if answered else self.failures + 1
        if failures >= FAILURES_ALLOWED:
            return replace(self, failures=failures, due_ms=now_ms + max(SILENT_RETRY_MS, self.interval_ms))
        missed = max(0, now_ms - self.due_ms) // self.interval_ms
        return replace(self, failures=failures, due_ms=self.due_ms + (missed + 1) * self.interval_ms)


def next_turn(turns: dict[int, Turn]) -> Turn:
    """The unit that is due first; one that answers before one that is silent."""
    return min(turns.values(), key=lambda turn: (turn.due_ms, turn.silent, turn.address))
