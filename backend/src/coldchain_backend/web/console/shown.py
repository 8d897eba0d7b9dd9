"""The board and its zones as the templates show them: words, times in the asset's zone, curves."""

from collections.abc import Mapping
from dataclasses import dataclass

from coldchain.profiles import Profile
from coldchain_backend.fleet import Asset, Point, Zone
from coldchain_backend.judging import Condition, Trace
from coldchain_backend.web.board import Board, BoardPoint, BoardZone, Limits
from coldchain_backend.web.console.charts import Curve, Frame, Sample, draw
from coldchain_backend.web.console.wording import Wording, degrees

SPARK_MS = 3 * 3_600_000
_SPARK_LEAST_MS = 2 * 60_000
SPARK_BUCKETS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPoint:
    """A point; all texts are ready, `span` is how much time the curve shows."""

    point: Point
    condition: Condition
    shown: str | None
    time_ms: int | None
    last_time: str
    stale_at_ms: int | None
    unknown_since: str | None
    out_since: str | None
    catching_up: str
    is_catching_up: bool
    alert: str | None
    curve: Curve
    span: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownZone:
    """A zone; `label` is its condition, or its state where it is not judged."""

    asset: Asset
    zone: Zone
    profile: Profile
    limits: Limits
    condition: Condition
    label: str
    points: tuple[ShownPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAsset:
    """An asset with its zones."""

    asset: Asset
    zones: tuple[ShownZone, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownBoard:
    """The whole board."""

    assets: tuple[ShownAsset, ...]
    counts: Mapping[str, int]


def show_board(board: Board, traces: Mapping[str, Trace], wording: Wording) -> ShownBoard:
    """Dress the board; `traces` by point are those of the last `SPARK_MS`."""
    zones: dict[str, list[ShownZone]] = {}
    for zone in board.zones:
        zones.setdefault(zone.asset.id, []).append(show_zone(zone, traces, wording))
    return ShownBoard(
        assets=tuple(ShownAsset(asset=of[0].asset, zones=tuple(of)) for of in zones.values()),
        counts={
            condition.value: count
            for condition, count in board.counts().items()
            if count or condition is not Condition.PENDING
        },
    )


def show_zone(zone: BoardZone, traces: Mapping[str, Trace], wording: Wording) -> ShownZone:
    """Dress one zone."""
    judged = zone.condition is not Condition.NOT_JUDGED
    return ShownZone(
        asset=zone.asset,
        zone=zone.zone,
        profile=zone.profile,
        limits=zone.limits,
        condition=zone.condition,
        label=zone.condition.value if judged else zone.zone.state.value,
        points=tuple(_point(zone, point, traces.get(point.point.id), wording) for point in zone.points),
    )


def _point(zone: BoardZone, point: BoardPoint, trace: Trace | None, wording: Wording) -> ShownPoint:
    status, where = point.status, zone.asset.time_zone
    value = point.temperature
    from_ms = _spark_from(trace, wording.now_ms)
    unknown, out = status.unknown_since_ms, status.excursion
    known_to = status.catching_up_to_ms
    return ShownPoint(
        point=point.point,
        condition=status.condition,
        shown=None if value is None or status.time_ms is None else degrees(value, zone.limits),
        time_ms=status.time_ms,
        last_time="" if status.time_ms is None else wording.moment(status.time_ms, where),
        stale_at_ms=point.stale_at_ms,
        unknown_since=None if unknown is None else wording.moment(unknown, where),
        out_since=None if out is None else wording.moment(out.excursion.opened_ms, where),
        is_catching_up=status.catching_up,
        catching_up="" if known_to is None else wording.moment(known_to, where),
        alert=status.alert_id,
        curve=_spark(with_silence(trace, unknown, wording.now_ms), zone.limits, from_ms, wording.now_ms),
        span=wording.age(wording.now_ms - from_ms),
    )


def _spark_from(trace: Trace | None, now_ms: int) -> int:
    """The curve begins with the first reading, so that a young point does not show an empty past."""
    first = trace.buckets[0].start_ms if trace is not None and trace.buckets else now_ms
    return max(min(first, now_ms - _SPARK_LEAST_MS), now_ms - SPARK_MS)


def _spark(trace: Trace, limits: Limits, from_ms: int, now_ms: int) -> Curve:
    frame = Frame(width=240, height=64, from_ms=from_ms, to_ms=now_ms, top=2, bottom=2)
    return draw(frame, samples_of(trace), limits, trace.gaps)


def with_silence(trace: Trace | None, unknown_since_ms: int | None, now_ms: int) -> Trace:
    """A trace whose time since a point is unknown is a gap up to now."""
    found = Trace(buckets=(), gaps=()) if trace is None else trace
    if unknown_since_ms is None:
        return found
    return Trace(buckets=found.buckets, gaps=(*found.gaps, (unknown_since_ms, now_ms)))


def samples_of(trace: Trace) -> tuple[Sample, ...]:
    """A trace's stretches as points of a curve."""
    return tuple(
        Sample(time_ms=(one.start_ms + one.end_ms) // 2, low=one.low, high=one.high, mean=one.mean)
        for one in trace.buckets
    )
