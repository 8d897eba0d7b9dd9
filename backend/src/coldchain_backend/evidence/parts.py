"""What an archive is about: each time in which a sensor stood at a point of a zone that was judged."""

from collections.abc import Sequence
from dataclasses import dataclass

from coldchain.certificates import Certificate as Calibration
from coldchain.excursions import Excursion, Judged
from coldchain.profiles import Profile
from coldchain.readings import Grade
from coldchain.verdicts import Verdict, decide
from coldchain_backend.fleet import Certificate, Place
from coldchain_backend.judging import WORST_RANK, Answers, Examined, grades_of

RANKS = WORST_RANK + 1
"""Ranks of readings that are judged: by the quality of their time, then by who vouches for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One quantity of one sensor at one point under one profile, judged over [from_ms, to_ms).

    lead_ms       from when on readings are looked at: windows, sums and what was open before need the past
    until_ms      up to when, not included
    certificate   as it was declared then
    calibrations  all that are known of the sensor, each in force for its time
    ranks         the grade of each rank
    samples       (time, value) that the verdict rests on
    excursions    up to the end of the time, also those that closed before it
    """

    place: Place
    sensor: str
    judged: Judged
    lead_ms: int
    from_ms: int
    to_ms: int
    until_ms: int
    certificate: Certificate | None
    calibrations: Sequence[Calibration]
    uncertainty: float | None
    ranks: Sequence[Grade]
    samples: Sequence[tuple[int, float]]
    excursions: Sequence[Excursion]
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


def parts_of(
    answers: Answers, zones: Sequence[str], from_ms: int, to_ms: int, as_of: int | None = None
) -> list[Part]:
    """All parts of some zones in a time, by point and time. A zone that was not in use has none.

    `as_of`: as they were known when the ledger had so many records. Raises InvalidInput where that is too
    long ago.
    """
    found = [_part(one) for zone in zones for one in answers.examined(zone, from_ms, to_ms, as_of)]
    return sorted(found, key=lambda part: (part.place.point.id, part.from_ms, part.sensor, part.quantity))


def _part(one: Examined) -> Part:
    return Part(
        place=one.part.spell.place,
        sensor=one.part.spell.sensor,
        judged=one.judged,
        lead_ms=one.begin_ms,
        from_ms=one.part.from_ms,
        to_ms=one.part.to_ms,
        until_ms=one.end_ms,
        certificate=None if one.sensor is None else one.sensor.certificate,
        calibrations=one.part.certificates,
        uncertainty=one.evidence.uncertainty,
        ranks=grades_of(range(RANKS), one.sensor),
        samples=one.samples,
        excursions=one.evidence.judged.excursions,
        verdict=decide(one.evidence, one.judged.quantity),
    )
