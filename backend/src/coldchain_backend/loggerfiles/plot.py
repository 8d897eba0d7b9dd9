"""A chart of a judged channel: the course, the limits, excursions and unknown time shaded. SVG or PNG."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from html import escape
from math import ceil, floor, log10
from pathlib import Path
from typing import Final, Protocol

from coldchain.errors import InvalidInput
from coldchain.gaps import Spoken
from coldchain_backend.loggerfiles.judged import JudgedChannel
from coldchain_runtime.durable import write_file_atomic

WIDTH: Final = 1000
HEIGHT: Final = 420
LEFT, RIGHT, TOP, BOTTOM = 60, 50, 50, 50
MOST_POINTS: Final = 4000
INK, LINE, LIMIT, OUT, GAP, GRID = "#1f2933", "#1d6fa5", "#b42318", "#fde0dc", "#d5dae1", "#e8ebef"
_STEPS: Final = (60, 300, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000)


class Canvas(Protocol):
    """What a chart is drawn on; units are pixels from the upper left corner."""

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A filled rectangle."""
        ...

    def path(self, points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False) -> None:
        """A line through points."""
        ...

    def text(self, x: float, y: float, words: str, *, middle: bool = False) -> None:
        """A line of words, its baseline at y."""
        ...

    def save(self, path: Path) -> None:
        """Write the picture."""
        ...


def plot(one: JudgedChannel, zone: tzinfo, path: Path, title: str) -> None:
    """Draw a channel into an .svg or .png file. Raises InvalidInput for another kind of file."""
    canvas: Canvas
    if path.suffix.lower() == ".svg":
        canvas = SvgCanvas()
    elif path.suffix.lower() == ".png":
        canvas = PngCanvas()
    else:
        raise InvalidInput(f"{path}: a plot is an .svg or a .png file")
    _Chart(one, zone).draw(canvas, title)
    canvas.save(path)


class _Chart:
    def __init__(self, one: JudgedChannel, zone: tzinfo) -> None:
        self.one, self.zone = one, zone
        self.from_ms, self.to_ms = one.verdict.from_ms, one.verdict.to_ms
        samples = [pair for pair in one.channel.samples if self.from_ms <= pair[0] < self.to_ms]
        values = [value for _, value in samples]
        values += [limit for limit in one.judged.profile.limits() if limit is not None]
        low, high = min(values), max(values)
        pad = max((high - low) * 0.08, 0.5)
        self.low, self.high = low - pad, high + pad
        self.samples = samples

    def x(self, at_ms: float) -> float:
        share = (at_ms - self.from_ms) / (self.to_ms - self.from_ms)
        return round(LEFT + min(max(share, 0.0), 1.0) * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        return round(TOP + (self.high - value) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM), 1)

    def draw(self, canvas: Canvas, title: str) -> None:
        canvas.box(0, 0, WIDTH, HEIGHT, "#ffffff")
        self._shades(canvas)
        self._grid(canvas)
        for limit in self.one.judged.profile.limits():
            if limit is not None:
                ends = [(LEFT, self.y(limit)), (WIDTH - RIGHT, self.y(limit))]
                canvas.path(ends, LIMIT, dashed=True)
        for stretch in self._stretches():
            canvas.path(stretch, LINE)
        canvas.text(LEFT, 20, title)
        canvas.text(LEFT, 38, "shaded red: beyond a limit; grey: unknown; dashed: limits; °C")

    def _shades(self, canvas: Canvas) -> None:
        shaded = [(one.opened_ms, one.closed_ms or self.to_ms, OUT) for one in self.one.excursions]
        shaded += [(from_ms, to_ms, GAP) for from_ms, to_ms in self.one.gaps]
        for from_ms, to_ms, colour in shaded:
            left, right = self.x(from_ms), self.x(to_ms)
            canvas.box(left, TOP, max(right - left, 1), HEIGHT - TOP - BOTTOM, colour)

    def _grid(self, canvas: Canvas) -> None:
        step = _nice((self.high - self.low) / 6)
        value = ceil(self.low / step) * step
        while value <= self.high:
            canvas.path([(LEFT, self.y(value)), (WIDTH - RIGHT, self.y(value))], GRID)
            canvas.text(12, self.y(value) + 4, f"{value:g}")
            value = round(value + step, 6)
        for at_ms, label in self._ticks():
            canvas.path([(self.x(at_ms), TOP), (self.x(at_ms), HEIGHT - BOTTOM)], GRID)
            canvas.text(self.x(at_ms), HEIGHT - BOTTOM + 18, label, middle=True)

    def _ticks(self) -> Iterator[tuple[int, str]]:
        seconds = (self.to_ms - self.from_ms) / 1000
        step = next((one for one in _STEPS if seconds / one <= 9), ceil(seconds / 9)) * 1000
        local = datetime.fromtimestamp(self.from_ms // 1000, self.zone).utcoffset()
        shift = 0 if local is None else round(local.total_seconds() * 1000)
        at_ms = -(-(self.from_ms + shift) // step) * step - shift
        pattern = "%m-%d %H:%M" if step < 86_400_000 else "%Y-%m-%d"
        while at_ms <= self.to_ms:
            yield at_ms, datetime.fromtimestamp(at_ms // 1000, self.zone).strftime(pattern)
            at_ms += step

    def _stretches(self) -> Iterator[list[tuple[float, float]]]:
        """The course as steps (held) between gaps; with very many readings the extremes of each pixel."""
        judged = self.one.judged
        times = [time_ms for time_ms, _ in self.samples]
        spoken = Spoken(times, interval_ms=judged.interval_ms, limit_ms=judged.limit_ms)
        points: list[tuple[float, float]] = []
        for index, (time_ms, value) in enumerate(self.samples):
            points.append((self.x(time_ms), self.y(value)))
            last = spoken.holds(index)
            end_ms = time_ms + judged.interval_ms if last else times[index + 1]
            points.append((self.x(end_ms), self.y(value)))
            if last:
                yield _thinned(points)
                points = []


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    if len(points) <= MOST_POINTS:
        return points
    kept: dict[int, list[tuple[float, float]]] = {}
    for point in points:
        kept.setdefault(floor(point[0]), []).append(point)
    ends = ((min(group, key=lambda p: p[1]), max(group, key=lambda p: p[1])) for group in kept.values())
    return [point for pair in ends for point in sorted(pair)]


def _nice(step: float) -> float:
    size = 10.0 ** floor(log10(step))
    return float(next(size * factor for factor in (1, 2, 5, 10) if step <= size * factor))


class SvgCanvas:
    """Draws scalable vector graphics as text."""

    def __init__(self) -> None:
        size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        font = f'font-family="sans-serif" font-size="12" fill="{INK}"'
        self._parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>']

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A filled rectangle."""
        size = f'width="{round(width, 1)}" height="{round(height, 1)}"'
        self._parts.append(f'<rect x="{x}" y="{y}" {size} fill="{colour}"/>')

    def path(self, points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False) -> None:
        """A line through points."""
        told = " ".join(f"{x:g},{y:g}" for x, y in points)
        dash = ' stroke-dasharray="6 4"' if dashed else ""
        self._parts.append(f'<polyline points="{told}" fill="none" stroke="{colour}"{dash}/>')

    def text(self, x: float, y: float, words: str, *, middle: bool = False) -> None:
        """A line of words, its baseline at y."""
        anchor = ' text-anchor="middle"' if middle else ""
        kept = re.sub(r"[\x00-\x1f\x7f]", " ", words)
        self._parts.append(f'<text x="{x}" y="{y}"{anchor}>{escape(kept)}</text>')

    def save(self, path: Path) -> None:
        """Write the picture."""
        write_file_atomic(path, "\n".join([*self._parts, "</svg>", ""]).encode())


class PngCanvas:
    """Draws pixels, at twice the size so that print is sharp."""

    SCALE: Final = 2

    def __init__(self) -> None:
        from PIL import Image, ImageDraw, ImageFont

        self._image = Image.new("RGB", (WIDTH * self.SCALE, HEIGHT * self.SCALE), "#ffffff")
        self._draw = ImageDraw.Draw(self._image)
        self._font = ImageFont.load_default(12 * self.SCALE)

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A filled rectangle."""
        ends = [x, y, x + width, y + height]
        self._draw.rectangle([end * self.SCALE for end in ends], fill=colour)

    def path(self, points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False) -> None:
        """A line through points; dashed ones are level."""
        scaled = [(x * self.SCALE, y * self.SCALE) for x, y in points]
        if not dashed:
            self._draw.line(scaled, fill=colour, width=self.SCALE)
            return
        (left, y), (right, _) = scaled[0], scaled[-1]
        for x in range(round(left), round(right), 20):
            self._draw.line([(x, y), (min(x + 12, right), y)], fill=colour, width=self.SCALE)

    def text(self, x: float, y: float, words: str, *, middle: bool = False) -> None:
        """A line of words, its baseline at y."""
        place = (x * self.SCALE, y * self.SCALE)
        self._draw.text(place, words, fill=INK, font=self._font, anchor="ms" if middle else "ls")

    def save(self, path: Path) -> None:
        """Write the picture."""
        from io import BytesIO

        data = BytesIO()
        self._image.save(data, "PNG", optimize=True)
        write_file_atomic(path, data.getvalue())
