"""What an archive is about: each time in which a sensor stood at a point of a zone that was judged."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from coldchain.excursions import Judged
from coldchain.gaps import gap_limit_ms
from coldchain.profiles import Mode, Profile, Reset
from coldchain.readings import Grade, Quality
from coldchain.verdicts import Verdict, of_series
from coldchain_backend.fleet import Certificate, Fleet, Place, Spell
from coldchain_backend.judging import Answers
from coldchain_backend.series import SeriesReading

DAY_MS = 86_400_000
PAGE = 50_000
RANKS = (Grade.SEALED, Grade.SEALED_ON_RECEIPT, Grade.TIME_PLACED, Grade.TIME_PLACED)
"""Grade by rank: quality of the time first, then whether a gateway sealed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One quantity of one sensor at one point under one profile, judged over [from_ms, to_ms).

    lead_ms    from when on readings are looked at: windows, sums and what was open before need the past
    until_ms   up to when: the first reading behind the end says whether the end was known
    samples    (time, value) that the verdict rests on
    """

    place: Place
    sensor: str
    quantity: str
    lead_ms: int
    from_ms: int
    to_ms: int
    until_ms: int
    interval_ms: int
    profile: Profile
    certificate: Certificate | None
    samples: Sequence[tuple[int, float]]
    verdict: Verdict

    @property
    def time_zone(self) -> str:
        """IANA name of the zone in which times are shown."""
        return self.place.asset.time_zone

    @property
    def uncertainty(self) -> float | None:
        """Of the calibration, ± °C."""
        return None if self.certificate is None else self.certificate.uncertainty


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
    readings = list(_readings(answers, spell.sensor, lead_ms, until_ms))
    declared = fleet.at(from_ms).plan.sensor(spell.sensor)
    certificate = None if declared is None else declared.certificate
    for quantity in dict.fromkeys(rule.quantity for rule in spell.profile.rules):
        spoken = [
            one for one in readings if quantity in one.values and one.quality is not Quality.TIME_UNSURE
        ]
        samples = [(one.time_ms, float(one.values[quantity])) for one in spoken]
        judged = Judged(
            profile=spell.profile,
            interval_ms=spell.interval_ms,
            quantity=quantity,
            zone=ZoneInfo(spell.place.asset.time_zone),
        )
        uncertainty = None if certificate is None else certificate.uncertainty
        grades = [grade_of(one) for one in spoken]
        verdict = of_series(samples, judged, (from_ms, to_ms), uncertainty=uncertainty, grades=grades)
        yield Part(
            place=spell.place,
            sensor=spell.sensor,
            quantity=quantity,
            lead_ms=lead_ms,
            from_ms=from_ms,
            to_ms=to_ms,
            until_ms=until_ms,
            interval_ms=spell.interval_ms,
            profile=spell.profile,
            certificate=certificate,
            samples=samples,
            verdict=verdict,
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


def _readings(answers: Answers, sensor: str, from_ms: int, to_ms: int) -> Iterator[SeriesReading]:
    after_ms: int | None = None
    while page := answers.readings(sensor, from_ms, to_ms, after_ms=after_ms, limit=PAGE):
        yield from page
        after_ms = page[-1].time_ms


def grade_of(reading: SeriesReading) -> Grade:
    """How good a reading is as evidence."""
    if reading.quality is Quality.TIME_PLACED:
        return Grade.TIME_PLACED
    return Grade.SEALED if reading.sealed else Grade.SEALED_ON_RECEIPT
