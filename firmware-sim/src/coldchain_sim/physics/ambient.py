"""The air outside the walls: a day curve."""

import math
from dataclasses import dataclass

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambient:
    """A cosine over the day; the warmest hour of a summer day is mid-afternoon."""

    mean_c: float = 24.0
    swing_c: float = 6.0
    warmest_hour: float = 15.0

    def at(self, second_of_day: float) -> float:
        """Outside temperature in °C; any number of days may have passed."""
        angle = 2.0 * math.pi * (second_of_day / DAY_S - self.warmest_hour / 24.0)
        return self.mean_c + self.swing_c * math.cos(angle)
