"""Accounts of hours and local days as they should stand in InfluxDB: folded ones, and those not over yet.

What judging has not folded (the hour that goes on, the time since a sensor fell silent, what late readings
touched a moment ago) is summed up here from the series, by the function that judging folds with.
"""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from coldchain.exposure import Account
from coldchain.spans import LONGEST_DAY_MS, Cell, Span, cells
from coldchain_backend.fleet import Fleet, Spell
from coldchain_backend.judging import spells_at
from coldchain_backend.judging.contracts import CourseKey
from coldchain_backend.judging.grades import grades_of
from coldchain_backend.judging.parts import Part
from coldchain_backend.judging.rollups import day_of_hours, quarters_of_hours, reach
from coldchain_backend.judging.views import FoldedCells, FoldedHour, Recall
from coldchain_backend.mirror.gathering import EVERYTHING
from coldchain_backend.mirror.points import Nearest, Tags, account_fields, named, nearest
from coldchain_backend.mirror.shape import COMPLIANCE
from coldchain_backend.mirror.standing import HOUR_MS, points_of
from coldchain_backend.mirror.zoned import Told, of_zone

DAY_MS: Final = 24 * HOUR_MS


Asked = Callable[[], Account]


class Name(NamedTuple):
    """What tells the cells of a point apart; in the order in which they are written."""

    quantity: str
    cell: str
    at_ms: int
    profile: str


class Sum(NamedTuple):
    """Accounts of a spell that belong into one cell, summed up when asked for; whether all are folded."""

    spell: Spell
    accounts: tuple[Asked, ...]
    whole: bool

    @property
    def account(self) -> Account:
        """All of them together."""
        return reduce(Account.merge, (asked() for asked in self.accounts))


Course = tuple[CourseKey, Spell]
Found = dict[Name, Sum]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounted:
    """By what is folded, and by the series up to `told_ms` where nothing is; 0: only what is folded.

    `quantities`: of these alone.
    """

    recall: Recall
    fleet: Fleet
    told_ms: int
    quantities: Container[str] = EVERYTHING

    def point(self, point: str, from_ms: int, to_ms: int) -> list[Told]:
        """The cells of a point that begin in a time, by quantity, cell and time."""
        return [cell for found in self._found([point], (from_ms, to_ms)) for cell in self._told(found)]

    def zone(self, zone: str, from_ms: int, to_ms: int) -> list[Told]:
        """The cells that begin in a time of the points of a zone as long as they were in it, then its own."""
        return self._of_zone(self._found_in(zone, (from_ms, to_ms)))

    def loose(self, zone: str, from_ms: int, to_ms: int) -> list[Told]:
        """Of these cells, those that are not over or not folded."""
        found = self._found_in(zone, (from_ms, to_ms))
        wanted = {name[:3] for one in found for name, each in one.items() if not each.whole}
        near = [{name: each for name, each in one.items() if name[:3] in wanted} for one in found]
        return [cell for cell in self._of_zone(near) if not cell.whole]

    def _of_zone(self, found: Sequence[Found]) -> list[Told]:
        cells = [cell for one in found for cell in self._told(one)]
        return [*cells, *of_zone(cells)]

    def _found_in(self, zone: str, span: Span) -> list[Found]:
        """The sums of the points of a zone as long as they were in it."""
        return [
            {name: one for name, one in found.items() if one.spell.place.zone.id == zone}
            for found in self._found(points_of(self.fleet, zone), span)
        ]

    def _found(self, points: Sequence[str], span: Span) -> list[Found]:
        """The sums of each point; what is folded is asked for of all of them at once."""
        courses = [list(self._courses(point, span[0])) for point in points]
        keys = [key for told in courses for key, _ in told]
        near = span[0] - LONGEST_DAY_MS, span[1] + LONGEST_DAY_MS
        known = self.recall.folded_cells(keys, near, span) if keys else {}
        return [self._summed_up(told, known, span) for told in courses]

    def _courses(self, point: str, from_ms: int) -> Iterator[Course]:
        """What was judged at a point."""
        for spell in spells_at(self.fleet, point):
            if spell.in_use and (spell.to_ms is None or spell.to_ms + 2 * DAY_MS >= from_ms):
                for quantity in dict.fromkeys(rule.quantity for rule in spell.profile.rules):
                    if quantity in self.quantities:
                        yield CourseKey(spell.sensor, spell.from_ms, quantity), spell

    def _summed_up(
        self, courses: Sequence[Course], known: Mapping[CourseKey, FoldedCells], span: Span
    ) -> Found:
        found: Found = {}
        for key, spell in courses:
            profile = named(spell.profile)
            for cell, at_ms, one in self._sums(spell, key.quantity, known[key], span):
                name = Name(key.quantity, cell, at_ms, profile)
                before = found.get(name)
                found[name] = one if before is None else _joined(before, one)
        return found

    def _told(self, found: Found) -> Iterator[Told]:
        sides: dict[tuple[str, str], Nearest] = {}
        for name in sorted(found):
            spell, account, whole = found[name].spell, found[name].account, found[name].whole
            if account.required_ms:
                which = name.quantity, name.profile
                near = sides.get(which) or sides.setdefault(which, nearest(spell.profile, name.quantity))
                fields = account_fields(account, spell.profile, name.quantity, near, whole=whole)
                yield Told(COMPLIANCE, self._tags(spell, name), fields, name.at_ms)

    def _sums(
        self, spell: Spell, quantity: str, known: FoldedCells, span: Span
    ) -> Iterator[tuple[str, int, Sum]]:
        loose = self._loose(spell, quantity, known, span)
        for hours, whole in ((known.hours, True), (loose, False)):
            for hour_ms, hour in hours.items():
                if span[0] <= hour_ms < span[1]:
                    yield "hour", hour_ms, Sum(spell, (hour.total,), whole)
        for day in known.days:
            yield "day", day.day_ms, Sum(spell, (partial(_same, day.account),), whole=True)
        told = {at_ms: hour for at_ms, hour in known.hours.items() if at_ms < self.told_ms} | dict(loose)
        begun = [at_ms for at_ms in told if span[0] <= at_ms < span[1] or at_ms in loose]
        if begun:
            zone = ZoneInfo(spell.place.asset.time_zone)
            folded = {day.day_ms for day in known.days}
            for day_ms, end_ms in cells(Cell.DAY, min(begun), max(begun) + HOUR_MS, zone):
                if span[0] <= day_ms < span[1] and day_ms not in folded:
                    accounts = tuple(_of_hours(told, day_ms, end_ms))
                    if accounts:
                        yield "day", day_ms, Sum(spell, accounts, whole=False)

    def _loose(self, spell: Spell, quantity: str, known: FoldedCells, span: Span) -> Mapping[int, FoldedHour]:
        """The hours that are not folded, also of those that share a local day with the span."""
        until_ms = self.told_ms if spell.to_ms is None else min(self.told_ms, spell.to_ms)
        begin_ms = max(spell.from_ms // HOUR_MS * HOUR_MS, span[0] - LONGEST_DAY_MS)
        last_ms = min(until_ms, span[1] + LONGEST_DAY_MS)
        waits = [*known.folded.holes, (known.folded.to_ms, last_ms)]
        found: dict[int, FoldedHour] = {}
        for from_ms, to_ms in waits:
            first_ms, end_ms = max(begin_ms, from_ms) // HOUR_MS * HOUR_MS, min(to_ms, last_ms)
            if first_ms < end_ms:
                found |= self._summed(spell, quantity, (first_ms, -(-end_ms // HOUR_MS) * HOUR_MS))
        return found

    def _summed(self, spell: Spell, quantity: str, span: Span) -> Mapping[int, FoldedHour]:
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
        seen, cut = part.seen_by(spell.profile, samples), replace(spell, to_ms=max(until_ms, spell.from_ms))
        hours = quarters_of_hours(cut, judged, span, seen, grades)
        return {at_ms: LooseHour(quarters) for at_ms, quarters in hours}

    def _tags(self, spell: Spell, name: Name) -> Tags:
        place = spell.place
        return {
            "organisation": self.fleet.organisation,
            "asset": place.asset.id,
            "zone": place.zone.id,
            "point": place.point.id,
            "quantity": name.quantity,
            "profile": name.profile,
            "cell": name.cell,
        }


class LooseHour(NamedTuple):
    """An hour that is not folded, as it was summed up just now."""

    accounts: Sequence[Account]

    def total(self) -> Account:
        """Its account."""
        return reduce(Account.merge, self.accounts)

    def quarters(self) -> Sequence[Account]:
        """The accounts of its quarters."""
        return self.accounts


def _of_hours(hours: Mapping[int, FoldedHour], day_ms: int, end_ms: int) -> Iterator[Asked]:
    """What of hours belongs to a local day: quarter by quarter where it begins or ends within the hour."""
    for hour_ms, hour in hours.items():
        if day_ms <= hour_ms and hour_ms + HOUR_MS <= end_ms:
            yield hour.total
        elif hour_ms < end_ms and day_ms < hour_ms + HOUR_MS:
            part = day_of_hours({hour_ms: hour.quarters()}, day_ms, end_ms)
            if part is not None:
                yield partial(_same, part)


def _same(account: Account) -> Account:
    return account


def _joined(one: Sum, other: Sum) -> Sum:
    return Sum(other.spell, (*one.accounts, *other.accounts), one.whole and other.whole)
