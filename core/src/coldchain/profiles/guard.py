"""Guard bands: the same profile with its limits moved by a measurement's uncertainty."""

from dataclasses import replace

from coldchain.profiles.profile import Profile
from coldchain.profiles.rules import Mode, Rule, Side
from coldchain.quantities import QUANTITIES


def guarded(profile: Profile, outward: float) -> Profile:
    """The profile with limits of values and means moved outward by `outward` (inward where it is negative).

    What breaks limits moved outward by the uncertainty is surely broken; what keeps those moved inward is
    surely kept. Rates are left alone, as an error that stays the same has none. A limit ends at what is
    possible.
    """
    return replace(profile, rules=tuple(moved(rule, outward) for rule in profile.rules))


def moved(rule: Rule, outward: float) -> Rule:
    """A rule with its limit moved outward; one of a rate stays as it is."""
    if rule.mode is Mode.RATE or not outward:
        return rule
    possible = QUANTITIES[rule.quantity]
    threshold = rule.threshold + (outward if rule.side is Side.HIGH else -outward)
    return replace(rule, threshold=min(max(round(threshold, 3), possible.low), possible.high))
