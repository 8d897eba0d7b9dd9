"""A changed fleet file tried on what was measured: what each point would have raised, beside what it raises.

Nothing is written and nobody is told. Both columns are judged anew from the stored readings, so they differ
by the limits alone; the zone's use is that of the time.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Protocol

from coldchain.excursions import INITIAL, Change, ChangeKind, Excursion, Judged, Until, run, step
from coldchain.profiles import Level, Profile
from coldchain_backend.fleet import Fleet, Place, Plan, Spell
from coldchain_backend.judging import spells_at

DAY_MS = 86_400_000


class Stored(Protocol):
    """Where readings are read from."""

    def samples(self, sensor: str, quantity: str, from_ms: int, to_ms: int) -> Sequence[tuple[int, float]]:
        """(time, value) of one quantity in from_ms ≤ time < to_ms, by time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """What one set of limits raises in a time: excursions by the highest level they reach, and time out."""

    warnings: int = 0
    alarms: int = 0
    out_ms: int = 0
    longest_ms: int = 0

    def with_(self, excursion: Excursion) -> "Raised":
        """One excursion more."""
        return Raised(
            warnings=self.warnings + int(excursion.level is Level.WARNING),
            alarms=self.alarms + int(excursion.level is Level.ALARM),
            out_ms=self.out_ms + excursion.out_ms,
            longest_ms=max(self.longest_ms, excursion.out_ms),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One point: its profile in force and the changed one, and what each raises; `readings` were judged."""

    place: Place
    now: Profile
    then: Profile
    readings: int
    raised_now: Raised
    raised_then: Raised

    @property
    def differs(self) -> bool:
        """Whether the change would have been noticed."""
        return self.raised_now != self.raised_then


def places_in(fleet: Fleet, changed: Plan, zone: str | None) -> list[Place]:
    """The points of the fleet in force that the changed file has too; of one zone, or all."""
    return [
        place
        for place in fleet.plan.places()
        if zone in (None, place.zone.id) and changed.place_of_point(place.point.id) is not None
    ]


def backtest(
    stored: Stored, fleet: Fleet, changed: Plan, place: Place, span: tuple[int, int]
) -> Compared | None:
    """Judge one point by both; None where the changed file has no profile for it."""
    after = changed.place_of_point(place.point.id)
    then = None if after is None else changed.profile(after.zone.profile)
    now = fleet.plan.profile(place.zone.profile)
    if then is None or now is None:
        return None
    compared = Compared(
        place=place, now=now, then=then, readings=0, raised_now=Raised(), raised_then=Raised()
    )
    for spell, from_ms, to_ms in _stood(fleet, place, span):
        for quantity in sorted({rule.quantity for rule in (*spell.profile.rules, *then.rules)}):
            ours = _Course(Judged(profile=spell.profile, interval_ms=spell.interval_ms, quantity=quantity))
            theirs = _Course(Judged(profile=then, interval_ms=spell.interval_ms, quantity=quantity))
            readings = 0
            for day_ms in range(from_ms, to_ms, DAY_MS):
                part = stored.samples(spell.sensor, quantity, day_ms, min(day_ms + DAY_MS, to_ms))
                readings += len(part)
                ours.take(part)
                theirs.take(part)
            compared = replace(
                compared,
                readings=compared.readings + readings,
                raised_now=ours.end(to_ms, compared.raised_now),
                raised_then=theirs.end(to_ms, compared.raised_then),
            )
    return compared


def backtest_json(rows: Sequence[Compared]) -> list[str]:
    """One JSON object a row; times in ms."""
    return [
        json.dumps(
            {
                "point": row.place.point.id,
                "zone": row.place.zone.id,
                "readings": row.readings,
                "now": {"profile": row.now.name, "version": row.now.version, **asdict(row.raised_now)},
                "then": {"profile": row.then.name, "version": row.then.version, **asdict(row.raised_then)},
            }
        )
        for row in rows
    ]


def _stood(fleet: Fleet, place: Place, span: tuple[int, int]) -> Iterator[tuple[Spell, int, int]]:
    """The times within a span in which a sensor stood at a point that was in use."""
    for spell in spells_at(fleet, place.point.id):
        from_ms = max(span[0], spell.from_ms)
        to_ms = span[1] if spell.to_ms is None else min(span[1], spell.to_ms)
        if spell.in_use and from_ms < to_ms:
            yield spell, from_ms, to_ms


class _Course:
    """One series judged by one profile, a day of readings at a time."""

    def __init__(self, judged: Judged) -> None:
        self._judged, self._state = judged, INITIAL
        self._closed: list[Excursion] = []

    def take(self, samples: Sequence[tuple[int, float]]) -> None:
        self._state, changes = run(self._state, samples, self._judged)
        self._closed += _closings(changes)

    def end(self, until_ms: int, raised: Raised) -> Raised:
        """What was raised up to an instant, on top of what was raised before."""
        state, changes = step(self._state, Until(time_ms=until_ms), self._judged)
        for excursion in (*self._closed, *_closings(changes), *state.open):
            raised = raised.with_(excursion)
        return raised


def _closings(changes: list[Change]) -> list[Excursion]:
    return [change.excursion for change in changes if change.kind is ChangeKind.CLOSED]
