"""Profiles: named, versioned, cited limits of a class of goods, each with several rules."""

from coldchain.profiles.guard import guarded, moved
from coldchain.profiles.profile import Counting, Mark, Profile, Thermal, Weighting
from coldchain.profiles.rules import Level, Mode, Reset, Rule, Side

__all__ = [
    "Counting",
    "Level",
    "Mark",
    "Mode",
    "Profile",
    "Reset",
    "Rule",
    "Side",
    "Thermal",
    "Weighting",
    "guarded",
    "moved",
]
