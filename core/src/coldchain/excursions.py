"""Excursions: intervals of event time in which a rule's limit was broken, found step by step.

`step` is pure and incremental, `run` the same over a list, `judge` the same over a whole series. Out-time accrues
from each reading to the next; behind a gap the earlier reading speaks for one expected interval only. `Until` uses
nothing that a later reading could take back: it goes no further than one expected interval behind the last one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from math import inf, isfinite

from coldchain.errors import InvalidInput
from coldchain.gaps import gap_limit_ms, spoken_until_ms
from coldchain.profiles import Level, Profile, Rule, Side

STEP = 0.001
"""Values are compared after rounding to this step (°C, %RH)."""


class ChangeKind(StrEnum):
    """What a step did to an excursion."""

    OPENED = "opened"
    LEVEL_REACHED = "level_reached"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A value at an instant (ms UTC)."""

    time_ms: int
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Until:
    """The instant (ms UTC) up to which time has passed."""

    time_ms: int


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a series is judged by: the rules of one quantity of a profile, and the expected interval in ms."""

    profile: Profile
    interval_ms: int
    quantity: str = "temperature"

    def __post_init__(self) -> None:
        if self.interval_ms <= 0:
            raise InvalidInput(f"an expected interval cannot be {self.interval_ms} ms")

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The profile's rules for the quantity."""
        return self.profile.rules_for(self.quantity)

    @cached_property
    def limit_ms(self) -> int:
        """The longest known time between two readings."""
        return gap_limit_ms(self.profile, self.interval_ms)

    @cached_property
    def quiet(self) -> tuple[float, float]:
        """The open interval of values that break no rule."""
        lows = [rule.threshold for rule in self.rules if rule.side is Side.LOW]
        highs = [rule.threshold for rule in self.rules if rule.side is Side.HIGH]
        return max(lows, default=-inf), min(highs, default=inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Excursion:
    """One excursion as far as it is known; `out_ms` is known time out of limits, gaps left out."""

    rule: str
    opened_ms: int
    closed_ms: int | None = None
    warning_ms: int | None = None
    alarm_ms: int | None = None
    peak: float
    peak_ms: int
    out_ms: int = 0
    data_gap: bool = False

    @property
    def level(self) -> Level | None:
        """The highest level reached; None while delays are still running."""
        if self.alarm_ms is not None:
            return Level.ALARM
        return Level.WARNING if self.warning_ms is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happened to an excursion at `at_ms` of event time, and how it stands then; `value` is the last reading."""

    kind: ChangeKind
    at_ms: int
    value: float
    level: Level | None
    excursion: Excursion

    @property
    def rule(self) -> str:
        """The rule's name."""
        return self.excursion.rule

    @property
    def opened_ms(self) -> int:
        """When the excursion began."""
        return self.excursion.opened_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a point's series has come to: the last reading, time accounted for, and one place per rule."""

    last_ms: int | None = None
    last_value: float = 0.0
    accounted_ms: int = 0
    places: tuple[Excursion | None, ...] = ()

    @property
    def frontier_ms(self) -> int | None:
        """The instant behind which a reading is late and the caller must step again from an earlier state."""
        return None if self.last_ms is None else max(self.last_ms, self.accounted_ms)

    @property
    def open(self) -> tuple[Excursion, ...]:
        """The excursions that have not ended."""
        return tuple(place for place in self.places if place is not None)

    def to_json(self) -> dict[str, object]:
        """Give the state as plain values for storage."""
        places = [None if p is None else [getattr(p, name) for name in _STORED] for p in self.places]
        return {
            "last_ms": self.last_ms,
            "last": self.last_value,
            "accounted_ms": self.accounted_ms,
            "places": places,
        }

    @classmethod
    def from_json(cls, stored: dict[str, object]) -> "State":
        """Read what `to_json` gave; raises InvalidInput where it is something else."""
        match stored:
            case {"last_ms": int() | None as last_ms, "last": int() | float() as last} if isinstance(
                places := stored.get("places"), list
            ) and isinstance(accounted := stored.get("accounted_ms"), int):
                kept = tuple(None if place is None else _place(place) for place in places)
                return cls(last_ms=last_ms, last_value=float(last), accounted_ms=accounted, places=kept)
        raise InvalidInput("not a stored state of excursions")


_STORED = ("rule", "opened_ms", "warning_ms", "alarm_ms", "peak", "peak_ms", "out_ms", "data_gap")
INITIAL = State()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All excursions of a series in the order of their opening, and the state behind it."""

    excursions: tuple[Excursion, ...]
    state: State


def excursion_id(point: str, rule: str, opened_ms: int) -> str:
    """Name an excursion by its cause: point, rule and the event time of the reading that first opened it."""
    cause = f"excursion\n{point}\n{rule}\n{opened_ms}"
    return "ex_" + sha256(cause.encode()).hexdigest()[:20]


def step(state: State, event: Sample | Until, judged: Judged) -> tuple[State, list[Change]]:
    """Take one reading, or the passing of time, and say what it changed.

    Raises InvalidInput for a reading that is not behind `state.frontier_ms` or not a finite number: late readings
    are stepped again from an earlier state by the caller.
    """
    if isinstance(event, Until):
        return _until(state, event.time_ms, judged)
    return _sample(state, event.time_ms, event.value, judged)


def run(state: State, samples: Sequence[tuple[int, float]], judged: Judged) -> tuple[State, list[Change]]:
    """Step through (time_ms, value) pairs in order; equal to `step` on each, and faster where nothing happens."""
    changes: list[Change] = []
    low, high = judged.quiet
    index, count = 0, len(samples)
    while index < count:
        if not any(state.places):
            index, state = _skip_quiet(state, samples, index, low, high)
            if index == count:
                break
        time_ms, value = samples[index]
        state, news = _sample(state, time_ms, value, judged)
        changes += news
        index += 1
    return state, changes


def _skip_quiet(
    state: State, samples: Sequence[tuple[int, float]], index: int, low: float, high: float
) -> tuple[int, State]:
    """Pass over readings that break nothing while nothing is open."""
    start, last_ms = index, -1 if state.frontier_ms is None else state.frontier_ms
    if state.frontier_ms is None and index < len(samples):
        last_ms = samples[index][0] - 1
    for time_ms, value in samples[index:]:
        if not low + STEP <= value <= high - STEP or time_ms <= last_ms:
            break
        last_ms = time_ms
        index += 1
    if index == start:
        return index, state
    time_ms, value = samples[index - 1]
    places = state.places if not state.places else (None,) * len(state.places)
    return index, State(last_ms=time_ms, last_value=round(value, 3), accounted_ms=time_ms, places=places)


def next_due(state: State, judged: Judged) -> int | None:
    """The earliest event time at which `Until` would change something without a new reading, or None."""
    if state.last_ms is None:
        return None
    dues = [
        state.accounted_ms + delay - place.out_ms
        for rule, place in zip(judged.rules, state.places, strict=False)
        if place is not None
        for delay in _waiting(rule, place)
    ]
    due = min(dues, default=None)
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


def _waiting(rule: Rule, place: Excursion) -> Iterator[int]:
    if rule.warning_after_ms is not None and place.warning_ms is None:
        yield rule.warning_after_ms
    if rule.alarm_after_ms is not None and place.alarm_ms is None:
        yield rule.alarm_after_ms


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
    value = round(value, 3)
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
        if place is None:
            places.append(None)
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
    if (value > place.peak) if rule.side is Side.HIGH else (value < place.peak):
        place = replace(place, peak=value, peak_ms=time_ms)
    return place, []


def _change(kind: ChangeKind, at_ms: int, value: float, level: Level | None, excursion: Excursion) -> Change:
    return Change(kind=kind, at_ms=at_ms, value=value, level=level, excursion=excursion)


def _place(stored: object) -> Excursion:
    match stored:
        case [
            str() as rule,
            int() as opened_ms,
            int() | None as warning_ms,
            int() | None as alarm_ms,
            int() | float() as peak,
            int() as peak_ms,
            int() as out_ms,
            bool() as data_gap,
        ]:
            return Excursion(
                rule=rule,
                opened_ms=opened_ms,
                warning_ms=warning_ms,
                alarm_ms=alarm_ms,
                peak=float(peak),
                peak_ms=peak_ms,
                out_ms=out_ms,
                data_gap=data_gap,
            )
    raise InvalidInput("not a stored excursion")
