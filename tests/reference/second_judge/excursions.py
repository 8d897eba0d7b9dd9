"""Excursions: §3 of docs/judging.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import combinations
from statistics import median

from reference.second_judge.exposure import account, kinetic_mean
from reference.second_judge.values import (
    HOUR,
    Limit,
    Out,
    Question,
    Reading,
    Span,
    Spell,
    spells,
    taken,
    thousandth,
)


@dataclass(frozen=True, kw_only=True)
class Count:
    """`since(opened, at)`: from when on out-time counts at an instant; `turn(at)`: when that changes next."""

    since: Callable[[int, int], int]
    turn: Callable[[int], int]


def excursions(readings: Sequence[Reading], until: int, question: Question) -> list[Out]:
    """All excursions up to an instant, in the order of their opening."""
    series = taken(readings, until)
    found: list[Out] = []
    for rule in question.rules:
        if rule.mode == "single":
            found += one_by_one(rule, series, question.interval, question.gap(), until)
        elif rule.mode == "cumulative":
            found += sums(rule, series, question, until)
        elif rule.mode == "mkt":
            means_ = means(rule, series, question)
            end = means_[-1][0] if means_ else until
            found += one_by_one(rule, means_, HOUR, question.gap(HOUR), end)
        else:
            slopes = rates(rule, series, question)
            found += one_by_one(rule, slopes, question.interval, question.gap(), until)
    return sorted(found, key=lambda one: (one.opened, one.rule))


def one_by_one(rule: Limit, series: Sequence[Reading], interval: int, gap: int, until: int) -> list[Out]:
    """§3.1: out-time is that of the excursion alone."""
    count = Count(since=lambda opened, _: opened, turn=lambda _: until)
    return followed(rule, list(spells(series, interval, gap, until)), gap, count, begun(rule, series))


def sums(rule: Limit, series: Sequence[Reading], question: Question, until: int) -> list[Out]:
    """§3.2: out-time is all that lies behind the last reset."""

    def since(opened: int, at: int) -> int:
        if rule.reset == "never":
            return series[0][0] if series else at
        if rule.reset == "local_day":
            return midnight(at, question.zone)
        return at // HOUR * HOUR - ((rule.window or 0) - HOUR)

    def turn(at: int) -> int:
        if rule.reset == "never":
            return until
        if rule.reset == "local_day":
            return next_midnight(at, question.zone)
        return at // HOUR * HOUR + HOUR

    every = list(spells(series, question.interval, question.gap(), until))
    return followed(rule, every, question.gap(), Count(since=since, turn=turn), begun(rule, series))


def begun(rule: Limit, series: Sequence[Reading]) -> int:
    """From when on an excursion may open."""
    return series[0][0] + rule.ignore_at_start if series else 0


def followed(rule: Limit, every: Sequence[Spell], gap: int, count: Count, start: int) -> list[Out]:
    """Every reading in order."""
    found: list[Out] = []
    current: Out | None = None
    beyond: list[Span] = []
    for index, spell in enumerate(every):
        at, value = spell.at
        if current is not None and index and at - every[index - 1].at[0] > gap:
            current.data_gap = True
        if current is not None:
            current.out = total(beyond, count.since(current.opened, at), at)
        if current is None and rule.broken(value) and at >= start:
            current = Out(rule=rule.name, opened=at, peak=value, peak_at=at)
            found.append(current)
            current.out = total(beyond, count.since(at, at), at)
            reach(current, rule, at, current.out)
        elif current is not None:
            latched = rule.irreversible and highest(rule, current) is not None
            if rule.clear(value) and not latched:
                current.closed, current = at, None
            elif (value > current.peak) if rule.side == "high" else (value < current.peak):
                current.peak, current.peak_at = value, at
        if rule.broken(value):
            grow(current, rule, spell, beyond, count)
    return found


def grow(current: Out | None, rule: Limit, spell: Spell, beyond: list[Span], count: Count) -> None:
    """Out-time behind one reading, cut where the counting turns."""
    begin = spell.begin
    while begin < spell.end:
        end = min(spell.end, count.turn(begin))
        if current is not None:
            base = total(beyond, count.since(current.opened, begin), begin)
            for level in ("warning", "alarm"):
                delay = rule.warning_after if level == "warning" else rule.alarm_after
                if delay is not None and getattr(current, level) is None and base + end - begin >= delay:
                    setattr(current, level, begin + max(0, delay - base))
            current.out = base + end - begin
        if beyond and beyond[-1][1] == begin:
            begin = beyond.pop()[0]
        beyond.append((begin, end))
        begin = end


def reach(current: Out, rule: Limit, at: int, out: float) -> None:
    """Levels that are reached at the opening."""
    if rule.warning_after is not None and out >= rule.warning_after:
        current.warning = at
    if rule.alarm_after is not None and out >= rule.alarm_after:
        current.alarm = at


def highest(rule: Limit, current: Out) -> int | None:
    return current.alarm if rule.alarm_after is not None else current.warning


def total(beyond: Sequence[Span], since: int, at: int) -> int:
    return sum(max(0, min(end, at) - max(begin, since)) for begin, end in beyond)


def midnight(at: int, zone: tzinfo) -> int:
    local = datetime.fromtimestamp(at // 1000, zone)
    return instant(datetime(local.year, local.month, local.day, tzinfo=zone))


def next_midnight(at: int, zone: tzinfo) -> int:
    local = datetime.fromtimestamp(at // 1000, zone) + timedelta(days=1)
    return instant(datetime(local.year, local.month, local.day, tzinfo=zone))


def instant(moment: datetime) -> int:
    return round(moment.timestamp()) * 1000


def means(rule: Limit, series: Sequence[Reading], question: Question) -> list[Reading]:
    """§3.3: the derived values."""
    if not series:
        return []
    last = series[-1][0]
    found = []
    hour = series[0][0] // HOUR * HOUR + HOUR
    while hour <= last:
        if account(series, question, (hour - HOUR, hour), last).covered:
            window = account(series, question, (hour - (rule.window or 0), hour), last)
            mkt = kinetic_mean(window, question)
            if mkt is not None and 2 * window.covered >= (rule.window or 0):
                found.append((hour, mkt))
        hour += HOUR
    return found


def rates(rule: Limit, series: Sequence[Reading], question: Question) -> list[Reading]:
    """§3.4: the derived values."""
    window, kept, found = rule.window or 0, list[Reading](), list[Reading]()
    before: int | None = None
    for at, value in series:
        if before is not None and at - before > question.gap():
            kept = []
        kept = [one for one in kept if one[0] >= at - window]
        together = [*kept, (at, value)]
        if len(together) >= 5 and at - together[0][0] >= window // 2:
            slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(together, 2)]
            found.append((at, thousandth(median(slopes) * HOUR)))
        if not kept or at - kept[-1][0] >= window // 16:
            kept.append((at, value))
        before = at
    return found
