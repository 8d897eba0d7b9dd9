"""The bucket held against what should stand in it: points that are missing, that differ, that nobody knows.

Left out of the comparison is what says of itself that it is as of its writing: how far something that goes on
is known, which gateway brought a reading. What goes on and is known further on one side does not differ.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isclose
from typing import Final, NamedTuple

from coldchain.lineprotocol import BadLine, Line, parse
from coldchain_backend.influx import Cell, Fields, SeriesTags
from coldchain_backend.mirror.contracts import Bucket
from coldchain_backend.mirror.expected import Expected
from coldchain_backend.mirror.points import NANO
from coldchain_backend.mirror.retag import EVER_MS
from coldchain_backend.mirror.shape import SHAPES
from coldchain_backend.mirror.standing import zone_ids

WINDOW_MS: Final = 6 * 3_600_000
MOST_NAMED: Final = 1_000
_PASSING: Final[Mapping[str, frozenset[str]]] = {
    "reading": frozenset({"gateway"}),
    "alert": frozenset({"to_ms", "deliveries", "undelivered"}),
    "excursion": frozenset({"to_ms"}),
}
_OPEN_PASSING: Final = frozenset({"to_ms", "out_s", "peak", "peak_ms", "data_gap"})
_WORDS: Final = {"missing": "missing", "different": "different", "orphaned": "orphaned"}
Stood = dict[tuple[SeriesTags, int], Fields]


class Finding(NamedTuple):
    """One point that is not as it should be: `fate` is missing, different or orphaned; time in ns."""

    fate: str
    measurement: str
    tags: SeriesTags
    time_ns: int
    detail: str

    def told(self) -> str:
        """In one line."""
        tags = ",".join(f"{name}={value}" for name, value in self.tags if name != "organisation")
        return f"{self.fate}: {self.measurement},{tags} {self.time_ns} {self.detail}".rstrip()


@dataclass(slots=True, kw_only=True)
class Comparison:
    """How many points were looked at and what was found, by fate; of the findings the first are named."""

    points: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_WORDS, 0))
    findings: list[Finding] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether nothing was found."""
        return not any(self.counts.values())

    def add(self, measurement: str, should: Stood, stands: Stood) -> None:
        """Hold two heaps of points of one measurement against each other."""
        self.points += len(should)
        for (tags, time_ns), fields in should.items():
            there = stands.get((tags, time_ns))
            if there is None:
                self._find(Finding("missing", measurement, tags, time_ns, ""))
            elif told := _differs(measurement, fields, there):
                self._find(Finding("different", measurement, tags, time_ns, told))
        for tags, time_ns in stands.keys() - should.keys():
            self._find(Finding("orphaned", measurement, tags, time_ns, ""))

    def take(self, other: "Comparison") -> None:
        """Take in what was found elsewhere."""
        self.points += other.points
        for fate, count in other.counts.items():
            self.counts[fate] += count
        self.findings += other.findings[: MOST_NAMED - len(self.findings)]

    def _find(self, finding: Finding) -> None:
        self.counts[finding.fate] += 1
        if len(self.findings) < MOST_NAMED:
            self.findings.append(finding)


class Piece(NamedTuple):
    """What is compared in one go: a measurement, the tags that narrow it down, and a time (ms)."""

    measurement: str
    tags: Mapping[str, str]
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """Compares piece by piece, so that neither side is ever held as a whole."""

    expected: Expected
    bucket: Bucket

    def pieces(self, from_ms: int, to_ms: int, sensors: Sequence[str] = ()) -> list[Piece]:
        """The pieces of a time; of some sensors: their readings and gaps only."""
        fleet, clock_ms = self.expected.fleet, self.expected.position.ticked_ms
        known = {sensor.id for version in fleet.versions for sensor in version.plan.sensors}
        wanted = sorted(known & set(sensors) if sensors else known)
        last_ms = max(to_ms, 0) if to_ms < EVER_MS else self._newest_ms() + 1
        found = [
            Piece("reading", {"sensor": sensor}, start_ms, min(start_ms + WINDOW_MS * 4, last_ms))
            for start_ms in range(self._first_ms(from_ms), last_ms, WINDOW_MS * 4)
            for sensor in wanted
        ]
        found += [Piece("gap", {"sensor": sensor}, from_ms, min(to_ms, clock_ms + 1)) for sensor in wanted]
        if not sensors:
            zones = zone_ids(fleet)
            found += [Piece("limit", {"zone": zone}, from_ms, min(to_ms, clock_ms + 1)) for zone in zones]
            found += [Piece("zone_compliance", {"zone": zone}, from_ms, to_ms) for zone in zones]
            points = {place.point.id for version in fleet.versions for place in version.plan.places()}
            found += [Piece("compliance", {"point": point}, from_ms, to_ms) for point in sorted(points)]
            found += [Piece(name, {}, from_ms, to_ms) for name in ("excursion", "alert")]
        return found

    def _newest_ms(self) -> int:
        heard = self.expected.position.heard.values()
        return max((at_ms for layouts in heard for at_ms in layouts.values()), default=0)

    def _first_ms(self, from_ms: int) -> int:
        """Nothing of a fleet stands anywhere before its first version."""
        firsts = [version.from_ms for version in self.expected.fleet.versions if version.number]
        return max(from_ms, min(firsts, default=from_ms))

    def compare(self, piece: Piece, into: Comparison) -> None:
        """Compare one piece. Raises InfluxTrouble where the bucket cannot be asked."""
        name = piece.measurement
        if name == "reading":
            newest_ms = self.expected.position.newest_ms(piece.tags["sensor"]) or 0
            piece = piece._replace(to_ms=min(piece.to_ms, newest_ms + 1))
        span_ns = piece.from_ms * NANO, min(piece.to_ms * NANO, 1 << 62)
        ours = {"organisation": self.expected.organisation, **piece.tags}
        stands: Stood = {
            (tags, time_ns): fields
            for tags, points in self.bucket.points(name, ours, span_ns)
            for time_ns, fields in points.items()
        }
        unit = 1 if SHAPES[name].tie_broken else NANO
        should = points_of(self._lines(piece), unit)
        within = {key: fields for key, fields in should.items() if span_ns[0] <= key[1] < span_ns[1]}
        into.add(name, within, stands)

    def _lines(self, piece: Piece) -> Iterator[str]:
        expected, span = self.expected, (piece.from_ms, piece.to_ms)
        match piece.measurement:
            case "reading":
                for page in expected.readings(piece.tags["sensor"], *span):
                    yield from page
            case "gap":
                for one in expected.unknown.spans(piece.tags["sensor"], *span):
                    yield from one.lines
            case "limit":
                yield from expected.limits(piece.tags["zone"], *span)
            case "compliance":
                yield from expected.compliance(piece.tags["point"], *span)
            case "zone_compliance":
                yield from expected.zone_compliance(piece.tags["zone"], *span)
            case "excursion":
                yield from expected.excursions(None, *span)
            case "alert":
                yield from expected.alerts(None, *span)


def points_of(lines: Iterable[str], unit: int) -> Stood:
    """Lines as points; of one point that is named twice all fields. `unit` of their times in ns."""
    found: dict[tuple[SeriesTags, int], dict[str, Cell]] = {}
    for one in parse("\n".join(lines).encode()):
        if isinstance(one, BadLine) or one.time is None:
            raise ValueError(f"not a line of ours: {one}")
        found.setdefault((_tags(one), one.time * unit), {}).update(one.fields)
    return dict(found)


def _tags(line: Line) -> SeriesTags:
    return tuple(sorted(line.tags.items()))


def _differs(measurement: str, should: Fields, stands: Fields) -> str:
    """The first field that differs, or nothing; what is not over is as of a short while ago."""
    if should.get("whole") is False and stands.get("whole") is False:
        return ""
    passing = _PASSING.get(measurement, frozenset())
    if should.get("state") == "open" or should.get("open") is True:
        passing |= _OPEN_PASSING
    for name in sorted(should.keys() | stands.keys()):
        if name not in passing and not _same(should.get(name), stands.get(name)):
            return f"{name}: should be {should.get(name)!r}, is {stands.get(name)!r}"
    return ""


def _same(one: Cell, other: Cell) -> bool:
    numbers = (int, float)
    if isinstance(one, numbers) and isinstance(other, numbers) and not isinstance(one, bool):
        return isclose(one, other, rel_tol=1e-12)
    return one == other
