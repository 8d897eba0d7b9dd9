"""What is known around the cause of an alert, from judging's present: asked at the moment of a telling."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from coldchain.exposure import account
from coldchain_backend.alerts import AlertKind, Cause, Context, Position, Sibling
from coldchain_backend.fleet import Asset, Zone
from coldchain_backend.judging.batches import WORST_RANK
from coldchain_backend.judging.contracts import Memory, SensorState
from coldchain_backend.judging.courses import Course
from coldchain_backend.judging.present import Present

LONGEST_MS = 7 * 86_400_000
"""Over a longer time degree-minutes are not summed up for a message; the excursion's own page has them."""

MOST_SIBLINGS = 12


class Surroundings:
    """Looks at sensors as they were heard last, up to the record that is being read."""

    def __init__(self, memory: Memory, present: Present) -> None:
        self._memory, self._present = memory, present
        self._as_of = (0, 0)
        self._known: dict[tuple[str | None, str | None], Context] = {}
        self._seen: dict[str, tuple[SensorState | None, Sibling]] = {}

    def past(self, cause: Cause) -> bool:
        """Whether it is being read in from the past of a foreign store."""
        newest_ms = cause.known_ms if cause.end is None else cause.end.event_ms
        return self._present.past(cause.subject.sensor, newest_ms)

    def context(self, cause: Cause) -> Context:
        """What is known around a cause now."""
        subject = cause.subject
        now = (self._present.offset, self._present.now_ms)
        if now != self._as_of:
            self._as_of = now
            self._known.clear()
            self._seen.clear()
        place = (subject.asset, subject.zone)
        known = self._known.get(place)
        if known is None:
            known = self._known[place] = self._around(*place)
        heard = self._present.sensors.get(subject.sensor or "")
        return replace(
            known,
            last_contact_ms=None if heard is None else heard.last_ms,
            degree_minutes=self._degree_minutes(cause),
            siblings=tuple(self._siblings(subject.zone, subject.point)),
        )

    def _around(self, asset_id: str | None, zone_id: str | None) -> Context:
        """What all alerts of a place have in common; asked once for each record and instant of the log."""
        plan = self._present.fleet.plan
        asset = None if asset_id is None else plan.asset(asset_id)
        found = None if zone_id is None else plan.zone(zone_id)
        in_zone = [] if found is None else list(self._heard(_sensors_of(found[1])))
        around = [] if asset is None else list(self._heard(_sensors_at(asset)))
        return Context(
            door_open=_any(in_zone, "door_open"),
            defrost=_any(in_zone, "defrost"),
            mains=_all(around, "mains"),
            ups_charge=self._ups_charge(around, asset),
            position=_position(around),
        )

    def _heard(self, sensors: Iterable[str]) -> Iterator[SensorState]:
        for sensor in sensors:
            state = self._present.sensors.get(sensor)
            if state is not None and state.last_ms is not None:
                yield state

    def _ups_charge(self, around: Iterable[SensorState], asset: Asset | None) -> float | None:
        """By a sensor of the asset, else by the health of its gateway."""
        said = [one for one in around if "ups_charge" in one.values]
        if said:
            return float(max(said, key=lambda one: one.last_ms or 0).values["ups_charge"])
        for gateway in self._present.fleet.gateways:
            state = self._present.gateways.get(gateway.name)
            if asset is not None and gateway.asset == asset.id and state is not None:
                charge = state.health.get("ups_charge")
                if isinstance(charge, int | float):
                    return float(charge)
        return None

    def _siblings(self, zone: str | None, point: str | None) -> Iterator[Sibling]:
        found = None if zone is None else self._present.fleet.plan.zone(zone)
        points = () if found is None else found[1].points
        for one in islice((one for one in points if one.id != point), MOST_SIBLINGS):
            state = None if one.sensor is None else self._present.sensors.get(one.sensor)
            out = one.sensor is not None and self._present.is_out(one.sensor)
            of, seen = self._seen.get(one.id, (None, None))
            if seen is None or of is not state or seen.out is not out:
                seen = _sibling(one.id, state, out=out)
                self._seen[one.id] = state, seen
            yield seen

    def _degree_minutes(self, cause: Cause) -> float | None:
        """How far beyond the limit times how long, by the same account as everywhere in judging."""
        course = self._course(cause)
        end_ms = cause.known_ms if cause.end is None else cause.end.event_ms
        if course is None or not 0 < end_ms - cause.opened_ms <= LONGEST_MS:
            return None if course is None else 0.0
        samples, _ = self._memory.series.samples(
            course.key.sensor, course.key.quantity, cause.opened_ms, end_ms + 1, worst_rank=WORST_RANK
        )
        if not samples:
            return None
        whole = account(course.seen(samples), course.judged, (cause.opened_ms, end_ms))
        found = next((one for one in whole.rules if one.rule == cause.rule), None)
        return None if found is None else round(found.degree_minutes, 2)

    def _course(self, cause: Cause) -> Course | None:
        if cause.kind is not AlertKind.EXCURSION or cause.subject.sensor is None:
            return None
        for course in self._present.courses_at(cause.subject.sensor):
            known = any(rule.name == cause.rule for rule in course.judged.rules)
            if known and course.spell.holds(cause.opened_ms):
                return course
        return None


def _sibling(point: str, state: SensorState | None, *, out: bool) -> Sibling:
    value = None if state is None else state.values.get("temperature")
    return Sibling(
        point=point,
        value=None if value is None else float(value),
        at_ms=None if state is None else state.last_ms,
        out=out,
    )


def _sensors_of(zone: Zone) -> list[str]:
    return [*zone.doors, *(one.sensor for one in zone.points if one.sensor is not None)]


def _sensors_at(asset: Asset) -> list[str]:
    return [*asset.mains, *(sensor for zone in asset.zones for sensor in _sensors_of(zone))]


def _any(states: Iterable[SensorState], field: str) -> bool | None:
    """Whether one of those that say it says so; None where none does."""
    said = [bool(one.values[field]) for one in states if field in one.values]
    return any(said) if said else None


def _all(states: Iterable[SensorState], field: str) -> bool | None:
    said = [bool(one.values[field]) for one in states if field in one.values]
    return all(said) if said else None


def _position(states: Iterable[SensorState]) -> Position | None:
    """The newest position that a sensor of the asset told."""
    said = [one for one in states if "latitude" in one.values and "longitude" in one.values]
    if not said:
        return None
    newest = max(said, key=lambda one: one.last_ms or 0)
    return Position(
        latitude=float(newest.values["latitude"]),
        longitude=float(newest.values["longitude"]),
        at_ms=newest.last_ms or 0,
    )
