"""What the figures of alarms should be: second-hand from ISA-18.2, unverified against its text."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from coldchain_backend.alerts.kpis import Kpis, Load, Priority

UNVERIFIED: Final = True
"""No target was checked against the text of the standard; wherever one is shown it says so."""


class Standing(StrEnum):
    """How a figure stands to its target."""

    ACCEPTABLE = "acceptable"
    MANAGEABLE = "manageable"  # the most that can be coped with
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """At most `acceptable` is good, at most `manageable` can be coped with; often they are equal."""

    acceptable: float
    manageable: float

    def standing(self, value: float) -> Standing:
        """How a value stands."""
        if value <= self.acceptable:
            return Standing.ACCEPTABLE
        return Standing.MANAGEABLE if value <= self.manageable else Standing.OVER


TARGETS: Final[Mapping[str, Target]] = MappingProxyType(
    {
        "per_hour": Target(acceptable=6, manageable=12),
        "most_per_hour": Target(acceptable=12, manageable=29),  # 30 and more is the level of a flood
        "per_10_minutes": Target(acceptable=1, manageable=2),
        "most_per_10_minutes": Target(acceptable=2, manageable=9),  # 10 and more begin a flood
        "flood_share": Target(acceptable=0.01, manageable=0.01),
        "standing_most": Target(acceptable=4, manageable=4),
        "chattering": Target(acceptable=0, manageable=0),
        "fleeting": Target(acceptable=0, manageable=0),
        "actors_share": Target(acceptable=0.01, manageable=0.05),
    }
)
SPLIT: Final[Mapping[Priority, float]] = MappingProxyType(
    {Priority.WARNING: 0.80, Priority.ALARM: 0.15, Priority.CRITICAL: 0.05}
)
"""About these shares of low, medium and high."""


def of_load(load: Load) -> dict[str, Standing]:
    """How the figures of a position stand."""
    names = ("per_hour", "most_per_hour", "per_10_minutes", "most_per_10_minutes", "flood_share")
    return {name: TARGETS[name].standing(getattr(load, name)) for name in names}


def of_all(found: Kpis) -> dict[str, Standing]:
    """How the figures that belong to no position stand."""
    values: dict[str, float] = {
        "standing_most": found.standing_most,
        "chattering": len(found.chattering),
        "fleeting": found.fleeting,
        "actors_share": found.actors_share,
    }
    return {name: TARGETS[name].standing(value) for name, value in values.items()}
