"""One place per rule: how a reading opens, prolongs and ends the excursion in it, and how time passes
there."""

from dataclasses import replace
from math import isfinite

from coldchain.errors import InvalidInput
from coldchain.excursions.values import Change, ChangeKind, Excursion, Judged, State
from coldchain.gaps import spoken_until_ms
from coldchain.profiles import Level, Rule, Side

Changes = list[Change]


def rounded(value: float) -> float:
    """A value as it is compared: rounded to 0.001, and never −0.0."""
    return round(value, 3) + 0.0


def sampled(state: State, time_ms: int, value: float, judged: Judged) -> tuple[State, Changes]:
    """Take one reading by the plain rules; tallies are carried on as they are."""
    frontier = state.frontier_ms
    if not isfinite(value):
        raise InvalidInput(f"not a finite value: {value}")
    if frontier is not None and (time_ms < frontier or time_ms == state.last_ms):
        raise InvalidInput(f"reading of {time_ms} is not behind {frontier}")
    value = rounded(value)
    places: tuple[Excursion | None, ...] = state.places or (None,) * len(judged.plain)
    changes: Changes = []
    if state.last_ms is not None and any(places):
        end = spoken_until_ms(
            state.last_ms, time_ms, interval_ms=judged.interval_ms, limit_ms=judged.limit_ms
        )
        places, changes = accrued(state, end, judged)
        if time_ms - state.last_ms > judged.limit_ms:
            places = tuple(None if place is None else replace(place, data_gap=True) for place in places)
    first_ms = time_ms if state.first_ms is None and judged.ignored_ms else state.first_ms
    moved = []
    for rule, place in zip(judged.plain, places, strict=True):
        after, news = place_after(rule, place, time_ms, value, first_ms)
        moved.append(after)
        changes += news
    return (
        State(
            last_ms=time_ms,
            last_value=value,
            accounted_ms=time_ms,
            places=tuple(moved),
            first_ms=first_ms,
            tallies=state.tallies,
        ),
        changes,
    )


def accrued(state: State, end_ms: int, judged: Judged) -> tuple[tuple[Excursion | None, ...], Changes]:
    """Let the open excursions of `state` last until `end_ms`, and reach levels at their exact instants."""
    places: list[Excursion | None] = []
    changes: Changes = []
    passed = max(0, end_ms - state.accounted_ms)
    for rule, place in zip(judged.plain, state.places, strict=True):
        if place is None or not rule.broken_by(state.last_value):
            places.append(place)
            continue
        grown, news = grow(rule, place, state.accounted_ms, passed, state.last_value)
        places.append(grown)
        changes += news
    changes.sort(key=lambda change: change.at_ms)
    return tuple(places), changes


def waited(state: State, until_ms: int, judged: Judged) -> tuple[State, Changes]:
    """Let time pass for the plain rules, no further than one interval behind the last reading."""
    if state.last_ms is None or not any(state.places):
        return state, []
    end = min(until_ms, state.last_ms + judged.interval_ms)
    if end <= state.accounted_ms:
        return state, []
    places, changes = accrued(state, end, judged)
    return replace(state, accounted_ms=end, places=places), changes


def grow(rule: Rule, place: Excursion, from_ms: int, passed: int, value: float) -> tuple[Excursion, Changes]:
    """Let an open excursion last for `passed` ms from an instant on."""
    changes = []
    before, after = place.out_ms, place.out_ms + passed
    for level in (Level.WARNING, Level.ALARM):
        delay = rule.warning_after_ms if level is Level.WARNING else rule.alarm_after_ms
        reached = place.warning_ms if level is Level.WARNING else place.alarm_ms
        if delay is None or reached is not None or delay > after:
            continue
        at_ms = from_ms + max(0, delay - before)
        if level is Level.WARNING:
            place = replace(place, out_ms=max(before, delay), warning_ms=at_ms)
        else:
            place = replace(place, out_ms=max(before, delay), alarm_ms=at_ms)
        changes.append(change(ChangeKind.LEVEL_REACHED, at_ms, value, level, place))
    return place if place.out_ms == after else replace(place, out_ms=after), changes


def peaked(rule: Rule, place: Excursion, value: float, at_ms: int) -> Excursion:
    """An open excursion with a reading in it: farther out than all before, it is the new peak."""
    farther = value > place.peak if rule.side is Side.HIGH else value < place.peak
    return replace(place, peak=value, peak_ms=at_ms) if farther else place


def latched(rule: Rule, place: Excursion) -> bool:
    """Whether no reading ends the excursion any more."""
    last_ms = place.warning_ms if rule.alarm_after_ms is None else place.alarm_ms
    return rule.irreversible and last_ms is not None


def place_after(  # noqa: PLR0913, PLR0917 - what a reading does depends on all of these
    rule: Rule,
    place: Excursion | None,
    time_ms: int,
    value: float,
    first_ms: int | None = None,
    carried_ms: int = 0,
) -> tuple[Excursion | None, Changes]:
    """What a reading does to one rule's place: open (with the time carried so far), go on or close."""
    if place is None:
        ignored = first_ms is not None and time_ms < first_ms + rule.ignore_at_start_ms
        if ignored or not rule.broken_by(value):
            return None, []
        place = Excursion(rule=rule.name, opened_ms=time_ms, peak=value, peak_ms=time_ms, out_ms=carried_ms)
        opened = change(ChangeKind.OPENED, time_ms, value, None, place)
        place, reached = grow(rule, place, time_ms, 0, value)
        return place, [opened, *reached]
    if rule.cleared_by(value) and not latched(rule, place):
        closed = replace(place, closed_ms=time_ms)
        return None, [change(ChangeKind.CLOSED, time_ms, value, closed.level, closed)]
    return peaked(rule, place, value, time_ms), []


def change(kind: ChangeKind, at_ms: int, value: float, level: Level | None, excursion: Excursion) -> Change:
    """What happened to an excursion, and how it stands then."""
    return Change(kind=kind, at_ms=at_ms, value=value, level=level, excursion=excursion)
