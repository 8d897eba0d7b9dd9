"""A fast rise behind an open door or in a defrost: recorded and shown as any other, and nobody is paged."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from coldchain.marks import MarkedTime, MarkKind, explained_by, marked_times
from coldchain.profiles import Level, Mode
from coldchain_backend.alerts import Cause
from coldchain_backend.judging.batches import WORST_RANK
from coldchain_backend.judging.causes import cause_of
from coldchain_backend.judging.contracts import HOUR_MS, Memory, StoredExcursion
from coldchain_backend.judging.courses import Course
from coldchain_backend.judging.present import Present

_FIELDS: Final = {"door_open": MarkKind.DOOR, "defrost": MarkKind.DEFROST}


def told_of(stored: StoredExcursion, course: Course, memory: Memory, present: Present) -> Cause:
    """What is told of an excursion now: a rate's alarm as a warning, where a door or a defrost explains it.

    Limits of values are never softened: what is out of limits is out, whatever explains it.
    """
    cause = cause_of(stored, course, present.now_ms)
    rule = next((one for one in course.judged.rules if one.name == cause.rule), None)
    if rule is None or rule.mode is not Mode.RATE or cause.level is not Level.ALARM:
        return cause
    times = [one for found in _marks(cause.opened_ms, course, memory, present) for one in found]
    return replace(cause, level=Level.WARNING) if explained_by(cause.opened_ms, times) else cause


def _marks(opened_ms: int, course: Course, memory: Memory, present: Present) -> Iterator[list[MarkedTime]]:
    """When doors of the zone were open and defrosts ran, in the hour before an instant."""
    zone = course.spell.place.zone
    sensors = {*zone.doors, *(point.sensor for point in zone.points if point.sensor is not None)}
    for sensor in sorted(sensors):
        state = present.sensors.get(sensor)
        for field, kind in _FIELDS.items():
            if state is not None and field in state.values:
                said, _ = memory.series.samples(
                    sensor, field, opened_ms - HOUR_MS, opened_ms + 1, worst_rank=WORST_RANK
                )
                switch = ((time_ms, value != 0) for time_ms, value in said)
                yield marked_times(kind, switch, opened_ms + 1, HOUR_MS)
