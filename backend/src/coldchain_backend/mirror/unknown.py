"""Unknown time as it should stand in InfluxDB: gaps of a sensor around a time, and the one that goes on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from coldchain.gaps import gap_limit_ms
from coldchain_backend.fleet import Fleet, Spell
from coldchain_backend.judging.views import Recall
from coldchain_backend.mirror.contracts import Position
from coldchain_backend.mirror.points import gap_lines
from coldchain_backend.mirror.standing import HOUR_MS, Gap, full_hours, gaps, judged_spells

_LOOKS_MS: Final = tuple(HOUR_MS * 6**step for step in range(9))
"""How far to look for the neighbour of a time, step by step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GapSpan:
    """Gap points that belong into [from_ms, to_ms) of a sensor and quantity; `unknown_ms`: one goes on."""

    sensor: str
    quantity: str
    from_ms: int
    to_ms: int
    lines: Sequence[str]
    unknown_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """By the series, the fleet that the mirror follows, and its position; up to its last tick."""

    recall: Recall
    fleet: Fleet
    position: Position

    def spans(self, sensor: str, from_ms: int, to_ms: int) -> Iterator[GapSpan]:
        """The gaps that readings of from_ms ≤ time < to_ms have a say in."""
        for spell, quantity in judged_spells(self.fleet, sensor):
            end_ms = to_ms if spell.to_ms is None else min(to_ms, spell.to_ms)
            start_ms = max(from_ms, spell.from_ms)
            if start_ms < end_ms:
                yield self._span(spell, quantity, start_ms, end_ms)

    def _span(self, spell: Spell, quantity: str, from_ms: int, to_ms: int) -> GapSpan:
        clock_ms = self.position.ticked_ms
        before = self._before(spell.sensor, quantity, from_ms, spell.from_ms)
        after = self._after(spell, quantity, to_ms)
        times = [at_ms for at_ms, _ in self.recall.samples(spell.sensor, quantity, from_ms, to_ms)]
        tags = self._tags(spell, quantity)
        lines: list[str] = []
        unknown_ms = None
        limit_ms = gap_limit_ms(spell.profile, spell.interval_ms)
        for gap in gaps(spell, limit_ms, [before, *times, after], clock_ms):
            until_ms = clock_ms + 1 if gap.to_ms is None else gap.to_ms
            hours = full_hours(gap.from_ms + 1, until_ms)
            lines += gap_lines(tags, gap.from_ms, gap.to_ms, hours, gap.end_ms)
            if gap.to_ms is None:
                unknown_ms = gap.from_ms
        end_ms = clock_ms if spell.to_ms is None else spell.to_ms - 1
        return GapSpan(
            sensor=spell.sensor,
            quantity=quantity,
            from_ms=spell.from_ms if before is None else before + 1,
            to_ms=1 + (end_ms if after is None else after),
            lines=lines,
            unknown_ms=unknown_ms,
        )

    def _tags(self, spell: Spell, quantity: str) -> dict[str, str]:
        place = spell.place
        return {
            "organisation": self.fleet.organisation,
            "asset": place.asset.id,
            "zone": place.zone.id,
            "point": place.point.id,
            "sensor": spell.sensor,
            "quantity": quantity,
        }

    def last(self, spell: Spell, quantity: str, after_ms: int) -> tuple[Gap, list[str]] | None:
        """The gap behind the newest reading of a spell, if there is one: its points but full hours up to
        `after_ms`."""
        clock_ms = self.position.ticked_ms
        tail = self.position.tails.get((spell.sensor, quantity), -1)
        limit_ms = gap_limit_ms(spell.profile, spell.interval_ms)
        newest = [tail if tail >= spell.from_ms else None, None]
        for gap in gaps(spell, limit_ms, newest, clock_ms):
            until_ms = clock_ms + 1 if gap.to_ms is None else gap.to_ms
            hours = full_hours(max(gap.from_ms, after_ms) + 1, until_ms)
            return gap, gap_lines(self._tags(spell, quantity), gap.from_ms, gap.to_ms, hours, gap.end_ms)
        return None

    def newest_of(self, sensor: str, quantity: str) -> int | None:
        """The newest time of a quantity of a sensor among what is mirrored."""
        newest_ms = self.position.newest_ms(sensor)
        return None if newest_ms is None else self._before(sensor, quantity, newest_ms + 1, 0)

    def _before(self, sensor: str, quantity: str, at_ms: int, floor_ms: int) -> int | None:
        """The newest reading before an instant, not before another."""
        end_ms = at_ms
        for far_ms in _LOOKS_MS:
            start_ms = max(floor_ms, at_ms - far_ms)
            if start_ms < end_ms:
                found = self.recall.samples(sensor, quantity, start_ms, end_ms)
                if found:
                    return found[-1][0]
                end_ms = start_ms
        return None

    def _after(self, spell: Spell, quantity: str, at_ms: int) -> int | None:
        """The first reading of a spell from an instant on."""
        last_ms = 1 + (self.position.tails.get((spell.sensor, quantity)) or self._newest(spell.sensor))
        stop_ms = last_ms if spell.to_ms is None else min(last_ms, spell.to_ms)
        start_ms = at_ms
        for far_ms in _LOOKS_MS:
            end_ms = min(stop_ms, at_ms + far_ms)
            if start_ms < end_ms:
                found = self.recall.samples(spell.sensor, quantity, start_ms, end_ms)
                if found:
                    return found[0][0]
                start_ms = end_ms
        return None

    def _newest(self, sensor: str) -> int:
        return self.position.newest_ms(sensor) or 0
