"""Drift, looked for from time to time: a sensor beside those that stand in the same zone."""

from datetime import date
from typing import Final
from zlib import crc32
from zoneinfo import ZoneInfo

from coldchain.profiles import Level
from coldchain.siblings import BEFORE_HOURS, HOUR_MS, Drift, Hours, drift
from coldchain.spans import day_of
from coldchain_backend.alerts import AlertKind, EndKind
from coldchain_backend.judging.batches import WORST_RANK
from coldchain_backend.judging.contracts import ConditionState, Memory
from coldchain_backend.judging.device_conditions import Conditions, beginning
from coldchain_backend.judging.dues import DueKind
from coldchain_backend.judging.present import Present
from coldchain_backend.series import overview

FEWEST: Final = 3
"""So many sensors must stand in a zone before one of them can be told from the others."""

_FROM_HOURS: Final = BEFORE_HOURS + 2


class Neighbours:
    """Compares each sensor in use with its neighbours once an hour, at a minute of its own."""

    def __init__(self, memory: Memory, present: Present, conditions: Conditions) -> None:
        self._memory, self._present, self._conditions = memory, present, conditions

    def expect(self, sensor: str) -> None:
        """Set when to look at a sensor next."""
        watched = sensor in self._present.watched and len(self._zone_of(sensor)) >= FEWEST
        due_ms = _next_look_ms(sensor, self._present.now_ms) if watched else None
        self._present.dues.set(DueKind.DEVICE, (AlertKind.DRIFT.value, sensor), due_ms)

    def look(self, sensor: str) -> None:
        """Tell a sensor that has left its neighbours; it stays told until it is calibrated or taken away."""
        told = self._conditions.state(AlertKind.DRIFT, sensor)
        if told is None and sensor in self._present.watched:
            found = self._drift(sensor)
            if found is not None:
                fresh = beginning(AlertKind.DRIFT, sensor, found.since_ms)
                self._conditions.tell(fresh, Level.WARNING, detail=f"{found.by:+.1f} °C")
        self.expect(sensor)

    def renewed(self) -> None:
        """The fleet changed: a sensor with a certificate from after its drift is well again."""
        for state in list(self._present.conditions.values()):
            if state.kind is AlertKind.DRIFT and self._calibrated_since(state):
                self._conditions.end(state, EndKind.RESOLVED, self._present.now_ms)

    def _calibrated_since(self, state: ConditionState) -> bool:
        declared, place = (
            self._present.fleet.plan.sensor(state.subject),
            self._present.place_of(state.subject),
        )
        if declared is None or declared.certificate is None or place is None:
            return False
        return date.fromisoformat(declared.certificate.date) > day_of(
            state.since_ms, ZoneInfo(place.asset.time_zone)
        )

    def _drift(self, sensor: str) -> Drift | None:
        now_ms = self._present.now_ms
        ours = self._hours(sensor, now_ms)
        near = (self._hours(one, now_ms) for one in self._zone_of(sensor) if one != sensor)
        return drift(ours, near, now_ms)

    def _zone_of(self, sensor: str) -> list[str]:
        """The sensors that stand in the zone of a watched one, itself among them."""
        points = self._present.watched[sensor].place.zone.points
        return [point.sensor for point in points if point.sensor is not None]

    def _hours(self, sensor: str, now_ms: int) -> Hours:
        """The mean of each full hour in which a sensor spoke."""
        span = (now_ms // HOUR_MS - _FROM_HOURS) * HOUR_MS, now_ms // HOUR_MS * HOUR_MS
        found = overview(self._memory.series, sensor, "temperature", span, worst_rank=WORST_RANK)
        sums: dict[int, tuple[float, int]] = {}
        for start_ms, total, count in zip(found.starts, found.sums, found.counts, strict=True):
            hour_ms = start_ms // HOUR_MS * HOUR_MS
            before = sums.get(hour_ms, (0.0, 0))
            sums[hour_ms] = before[0] + total, before[1] + count
        return {hour_ms: total / count for hour_ms, (total, count) in sums.items()}


def _next_look_ms(sensor: str, now_ms: int) -> int:
    phase = crc32(b"drift" + sensor.encode()) % HOUR_MS
    return (now_ms - phase) // HOUR_MS * HOUR_MS + HOUR_MS + phase
