"""A time of a point or zone, cut into the parts in which one sensor stood there under one profile, in use."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from zoneinfo import ZoneInfo

from coldchain.certificates import Certificate, corrected
from coldchain.excursions import Judged
from coldchain.profiles import Profile
from coldchain_backend.fleet import Fleet, Spell
from coldchain_backend.judging.contracts import CourseKey
from coldchain_backend.judging.traces import spells_at

Sample = tuple[int, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A time [from_ms, to_ms) of a spell. Only time in use is in any part: the rest is not required."""

    spell: Spell
    from_ms: int
    to_ms: int
    certificates: tuple[Certificate, ...] = ()

    @property
    def point(self) -> str:
        """The point."""
        return self.spell.place.point.id

    @property
    def zone_of_time(self) -> tzinfo:
        """The time zone of the asset."""
        return ZoneInfo(self.spell.place.asset.time_zone)

    def key(self, quantity: str) -> CourseKey:
        """The course that judges this time."""
        return CourseKey(self.spell.sensor, self.spell.from_ms, quantity)

    def judged(self, profile: Profile, quantity: str) -> Judged:
        """How the part is judged under a profile, by its own sensor's interval."""
        return Judged(
            profile=profile, interval_ms=self.spell.interval_ms, quantity=quantity, zone=self.zone_of_time
        )

    def seen_by(self, profile: Profile, samples: Sequence[Sample]) -> Sequence[Sample]:
        """The readings as the profile judges them: raw, or corrected by the certificates."""
        return list(corrected(samples, self.certificates)) if profile.corrected else samples


def parts_of(fleet: Fleet, point: str, from_ms: int, to_ms: int) -> list[Part]:
    """The parts of a point's time that were in use, oldest first."""
    found = [
        Part(
            spell=spell,
            from_ms=max(from_ms, spell.from_ms),
            to_ms=to_ms if spell.to_ms is None else min(to_ms, spell.to_ms),
            certificates=fleet.certificates(spell.sensor),
        )
        for spell in spells_at(fleet, point)
        if spell.in_use and spell.from_ms < to_ms and (spell.to_ms is None or spell.to_ms > from_ms)
    ]
    return sorted(found, key=lambda part: part.from_ms)


def points_of(fleet: Fleet, zone: str, from_ms: int, to_ms: int) -> list[str]:
    """The points that a zone had in a time, in the order of their first version."""
    return list(dict.fromkeys(_points(fleet, zone, from_ms, to_ms)))


def _points(fleet: Fleet, zone: str, from_ms: int, to_ms: int) -> Iterator[str]:
    for version in fleet.in_force_between(from_ms, to_ms):
        for _, one in version.plan.zones():
            if one.id == zone:
                yield from (point.id for point in one.points if point.sensor is not None)
