"""Compliance: how much of the required time was known and within limits, from the accounts of local days."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from coldchain.exposure import Account, account
from coldchain.spans import Cell, Span, cells
from coldchain_backend.fleet import Fleet
from coldchain_backend.judging.contracts import HOUR_MS, CourseKey
from coldchain_backend.judging.grades import grades_of
from coldchain_backend.judging.parts import Part, parts_of
from coldchain_backend.judging.rollups import reach
from coldchain_backend.judging.views import DaySums, QuartersByHour, QuarterSums, Recall


class Kept(NamedTuple):
    """Time of a point under one profile version (`name@version`), ms."""

    point: str
    profile: str
    covered_ms: int
    unknown_ms: int
    in_ms: int

    @property
    def required_ms(self) -> int:
        """Time in use."""
        return self.covered_ms + self.unknown_ms

    @property
    def coverage(self) -> float | None:
        """Share of the required time that is known."""
        return self.covered_ms / self.required_ms if self.required_ms else None

    @property
    def in_limits(self) -> float | None:
        """Share of the known time that was within limits."""
        return self.in_ms / self.covered_ms if self.covered_ms else None


_NO_TIME: Final = QuarterSums(0, 0, 0)


class _Line(NamedTuple):
    """What is known of a point under a profile version, and the edges that are still to be added."""

    point: str
    profile: str
    known: QuarterSums
    edges: Sequence[tuple[Part, Span]]

    def kept(self, *edges: QuarterSums) -> Kept:
        """All of it together."""
        return Kept(self.point, self.profile, *_added([self.known, *edges]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Compliance:
    """Sums up points over any time: from folded cells, and from readings where there are none."""

    recall: Recall
    fleet: Fleet
    quantity: str = "temperature"

    def of_points(self, points: Sequence[str], from_ms: int, to_ms: int) -> list[Kept]:
        """One line per point and profile version, in the order of the points."""
        parts = {point: parts_of(self.fleet, point, from_ms, to_ms) for point in points}
        sums = {(one.point, one.profile): one for one in self._sums(from_ms, to_ms)}
        lines = [line for point in points for line in self._of_point(parts[point], sums)]
        edges = [edge for line in lines for edge in line.edges]
        found = iter(self.recall.quarter_sums([self._asked(part, span) for part, span in edges]))
        return [line.kept(*(self._edge(*edge, next(found)) for edge in line.edges)) for line in lines]

    def _sums(self, from_ms: int, to_ms: int) -> Sequence[DaySums]:
        return self.recall.day_sums(self.quantity, from_ms, to_ms)

    def _of_point(self, parts: Sequence[Part], sums: dict[tuple[str, str], DaySums]) -> Iterator[_Line]:
        by_profile: dict[str, list[Part]] = {}
        for part in parts:
            if part.spell.profile.rules_for(self.quantity):
                name = f"{part.spell.profile.name}@{part.spell.profile.version}"
                by_profile.setdefault(name, []).append(part)
        for name, mine in by_profile.items():
            found = sums.get((mine[0].point, name))
            cut = [_cut(part) for part in mine]
            edges: list[tuple[Part, Span]] = []
            if sum(days for days, _ in cut) == (0 if found is None else found.days):
                known = _NO_TIME if found is None else QuarterSums(*found[3:])
                edges += [(part, span) for part, (_, spans) in zip(mine, cut, strict=True) for span in spans]
            else:
                known = _added([_sums_of(self.account_of(part)) for part in mine])
            yield _Line(mine[0].point, name, known, edges)

    def _asked(self, part: Part, span: Span) -> tuple[CourseKey, int, int]:
        return part.key(self.quantity), span[0] // HOUR_MS * HOUR_MS, span[1]

    def _edge(self, part: Part, span: Span, stored: QuartersByHour) -> QuarterSums:
        """The sums of a time that is no whole day: of folded quarters, and of readings where it cuts one."""
        whole, loose = _quarters(part, span, stored)
        sums = [stored[hour_ms][number] for hour_ms, number in whole]
        sums += [_sums_of(self._read(part, one)) for one in loose]
        return _added(sums)

    def account_of(self, part: Part) -> Account:
        """The account of a part: whole days and quarters as they are folded, the rest from the readings."""
        key = part.key(self.quantity)
        total = Account(activation_kj_mol=part.spell.profile.activation_kj_mol)
        days = {
            (day.day_ms, day.end_ms): day.account
            for day in self.recall.days(key, part.from_ms - 2 * 24 * HOUR_MS, part.to_ms)
        }
        loose: list[Span] = []
        for day in cells(Cell.DAY, part.from_ms, part.to_ms, part.zone_of_time):
            span = max(day[0], part.from_ms), min(day[1], part.to_ms)
            whole = _in_spell(part, day) == span
            if whole and day in days:
                total = total.merge(days[day])
            else:
                loose.append(span)
        for span in _joined(loose):
            total = total.merge(self._of_span(part, key, span))
        return total

    def _of_span(self, part: Part, key: CourseKey, span: Span) -> Account:
        """The account of a time that has no whole folded days: from folded quarters and from readings."""
        stored = self.recall.hours(key, span[0] // HOUR_MS * HOUR_MS, span[1])
        total = Account(activation_kj_mol=part.spell.profile.activation_kj_mol)
        whole, loose = _quarters(part, span, stored)
        for hour_ms, number in whole:
            total = total.merge(stored[hour_ms][number])
        for one in loose:
            total = total.merge(self._read(part, one))
        return total

    def _read(self, part: Part, span: Span) -> Account:
        profile = part.spell.profile
        judged = part.judged(profile, self.quantity)
        samples, ranks = self.recall.graded(
            part.spell.sensor, self.quantity, *reach(part.spell, judged, *span)
        )
        grades = grades_of(ranks, self.fleet.plan.sensor(part.spell.sensor))
        return account(part.seen_by(profile, samples), judged, span, grades=grades)


def _days(part: Part) -> Sequence[Span]:
    return _days_of(part.from_ms, part.to_ms, part.spell.place.asset.time_zone)


@lru_cache(maxsize=256)
def _days_of(from_ms: int, to_ms: int, time_zone: str) -> Sequence[Span]:
    """The local days of a time: the same for all points that are asked about together."""
    return tuple(cells(Cell.DAY, from_ms, to_ms, ZoneInfo(time_zone)))


def _cut(part: Part) -> tuple[int, list[Span]]:
    """How many whole local days a part is made of, as far as its spell goes, and what stands beside them."""
    days = _days(part)
    edges = []
    for day in {days[0], days[-1]}:
        span = max(day[0], part.from_ms), min(day[1], part.to_ms)
        if _in_spell(part, day) != span:
            edges.append(span)
    return len(days) - len(edges), edges


def _quarters(part: Part, span: Span, stored: Container[int]) -> tuple[list[tuple[int, int]], list[Span]]:
    """The quarters (hour, number) of a time that are folded, of the hours that are stored; and the rest."""
    whole: list[tuple[int, int]] = []
    loose: list[Span] = []
    for hour_ms in range(span[0] // HOUR_MS * HOUR_MS, span[1], HOUR_MS):
        hour = hour_ms, hour_ms + HOUR_MS
        mine = max(hour[0], span[0]), min(hour[1], span[1])
        there = hour_ms in stored
        if there and mine == hour == _in_spell(part, hour):  # nearly always: its quarters need no look
            whole += [(hour_ms, number) for number in range(4)]
            continue
        for number, quarter in enumerate(cells(Cell.QUARTER, *hour)):
            cut = max(quarter[0], span[0]), min(quarter[1], span[1])
            if there and _in_spell(part, quarter) == cut:
                whole.append((hour_ms, number))
            elif cut[0] < cut[1]:
                loose.append(cut)
    return whole, _joined(loose)


def _sums_of(found: Account) -> QuarterSums:
    return QuarterSums(found.covered_ms, found.unknown_ms, found.in_ms)


def _added(sums: Sequence[QuarterSums]) -> QuarterSums:
    return QuarterSums(*map(sum, zip(*sums, strict=True))) if sums else _NO_TIME


def _in_spell(part: Part, span: Span) -> Span:
    spell = part.spell
    return max(span[0], spell.from_ms), span[1] if spell.to_ms is None else min(span[1], spell.to_ms)


def _joined(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for one in spans:
        if joined and joined[-1][1] == one[0]:
            joined[-1] = joined[-1][0], one[1]
        else:
            joined.append(one)
    return joined


def together(found: Sequence[Kept]) -> Kept | None:
    """Several lines as one, without names."""
    if not found:
        return None
    return Kept(
        point="",
        profile="",
        covered_ms=sum(one.covered_ms for one in found),
        unknown_ms=sum(one.unknown_ms for one in found),
        in_ms=sum(one.in_ms for one in found),
    )
