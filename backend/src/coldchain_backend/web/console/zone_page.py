"""The page of one zone: large curves for wide and narrow screens, a table of the same, the excursions."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from coldchain_backend.judging import StoredExcursion, Trace
from coldchain_backend.web.board import BoardZone, Limits
from coldchain_backend.web.console.charts import Curve, Frame, Tick, draw
from coldchain_backend.web.console.shown import samples_of
from coldchain_backend.web.console.wording import Wording, degrees

_MINUTE = 60_000
_HOUR = 60 * _MINUTE
SPANS = MappingProxyType({"1h": _HOUR, "6h": 6 * _HOUR, "24h": 24 * _HOUR, "7d": 7 * 24 * _HOUR})
BUCKETS = 240
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440, 2880)
_TABLE_ROWS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A stretch of time in the table."""

    when: str
    low: str
    mean: str
    high: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One point's temperature over a time, drawn for a wide and for a narrow screen."""

    label: str
    empty: bool
    wide: Curve
    wide_times: tuple[Tick, ...]
    narrow: Curve
    narrow_times: tuple[Tick, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What is drawn: a time, in the zone of an asset, with limits and stretches that are marked."""

    from_ms: int
    to_ms: int
    time_zone: str
    limits: Limits
    marks: tuple[tuple[int, int], ...] = ()


def drawing(trace: Trace, window: Window, label: str, wording: Wording) -> Drawing:
    """Draw a trace."""
    time = {"from_ms": window.from_ms, "to_ms": window.to_ms}
    wide = Frame(width=1180, height=300, left=52, right=62, top=10, bottom=28, **time)
    narrow = Frame(width=380, height=230, left=40, right=54, top=10, bottom=26, **time)
    samples = samples_of(trace)
    return Drawing(
        label=label,
        empty=not samples,
        wide=draw(wide, samples, window.limits, trace.gaps, window.marks),
        wide_times=time_ticks(wide, window.time_zone, 9, wording),
        narrow=draw(narrow, samples, window.limits, trace.gaps, window.marks),
        narrow_times=time_ticks(narrow, window.time_zone, 4, wording),
        rows=tuple(_rows(trace, window, wording)),
    )


def time_ticks(frame: Frame, time_zone: str, most: int, wording: Wording) -> tuple[Tick, ...]:
    """At most so many round times of the local day."""
    span = frame.to_ms - frame.from_ms
    step = next((m * _MINUTE for m in _STEPS if span / (m * _MINUTE) <= most), _STEPS[-1] * _MINUTE)
    offset = wording.offset_ms(frame.from_ms, time_zone)
    first = -(-(frame.from_ms + offset) // step) * step - offset
    return tuple(
        Tick(at=frame.x(at), label=wording.tick(at, time_zone, step))
        for at in range(first, frame.to_ms + 1, step)
    )


def _rows(trace: Trace, window: Window, wording: Wording) -> Sequence[Row]:
    every = max(1, -(-len(trace.buckets) // _TABLE_ROWS))
    groups = [trace.buckets[at : at + every] for at in range(0, len(trace.buckets), every)]
    return [
        Row(
            when=wording.exact(group[0].start_ms, window.time_zone),
            low=degrees(min(one.low for one in group), window.limits),
            mean=degrees(sum(one.mean for one in group) / len(group), window.limits),
            high=degrees(max(one.high for one in group), window.limits),
        )
        for group in groups
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownExcursion:
    """An excursion in words."""

    opened: str
    closed: str | None
    point: str
    rule: str
    level: str | None
    out: str
    peak: str


def show_excursion(found: StoredExcursion, zone: BoardZone, wording: Wording) -> ShownExcursion:
    """Say an excursion of a zone."""
    one, where = found.excursion, zone.asset.time_zone
    point = next((p.point for p in zone.points if p.point.id == found.point), None)
    return ShownExcursion(
        opened=wording.exact(one.opened_ms, where),
        closed=None if one.closed_ms is None else wording.exact(one.closed_ms, where),
        point=found.point if point is None else wording.name(point.name),
        rule=wording.rule(one.rule, zone.profile),
        level=None if one.level is None else one.level.value,
        out=wording.age(one.out_ms),
        peak=degrees(one.peak, zone.limits),
    )


def marks_of(excursions: Sequence[StoredExcursion], point: str, now_ms: int) -> tuple[tuple[int, int], ...]:
    """The stretches in which a point was out of limits."""
    return tuple(
        (found.excursion.opened_ms, found.excursion.closed_ms or now_ms)
        for found in excursions
        if found.point == point
    )
