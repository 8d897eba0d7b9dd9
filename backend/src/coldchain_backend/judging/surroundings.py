"""What is known around the cause of an alert, from judging's present: asked at the moment of a telling."""

from collections.abc import Iterable, Iterator

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

    def context(self, cause: Cause) -> Context:
        """What is known around a cause now."""
        subject = cause.subject
        asset = next((one for one in self._present.fleet.plan.assets if one.id == subject.asset), None)
        zone = None if asset is None else next((one for one in asset.zones if one.id == subject.zone), None)
        in_zone = list(self._heard(_sensors_of(zone))) if zone is not None else []
        around = list(self._heard(_sensors_at(asset))) if asset is not None else []
        heard = self._present.sensors.get(subject.sensor or "")
        return Context(
            door_open=_any(in_zone, "door_open"),
            defrost=_any(in_zone, "defrost"),
            mains=_all(around, "mains"),
            ups_charge=self._ups_charge(around, asset),
            last_contact_ms=None if heard is None else heard.last_ms,
            degree_minutes=self._degree_minutes(cause),
            position=_position(around),
            siblings=tuple(self._siblings(zone, subject.point)),
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

    def _siblings(self, zone: Zone | None, point: str | None) -> Iterator[Sibling]:
        others = [] if zone is None else [one for one in zone.points if one.id != point]
        for one in others[:MOST_SIBLINGS]:
            state = None if one.sensor is None else self._present.sensors.get(one.sensor)
            value = None if state is None else state.values.get("temperature")
            yield Sibling(
                point=one.id,
                value=None if value is None else float(value),
                at_ms=None if state is None else state.last_ms,
                out=one.sensor is not None and self._present.out_of_limits([one.sensor]),
            )

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
