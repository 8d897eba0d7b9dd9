"""A second judge, written from the rules in words and not from the product's code.

Slow and plain on purpose: decimal numbers, one rule at a time, every segment between two readings by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal

from coldchain.profiles import Profile, Rule, Side

THOUSANDTH = Decimal("0.001")


@dataclass
class Found:
    """One excursion as this judge sees it."""

    rule: str
    opened_ms: int
    peak: Decimal
    peak_ms: int
    closed_ms: int | None = None
    out_ms: int = 0
    data_gap: bool = False
    reached: dict[str, int] = field(default_factory=dict)


def decimal(value: float) -> Decimal:
    return Decimal(value).quantize(THOUSANDTH, rounding=ROUND_HALF_EVEN)


def breaks(rule: Rule, value: Decimal) -> bool:
    limit = decimal(rule.threshold)
    if value == limit:
        return rule.inclusive
    return value > limit if rule.side is Side.HIGH else value < limit


def is_clear(rule: Rule, value: Decimal) -> bool:
    limit, width = decimal(rule.threshold), decimal(rule.hysteresis)
    within = value <= limit - width if rule.side is Side.HIGH else value >= limit + width
    return within and not breaks(rule, value)


def judged_by_hand(
    profile: Profile, interval_ms: int, samples: Iterable[tuple[int, float]], until_ms: int
) -> list[Found]:
    """All excursions, ordered by opening and rule's name; of two values of one instant the smaller counts."""
    readings: dict[int, Decimal] = {}
    for time_ms, value in samples:
        if time_ms <= until_ms:
            readings[time_ms] = min(decimal(value), readings.get(time_ms, decimal(value)))
    ordered = sorted(readings.items())
    limit = max(int(profile.gap_factor * interval_ms), profile.gap_floor_ms)
    found = [one for rule in profile.rules for one in _of_rule(rule, ordered, interval_ms, limit, until_ms)]
    return sorted(found, key=lambda one: (one.opened_ms, one.rule))


def _of_rule(
    rule: Rule, readings: Sequence[tuple[int, Decimal]], interval_ms: int, limit: int, until_ms: int
) -> list[Found]:
    found: list[Found] = []
    now: Found | None = None
    for index, (time_ms, value) in enumerate(readings):
        if now is None and breaks(rule, value):
            now = Found(rule=rule.name, opened_ms=time_ms, peak=value, peak_ms=time_ms)
            found.append(now)
        elif now is not None and is_clear(rule, value):
            now.closed_ms = time_ms
            now = None
        if now is None:
            continue
        if (value > now.peak) if rule.side is Side.HIGH else (value < now.peak):
            now.peak, now.peak_ms = value, time_ms
        following = readings[index + 1][0] if index + 1 < len(readings) else None
        known_until = min(until_ms, time_ms + interval_ms)
        if following is not None:
            gap = following - time_ms > limit
            now.data_gap = now.data_gap or gap
            known_until = min(following, time_ms + interval_ms) if gap else following
        _let_pass(rule, now, time_ms, known_until if breaks(rule, value) else time_ms)
    return found


def _let_pass(rule: Rule, now: Found, from_ms: int, to_ms: int) -> None:
    before = now.out_ms
    now.out_ms += max(0, to_ms - from_ms)
    for level, delay in (("warning", rule.warning_after_ms), ("alarm", rule.alarm_after_ms)):
        if delay is not None and level not in now.reached and now.out_ms >= delay:
            now.reached[level] = from_ms + delay - before
