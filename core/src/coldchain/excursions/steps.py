"""The arithmetic of excursions: one reading, or time passing, after another."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from math import inf, isfinite
from operator import lt

from coldchain.excursions.places import Changes, latched, peaked, rounded, sampled, waited
from coldchain.excursions.tallies import Before, tallied, tally_waited
from coldchain.excursions.values import (
    Change,
    ChangeKind,
    Excursion,
    Judged,
    Judgement,
    Sample,
    Series,
    State,
    Tally,
    Until,
)
from coldchain.profiles import Side

INITIAL = State()
FEW = 6
"""Fewer readings than this are as quickly looked at one by one."""


def step(state: State, event: Sample | Until, judged: Judged) -> tuple[State, list[Change]]:
    """Take one reading, or the passing of time, and say what it changed.

    Raises InvalidInput for a reading that is not behind `state.frontier_ms` or not a finite number: late
    readings are stepped again from an earlier state by the caller. A state belongs to one profile version;
    where the profile changes, the caller goes on from INITIAL.
    """
    if isinstance(event, Until):
        return _until(state, event.time_ms, judged)
    after, changes = sampled(state, event.time_ms, event.value, judged)
    return _with_tallies(state, after, changes, [(event.time_ms, event.value)], judged)


def run(state: State, samples: Iterable[tuple[int, float]], judged: Judged) -> tuple[State, list[Change]]:
    """Step through (time_ms, value) pairs in order: equal to `step` on each, faster where nothing happens."""
    changes: list[Change] = []
    if judged.tallied and not isinstance(samples, Sequence):
        samples = list(samples)
    before = state
    rest = iter(() if (passed := _all_quiet(state, samples, judged)) else samples)
    state = passed or state
    while True:
        state, eventful = _stretch(state, rest, judged)
        if eventful is None:
            break
        state, news = sampled(state, *eventful, judged)
        changes += news
    return _with_tallies(before, state, changes, samples, judged) if judged.tallied else (state, changes)


def _all_quiet(state: State, samples: Iterable[tuple[int, float]], judged: Judged) -> State | None:
    """`glance` for samples that may be in any order; tallies stay as they are."""
    if state.last_ms is None or any(state.places) or not isinstance(samples, Sequence) or len(samples) < FEW:
        return None
    times, values = zip(*samples, strict=True)
    if not (all(map(lt, times, times[1:])) and isfinite(sum(values))):
        return None
    return _glanced(state, Series(times, values, min(values), max(values)), judged)


def glance(state: State, series: Series, judged: Judged) -> State | None:
    """The state behind readings that follow the last ones and open nothing; None: `run` must look at each."""
    return None if judged.tallied else _glanced(state, series, judged)


def _glanced(state: State, series: Series, judged: Judged) -> State | None:
    last_ms = state.last_ms
    if last_ms is None or any(state.places):
        return None
    ignored = judged.ignored_ms and last_ms < (state.first_ms or last_ms) + judged.ignored_ms
    low, high = judged.quiet_band
    if ignored or not (low <= series.low and series.high <= high):
        return None
    if not (last_ms < series.times[0] and state.accounted_ms <= series.times[0]):
        return None
    end_ms = series.times[-1]
    return State(
        last_ms=end_ms,
        last_value=rounded(series.values[-1]),
        accounted_ms=end_ms,
        places=state.places,
        first_ms=state.first_ms,
        tallies=state.tallies,
    )


def _with_tallies(
    before: State, after: State, changes: Changes, samples: Iterable[tuple[int, float]], judged: Judged
) -> tuple[State, Changes]:
    """Let the rules of other modes take the same readings; changes are told in the order of event time."""
    if not judged.tallied:
        return after, changes
    taken = [(time_ms, rounded(value)) for time_ms, value in samples]
    if not taken:
        return after, changes
    tallies, every = [], list(changes)
    for rule, tally in zip(judged.tallied, before.tallies or _no_tallies(judged), strict=True):
        moved, news = tallied(rule, tally, _before(before, after.first_ms), taken, judged)
        tallies.append(moved)
        every += news
    every.sort(key=lambda change: change.at_ms)
    return replace(after, tallies=tuple(tallies)), every


def _no_tallies(judged: Judged) -> tuple[Tally, ...]:
    return (Tally(),) * len(judged.tallied)


def _before(state: State, first_ms: int | None) -> Before:
    last = None if state.last_ms is None else (state.last_ms, state.last_value)
    return Before(last, state.accounted_ms, first_ms)


def _until(state: State, until_ms: int, judged: Judged) -> tuple[State, list[Change]]:
    after, changes = waited(state, until_ms, judged)
    if not state.tallies or state.last_ms is None:
        return after, changes
    end_ms = min(until_ms, state.last_ms + judged.interval_ms)
    if end_ms <= state.accounted_ms:
        return after, changes
    tallies, every = [], list(changes)
    for rule, tally in zip(judged.tallied, state.tallies, strict=True):
        moved, news = tally_waited(rule, tally, _before(state, state.first_ms), end_ms, judged)
        tallies.append(moved)
        every += news
    if tuple(tallies) == state.tallies:
        return after, changes
    every.sort(key=lambda change: change.at_ms)
    return replace(after, accounted_ms=end_ms, tallies=tuple(tallies)), every


def _stretch(
    state: State, rest: Iterator[tuple[int, float]], judged: Judged
) -> tuple[State, tuple[int, float] | None]:
    """Take readings that open, end, gap and reach nothing, where only time accrues and peaks move.

    Gives the state behind them and the first reading that may do more, None at the end.
    """
    if state.last_ms is None or state.last_ms < (state.first_ms or state.last_ms) + judged.ignored_ms:
        return state, next(rest, None)
    places = _lively(state, judged)
    low, high = judged.band(places)
    if any(places) and not low <= state.last_value <= high:
        return state, next(rest, None)
    last_ms, last_value, base_ms = state.last_ms, state.last_value, state.accounted_ms
    end_ms, longest_ms = _nothing_due_before(state, judged), judged.limit_ms if any(state.places) else inf
    top, bottom, top_ms, bottom_ms = -inf, inf, 0, 0
    eventful = None
    for time_ms, value in rest:
        if not (low <= value <= high and 0 < time_ms - last_ms <= longest_ms and base_ms <= time_ms < end_ms):
            eventful = time_ms, value
            break
        last_ms, last_value = time_ms, value
        if value > top and (exact := rounded(value)) > top:
            top, top_ms = exact, time_ms
        if value < bottom and (exact := rounded(value)) < bottom:
            bottom, bottom_ms = exact, time_ms
    if last_ms == state.last_ms:
        return state, eventful
    return _passed(state, judged, (last_ms, last_value), (top, top_ms), (bottom, bottom_ms)), eventful


def _lively(state: State, judged: Judged) -> list[Excursion | None]:
    """The open places without those that are only latched: back within the limit, and never to end."""
    return [
        None if place is not None and latched(rule, place) and not rule.broken_by(state.last_value) else place
        for rule, place in zip(judged.plain, state.places, strict=True)
    ]


def _passed(
    state: State, judged: Judged, last: tuple[int, float], top: tuple[float, int], bottom: tuple[float, int]
) -> State:
    """The state behind a stretch that ended with the reading `last` and had these farthest values."""
    last_ms, last_value = last
    places: list[Excursion | None] = []
    lively = _lively(state, judged)
    for rule, place, alive in zip(judged.plain, state.places, lively, strict=True):
        if place is None or alive is None:
            places.append(place)
            continue
        longer = replace(place, out_ms=place.out_ms + last_ms - state.accounted_ms)
        places.append(peaked(rule, longer, *(top if rule.side is Side.HIGH else bottom)))
    return State(
        last_ms=last_ms,
        last_value=rounded(last_value),
        accounted_ms=last_ms,
        places=tuple(places),
        first_ms=state.first_ms,
        tallies=state.tallies,
    )


def _nothing_due_before(state: State, judged: Judged) -> float:
    """The first instant at which an open excursion would reach a level if the limit stayed broken."""
    return min((state.accounted_ms + wait for wait in _waits(state, judged)), default=inf)


def _waits(state: State, judged: Judged) -> Iterator[int]:
    """The out-time (ms) still missing to each level of the open excursions that the last reading broke."""
    for rule, place in zip(judged.plain, state.places, strict=False):
        if place is not None and rule.broken_by(state.last_value):
            if rule.warning_after_ms is not None and place.warning_ms is None:
                yield rule.warning_after_ms - place.out_ms
            if rule.alarm_after_ms is not None and place.alarm_ms is None:
                yield rule.alarm_after_ms - place.out_ms


def next_due(state: State, judged: Judged) -> int | None:
    """The earliest event time at which `Until` would change something without a new reading, or None."""
    if state.last_ms is None:
        return None
    if state.tallies:
        _, changes = _until(state, state.last_ms + judged.interval_ms, judged)
        return min((change.at_ms for change in changes), default=None)
    due = min((state.accounted_ms + wait for wait in _waits(state, judged)), default=None)
    return due if due is not None and due <= state.last_ms + judged.interval_ms else None


def judge(samples: Iterable[tuple[int, float]], until_ms: int, judged: Judged) -> Judgement:
    """Judge a whole series given in any order; of several values at one instant the smallest counts.

    Readings behind `until_ms` are left out.
    """
    state, changes = run(INITIAL, _in_order(samples, until_ms), judged)
    state, last = _until(state, until_ms, judged)
    closed = [change.excursion for change in [*changes, *last] if change.kind is ChangeKind.CLOSED]
    every = sorted([*closed, *state.open], key=lambda excursion: (excursion.opened_ms, excursion.rule))
    return Judgement(excursions=tuple(every), state=state)


def _in_order(samples: Iterable[tuple[int, float]], until_ms: int) -> list[tuple[int, float]]:
    """Readings up to an instant by time, one of each: most series are so already, and may be long."""
    taken = [pair for pair in samples if pair[0] <= until_ms]
    if all(one[0] < other[0] for one, other in pairwise(taken)):
        return taken
    return sorted(dict(sorted(set(taken), reverse=True)).items())
