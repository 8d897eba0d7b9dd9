"""What an archive is about: each time in which a sensor stood at a point of a zone that was judged."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from coldchain.certificates import corrected, uncertainty_over
from coldchain.excursions import Judged
from coldchain.gaps import gap_limit_ms
from coldchain.profiles import Mode, Profile, Reset
from coldchain.readings import Grade
from coldchain.verdicts import Verdict, of_series
from coldchain_backend.fleet import Certificate, Fleet, Place, Spell
from coldchain_backend.judging import Answers, grades_of

DAY_MS = 86_400_000
RANKS = 4
"""Ranks of readings that are judged: by the quality of their time, then by whether a gateway sealed them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One quantity of one sensor at one point under one profile, judged over [from_ms, to_ms).

    lead_ms    from when on readings are looked at: windows, sums and what was open before need the past
    until_ms   up to when: the first reading behind the end says whether the end was known
    ranks      the grade of each rank
    samples    (time, value) that the verdict rests on
    """

    place: Place
    sensor: str
    judged: Judged
    lead_ms: int
    from_ms: int
    to_ms: int
    until_ms: int
    certificate: Certificate | None
    uncertainty: float | None
    ranks: Sequence[Grade]
    samples: Sequence[tuple[int, float]]
    verdict: Verdict

    @property
    def profile(self) -> Profile:
        """The limits."""
        return self.judged.profile

    @property
    def quantity(self) -> str:
        """What was measured."""
        return self.judged.quantity

    @property
    def interval_ms(self) -> int:
        """How often the sensor was expected to speak."""
        return self.judged.interval_ms

    @property
    def time_zone(self) -> str:
        """IANA name of the zone in which times are shown."""
        return self.place.asset.time_zone


def parts_of(answers: Answers, zones: Sequence[str], from_ms: int, to_ms: int) -> list[Part]:
    """All parts of some zones in a time, by point and time. A zone that was not in use has none."""
    fleet = answers.fleet()
    found = [
        part
        for zone in zones
        for sensor in sorted(fleet.sensors_of_zone(zone))
        for spell in fleet.spells(sensor)
        if spell.in_use and spell.place.zone.id == zone and _overlaps(spell, from_ms, to_ms)
        for part in _of_spell(answers, fleet, spell, (from_ms, to_ms))
    ]
    return sorted(found, key=lambda part: (part.place.point.id, part.from_ms, part.sensor, part.quantity))


def _overlaps(spell: Spell, from_ms: int, to_ms: int) -> bool:
    return spell.from_ms < to_ms and (spell.to_ms is None or spell.to_ms > from_ms)


def _of_spell(answers: Answers, fleet: Fleet, spell: Spell, asked: tuple[int, int]) -> Iterator[Part]:
    from_ms = max(asked[0], spell.from_ms)
    to_ms = asked[1] if spell.to_ms is None else min(asked[1], spell.to_ms)
    until_ms = to_ms + gap_limit_ms(spell.profile, spell.interval_ms)
    if spell.to_ms is not None:
        until_ms = min(until_ms, spell.to_ms)
    lead_ms = _lead_ms(answers, spell, from_ms)
    declared = fleet.at(from_ms).plan.sensor(spell.sensor)
    known = fleet.certificates(spell.sensor)
    for quantity in dict.fromkeys(rule.quantity for rule in spell.profile.rules):
        samples, ranks = answers.graded(spell.sensor, quantity, lead_ms, until_ms)
        seen = list(corrected(samples, known)) if spell.profile.corrected else samples
        zone, interval_ms = ZoneInfo(spell.place.asset.time_zone), spell.interval_ms
        judged = Judged(profile=spell.profile, interval_ms=interval_ms, quantity=quantity, zone=zone)
        uncertainty = uncertainty_over(known, from_ms, to_ms)
        grades = grades_of(ranks, declared)
        yield Part(
            place=spell.place,
            sensor=spell.sensor,
            judged=judged,
            lead_ms=lead_ms,
            from_ms=from_ms,
            to_ms=to_ms,
            until_ms=until_ms,
            certificate=None if declared is None else declared.certificate,
            uncertainty=uncertainty,
            ranks=grades_of(range(RANKS), declared),
            samples=seen,
            verdict=of_series(seen, judged, (from_ms, to_ms), uncertainty=uncertainty, grades=grades),
        )


def _lead_ms(answers: Answers, spell: Spell, from_ms: int) -> int:
    """A day, the longest window, and what was open then; all of it where a sum is never reset."""
    if any(rule.mode is Mode.CUMULATIVE and rule.reset is Reset.NEVER for rule in spell.profile.rules):
        return spell.from_ms
    windows = [rule.window_ms or 0 for rule in spell.profile.rules]
    lead_ms = from_ms - max(DAY_MS, *windows)
    point = spell.place.point.id
    opened = [
        one.excursion.opened_ms for one in answers.excursions([point], from_ms, from_ms + 1, limit=1000)
    ]
    return max(min([lead_ms, *opened]), spell.from_ms)
