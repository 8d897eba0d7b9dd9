"""What should stand in InfluxDB, from series and judging: for a sensor, zone or point and a time.

Everything but readings that come in order is written from here, and `compare` compares with it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from coldchain.readings import Quality, Value
from coldchain_backend.fleet import Fleet
from coldchain_backend.judging import AlertStory, StoredExcursion
from coldchain_backend.judging.views import Recall
from coldchain_backend.mirror.accounted import Accounted
from coldchain_backend.mirror.contracts import MirrorBook, Position
from coldchain_backend.mirror.points import (
    alert_line,
    excursion_line,
    reading_lines,
)
from coldchain_backend.mirror.shape import ZONE_COMPLIANCE
from coldchain_backend.mirror.standing import (
    Stand,
    limits,
    placed,
    stands,
)
from coldchain_backend.mirror.unknown import Unknown
from coldchain_backend.series import SeriesReading

PAGE: Final = 5_000

Kind = tuple[tuple[str, ...], Quality, str | None]


class AlertPoint(NamedTuple):
    """The line of an alert, the number of its last step, whether it goes on."""

    sequence: int
    open: bool
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """As of `position`, by the fleet that it follows; gaps and limits up to its last tick."""

    recall: Recall
    book: MirrorBook
    fleet: Fleet
    position: Position

    @property
    def organisation(self) -> str:
        """Whose data it is."""
        return self.fleet.organisation

    def readings(self, sensor: str, from_ms: int, to_ms: int) -> Iterator[list[str]]:
        """Readings of a sensor of from_ms ≤ time < to_ms where it stood somewhere, page by page."""
        for stand in stands(self.fleet, sensor):
            start_ms = max(from_ms, stand.from_ms)
            end_ms = to_ms if stand.to_ms is None else min(to_ms, stand.to_ms)
            while start_ms < end_ms:
                page = self.recall.page(sensor, start_ms, end_ms, PAGE)
                if page:
                    yield self._page(sensor, stand, page)
                if len(page) < PAGE:
                    break
                start_ms = page[-1].time_ms + 1

    def _page(self, sensor: str, stand: Stand, page: Sequence[SeriesReading]) -> list[str]:
        tags = stand.tags(self.organisation, sensor)
        heaps: dict[Kind, list[SeriesReading]] = {}
        for one in page:
            via = self.position.gateway_at(sensor, one.time_ms)
            heaps.setdefault((tuple(one.values), one.quality, via), []).append(one)
        lines: list[str] = []
        for (names, quality, via), readings in heaps.items():
            columns: Mapping[str, Sequence[Value]] = {
                name: [one.values[name] for one in readings] for name in names
            }
            lines += reading_lines(tags, [one.time_ms for one in readings], columns, quality, via)
        return lines

    @property
    def unknown(self) -> Unknown:
        """The gaps that should stand there."""
        return Unknown(recall=self.recall, fleet=self.fleet, position=self.position)

    def limits(self, zone: str, from_ms: int, to_ms: int) -> Iterator[str]:
        """Limits of a zone of from_ms ≤ time < to_ms, up to the last tick."""
        for one in limits(self.fleet, zone):
            yield from one.lines(from_ms, min(to_ms, self.position.ticked_ms + 1))

    def excursion(self, excursion: str) -> tuple[str, str] | None:
        """An excursion: its point and its line; None for one that is not known."""
        history = self.recall.history(excursion)
        return None if not history else (history[-1].point, self._excursion(history))

    def _excursion(self, history: Sequence[StoredExcursion]) -> str:
        first, now = history[0], history[-1]
        asset, zone = placed(self.fleet, now.point, first.excursion.opened_ms) or ("", "")
        spell = self.fleet.spell_of(now.key.sensor, now.key.from_ms)
        tags = {"organisation": self.organisation, "asset": asset, "zone": zone, "point": now.point}
        profile = None if spell is None else spell.profile
        return excursion_line(tags, first, now, profile, self.position.ticked_ms)

    def excursions(self, points: Collection[str] | None, from_ms: int, to_ms: int) -> Iterator[str]:
        """Excursions first opened in a time, also those that are gone."""
        for excursion in self.book.excursion_ids(points, from_ms, to_ms):
            found = self.excursion(excursion)
            if found is not None:
                yield found[1]

    def alert(self, alert: str) -> AlertPoint | None:
        """An alert's point."""
        story: AlertStory | None = self.recall.story(alert)
        if story is None:
            return None
        one = story.alert
        line = alert_line(self.organisation, story, self.position.ticked_ms)
        return AlertPoint(one.sequence, one.state.open, line)

    def alerts(self, points: Collection[str] | None, from_ms: int, to_ms: int) -> Iterator[str]:
        """Alerts first fired in a time."""
        for alert in self.book.alert_ids(points, from_ms, to_ms):
            found = self.alert(alert)
            if found is not None:
                yield found.line

    @property
    def accounted(self) -> Accounted:
        """The accounts that should stand there."""
        return Accounted(recall=self.recall, fleet=self.fleet, told_ms=self.position.told_ms)

    def compliance(self, point: str, from_ms: int, to_ms: int) -> Iterator[str]:
        """Accounts of hours and days of a point that begin in a time."""
        return (cell.line for cell in self.accounted.point(point, from_ms, to_ms))

    def zone_compliance(self, zone: str, from_ms: int, to_ms: int) -> Iterator[str]:
        """Cells of hours and days of a whole zone that begin in a time."""
        cells = self.accounted.zone(zone, from_ms, to_ms)
        return (cell.line for cell in cells if cell.shape is ZONE_COMPLIANCE)
