"""Lines of a temperature over time as numbers for SVG: pure geometry, drawn by the templates."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10

Limits = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What is known of a short time: extremes and mean in °C, at `time_ms`."""

    time_ms: int
    low: float
    high: float
    mean: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The drawing: its size in SVG units and the window of time that it shows."""

    width: int
    height: int
    from_ms: int
    to_ms: int
    left: int = 0
    bottom: int = 0
    top: int = 0
    right: int = 0

    def x(self, time_ms: int) -> float:
        """Where a time stands, kept inside the frame."""
        share = (time_ms - self.from_ms) / max(self.to_ms - self.from_ms, 1)
        return round(self.left + min(max(share, 0.0), 1.0) * (self.width - self.left - self.right), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A labelled place on an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A shaded stretch, in SVG units."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A finished drawing. `lines` and `bands` are SVG paths; `beyond` is what lies outside the limits."""

    frame: Frame
    lines: tuple[str, ...]
    bands: tuple[str, ...]
    limits: tuple[Tick, ...]
    beyond: tuple[Box, ...]
    gaps: tuple[Box, ...]
    marks: tuple[Box, ...]
    values: tuple[Tick, ...]
    last: tuple[float, float] | None


def draw(
    frame: Frame,
    samples: Sequence[Sample],
    limits: Limits,
    gaps: Sequence[tuple[int, int]],
    marks: Sequence[tuple[int, int]] = (),
) -> Curve:
    """Lay out samples (in order of time) with limits, gaps (unknown time) and marks (excursions)."""
    scale = _Scale.of(frame, samples, limits)
    runs = list(_runs(samples, gaps))
    last = samples[-1] if samples else None
    return Curve(
        frame=frame,
        lines=tuple(_line(frame, scale, run) for run in runs),
        bands=tuple(_band(frame, scale, run) for run in runs if any(s.high > s.low for s in run)),
        limits=tuple(Tick(at=scale.y(edge), label=f"{edge:g}") for edge in limits if edge is not None),
        beyond=tuple(_beyond(frame, scale, limits)),
        gaps=tuple(_stretch(frame, start, end) for start, end in gaps if end > start),
        marks=tuple(_stretch(frame, start, end) for start, end in marks if end > start),
        values=scale.ticks(),
        last=None if last is None else (frame.x(last.time_ms), scale.y(last.mean)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """°C to SVG units, upwards."""

    low: float
    high: float
    top: float
    bottom: float

    @classmethod
    def of(cls, frame: Frame, samples: Sequence[Sample], limits: Limits) -> "_Scale":
        edges = [edge for edge in limits if edge is not None]
        low = min([*edges, *(sample.low for sample in samples)], default=0.0)
        high = max([*edges, *(sample.high for sample in samples)], default=10.0)
        margin = max((high - low) * 0.12, 0.5)
        return cls(low=low - margin, high=high + margin, top=frame.top, bottom=frame.height - frame.bottom)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.bottom - share * (self.bottom - self.top), 1)

    def ticks(self) -> tuple[Tick, ...]:
        step = _round_step((self.high - self.low) / 5)
        first, last = ceil(self.low / step), floor(self.high / step)
        return tuple(
            Tick(at=self.y(n * step), label=f"{round(n * step, 3):g}") for n in range(first, last + 1)
        )


def _round_step(raw: float) -> float:
    """The next of 1, 2, 5 × a power of ten."""
    power = 10.0 ** floor(log10(raw))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= raw)


def _runs(samples: Sequence[Sample], gaps: Sequence[tuple[int, int]]) -> Iterable[list[Sample]]:
    """Stretches of samples with no gap between neighbours."""
    run: list[Sample] = list(samples[:1])
    for before, after in pairwise(samples):
        if any(start < after.time_ms and end > before.time_ms for start, end in gaps):
            yield run
            run = []
        run.append(after)
    if run:
        yield run


def _line(frame: Frame, scale: _Scale, run: Sequence[Sample]) -> str:
    steps = [f"{frame.x(sample.time_ms):g} {scale.y(sample.mean):g}" for sample in run]
    if len(steps) == 1:
        return f"M{steps[0]}h0.1"
    return "M" + "L".join(steps)


def _band(frame: Frame, scale: _Scale, run: Sequence[Sample]) -> str:
    over = [f"{frame.x(sample.time_ms):g} {scale.y(sample.high):g}" for sample in run]
    under = [f"{frame.x(sample.time_ms):g} {scale.y(sample.low):g}" for sample in reversed(run)]
    return "M" + "L".join(over + under) + "Z"


def _beyond(frame: Frame, scale: _Scale, limits: Limits) -> Iterable[Box]:
    low, high = limits
    width = float(frame.width - frame.left - frame.right)
    if high is not None:
        yield Box(x=frame.left, y=scale.top, width=width, height=round(scale.y(high) - scale.top, 1))
    if low is not None:
        edge = scale.y(low)
        yield Box(x=frame.left, y=edge, width=width, height=round(scale.bottom - edge, 1))


def _stretch(frame: Frame, start_ms: int, end_ms: int) -> Box:
    x = frame.x(start_ms)
    width = max(round(frame.x(end_ms) - x, 1), 1.0)
    return Box(x=x, y=frame.top, width=width, height=frame.height - frame.top - frame.bottom)
