"""Accounts of hours and local days as they should stand in InfluxDB: folded ones, and those not over yet.

What judging has not folded (the hour that goes on, the time since a sensor fell silent, what late readings
touched a moment ago) is summed up here from the series, by the function that judging folds with.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from coldchain.exposure import Account
from coldchain.spans import Cell, cells
from coldchain_backend.fleet import Fleet, Spell
from coldchain_backend.judging import spells_at
from coldchain_backend.judging.contracts import CourseKey
from coldchain_backend.judging.grades import grades_of
from coldchain_backend.judging.parts import Part, Span
from coldchain_backend.judging.rollups import day_of_hours, quarters_of_hours, reach
from coldchain_backend.judging.views import FoldedCells, Recall
from coldchain_backend.mirror.points import account_fields, named
from coldchain_backend.mirror.shape import COMPLIANCE
from coldchain_backend.mirror.standing import HOUR_MS, points_of
from coldchain_backend.mirror.zoned import Told, of_zone

DAY_MS: Final = 24 * HOUR_MS
LONGEST_DAY_MS: Final = 26 * HOUR_MS


class Sum(NamedTuple):
    """An account of a spell, and whether it is folded."""

    spell: Spell
    account: Account
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounted:
    """By what is folded, and by the series up to `told_ms` where nothing is; 0: only what is folded."""

    recall: Recall
    fleet: Fleet
    told_ms: int

    def cells(self, point: str, from_ms: int, to_ms: int) -> Iterator[Told]:
        """The cells of a point that begin in a time, by quantity, cell and time."""
        found: dict[tuple[str, str, int, str], Sum] = {}
        for spell in spells_at(self.fleet, point):
            if not spell.in_use or (spell.to_ms is not None and spell.to_ms + 2 * DAY_MS < from_ms):
                continue
            for quantity in dict.fromkeys(rule.quantity for rule in spell.profile.rules):
                for cell, at_ms, one in self._sums(spell, quantity, from_ms, to_ms):
                    key = quantity, cell, at_ms, named(spell.profile)
                    known = found.get(key)
                    found[key] = one if known is None else _joined(known, one)
        for (quantity, cell, at_ms, _), one in sorted(found.items(), key=lambda pair: pair[0]):
            if one.account.required_ms:
                yield self._told(one, quantity, cell, at_ms)

    def zone(self, zone: str, from_ms: int, to_ms: int) -> list[Told]:
        """The cells that begin in a time of the points of a zone as long as they were in it, then its own."""
        found = [
            cell
            for point in points_of(self.fleet, zone)
            for cell in self.cells(point, from_ms, to_ms)
            if cell.tags["zone"] == zone
        ]
        return [*found, *of_zone(found)]

    def _sums(self, spell: Spell, quantity: str, from_ms: int, to_ms: int) -> Iterator[tuple[str, int, Sum]]:
        key = CourseKey(spell.sensor, spell.from_ms, quantity)
        known = self.recall.folded_cells(key, from_ms, to_ms)
        loose = self._loose(spell, quantity, known, (from_ms, to_ms))
        for hour_ms, quarters in known.hours.items():
            yield "hour", hour_ms, Sum(spell, _total(quarters), whole=True)
        for hour_ms, quarters in loose.items():
            if from_ms <= hour_ms < to_ms:
                yield "hour", hour_ms, Sum(spell, _total(quarters), whole=False)
        for day in known.days:
            yield "day", day.day_ms, Sum(spell, day.account, whole=True)
        told = {at_ms: hour for at_ms, hour in known.hours.items() if at_ms < self.told_ms} | dict(loose)
        if told:
            folded = {day.day_ms for day in known.days}
            yield from self._loose_days(spell, key, told, folded, (from_ms, to_ms))

    def _loose(
        self, spell: Spell, quantity: str, known: FoldedCells, span: Span
    ) -> Mapping[int, Sequence[Account]]:
        """The quarters of hours that are not folded, also of those that share a local day with the span."""
        until_ms = self.told_ms if spell.to_ms is None else min(self.told_ms, spell.to_ms)
        begin_ms = max(spell.from_ms // HOUR_MS * HOUR_MS, span[0] - LONGEST_DAY_MS)
        last_ms = min(until_ms, span[1] + LONGEST_DAY_MS)
        waits = [*known.folded.holes, (known.folded.to_ms, last_ms)]
        found: dict[int, Sequence[Account]] = {}
        for from_ms, to_ms in waits:
            first_ms, end_ms = max(begin_ms, from_ms) // HOUR_MS * HOUR_MS, min(to_ms, last_ms)
            if first_ms < end_ms:
                found |= self._summed(spell, quantity, (first_ms, -(-end_ms // HOUR_MS) * HOUR_MS))
        return found

    def _summed(self, spell: Spell, quantity: str, span: Span) -> Mapping[int, Sequence[Account]]:
        """From the series, up to the newest reading; where that is too long ago, up to now."""
        part = Part(
            spell=spell, from_ms=span[0], to_ms=span[1], certificates=self.fleet.certificates(spell.sensor)
        )
        judged = part.judged(spell.profile, quantity)
        samples, ranks = self.recall.graded(spell.sensor, quantity, *reach(spell, judged, *span))
        grades = grades_of(ranks, self.fleet.plan.sensor(spell.sensor))
        newest_ms = max((at_ms for at_ms, _ in samples), default=spell.from_ms)
        until_ms = newest_ms if 0 <= self.told_ms - newest_ms <= judged.limit_ms else self.told_ms
        until_ms = until_ms if spell.to_ms is None else min(until_ms, spell.to_ms)
        return dict(
            quarters_of_hours(
                replace(spell, to_ms=max(until_ms, spell.from_ms)),
                judged,
                span,
                part.seen_by(spell.profile, samples),
                grades,
            )
        )

    def _loose_days(
        self,
        spell: Spell,
        key: CourseKey,
        told: Mapping[int, Sequence[Account]],
        folded: set[int],
        span: Span,
    ) -> Iterator[tuple[str, int, Sum]]:
        """Local days that are not folded, from their hours up to now."""
        zone = ZoneInfo(spell.place.asset.time_zone)
        hours: Mapping[int, Sequence[Account]] | None = None
        for day_ms, end_ms in cells(Cell.DAY, min(told), max(told) + HOUR_MS, zone):
            if not span[0] <= day_ms < span[1] or day_ms in folded:
                continue
            if hours is None:
                first_ms, last_ms = min(told) - LONGEST_DAY_MS, max(told) + LONGEST_DAY_MS
                near = self.recall.folded_cells(key, first_ms, min(last_ms, self.told_ms)).hours
                hours = {**near, **told}
            account = day_of_hours(hours, day_ms, end_ms)
            if account is not None:
                yield "day", day_ms, Sum(spell, account, whole=False)

    def _told(self, one: Sum, quantity: str, cell: str, at_ms: int) -> Told:
        place, profile = one.spell.place, one.spell.profile
        tags = {
            "organisation": self.fleet.organisation,
            "asset": place.asset.id,
            "zone": place.zone.id,
            "point": place.point.id,
            "quantity": quantity,
            "profile": named(profile),
            "cell": cell,
        }
        fields = account_fields(one.account, profile, quantity, whole=one.whole)
        return Told(COMPLIANCE, tags, fields, at_ms)


def _joined(one: Sum, other: Sum) -> Sum:
    return Sum(other.spell, one.account.merge(other.account), one.whole and other.whole)


def _total(quarters: Sequence[Account]) -> Account:
    total = quarters[0]
    for one in quarters[1:]:
        total = total.merge(one)
    return total
