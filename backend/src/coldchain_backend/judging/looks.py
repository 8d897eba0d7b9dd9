"""Conditions that are looked for from time to time: flat lines and certificates that run out."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final
from zlib import crc32
from zoneinfo import ZoneInfo

from coldchain.conditions import (
    ALONE_FACTOR,
    DEFAULT_RESOLUTION,
    calibration_level,
    calibration_next_ms,
    flat_line,
)
from coldchain.profiles import Level
from coldchain.spans import midnight_ms
from coldchain_backend.alerts import AlertKind, EndKind
from coldchain_backend.fleet import Place, Sensor
from coldchain_backend.judging.batches import WORST_RANK
from coldchain_backend.judging.contracts import Memory
from coldchain_backend.judging.device_conditions import Conditions, beginning
from coldchain_backend.judging.dues import DueKind
from coldchain_backend.judging.present import Present

FLAT_AFTER_MS: Final = 6 * 3_600_000
"""How long a value may stay the same where the sensor does not say otherwise."""

FLAT_EVERY_MS: Final = 3_600_000
_GLANCE_MS: Final = 1_800_000
"""A value that moved within this time is not flat, and nothing more is read."""


class Looks:
    """Sets the due times of sensors in use, and looks when they come."""

    def __init__(self, memory: Memory, present: Present, conditions: Conditions) -> None:
        self._memory, self._present, self._conditions = memory, present, conditions

    def expect(self, sensor: str) -> None:
        """Set when to look at a sensor next."""
        present, now_ms = self._present, self._present.now_ms
        watched = sensor in present.watched
        flat_ms = _next_look_ms(sensor, now_ms) if watched else None
        present.dues.set(DueKind.DEVICE, (AlertKind.FLAT_LINE.value, sensor), flat_ms)
        due_ms, next_ms = (self._calibration_due_ms(sensor) if watched else None), None
        if due_ms is not None:
            told = self._conditions.state(AlertKind.CALIBRATION, sensor)
            late = told is None and calibration_level(due_ms, now_ms) is not None
            next_ms = now_ms if late else calibration_next_ms(due_ms, now_ms)
        present.dues.set(DueKind.DEVICE, (AlertKind.CALIBRATION.value, sensor), next_ms)

    def _calibration_due_ms(self, sensor: str) -> int | None:
        declared, place = self._present.fleet.plan.sensor(sensor), self._present.place_of(sensor)
        if declared is None or declared.certificate is None or place is None:
            return None
        return midnight_ms(date.fromisoformat(declared.certificate.due), ZoneInfo(place.asset.time_zone))

    def look_at_calibration(self, sensor: str) -> None:
        """Tell a calibration that is due soon or overdue."""
        declared, due_ms = self._present.fleet.plan.sensor(sensor), self._calibration_due_ms(sensor)
        state = self._conditions.state(AlertKind.CALIBRATION, sensor)
        if declared is None or declared.certificate is None or due_ms is None:
            return
        level = calibration_level(due_ms, self._present.now_ms)
        if level is not None:
            fresh = state or beginning(AlertKind.CALIBRATION, sensor, self._present.now_ms)
            certificate = declared.certificate
            self._conditions.tell(fresh, level, detail=f"{certificate.number}, {certificate.due}")
        self.expect(sensor)

    def renewed(self) -> None:
        """The fleet changed: a calibration that is no longer due ends what was told of it."""
        for state in list(self._present.conditions.values()):
            if state.kind is AlertKind.CALIBRATION:
                due_ms = self._calibration_due_ms(state.subject)
                if due_ms is not None and calibration_level(due_ms, self._present.now_ms) is None:
                    self._conditions.end(state, EndKind.RESOLVED, self._present.now_ms)

    def look_at_flat(self, sensor: str) -> None:
        """Tell a value that stays the same although it should move, and that it moves again.

        Only a value that moves ends a flat line; silence does not.
        """
        now_ms, declared = self._present.now_ms, self._present.fleet.plan.sensor(sensor)
        state = self._conditions.state(AlertKind.FLAT_LINE, sensor)
        if declared is not None and sensor in self._present.watched:
            after_ms = declared.flat_after_ms or FLAT_AFTER_MS
            lately = [value for _, value in self._recent(sensor, now_ms - min(_GLANCE_MS, after_ms))]
            step = DEFAULT_RESOLUTION if declared.resolution is None else declared.resolution
            if lately and max(lately) - min(lately) > step:
                if state is not None:
                    self._conditions.end(state, EndKind.RESOLVED, now_ms)
            elif lately:
                self._compare(declared, after_ms)
        self.expect(sensor)

    def _compare(self, declared: Sensor, after_ms: int) -> None:
        """A value stood still lately: since when, and do others in the zone move?"""
        sensor, now_ms = declared.id, self._present.now_ms
        begin_ms = now_ms - (ALONE_FACTOR + 1) * after_ms
        near = self._siblings(self._present.watched[sensor].place, sensor)
        found = flat_line(
            self._recent(sensor, begin_ms),
            now_ms,
            after_ms=after_ms,
            resolution=declared.resolution,
            siblings=(self._recent(one, begin_ms) for one in near),
        )
        if found is not None:
            state = self._conditions.state(AlertKind.FLAT_LINE, sensor)
            fresh = state or beginning(AlertKind.FLAT_LINE, sensor, found.since_ms)
            self._conditions.tell(fresh, Level.WARNING, detail=f"{found.value:g} °C")

    @staticmethod
    def _siblings(place: Place, sensor: str) -> Iterator[str]:
        near = (one.sensor for one in place.zone.points)
        return (one for one in near if one is not None and one != sensor)

    def _recent(self, sensor: str, from_ms: int) -> Sequence[tuple[int, float]]:
        return self._memory.series.samples(
            sensor, "temperature", from_ms, self._present.now_ms + 1, worst_rank=WORST_RANK
        )[0]


def _next_look_ms(sensor: str, now_ms: int) -> int:
    """The next time to look for a flat line: once an hour, each sensor at a minute of its own."""
    phase = crc32(sensor.encode()) % FLAT_EVERY_MS
    return (now_ms - phase) // FLAT_EVERY_MS * FLAT_EVERY_MS + FLAT_EVERY_MS + phase
