"""Writes what is touched: deletes, waits, writes again from series and judging; and what time brings."""

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from coldchain.spans import LONGEST_DAY_MS, Span
from coldchain_backend.fleet import Fleet, Spell
from coldchain_backend.influx import Precision
from coldchain_backend.judging import spells_at
from coldchain_backend.judging.batches import AHEAD_MS
from coldchain_backend.mirror.contracts import Bucket, Changes, MirrorBook, Position, Recall
from coldchain_backend.mirror.expected import AlertPoint, Expected
from coldchain_backend.mirror.gathering import EVERYTHING
from coldchain_backend.mirror.intake import ANY, Taken
from coldchain_backend.mirror.points import NANO
from coldchain_backend.mirror.retag import EVER_MS, merged
from coldchain_backend.mirror.standing import (
    HOUR_MS,
    full_hours,
    judged_spells,
    points_of,
    zone_ids,
    zones_of,
)
from coldchain_backend.mirror.writer import Writer

PART: Final = 500
WINDOW_MS: Final = 31 * 24 * HOUR_MS
"""Cells of so much time of a zone are held at once."""
LAST_NS: Final = 1 << 62


@dataclass(frozen=True, kw_only=True)
class Pen:
    """Writes for one fleet and position; both belong to the mirror.

    `unsure`: the position was just read, and what was written after it was kept is not known.
    """

    bucket: Bucket
    writer: Writer
    recall: Recall
    book: MirrorBook
    fleet: Fleet
    position: Position
    unsure: bool

    @cached_property
    def expected(self) -> Expected:
        """What should stand there."""
        return Expected(recall=self.recall, book=self.book, fleet=self.fleet, position=self.position)

    @cached_property
    def _sensors(self) -> Sequence[str]:
        return sorted({sensor.id for version in self.fleet.versions for sensor in version.plan.sensors})

    @cached_property
    def points(self) -> Mapping[str, Collection[str]]:
        """Every point that there ever was, and the zones that it was in."""
        return zones_of(self.fleet)

    @cached_property
    def zones(self) -> Sequence[str]:
        """Every zone in which there ever was a point."""
        return sorted({zone for zones in self.points.values() for zone in zones})

    def write(self, taken: Taken) -> None:
        """Write what ledger records brought.

        Of a sensor that always says the same fields no two lines in order are of one point.
        """
        heard = self.position.heard
        alike = {sensor for sensor, known in heard.items() if len(known) == 1 and ANY not in known}
        for lines, free in taken.reading_lines(self.fleet.organisation, alike):
            self.writer.put(lines, free=free)
        self.writer.put(taken.lines)
        for sensor, spans in taken.late.items():
            self.readings(sensor, merged(spans))
        for sensor, spans in taken.gaps.items():
            self.gaps(sensor, merged(spans), stale=sensor in taken.stale)

    def readings(self, sensor: str, spans: Iterable[Span]) -> None:
        """Write the readings of a sensor as they should stand."""
        for span in spans:
            for page in self.expected.readings(sensor, *span):
                self.writer.put(page)

    def gaps(self, sensor: str, spans: Iterable[Span], *, stale: bool) -> None:
        """Write the gaps of a sensor; `stale`: after those that stand there were deleted."""
        for from_ms, to_ms in spans:
            for span in self.expected.unknown.spans(sensor, from_ms, to_ms):
                if stale:
                    tags = {"sensor": sensor, "quantity": span.quantity}
                    self.delete("gap", tags, (span.from_ms, span.to_ms))
                self.writer.put(span.lines)
                self._goes_on(sensor, span.quantity, span.unknown_ms)

    def _goes_on(self, sensor: str, quantity: str, unknown_ms: int | None) -> None:
        if unknown_ms is None:
            self.position.unknown.pop((sensor, quantity), None)
        else:
            self.position.unknown[sensor, quantity] = unknown_ms

    def delete(self, measurement: str, tags: dict[str, str], span: Span) -> None:
        """Delete behind all that is on its way, and wait for the answer."""
        self.writer.drain()
        ours = {"organisation": self.fleet.organisation, **tags}
        self.bucket.delete(measurement, ours, (span[0] * NANO, min(span[1] * NANO, LAST_NS)))

    def all_of_series(self) -> None:
        """Write the readings of all sensors, with their gaps, from the series."""
        for sensor, state in self.recall.facts().sensors.items():
            if state.last_ms is None or not self.fleet.spells(sensor):
                continue
            self.position.heard[sensor] = {("*", -1): state.last_ms}
            for _, quantity in judged_spells(self.fleet, sensor):
                if quantity in state.values:
                    self.position.tails[sensor, quantity] = state.last_ms
            self.readings(sensor, [(0, state.last_ms + 1)])
            self.gaps(sensor, [(0, state.last_ms + 1)], stale=False)

    def all_of_judging(self) -> None:
        """Write all excursions, alerts and accounts, in place of any that stand there."""
        self.writer.drain()
        for name in ("excursion", "alert", "compliance", "zone_compliance"):
            ours = {"organisation": self.fleet.organisation}
            self.bucket.delete(name, ours, (0, LAST_NS))
        self.put_tied(self.expected.excursions(None, 0, EVER_MS))
        self.position.alerts.clear()
        for alert in self.book.alert_ids(None, 0, EVER_MS):
            found = self.expected.alert(alert)
            if found is not None:
                self._remember(alert, found)
                self.writer.put([found.line], Precision.NS)
        for zone in self.zones:
            for span in self.windows(zone):
                self.accounts(zone, *span)

    def windows(self, zone: str, since_ms: int = 0) -> Iterator[Span]:
        """All time in which a zone can have cells, in parts of which each has room in memory."""
        spells = (spell for point in points_of(self.fleet, zone) for spell in spells_at(self.fleet, point))
        begins = [spell.from_ms for spell in spells]
        if begins:
            from_ms = max(since_ms, min(begins) - LONGEST_DAY_MS, 0)
            newest_ms = self.recall.progress().stamp_ms + AHEAD_MS
            yield from ((begin, begin + WINDOW_MS) for begin in range(from_ms, newest_ms + 1, WINDOW_MS))

    def changes(self, changes: Changes) -> None:
        """Write what judging changed."""
        cases = (self.expected.excursion(one) for one in sorted(changes.excursions))
        self.put_tied(case[1] for case in cases if case is not None)
        self.put_tied(filter(None, map(self._alert, sorted(changes.alerts))))
        touched: dict[tuple[str, str], Span] = {}
        for key, (from_ms, to_ms) in changes.accounts.items():
            spell = self.fleet.spell_of(key.sensor, key.from_ms)
            for zone in () if spell is None else self.points[spell.place.point.id]:
                known = touched.get((zone, key.quantity), (from_ms, to_ms))
                touched[zone, key.quantity] = min(from_ms, known[0]), max(to_ms, known[1])
        for (zone, quantity), span in touched.items():
            self.accounts(zone, *span, {quantity})

    def accounts(self, zone: str, from_ms: int, to_ms: int, quantities: Container[str] = EVERYTHING) -> None:
        """Write the cells of a zone and its points that begin in a time."""
        accounted = replace(self.expected.accounted, quantities=quantities)
        self.writer.put([cell.line for cell in accounted.zone(zone, from_ms, to_ms)])

    def _alert(self, alert: str) -> str | None:
        """The line of an alert, after what stands of it elsewhere was deleted: its subject may change."""
        found = self.expected.alert(alert)
        if found is None:
            return None
        known = self.position.alerts.get(alert)
        series, at_ns = found.line.partition(" ")[0], int(found.line.rpartition(" ")[2])
        if known != series and (known is not None or found.sequence > 1 or self.unsure):
            self.writer.drain()
            self.bucket.delete("alert", {"organisation": self.fleet.organisation}, (at_ns, at_ns + 1))
        self._remember(alert, found)
        return found.line

    def _remember(self, alert: str, found: AlertPoint) -> None:
        """Where an alert stands, as long as it goes on without a step that would say that it has changed."""
        if found.open:
            self.position.alerts[alert] = found.line.partition(" ")[0]
        else:
            self.position.alerts.pop(alert, None)

    def put_tied(self, lines: Iterable[str]) -> None:
        """Write lines whose times are in ns."""
        part: list[str] = []
        for line in lines:
            part.append(line)
            if len(part) == PART:
                self.writer.put(part, Precision.NS)
                part = []
        self.writer.put(part, Precision.NS)

    def tick(self, before_ms: int) -> None:
        """Time has passed in the log since an instant: full hours of limits, and gaps that go on."""
        ticked_ms = self.position.ticked_ms
        for zone in zone_ids(self.fleet):
            self.writer.put(list(self.expected.limits(zone, before_ms + 1, ticked_ms + 1)))
        hour = bool(full_hours(before_ms + 1, ticked_ms + 1))
        for sensor in self._sensors:
            for spell, quantity in judged_spells(self.fleet, sensor):
                known = not hour and (sensor, quantity) in self.position.unknown
                if spell.to_ms is not None and spell.to_ms <= ticked_ms:
                    if spell.to_ms > before_ms:
                        self.gaps(sensor, [(spell.to_ms - 1, spell.to_ms)], stale=True)
                elif spell.from_ms <= ticked_ms and not known:
                    self._tick_gap(spell, quantity, before_ms)

    def _tick_gap(self, spell: Spell, quantity: str, before_ms: int) -> None:
        found = self.expected.unknown.last(spell, quantity, before_ms)
        if found is not None:
            gap, lines = found
            self.writer.put(lines)
            self._goes_on(spell.sensor, quantity, gap.from_ms)
