"""A bucket in memory: takes line protocol as InfluxDB does, for tests without a server."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from coldchain.lineprotocol import BadLine, Line, parse
from coldchain_backend.influx import (
    BucketFacts,
    Cell,
    Fields,
    InfluxTrouble,
    Left,
    Points,
    Precision,
    SeriesTags,
    Trouble,
    Written,
)

NANO = 1_000_000
Series = dict[int, dict[str, Cell]]


@dataclass
class MemoryBucket:
    """`oldest_ms`: what is older is not kept; `trouble`: every request fails with it; counts its requests."""

    name: str = "memory"
    there: bool = True
    oldest_ms: int | None = None
    trouble: Trouble | None = None
    series: dict[tuple[str, SeriesTags], Series] = field(default_factory=dict)
    types: dict[tuple[str, str], type] = field(default_factory=dict)
    requests: int = 0
    fail_after: int | None = None
    deletions: list[tuple[str, Mapping[str, str], tuple[int, int]]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, body: bytes, precision: Precision) -> Written:
        self._ready()
        unit = NANO if precision is Precision.MS else 1
        dropped, left, why = 0, None, ""
        lines = list(parse(body))
        if bad := next((one for one in lines if isinstance(one, BadLine)), None):
            return Written(dropped=None, left=Left.OTHER, message=f"unable to parse: {bad.reason}")
        for line in lines:
            reason = self._take(line, unit) if isinstance(line, Line) else None
            if reason is not None:
                dropped, left, why = dropped + 1, reason, reason.value
        return Written(dropped=dropped, left=left, message=why)

    def _take(self, line: Line, unit: int) -> Left | None:
        assert line.time is not None
        time_ns = line.time * unit
        if self.oldest_ms is not None and time_ns < self.oldest_ms * NANO:
            return Left.RETENTION
        for name, value in line.fields.items():
            if self.types.setdefault((line.measurement, name), type(value)) is not type(value):
                return Left.TYPE
        tags = tuple(sorted(line.tags.items()))
        with self._lock:
            self.series.setdefault((line.measurement, tags), {}).setdefault(time_ns, {}).update(line.fields)
        return None

    def delete(self, measurement: str, tags: Mapping[str, str], span_ns: tuple[int, int]) -> None:
        self._ready()
        self.deletions.append((measurement, dict(tags), span_ns))
        for (name, known), points in list(self.series.items()):
            if name == measurement and tags.items() <= dict(known).items():
                for time_ns in [at for at in points if span_ns[0] <= at < span_ns[1]]:
                    del points[time_ns]
                if not points:
                    del self.series[name, known]

    def points(
        self, measurement: str, tags: Mapping[str, str], span_ns: tuple[int, int]
    ) -> Iterator[tuple[SeriesTags, Points]]:
        self._ready()
        for (name, known), points in sorted(self.series.items()):
            if name == measurement and tags.items() <= dict(known).items():
                found = {at: dict(points[at]) for at in sorted(points) if span_ns[0] <= at < span_ns[1]}
                if found:
                    yield known, found

    def newest(self, measurement: str, tags: Mapping[str, str]) -> tuple[int, Fields] | None:
        found = [
            (at, fields)
            for _, points in self.points(measurement, tags, (-(1 << 62), 1 << 62))
            for at, fields in points.items()
        ]
        return max(found, key=lambda one: one[0], default=None)

    def facts(self) -> BucketFacts:
        self._ready()
        return BucketFacts(version="memory", there=self.there)

    def create(self, retention_ms: int) -> None:
        self._ready()
        self.there = True

    def close(self) -> None:
        """Nothing to close."""

    def _ready(self) -> None:
        with self._lock:
            self.requests += 1
            if self.trouble is not None:
                raise InfluxTrouble(self.trouble, "made for a test")
            if self.fail_after is not None and self.requests > self.fail_after:
                self.fail_after = None
                raise InfluxTrouble(Trouble.DOWN, "made for a test")

    def content(self, *leave: str) -> dict[tuple[str, SeriesTags, int], Fields]:
        """Everything but some measurements, for comparing two buckets."""
        return {
            (name, tags, at): dict(fields)
            for (name, tags), points in self.series.items()
            if name not in leave
            for at, fields in points.items()
        }
