"""Points → lines that have not been taken: in pieces that fit into memory, by rule and series."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Final

from coldchain_backend.ingest.follow.contracts import Source, Span, Tags
from coldchain_backend.ingest.follow.rules import NANO, Passed, Rule, time_of
from coldchain_backend.ingest.follow.settings import HOUR_MS
from coldchain_backend.ingest.follow.state import FollowState
from coldchain_backend.ingest.follow.taken import Taken, key_of

MOST_POINTS: Final = 50_000
"""So many points are asked for at a time."""

_SHORTEST_NS: Final = 1_000_000_000
Lines = dict[bytes, list[bytes]]
"""Lines by series, each by time."""


def pieces(source: Source, rules: Sequence[Rule], span: Span) -> Iterator[Span]:
    """Cut a span into pieces, in order, of at most MOST_POINTS points each, or of a second; no empty ones."""
    waiting = [span]
    while waiting:
        begin, end = waiting.pop()
        number = sum(source.count(rule, (begin, end)) for rule in rules) if begin < end else 0
        if number > MOST_POINTS and end - begin > _SHORTEST_NS:
            middle = (begin + end) // 2
            waiting += [(middle, end), (begin, middle)]
        elif number:
            yield begin, end


@dataclass(slots=True, kw_only=True)
class Reader:
    """Asks for points and makes lines of them; notes in the state what makes none."""

    source: Source
    state: FollowState
    _owners: dict[str, dict[bytes, Tags]] = field(default_factory=dict)

    def lines(self, rules: Sequence[Rule], span: Span) -> Lines:
        """The lines of a span that fits into memory."""
        found: Lines = {}
        for rule in rules:
            self._add(rule, span, found)
        for lines in found.values():
            lines.sort(key=time_of)
        return found

    def _add(self, rule: Rule, span: Span, found: Lines) -> None:
        for tags, points in self.source.points(rule, span):
            sensor = rule.sensor(tags)
            if sensor is None:
                self.state.pass_over(_told(rule, tags), Passed.NO_SENSOR)
                continue
            series = rule.series(sensor)
            self._own(rule, series, tags, sensor)
            lines = found.setdefault(series, [])
            for time_ns, cell in points:
                made = rule.line(sensor, time_ns, cell)
                if isinstance(made, Passed):
                    self.state.pass_over(_told(rule, tags), made)
                else:
                    lines.append(made)

    def named(self, rule: Rule, tags: Tags) -> bytes | None:
        """How the lines of a foreign series begin, if it makes any."""
        sensor = rule.sensor(tags)
        return None if sensor is None else rule.series(sensor)

    def series_of(self, rule: Rule) -> Set[bytes]:
        """Series that were read by a rule."""
        return self._owners.get(rule.name, {}).keys()

    def _own(self, rule: Rule, series: bytes, tags: Tags, sensor: str) -> None:
        """Notice a second series that leads to the same sensor."""
        if self._owners.setdefault(rule.name, {}).setdefault(series, tags) != tags:
            self.state.shared.add(sensor)


def behind(taken: Taken, lines: Lines) -> list[bytes]:
    """Those lines that lie behind the newest of their series, series by series, each by time.

    So written, any first part of them leaves a state from which the rest follows.
    """
    fresh: list[bytes] = []
    for series, ordered in lines.items():
        last_ms = taken.last.get(series, -1)
        newer = [line for line in ordered if time_of(line) > last_ms]
        fresh += newer if not taken.ahead else [line for line in newer if key_of(line) not in taken.ahead]
    return fresh


def missing(taken: Taken, lines: Lines) -> list[bytes]:
    """Those lines that were never taken, whatever their time; the keys of their hours must be known."""
    fresh: list[bytes] = []
    for hour_ms, ordered in sorted(_by_hour(lines).items()):
        known, seen = taken.holds(hour_ms), set[int]()
        for line in ordered:
            key = key_of(line)
            if key not in known and key not in seen:
                seen.add(key)
                fresh.append(line)
    return fresh


def _by_hour(lines: Lines) -> dict[int, list[bytes]]:
    hours: dict[int, list[bytes]] = {}
    for ordered in lines.values():
        for line in ordered:
            hours.setdefault(time_of(line) // HOUR_MS * HOUR_MS, []).append(line)
    return hours


def _told(rule: Rule, tags: Tags) -> str:
    told = ",".join(f"{name}={value}" for name, value in sorted(tags.items()))
    return f"{rule.name} {told}"[:200]


def span_of(from_ms: int, to_ms: int) -> Span:
    """A span in ns."""
    return from_ms * NANO, to_ms * NANO
