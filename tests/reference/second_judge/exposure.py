"""Exposure and mean kinetic temperature: §4 and §5 of docs/judging.md, in floating point."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reference.second_judge.values import Question, Reading, Span, Spell, spells, taken, thousandth

R = 8.3144e-3
NEVER = 10**18


@dataclass(kw_only=True)
class Sums:
    """An exposure account, in °C and ms."""

    covered: int = 0
    unknown: int = 0
    readings: int = 0
    inside: int = 0
    lowest: Reading | None = None
    highest: Reading | None = None
    value: float = 0.0
    square: float = 0.0
    kinetic: float = 0.0
    out: dict[str, int] = field(default_factory=dict)
    degree: dict[str, float] = field(default_factory=dict)

    @property
    def mean(self) -> float | None:
        return self.value / self.covered if self.covered else None


def account(readings: Sequence[Reading], question: Question, span: Span, until: int | None = None) -> Sums:
    """§4, in floating point."""
    series = near(taken(readings, span[1]) if until is None else readings, span)
    found = Sums()
    by_value = [rule for rule in question.rules if rule.mode in ("single", "cumulative")]
    for spell in spells(series, question.interval, question.gap(), NEVER):
        begin, end = max(spell.begin, span[0]), min(spell.end, span[1])
        if begin >= end:
            continue
        found.covered += end - begin
        value = spell.at[1]
        found.inside += end - begin if not any(rule.broken(value) for rule in by_value) else 0
        found.value += area(spell, begin, end, float, question)
        found.square += area(spell, begin, end, lambda one: one * one, question)
        found.kinetic += area(spell, begin, end, lambda one: weight(one, question), question)
        for rule in by_value:
            found.out[rule.name] = found.out.get(rule.name, 0) + (end - begin if rule.broken(value) else 0)
            degree = area(spell, begin, end, rule.beyond, question)
            found.degree[rule.name] = found.degree.get(rule.name, 0.0) + degree
    found.unknown = span[1] - span[0] - found.covered
    inside = [one for one in series if span[0] <= one[0] < span[1]]
    found.readings = len(inside)
    if inside:
        found.lowest = min(inside, key=lambda one: (one[1], one[0]))
        found.highest = min(inside, key=lambda one: (-one[1], one[0]))
    return found


def near(series: Sequence[Reading], span: Span) -> Sequence[Reading]:
    """The readings that can speak for a span, and the one behind them."""
    first = max(0, bisect_right(series, span[0], key=lambda one: one[0]) - 1)
    return series[first : bisect_left(series, span[1], key=lambda one: one[0]) + 1]


def area(spell: Spell, begin: int, end: int, of: Callable[[float], float], question: Question) -> float:
    """∫ of a number over a part of what a reading speaks for."""
    first = of(spell.at[1])
    if not question.straight or spell.then is None:
        return first * (end - begin)
    slope = (of(spell.then[1]) - first) / (spell.then[0] - spell.at[0])
    middle = (begin + end) / 2 - spell.at[0]
    return (first + slope * middle) * (end - begin)


def weight(celsius: float, question: Question) -> float:
    return math.exp(question.activation / R * (1 / 273.15 - 1 / (273.15 + celsius)))


def kinetic_mean(sums_: Sums, question: Question) -> float | None:
    if not sums_.covered or sums_.kinetic <= 0:
        return None
    mean = math.log(sums_.kinetic / sums_.covered)
    return thousandth(1 / (1 / 273.15 - mean * R / question.activation) - 273.15)
