"""The arithmetic of excursions: one reading, or time passing, after another."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import inf, isfinite

from coldchain.errors import InvalidInput
from coldchain.excursions.values import (
    Change,
    ChangeKind,
    Excursion,
    Judged,
    Judgement,
    Sample,
    State,
    Until,
)
from coldchain.gaps import spoken_until_ms
from coldchain.profiles import Level, Rule, Side

INITIAL = State()


def step(state: State, event: Sample | Until, judged: Judged) -> tuple[State, list[Change]]:
    """Take one reading, or the passing of time, and say what it changed.

    Raises InvalidInput for a reading that is not behind `state.frontier_ms` or not a finite number: late
    readings are stepped again from an earlier state by the caller. A state belongs to one profile version;
    where the profile changes, the caller goes on from INITIAL.
    """
    if isinstance(event, Until):
        return _until(state, event.time_ms, judged)
    return _sample(state, event.time_ms, event.value, judged)


def run(state: State, samples: Iterable[tuple[int, float]], judged: Judged) -> tuple[State, list[Change]]:
    """Step through (time_ms, value) pairs in order: equal to `step` on each, faster where nothing happens."""
    changes: list[Change] = []
    rest = iter(samples)
    while True:
        state, eventful = _stretch(state, rest, judged)
        if eventful is None:
            return state, changes
        state, news = _sample(state, *eventful, judged)
        changes += news


def _stretch(
    state: State, rest: Iterator[tuple[int, float]], judged: Judged
) -> tuple[State, tuple[int, float] | None]:
    """Take readings that open, end, gap and reach nothing, where only time accrues and peaks move.

    Gives the state behind them and the first reading that may do more, None at the end.
    """
    if state.last_ms is None:
        return state, next(rest, None)
    low, high = judged.band(state.places)
    if state.open and not low <= state.last_value <= high:
        return state, next(rest, None)
    last_ms, last_value, base_ms = state.last_ms, state.last_value, state.accounted_ms
    end_ms, longest_ms = _nothing_due_before(state, judged), judged.limit_ms if state.open else inf
    top, bottom, top_ms, bottom_ms = -inf, inf, 0, 0
    eventful = None
    for time_ms, value in rest:
        if not (low <= value <= high and 0 < time_ms - last_ms <= longest_ms and base_ms <= time_ms < end_ms):
            eventful = time_ms, value
            break
        last_ms, last_value = time_ms, value
        if value > top and (rounded := _rounded(value)) > top:
            top, top_ms = rounded, time_ms
        if value < bottom and (rounded := _rounded(value)) < bottom:
            bottom, bottom_ms = rounded, time_ms
    if last_ms == state.last_ms:
        return state, eventful
    return _passed(state, judged, (last_ms, last_value), (top, top_ms), (bottom, bottom_ms)), eventful


def _passed(
    state: State, judged: Judged, last: tuple[int, float], top: tuple[float, int], bottom: tuple[float, int]
) -> State:
    """The state behind a stretch that ended with the reading `last` and had these farthest values."""
    last_ms, last_value = last
    places: list[Excursion | None] = []
    for rule, place in zip(judged.rules, state.places, strict=True):
        if place is None:
            places.append(None)
            continue
        longer = replace(place, out_ms=place.out_ms + last_ms - state.accounted_ms)
        places.append(_peaked(rule, longer, *(top if rule.side is Side.HIGH else bottom)))
    return State(last_ms=last_ms, last_value=_rounded(last_value), accounted_ms=last_ms, places=tuple(places))


def _nothing_due_before(state: State, judged: Judged) -> float:
    """The first instant at which an open excursion would reach a level if the limit stayed broken."""
    return min((state.accounted_ms + wait for wait in _waits(state, judged)), default=inf)


def _waits(state: State, judged: Judged) -> Iterator[int]:
    """The out-time (ms) still missing to each level of the open excursions that the last reading broke."""
    for rule, place in zip(judged.rules, state.places, strict=False):
        if place is not None and rule.broken_by(state.last_value):
            if rule.warning_after_ms is not None and place.warning_ms is None:
                yield rule.warning_after_ms - place.out_ms
            if rule.alarm_after_ms is not None and place.alarm_ms is None:
                yield rule.alarm_after_ms - place.out_ms


def next_due(state: State, judged: Judged) -> int | None:
    """The earliest event time at which `Until` would change something without a new reading, or None."""
    if state.last_ms is None:
        return None
    due = min((state.accounted_ms + wait for wait in _waits(state, judged)), default=None)
    return due if due is not None and due <= state.last_ms + judged.interval_ms else None


def judge(samples: Iterable[tuple[int, float]], until_ms: int, judged: Judged) -> Judgement:
    """Judge a whole series given in any order; of several values at one instant the smallest counts.

    Readings behind `until_ms` are left out.
    """
    ordered = sorted({pair for pair in samples if pair[0] <= until_ms}, reverse=True)
    series = sorted(dict(ordered).items())
    state, changes = run(INITIAL, series, judged)
    state, last = _until(state, until_ms, judged)
    closed = [change.excursion for change in [*changes, *last] if change.kind is ChangeKind.CLOSED]
    every = sorted([*closed, *state.open], key=lambda excursion: (excursion.opened_ms, excursion.rule))
    return Judgement(excursions=tuple(every), state=state)


def _until(state: State, until_ms: int, judged: Judged) -> tuple[State, list[Change]]:
    if state.last_ms is None or not any(state.places):
        return state, []
    end = min(until_ms, state.last_ms + judged.interval_ms)
    if end <= state.accounted_ms:
        return state, []
    places, changes = _accrue(state, end, judged)
    return replace(state, accounted_ms=end, places=places), changes


def _sample(state: State, time_ms: int, value: float, judged: Judged) -> tuple[State, list[Change]]:
    frontier = state.frontier_ms
    if not isfinite(value):
        raise InvalidInput(f"not a finite value: {value}")
    if frontier is not None and (time_ms < frontier or time_ms == state.last_ms):
        raise InvalidInput(f"reading of {time_ms} is not behind {frontier}")
    value = _rounded(value)
    places: tuple[Excursion | None, ...] = state.places or (None,) * len(judged.rules)
    changes: list[Change] = []
    if state.last_ms is not None and any(places):
        end = spoken_until_ms(
            state.last_ms, time_ms, interval_ms=judged.interval_ms, limit_ms=judged.limit_ms
        )
        places, changes = _accrue(state, end, judged)
        if time_ms - state.last_ms > judged.limit_ms:
            places = tuple(None if place is None else replace(place, data_gap=True) for place in places)
    moved = []
    for rule, place in zip(judged.rules, places, strict=True):
        after, news = _place_after(rule, place, time_ms, value)
        moved.append(after)
        changes += news
    return State(last_ms=time_ms, last_value=value, accounted_ms=time_ms, places=tuple(moved)), changes


def _accrue(state: State, end_ms: int, judged: Judged) -> tuple[tuple[Excursion | None, ...], list[Change]]:
    """Let the open excursions of `state` last until `end_ms`, and reach levels at their exact instants."""
    places: list[Excursion | None] = []
    changes: list[Change] = []
    passed = max(0, end_ms - state.accounted_ms)
    for rule, place in zip(judged.rules, state.places, strict=True):
        if place is None or not rule.broken_by(state.last_value):
            places.append(place)
            continue
        grown, news = _grow(rule, place, state.accounted_ms, passed, state.last_value)
        places.append(grown)
        changes += news
    changes.sort(key=lambda change: change.at_ms)
    return tuple(places), changes


def _grow(
    rule: Rule, place: Excursion, from_ms: int, passed: int, value: float
) -> tuple[Excursion, list[Change]]:
    changes = []
    before, after = place.out_ms, place.out_ms + passed
    for level in (Level.WARNING, Level.ALARM):
        delay = rule.warning_after_ms if level is Level.WARNING else rule.alarm_after_ms
        reached = place.warning_ms if level is Level.WARNING else place.alarm_ms
        if delay is None or reached is not None or delay > after:
            continue
        at_ms = from_ms + delay - before
        if level is Level.WARNING:
            place = replace(place, out_ms=delay, warning_ms=at_ms)
        else:
            place = replace(place, out_ms=delay, alarm_ms=at_ms)
        changes.append(_change(ChangeKind.LEVEL_REACHED, at_ms, value, level, place))
    return replace(place, out_ms=after), changes


def _peaked(rule: Rule, place: Excursion, value: float, at_ms: int) -> Excursion:
    """An open excursion with a reading in it: farther out than all before, it is the new peak."""
    farther = value > place.peak if rule.side is Side.HIGH else value < place.peak
    return replace(place, peak=value, peak_ms=at_ms) if farther else place


def _rounded(value: float) -> float:
    return round(value, 3) + 0.0  # adding zero makes −0.0 the 0.0 that it equals


def _place_after(
    rule: Rule, place: Excursion | None, time_ms: int, value: float
) -> tuple[Excursion | None, list[Change]]:
    """What a reading does to one rule's place: open, go on (with a new peak) or close."""
    if place is None:
        if not rule.broken_by(value):
            return None, []
        place = Excursion(rule=rule.name, opened_ms=time_ms, peak=value, peak_ms=time_ms)
        opened = _change(ChangeKind.OPENED, time_ms, value, None, place)
        place, reached = _grow(rule, place, time_ms, 0, value)
        return place, [opened, *reached]
    if rule.cleared_by(value):
        closed = replace(place, closed_ms=time_ms)
        return None, [_change(ChangeKind.CLOSED, time_ms, value, closed.level, closed)]
    return _peaked(rule, place, value, time_ms), []


def _change(kind: ChangeKind, at_ms: int, value: float, level: Level | None, excursion: Excursion) -> Change:
    return Change(kind=kind, at_ms=at_ms, value=value, level=level, excursion=excursion)
