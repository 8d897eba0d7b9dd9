"""A foreign store in memory: points of series by nanosecond, faults on demand; it keeps the contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from coldchain_backend.influx import Cell, InfluxTrouble, Trouble
from coldchain_backend.ingest.follow import Rule, SeriesPoints, Span, StoreFacts, Tags

Key = tuple[str, str, tuple[tuple[str, str], ...]]
"""Measurement, field and tags."""


@dataclass(slots=True, kw_only=True)
class ForeignStore:
    """`down` and `asked_until_down` make it fail; `facts` is what `look` says."""

    series: dict[Key, dict[int, Cell]] = field(default_factory=dict)
    facts: StoreFacts = field(default_factory=lambda: StoreFacts(version="2", there=True))
    down: Trouble | None = None
    asked_until_down: int | None = None
    asked: int = 0
    largest: int = 0

    def put(self, measurement: str, name: str, tags: Mapping[str, str], time_ns: int, value: Cell) -> None:
        """Write a point, over one that stands there."""
        key = (measurement, name, tuple(sorted(tags.items())))
        self.series.setdefault(key, {})[time_ns] = value

    def look(self) -> StoreFacts:
        self._ask()
        return self.facts

    def first(self, rule: Rule, from_ns: int) -> int | None:
        self._ask()
        times = (time for _, points in self._of(rule) for time, value in points if _fits(rule, value))
        return min((time for time in times if time >= from_ns), default=None)

    def count(self, rule: Rule, span: Span) -> int:
        return sum(number for _, number in self.counts(rule, span))

    def counts(self, rule: Rule, span: Span) -> Iterator[tuple[Tags, int]]:
        self._ask()
        for tags, points in self._within(rule, span):
            number = sum(_fits(rule, value) for _, value in points)
            if number:
                yield tags, number

    def points(self, rule: Rule, span: Span) -> Iterator[SeriesPoints]:
        self._ask()
        number = 0
        for tags, points in self._within(rule, span):
            fitting = [one for one in points if _fits(rule, one[1])]
            number += len(fitting)
            if fitting:
                yield SeriesPoints(tags, fitting)
        self.largest = max(self.largest, number)

    def others(self, rule: Rule, span: Span) -> Mapping[str, int]:
        self._ask()
        found: dict[str, int] = {}
        for _, points in self._within(rule, span):
            for _, value in points:
                if not _fits(rule, value):
                    kind = {str: "string", bool: "boolean", int: "integer"}.get(type(value), "float")
                    found[kind] = found.get(kind, 0) + 1
        return found

    def close(self) -> None:
        pass

    def _ask(self) -> None:
        self.asked += 1
        if self.asked_until_down is not None:
            self.asked_until_down -= 1
            if self.asked_until_down < 0:
                raise InfluxTrouble(Trouble.DOWN, "no answer")
        if self.down is not None:
            raise InfluxTrouble(self.down, f"it is {self.down.value}")

    def _of(self, rule: Rule) -> Iterator[tuple[Tags, list[tuple[int, Cell]]]]:
        for (measurement, name, tags), points in sorted(self.series.items()):
            wanted = (measurement, name) == (rule.entry.measurement, rule.entry.field)
            if wanted and rule.entry.where.items() <= dict(tags).items():
                yield dict(tags), sorted(points.items())

    def _within(self, rule: Rule, span: Span) -> Iterator[tuple[Tags, list[tuple[int, Cell]]]]:
        for tags, points in self._of(rule):
            yield tags, [one for one in points if span[0] <= one[0] < span[1]]


def _fits(rule: Rule, value: Cell) -> bool:
    """Whether the rule wants this type: numbers of any kind, or switches."""
    if isinstance(value, str) or value is None:
        return False
    return isinstance(value, bool) == (rule.quantity.kind == "bool")
