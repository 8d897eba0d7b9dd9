"""The course of one part as an inline picture: band, limits, unknown time and excursions; nothing to load."""

from collections.abc import Iterator
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from coldchain.gaps import Spoken
from coldchain_backend.evidence.parts import Part

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 900, 240, 46, 24, 8
BUCKETS = 400


class _Scale:
    """Time to x and value to y."""

    def __init__(self, part: Part, low: float, high: float) -> None:
        self._part, self._low, self._high = part, low, high

    def x(self, time_ms: int) -> float:
        span = self._part.to_ms - self._part.from_ms
        share = (min(max(time_ms, self._part.from_ms), self._part.to_ms) - self._part.from_ms) / span
        return round(LEFT + share * (WIDTH - LEFT - 4), 1)

    def y(self, value: float) -> float:
        share = (value - self._low) / (self._high - self._low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP), 1)


def chart(part: Part) -> str:
    """An SVG; empty where nothing was measured in the time."""
    inside = [one for one in part.samples if part.from_ms <= one[0] < part.to_ms]
    if not inside:
        return ""
    limits = [one for one in part.profile.limits(part.quantity) if one is not None]
    values = [*(value for _, value in inside), *limits]
    margin = max((max(values) - min(values)) * 0.08, 0.5)
    scale = _Scale(part, min(values) - margin, max(values) + margin)
    label = escape(f"{part.place.point.id} {part.quantity}", quote=True)
    body = "".join([
        *_unknown(part, scale), *_excursions(part, scale), *_axes(part, scale, values),
        *_limits(limits, scale), *_band(part, inside, scale),
    ])  # fmt: skip
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{body}</svg>'


def _band(part: Part, inside: list[tuple[int, float]], scale: _Scale) -> Iterator[str]:
    """A filled band from lowest to highest of each bucket, torn at unknown time."""
    width = max(1, (part.to_ms - part.from_ms) // BUCKETS)
    limit_ms = part.judged.limit_ms
    stretch: list[tuple[int, float, float]] = []
    last_ms = inside[0][0]
    for time_ms, value in inside:
        if time_ms - last_ms > limit_ms:
            yield _polygon(stretch, scale)
            stretch = []
        at_ms = part.from_ms + (time_ms - part.from_ms) // width * width
        if stretch and stretch[-1][0] == at_ms:
            _, low, high = stretch[-1]
            stretch[-1] = at_ms, min(low, value), max(high, value)
        else:
            stretch.append((at_ms, value, value))
        last_ms = time_ms
    yield _polygon(stretch, scale)


def _polygon(stretch: list[tuple[int, float, float]], scale: _Scale) -> str:
    upper = [f"{scale.x(at)},{scale.y(high)}" for at, _, high in stretch]
    lower = [f"{scale.x(at)},{scale.y(low)}" for at, low, _ in reversed(stretch)]
    return f'<polygon class="band" points="{" ".join([*upper, *lower])}"/>'


def _rectangle(name: str, from_ms: int, to_ms: int, scale: _Scale) -> str:
    x = scale.x(from_ms)
    width = max(round(scale.x(to_ms) - x, 1), 0.8)
    return f'<rect class="{name}" x="{x}" y="{TOP}" width="{width}" height="{HEIGHT - BOTTOM - TOP}"/>'


def _unknown(part: Part, scale: _Scale) -> Iterator[str]:
    times, limit_ms = [one[0] for one in part.samples], part.judged.limit_ms
    spoken = Spoken(times, interval_ms=part.interval_ms, limit_ms=limit_ms)
    for from_ms, to_ms in spoken.gaps(part.from_ms, part.to_ms):
        yield _rectangle("unknown", from_ms, to_ms, scale)


def _excursions(part: Part, scale: _Scale) -> Iterator[str]:
    for one in part.excursions:
        end_ms = part.to_ms if one.closed_ms is None else one.closed_ms
        if end_ms > part.from_ms:
            yield _rectangle("excursion", one.opened_ms, end_ms, scale)


def _limits(limits: list[float], scale: _Scale) -> Iterator[str]:
    for limit in limits:
        y = scale.y(limit)
        yield f'<line class="limit" x1="{LEFT}" x2="{WIDTH - 4}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{WIDTH - 6}" y="{y - 3}" text-anchor="end">{limit:g}</text>'


def _axes(part: Part, scale: _Scale, values: list[float]) -> Iterator[str]:
    for value in sorted({min(values), max(values)}):
        yield f'<text x="{LEFT - 5}" y="{scale.y(value) + 4}" text-anchor="end">{value:.1f}</text>'
    zone, parts = ZoneInfo(part.time_zone), 6
    for index in range(parts + 1):
        at_ms = part.from_ms + (part.to_ms - part.from_ms) * index // parts
        x, at = scale.x(at_ms), datetime.fromtimestamp(at_ms // 1000, zone)
        anchor = "start" if index == 0 else "end" if index == parts else "middle"
        yield f'<line class="tick" x1="{x}" x2="{x}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
        yield f'<text x="{x}" y="{HEIGHT - 7}" text-anchor="{anchor}">{at:%m-%d %H:%M}</text>'
