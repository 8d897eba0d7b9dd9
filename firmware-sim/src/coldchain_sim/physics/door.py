"""The door: outside air falling in, felt first and most by what hangs near it."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Exchange through the open door, and the warm draught at it (fast rise within 1-3 minutes)."""

    exchange_kw_per_k: float = 0.25
    draught_share: float = 0.12
    draught_lag_s: float = 60.0

    def draught(
        self, draught_k: float, *, is_open: bool, air_c: float, outside_c: float, dt_s: float
    ) -> float:
        """How many K the air at the door lies above the mixed air after `dt_s`."""
        target = self.draught_share * (outside_c - air_c) if is_open else 0.0
        return target + (draught_k - target) * math.exp(-dt_s / self.draught_lag_s)
