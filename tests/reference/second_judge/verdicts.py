"""Verdicts and bounds: §7 and §8 of docs/judging.md, without grades."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from reference.second_judge.excursions import excursions
from reference.second_judge.exposure import NEVER, account, kinetic_mean
from reference.second_judge.values import HOUR, Limit, Out, Question, Reading, Span, spells, taken

REASONS = (
    "limit_broken", "sum_used_up", "mean_too_warm", "too_fast", "no_readings", "coverage_too_low",
    "grade_too_low", "no_uncertainty", "indeterminate", "gap_may_hide", "within_delay", "warning_only",
)  # fmt: skip
BROKEN = {"single": "limit_broken", "cumulative": "sum_used_up", "mkt": "mean_too_warm", "rate": "too_fast"}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Outcome and the reasons as (kind, rule), in order."""

    outcome: str
    reasons: tuple[tuple[str, str | None], ...]
    coverage: float


def verdict(
    readings: Sequence[Reading], question: Question, span: Span, uncertainty: float | None = None
) -> Answer:
    """§8 without grades."""
    sums_ = account(readings, question, span)
    coverage = sums_.covered / (span[1] - span[0])
    judged = excursions(readings, span[1], question)
    sure = question
    if question.indeterminate:
        sure = replace(question, rules=()) if uncertainty is None else shifted(question, uncertainty)
    broken = broken_rules(readings, sure, span)
    reasons: list[tuple[str, str | None]] = [(BROKEN[rule.mode], rule.name) for rule in broken]
    if not sums_.covered:
        reasons.append(("no_readings", None))
    elif coverage < question.required_coverage:
        reasons.append(("coverage_too_low", None))
    names = {rule.name for rule in broken}
    if question.indeterminate and uncertainty is None:
        reasons.append(("no_uncertainty", None))
    elif question.indeterminate and uncertainty is not None:
        perhaps = broken_rules(readings, shifted(question, -uncertainty), span)
        reasons += [("indeterminate", rule.name) for rule in perhaps if rule.name not in names]
    reasons += [("gap_may_hide", rule) for rule in hidden(taken(readings, span[1]), question, span, names)]
    for rule in question.rules:
        if any(one.rule == rule.name and stands(one, span) and not alarmed(one, span) for one in judged):
            reasons.append(("within_delay" if rule.alarm_after is not None else "warning_only", rule.name))
    reasons.sort(key=lambda one: REASONS.index(one[0]))
    return Answer(outcome=outcome_of(reasons), reasons=tuple(reasons), coverage=coverage)


def outcome_of(reasons: Sequence[tuple[str, str | None]]) -> str:
    if not reasons or REASONS.index(reasons[0][0]) >= REASONS.index("within_delay"):
        return "conform"
    return "non_conform" if REASONS.index(reasons[0][0]) < 4 else "not_demonstrable"


def shifted(question: Question, outward: float) -> Question:
    return replace(question, rules=tuple(rule.moved(outward) for rule in question.rules))


def stands(one: Out, span: Span) -> bool:
    return one.opened < span[1] and (one.closed is None or one.closed > span[0])


def alarmed(one: Out, span: Span) -> bool:
    return one.alarm is not None and one.alarm <= span[1]


def broken_rules(readings: Sequence[Reading], question: Question, span: Span) -> list[Limit]:
    judged = excursions(readings, span[1], question)
    found = []
    for rule in question.rules:
        if rule.alarm_after is None:
            continue
        by_time = any(one.rule == rule.name and stands(one, span) and alarmed(one, span) for one in judged)
        mean = worst_mean(rule, readings, question, span) if rule.mode == "mkt" else None
        if by_time or (mean is not None and rule.alarm_after == 0 and rule.broken(mean)):
            found.append(rule)
    return found


def worst_mean(rule: Limit, readings: Sequence[Reading], question: Question, span: Span) -> float | None:
    """§5: the warmest of the windows that end in the span, and of the span itself if it is short."""
    series, window = taken(readings, span[1]), rule.window or 0
    found: list[float] = []
    hour = span[0] // HOUR * HOUR + HOUR
    while hour <= span[1]:
        if account(series, question, (hour - HOUR, hour), span[1]).covered:
            known = account(series, question, (hour - window, hour), span[1])
            mean = kinetic_mean(known, question)
            if mean is not None and 2 * known.covered >= window:
                found.append(mean)
        hour += HOUR
    if span[1] - span[0] <= window:
        whole = kinetic_mean(account(series, question, span, span[1]), question)
        found += [] if whole is None else [whole]
    return max(found, default=None)


def gaps(series: Sequence[Reading], question: Question, span: Span) -> list[Span]:
    """The unknown parts of a span."""
    found, at = list[Span](), span[0]
    for spell in spells(series, question.interval, question.gap(), NEVER):
        if spell.begin > at:
            found.append((at, min(spell.begin, span[1])))
        at = max(at, spell.end)
        if at >= span[1]:
            return [one for one in found if one[0] < one[1]]
    found.append((at, span[1]))
    return [one for one in found if one[0] < one[1]]


def hidden(series: Sequence[Reading], question: Question, span: Span, broken: set[str]) -> Iterator[str]:
    """Rules that are not broken but may be, behind unknown time."""
    judged, unknown_ms = excursions(series, span[1], question), account(series, question, span).unknown
    for rule in question.rules:
        if rule.name in broken or rule.alarm_after is None:
            continue
        within = False
        for one in judged:
            if one.rule != rule.name or not stands(one, span) or one.alarm is not None:
                continue
            ended = span[1] if one.closed is None else one.closed
            unknown = sum(end - begin for begin, end in gaps(series, question, (one.opened, ended)))
            within = within or ((one.data_gap or unknown > 0) and one.out + unknown >= rule.alarm_after)
        if within or (unknown_ms and drifts(rule, series, question, span)):
            yield rule.name


def drifts(rule: Limit, series: Sequence[Reading], question: Question, span: Span) -> bool:
    """Whether the bound of the rule's side breaks it."""
    if question.thermal is None or rule.mode == "rate":
        return False
    filled = worst_case(series, question, span, warm=rule.side == "high")
    return any(one.name == rule.name for one in broken_rules(filled, question, span))


def worst_case(series: Sequence[Reading], question: Question, span: Span, *, warm: bool) -> list[Reading]:
    """§7: the readings with those of a bound in every gap."""
    ambient_high, ambient_low, constant = question.thermal or (0.0, 0.0, 1)
    ambient = ambient_high if warm else ambient_low
    made: dict[int, float] = {}
    for begin, end in gaps(series, question, span):
        before = [one for one in series if one[0] <= begin]
        starts = list(range(begin, end, question.gap()))
        if end - starts[-1] > question.interval:
            starts.append(end - question.interval)
        for at, then in pairwise([*starts, end]):
            if not before:
                made[at] = ambient
                continue
            began, value = before[-1]
            goal = max(ambient, value) if warm else min(ambient, value)
            made[at] = goal + (value - goal) * math.exp(-(then - began) / constant)
    return sorted({**made, **dict(series)}.items())
