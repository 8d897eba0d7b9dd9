"""Writes what is touched: deletes, waits, writes again from series and judging; and what time brings."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from coldchain_backend.fleet import Fleet, Spell
from coldchain_backend.influx import Precision
from coldchain_backend.mirror.contracts import Bucket, Changes, MirrorBook, Position, Recall
from coldchain_backend.mirror.expected import AlertPoint, Expected
from coldchain_backend.mirror.intake import Taken
from coldchain_backend.mirror.points import NANO
from coldchain_backend.mirror.retag import EVER_MS, Retag, Span, merged
from coldchain_backend.mirror.standing import HOUR_MS, full_hours, judged_spells, zone_ids, zones_of
from coldchain_backend.mirror.writer import Writer

DAYS_MS: Final = 48 * HOUR_MS
"""A local day that reaches into a time begins no earlier before it than this."""
PART: Final = 500
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
        """Write what ledger records brought."""
        self.writer.put(taken.reading_lines(self.fleet.organisation))
        self.writer.put(taken.lines)
        for sensor, spans in taken.late.items():
            self._readings(sensor, merged(spans))
        for sensor, spans in taken.gaps.items():
            self._gaps(sensor, merged(spans), stale=sensor in taken.stale)

    def _readings(self, sensor: str, spans: Iterable[Span]) -> None:
        for span in spans:
            for page in self.expected.readings(sensor, *span):
                self.writer.put(page)

    def _gaps(self, sensor: str, spans: Iterable[Span], *, stale: bool) -> None:
        for from_ms, to_ms in spans:
            for span in self.expected.unknown.spans(sensor, from_ms, to_ms):
                if stale:
                    tags = {"sensor": sensor, "quantity": span.quantity}
                    self._delete("gap", tags, (span.from_ms, span.to_ms))
                self.writer.put(span.lines)
                self._goes_on(sensor, span.quantity, span.unknown_ms)

    def _goes_on(self, sensor: str, quantity: str, unknown_ms: int | None) -> None:
        if unknown_ms is None:
            self.position.unknown.pop((sensor, quantity), None)
        else:
            self.position.unknown[sensor, quantity] = unknown_ms

    def _delete(self, measurement: str, tags: dict[str, str], span: Span) -> None:
        """Delete behind all that is on its way, and wait for the answer."""
        self.writer.drain()
        ours = {"organisation": self.fleet.organisation, **tags}
        self.bucket.delete(measurement, ours, (span[0] * NANO, min(span[1] * NANO, LAST_NS)))

    def retag(self, touched: Retag) -> None:
        """Delete and write again what a change of the fleet touches."""
        for sensor, spans in touched.readings.items():
            for from_ms, to_ms in self._mirrored(sensor, spans):
                self._delete("reading", {"sensor": sensor}, (from_ms, to_ms))
                self._readings(sensor, [(from_ms, to_ms)])
        for sensor, spans in touched.gaps.items():
            self._retag_gaps(sensor, spans)
        for zone, spans in touched.limits.items():
            for from_ms, to_ms in spans:
                if from_ms <= self.position.ticked_ms:  # what begins at the end of a span may begin no more
                    span = from_ms, min(to_ms, self.position.ticked_ms) + 1
                    self._delete("limit", {"zone": zone}, span)
                    self.writer.put(list(self.expected.limits(zone, *span)))
        for point, spans in touched.compliance.items():
            for from_ms, to_ms in spans:
                if from_ms <= self.position.stamp_ms:
                    span = from_ms - DAYS_MS, min(to_ms, self.position.stamp_ms + DAYS_MS)
                    self._delete("compliance", {"point": point}, span)
                    self.writer.put(list(self.expected.compliance(point, *span)))
        self._retag_zones(touched.compliance)
        for point in sorted(touched.points | touched.compliance.keys()):
            self._delete("excursion", {"point": point}, (0, EVER_MS))
            self._put_tied(self.expected.excursions([point], 0, EVER_MS))
        for point in sorted(touched.points):
            self._delete("alert", {"point": point}, (0, EVER_MS))
            self._put_tied(self.expected.alerts([point], 0, EVER_MS))

    def _retag_zones(self, touched: Mapping[str, Sequence[Span]]) -> None:
        """The cells of the zones that these points are or were in."""
        spans: dict[str, list[Span]] = {}
        for point, ones in touched.items():
            for zone in self.points.get(point, ()):
                spans.setdefault(zone, []).extend(one for one in ones if one[0] <= self.position.stamp_ms)
        for zone, ones in spans.items():
            for from_ms, to_ms in merged(ones):
                span = from_ms - DAYS_MS, min(to_ms, self.position.stamp_ms + DAYS_MS)
                self._delete("zone_compliance", {"zone": zone}, span)
                self.writer.put(list(self.expected.zone_compliance(zone, *span)))

    def _mirrored(self, sensor: str, spans: Iterable[Span]) -> list[Span]:
        """The spans as far as readings of the sensor are mirrored."""
        newest_ms = self.position.newest_ms(sensor)
        if newest_ms is None:
            return []
        return [(from_ms, min(to_ms, newest_ms + 1)) for from_ms, to_ms in spans if from_ms <= newest_ms]

    def _retag_gaps(self, sensor: str, spans: Iterable[Span]) -> None:
        known_ms = max(self.position.newest_ms(sensor) or 0, self.position.ticked_ms)
        for quantity in {quantity for _, quantity in judged_spells(self.fleet, sensor)}:
            tail = self.expected.unknown.newest_of(sensor, quantity)
            if tail is not None:
                self.position.tails[sensor, quantity] = tail
        for from_ms, to_ms in spans:
            if from_ms <= known_ms:
                span = from_ms - 1, min(to_ms, known_ms) + 1  # also of spells that end or begin there
                self._delete("gap", {"sensor": sensor}, span)
                for key in [key for key in self.position.unknown if key[0] == sensor]:
                    self.position.unknown.pop(key)
                self._gaps(sensor, [span], stale=True)

    def all_of_series(self) -> None:
        """Write the readings of all sensors, with their gaps, from the series."""
        for sensor, state in self.recall.facts().sensors.items():
            if state.last_ms is None or not self.fleet.spells(sensor):
                continue
            self.position.heard[sensor] = {("*", -1): state.last_ms}
            for _, quantity in judged_spells(self.fleet, sensor):
                if quantity in state.values:
                    self.position.tails[sensor, quantity] = state.last_ms
            self._readings(sensor, [(0, state.last_ms + 1)])
            self._gaps(sensor, [(0, state.last_ms + 1)], stale=False)

    def all_of_judging(self) -> None:
        """Write all excursions, alerts and accounts, in place of any that stand there."""
        self.writer.drain()
        for name in ("excursion", "alert", "compliance", "zone_compliance"):
            ours = {"organisation": self.fleet.organisation}
            self.bucket.delete(name, ours, (0, LAST_NS))
        self._put_tied(self.expected.excursions(None, 0, EVER_MS))
        self.position.alerts.clear()
        for alert in self.book.alert_ids(None, 0, EVER_MS):
            found = self.expected.alert(alert)
            if found is not None:
                self._remember(alert, found)
                self.writer.put([found.line], Precision.NS)
        for zone in self.zones:
            self.accounts(zone, 0, EVER_MS)

    def changes(self, changes: Changes) -> None:
        """Write what judging changed."""
        cases = (self.expected.excursion(one) for one in sorted(changes.excursions))
        self._put_tied(case[1] for case in cases if case is not None)
        self._put_tied(filter(None, map(self._alert, sorted(changes.alerts))))
        touched: dict[str, Span] = {}
        for key, (from_ms, to_ms) in changes.accounts.items():
            spell = self.fleet.spell_of(key.sensor, key.from_ms)
            for zone in () if spell is None else self.points[spell.place.point.id]:
                known = touched.get(zone, (from_ms, to_ms))
                touched[zone] = min(from_ms, known[0]), max(to_ms, known[1])
        for zone, span in touched.items():
            self.accounts(zone, *span)

    def accounts(self, zone: str, from_ms: int, to_ms: int, *, loose: bool = False) -> None:
        """Write the cells of a zone and its points that begin in a time; `loose`: those not over alone."""
        cells = self.expected.accounted.zone(zone, from_ms, to_ms)
        self.writer.put([cell.line for cell in cells if not (loose and cell.whole)])

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

    def _put_tied(self, lines: Iterable[str]) -> None:
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
                        self._gaps(sensor, [(spell.to_ms - 1, spell.to_ms)], stale=True)
                elif spell.from_ms <= ticked_ms and not known:
                    self._tick_gap(spell, quantity, before_ms)

    def _tick_gap(self, spell: Spell, quantity: str, before_ms: int) -> None:
        found = self.expected.unknown.last(spell, quantity, before_ms)
        if found is not None:
            gap, lines = found
            self.writer.put(lines)
            self._goes_on(spell.sensor, quantity, gap.from_ms)
