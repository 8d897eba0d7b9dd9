"""What a device prints by itself, heard and read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from coldchain.errors import InvalidInput
from coldchain.readings import Refusal
from coldchain_gateway.contracts import Decoded, Sample
from coldchain_gateway.formats import CsvLines, LineSplitter
from coldchain_gateway.formats.line_fields import Slot
from coldchain_gateway.formats.serial_csv import SKIPPED
from coldchain_gateway.formats.values import number_of
from coldchain_gateway.sources.line_language import LineLanguage
from coldchain_runtime.clock import Clock

from .findings import Hearing, LineFound

SHOWN: Final = 5
SEPARATORS: Final[tuple[Literal[",", ";", "\t"], ...]] = (",", ";", "\t")
# Lines of a text, as opposed to noise: most of their bytes can be printed.
PRINTABLE: Final = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardLine:
    """A line and when its last byte came, wall clock ms."""

    at_ms: int
    line: bytes


class LineListener:
    """Feeds on bytes and keeps whole lines."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._splitter = LineSplitter(mid_line=True)
        self.lines: list[HeardLine] = []

    def hear(self, data: bytes) -> None:
        """Take bytes as they came."""
        now_ms = self._clock.now_ms()
        for line in self._splitter.feed(data):
            if not isinstance(line, Refusal) and _is_text(line):
                self.lines.append(HeardLine(at_ms=now_ms, line=line))


def read_lines(lines: Sequence[HeardLine], *, name: str, told: Sequence[LineLanguage]) -> LineFound | None:
    """By which format the lines are read, best of those that need no telling, or `told`.

    `name`: what a sensor without a name is called. None where there are no lines.
    """
    if not lines:
        return None
    shown = tuple(line.line.decode("utf-8", "replace") for line in lines[:SHOWN])
    best = LineFound(format="", sensors=(), lines=shown)
    for language in told or (*_guesses(name), *_by_heading(lines, name)):
        hearing = Hearing()
        decoder = language.language()
        for one in lines:
            decoded = decoder.decode(one.line, one.at_ms)
            hearing.hear(_samples(decoded), one.line, one.at_ms)
        if len(hearing.sensors) > len(best.sensors):
            sensors = tuple(hearing.sensors.values())
            best = LineFound(format=language.format, sensors=sensors, lines=shown, language=language)
    return best


def _guesses(name: str) -> Sequence[LineLanguage]:
    """What explains itself: JSON with and without a sensor's name, and sentences of a receiver."""
    return LineLanguage(), LineLanguage(sensor=name), LineLanguage(format="nmea", sensor=name)


def _by_heading(lines: Sequence[HeardLine], name: str) -> Iterator[LineLanguage]:
    """Rows under a heading of names that are known, as loggers print when they get power."""
    for one in lines:
        text = one.line.decode("utf-8", "replace").strip()
        for separator in SEPARATORS:
            cells = [cell.strip() for cell in text.split(separator)]
            if len(cells) < 2 or any(number_of(cell) is not None for cell in cells):
                continue
            columns = tuple(cell if _is_known(cell) else SKIPPED for cell in cells)
            try:
                csv = CsvLines(columns=columns, separator=separator)
                language = LineLanguage(format="csv", csv=csv, sensor=name)
            except InvalidInput:
                continue
            yield language


def _is_known(name: str) -> bool:
    try:
        Slot.parse(name, "@")
    except InvalidInput:
        return False
    return True


def _samples(decoded: Decoded) -> list[Sample]:
    return [one for one in decoded if isinstance(one, Sample)]


def _is_text(line: bytes) -> bool:
    text = line.decode("utf-8", "replace")
    good = sum(letter.isprintable() and letter != "�" for letter in text)
    return good >= PRINTABLE * len(text)
