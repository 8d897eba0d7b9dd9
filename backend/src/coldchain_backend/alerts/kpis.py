"""How the alarms themselves do, by the figures of ISA-18.2, per position: a receiver that is called.

Pure: from the lives of alerts and a time. What the figures should be stands in `targets`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from coldchain_backend.alerts.spans import Span, clipped, floods, length_ms, most_at_once, most_within

MINUTE_MS: Final = 60_000
TEN_MINUTES_MS: Final = 10 * MINUTE_MS
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
STANDING_MS: Final = DAY_MS
FLEETING_MS: Final = 5 * MINUTE_MS
"""An alarm that ends so soon and that nobody acknowledged was over before anybody could act (our figure)."""

MOST_ACTORS: Final = 10
HISTORY: Final = 56


class Priority(StrEnum):
    """How urgent an alert is for whoever is called; low, medium and high in the standard's words."""

    WARNING = "warning"
    ALARM = "alarm"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What the figures need of one alert. All times are stamps of the log, ms UTC.

    source        alerts of one source are one condition that came again
    calls         when people were called
    on, shelved   when its condition went on, when it was shelved; an end of None: still
    """

    alert: str
    source: str
    priority: Priority
    receivers: tuple[str, ...] = ()
    calls: tuple[int, ...] = ()
    on: tuple[Span, ...] = ()
    shelved: tuple[Span, ...] = ()
    acknowledged_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is a flood and what chatters; as the fleet file says it."""

    flood_count: int = 10
    flood_within_ms: int = TEN_MINUTES_MS
    chatter_count: int = 4
    chatter_within_ms: int = HOUR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How often a position was called; `position` None: all calls, each once, whoever got them."""

    position: str | None
    alarms: int
    per_hour: float
    most_per_hour: int
    per_10_minutes: float
    most_per_10_minutes: int
    floods: tuple[tuple[int, int], ...]
    flood_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A source and its share of all calls."""

    source: str
    alarms: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """Time from the first call to the acknowledgement, ms, by nearest rank; None without any."""

    acknowledged: int
    never: int
    p50_ms: int | None
    p90_ms: int | None
    p99_ms: int | None
    longest_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpis:
    """All figures of from_ms ≤ time < to_ms.

    split           alerts that were called, by priority
    standing        alerts that at the end of the time have gone on for more than 24 h; _most: at any time
    chattering      sources that fired too often within the time of the rules
    fleeting        alarms that were over before anybody could act
    history         calls in each of so many equal parts of the time
    """

    from_ms: int
    to_ms: int
    total: Load
    positions: tuple[Load, ...]
    split: dict[Priority, int]
    chattering: tuple[str, ...]
    fleeting: int
    standing: int
    standing_most: int
    actors: tuple[Actor, ...]
    actors_share: float
    waited: Waited
    shelved: int
    shelved_ms: int
    history: tuple[int, ...]


def kpis(lives: Sequence[Life], from_ms: int, to_ms: int, rules: Rules) -> Kpis:
    """The figures of a time; `lives` are those that were called or on within it, or shortly before."""
    span = (from_ms, to_ms)
    called = [life for life in lives if any(from_ms <= at < to_ms for at in life.calls)]
    actors = _actors(called, span)
    return Kpis(
        from_ms=from_ms,
        to_ms=to_ms,
        total=_load(None, _calls(lives), span, rules),
        positions=tuple(
            _load(name, _calls(life for life in lives if name in life.receivers), span, rules)
            for name in sorted({name for life in called for name in life.receivers})
        ),
        split={one: sum(life.priority is one for life in called) for one in Priority},
        chattering=tuple(_chattering(lives, span, rules)),
        fleeting=sum(_fleeting(life, span) for life in called),
        standing=sum(_stands(one, to_ms) for life in lives for one in life.on),
        standing_most=most_at_once([_standing(one) for life in lives for one in life.on], span),
        actors=actors,
        actors_share=sum(one.share for one in actors),
        waited=_waited(called, span),
        shelved=sum(_holds(one, to_ms) for life in lives for one in life.shelved),
        shelved_ms=sum(length_ms(clipped(one, span)) for life in lives for one in life.shelved),
        history=_history(_calls(called), span),
    )


def _history(calls: Sequence[int], span: tuple[int, int]) -> tuple[int, ...]:
    counts = [0] * HISTORY
    for at in calls:
        if span[0] <= at < span[1]:
            counts[(at - span[0]) * HISTORY // (span[1] - span[0])] += 1
    return tuple(counts)


def _calls(lives: Iterable[Life]) -> list[int]:
    return sorted(at for life in lives for at in life.calls)


def _load(position: str | None, calls: Sequence[int], span: tuple[int, int], rules: Rules) -> Load:
    from_ms, to_ms = span
    within = [at for at in calls if from_ms <= at < to_ms]
    long_ms = max(to_ms - from_ms, 1)
    found = [
        cut for one in floods(calls, rules.flood_count, rules.flood_within_ms) if (cut := clipped(one, span))
    ]
    return Load(
        position=position,
        alarms=len(within),
        per_hour=len(within) * HOUR_MS / long_ms,
        most_per_hour=most_within(within, HOUR_MS),
        per_10_minutes=len(within) * TEN_MINUTES_MS / long_ms,
        most_per_10_minutes=most_within(within, TEN_MINUTES_MS),
        floods=tuple(found),
        flood_share=sum(length_ms(one) for one in found) / long_ms,
    )


def _actors(called: Sequence[Life], span: tuple[int, int]) -> tuple[Actor, ...]:
    """The sources that were called for most, those first; ties by name."""
    counts: Counter[str] = Counter()
    for life in called:
        counts[life.source] += sum(span[0] <= at < span[1] for at in life.calls)
    total = max(counts.total(), 1)
    most = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:MOST_ACTORS]
    return tuple(Actor(source=source, alarms=count, share=count / total) for source, count in most)


def _chattering(lives: Sequence[Life], span: tuple[int, int], rules: Rules) -> Iterator[str]:
    began: dict[str, list[int]] = {}
    for life in lives:
        began.setdefault(life.source, []).extend(one[0] for one in life.on if span[0] <= one[0] < span[1])
    for source, times in sorted(began.items()):
        if most_within(sorted(times), rules.chatter_within_ms) >= rules.chatter_count:
            yield source


def _fleeting(life: Life, span: tuple[int, int]) -> int:
    if life.acknowledged_ms is not None:
        return 0
    return sum(
        span[0] <= began < span[1] and ended is not None and ended - began < FLEETING_MS
        for began, ended in life.on
    )


def _stands(on: Span, at_ms: int) -> bool:
    return _holds(on, at_ms) and at_ms - on[0] > STANDING_MS


def _standing(on: Span) -> Span:
    """The part of a condition's time in which it stood; of no length where it ended before."""
    began, ended = on
    return (began + STANDING_MS, None if ended is None else max(ended, began + STANDING_MS))


def _holds(one: Span, at_ms: int) -> bool:
    return one[0] < at_ms and (one[1] is None or one[1] >= at_ms)


def _waited(called: Sequence[Life], span: tuple[int, int]) -> Waited:
    taken = sorted(
        max(life.acknowledged_ms - min(life.calls), 0)
        for life in called
        if life.acknowledged_ms is not None and life.acknowledged_ms < span[1]
    )
    return Waited(
        acknowledged=len(taken),
        never=len(called) - len(taken),
        p50_ms=_rank(taken, 50),
        p90_ms=_rank(taken, 90),
        p99_ms=_rank(taken, 99),
        longest_ms=taken[-1] if taken else None,
    )


def _rank(ordered: Sequence[int], percent: int) -> int | None:
    """The nearest-rank percentile."""
    return ordered[-(-len(ordered) * percent // 100) - 1] if ordered else None
