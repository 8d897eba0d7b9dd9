"""Verdicts on points and zones over any time, from what is known of the readings and of the fleet.

The same core decides here as everywhere. A time is cut into parts in which one sensor stood at the point
under one profile version, in use; sums, windows and excursions begin anew with each part, and the parts are
decided upon as one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from coldchain.builtin_profiles import BUILTIN
from coldchain.certificates import uncertainty_over
from coldchain.errors import InvalidInput
from coldchain.excursions import Judged
from coldchain.gaps import Spoken
from coldchain.profiles import Mode, Profile, Reset
from coldchain.verdicts import Evidence, Outcome, Verdict, decide, evidence_of, joined, worst
from coldchain_backend.fleet import Fleet, Sensor
from coldchain_backend.judging.grades import grades_of
from coldchain_backend.judging.parts import Part, Sample, parts_of, points_of

DAY_MS: Final = 86_400_000
MOST_POINT_DAYS: Final = 4000
"""More is answered from the accounts of days (compliance), not by judging every reading again."""


class Readings(Protocol):
    """Where readings are read: the series, or the series as they were known at an earlier record."""

    def graded(
        self, sensor: str, quantity: str, from_ms: int, to_ms: int
    ) -> tuple[Sequence[Sample], Sequence[int]]:
        """(time, value) of from_ms ≤ time < to_ms by time, and the rank of each reading."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One leg of a question: a zone or a point, and a time [from_ms, to_ms)."""

    zone: str | None = None
    point: str | None = None
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PointAnswer:
    """The verdict on a point; None where none of the time was in use. `sensors`: who stood there then."""

    point: str
    zone: str | None
    sensors: tuple[str, ...]
    verdict: Verdict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One quantity of one part, with all that its verdict rests on.

    begin_ms, end_ms  readings of begin_ms ≤ time < end_ms were looked at
    samples           those readings as the profile judges them: raw, or corrected
    sensor            as it was declared then
    """

    part: Part
    judged: Judged
    sensor: Sensor | None
    begin_ms: int
    end_ms: int
    samples: Sequence[Sample]
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """The unknown times of a point within its required time, in order."""

    point: str
    zone: str | None
    required_ms: int
    gaps: tuple[tuple[int, int], ...]

    @property
    def unknown_ms(self) -> int:
        """How long they are together."""
        return sum(end_ms - begin_ms for begin_ms, end_ms in self.gaps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is answered to one leg: the worst point speaks for all."""

    asked: Asked
    points: tuple[PointAnswer, ...]

    @property
    def outcome(self) -> Outcome:
        """The outcome of all points together; a point whose time was never in use has no say."""
        return worst([one.verdict.outcome for one in self.points if one.verdict is not None])

    @property
    def coverage(self) -> float:
        """The share of required time with readings, of the point that has the least."""
        return min((one.verdict.coverage for one in self.points if one.verdict is not None), default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """Asks about readings under a fleet, both as of one moment."""

    fleet: Fleet
    readings: Readings

    def answer(self, asked: Asked, profile: str | None, quantity: str) -> Answer:
        """The answer to one leg under a profile (`name` or `name@version`), or the zone's own at its end.

        Raises InvalidInput for a zone, point or profile that does not exist, or a time that is too long.
        """
        names = [asked.point] if asked.point is not None else self._points(asked)
        if not names:
            raise InvalidInput(f"zone {asked.zone} has no points with sensors in this time")
        if len(names) * (asked.to_ms - asked.from_ms) > MOST_POINT_DAYS * DAY_MS:
            raise InvalidInput(f"at most {MOST_POINT_DAYS} days of points at once; ask for compliance")
        points = [self._point(name, asked, profile, quantity) for name in names]
        return Answer(asked=asked, points=tuple(points))

    def _points(self, asked: Asked) -> list[str]:
        if asked.zone is None or not self._knows(asked.zone):
            raise InvalidInput(f"no zone {asked.zone}")
        return points_of(self.fleet, asked.zone, asked.from_ms, asked.to_ms)

    def _knows(self, zone: str) -> bool:
        return any(one.id == zone for version in self.fleet.versions for _, one in version.plan.zones())

    def _point(self, point: str, asked: Asked, profile: str | None, quantity: str) -> PointAnswer:
        if all(version.plan.place_of_point(point) is None for version in self.fleet.versions):
            raise InvalidInput(f"no point {point}")
        parts = [
            part
            for part in parts_of(self.fleet, point, asked.from_ms, asked.to_ms)
            if asked.zone is None or part.spell.place.zone.id == asked.zone
        ]
        judged_by = self.profile(profile) if profile is not None else None
        if judged_by is None and parts:
            judged_by = parts[-1].spell.profile
        verdict = None
        if parts and judged_by is not None and judged_by.rules_for(quantity):
            verdict = decide(joined([self._evidence(one, judged_by, quantity) for one in parts]), quantity)
        return PointAnswer(
            point=point,
            zone=parts[-1].spell.place.zone.id if parts else asked.zone,
            sensors=tuple(dict.fromkeys(part.spell.sensor for part in parts)),
            verdict=verdict,
        )

    def gaps(self, asked: Asked) -> list[Gaps]:
        """The unknown time of each point, by the gap rule of what was valid then."""
        names = [asked.point] if asked.point is not None else self._points(asked)
        return [self._gaps(name, asked) for name in names]

    def _gaps(self, point: str, asked: Asked) -> Gaps:
        parts = parts_of(self.fleet, point, asked.from_ms, asked.to_ms)
        gaps: list[tuple[int, int]] = []
        for part in parts:
            judged = part.judged(part.spell.profile, "temperature")
            begin_ms = max(part.spell.from_ms, part.from_ms - judged.limit_ms)
            samples, _ = self.readings.graded(part.spell.sensor, judged.quantity, begin_ms, part.to_ms + 1)
            times = [time_ms for time_ms, _ in samples]
            spoken = Spoken(times, interval_ms=judged.interval_ms, limit_ms=judged.limit_ms)
            gaps += spoken.gaps(part.from_ms, part.to_ms)
        return Gaps(
            point=point,
            zone=parts[-1].spell.place.zone.id if parts else asked.zone,
            required_ms=sum(part.to_ms - part.from_ms for part in parts),
            gaps=tuple(gaps),
        )

    def profile(self, name: str) -> Profile:
        """A profile by `name` (its newest version) or `name@version`. Raises InvalidInput for another."""
        wanted, _, number = name.partition("@")
        own = [one for version in self.fleet.versions for one in version.plan.profiles]
        known = [*BUILTIN.values(), *own]
        found = [one for one in known if one.name == wanted and number in {"", str(one.version)}]
        if not found:
            raise InvalidInput(f"no profile {name}")
        return max(reversed(found), key=lambda one: one.version)

    def examined(self, zone: str, from_ms: int, to_ms: int) -> Iterator[Examined]:
        """Every part of a zone's time by itself, under the profile that was valid then; by point and time."""
        for point in points_of(self.fleet, zone, from_ms, to_ms):
            for part in parts_of(self.fleet, point, from_ms, to_ms):
                if part.spell.place.zone.id == zone:
                    profile = part.spell.profile
                    for quantity in dict.fromkeys(rule.quantity for rule in profile.rules):
                        yield self._examined(part, profile, quantity)

    def _evidence(self, part: Part, profile: Profile, quantity: str) -> Evidence:
        return self._examined(part, profile, quantity).evidence

    def _examined(self, part: Part, profile: Profile, quantity: str) -> Examined:
        judged = part.judged(profile, quantity)
        begin_ms, end_ms, samples, ranks = self._series(part, judged)
        sensor = self.fleet.at(part.from_ms).plan.sensor(part.spell.sensor)
        seen = part.seen_by(profile, samples)
        evidence = evidence_of(
            seen,
            judged,
            (part.from_ms, part.to_ms),
            uncertainty=uncertainty_over(part.certificates, part.from_ms, part.to_ms),
            grades=grades_of(ranks, sensor),
        )
        return Examined(
            part=part,
            judged=judged,
            sensor=sensor,
            begin_ms=begin_ms,
            end_ms=end_ms,
            samples=seen,
            evidence=evidence,
        )

    def _series(self, part: Part, judged: Judged) -> tuple[int, int, Sequence[Sample], Sequence[int]]:
        """The readings that a question about a part rests on, its own and those before that have a say: from
        when, up to when, and the readings with their ranks."""
        end_ms = part.to_ms if part.to_ms == part.spell.to_ms else part.to_ms + 1
        for begin_ms in _beginnings(part, judged):
            samples, ranks = self.readings.graded(part.spell.sensor, judged.quantity, begin_ms, end_ms)
            if begin_ms == part.spell.from_ms or _settled(
                part.seen_by(judged.profile, samples), part, judged
            ):
                return begin_ms, end_ms, samples, ranks
        raise AssertionError("the spell's beginning is the last of its beginnings")


def _beginnings(part: Part, judged: Judged) -> Iterator[int]:
    """From where on to read, nearest first; the last is where the spell begins, which is always enough."""
    first_ms, rules = part.spell.from_ms, judged.rules
    endless = judged.ignored_ms or any(
        rule.irreversible or (rule.mode is Mode.CUMULATIVE and rule.reset is Reset.NEVER) for rule in rules
    )
    reach_ms = max([DAY_MS, *(rule.window_ms or 0 for rule in rules)]) + judged.limit_ms
    begin_ms = part.from_ms - reach_ms - DAY_MS
    while not endless and begin_ms > first_ms:
        yield begin_ms
        reach_ms *= 4
        begin_ms = part.from_ms - reach_ms
    yield first_ms


def _settled(samples: Sequence[Sample], part: Part, judged: Judged) -> bool:
    """Whether some reading, well before the part, ends whatever was open before these readings."""
    plain = [rule for rule in judged.rules if rule.by_value]
    window_ms = max((rule.window_ms or 0 for rule in judged.rules), default=0)
    early = (value for time_ms, value in samples if time_ms < part.from_ms - window_ms)
    return any(all(rule.cleared_by(round(value, 3) + 0.0) for rule in plain) for value in early)
