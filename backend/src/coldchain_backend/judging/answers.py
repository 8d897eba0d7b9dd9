"""Any question about what was measured, judged and told. Pure reads, outside the consumer's thread."""

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from coldchain.excursions import Judged, State, Until, step
from coldchain.gaps import gap_limit_ms
from coldchain.profiles import Level
from coldchain.words import Text
from coldchain_backend.alerts import Alert, alert_id_of
from coldchain_backend.alerts.notices import notice_of
from coldchain_backend.fleet import Fleet, Place, Spell
from coldchain_backend.judging.contracts import GatewayState, Progress, RunState, StoredExcursion
from coldchain_backend.judging.versions import with_record
from coldchain_backend.judging.views import (
    AlertFilter,
    AlertStory,
    Board,
    Bucket,
    Condition,
    Facts,
    PointStatus,
    Recall,
    Trace,
)
from coldchain_backend.series import SeriesReading

UPLOAD_MS: Final = 20_000
"""What sealing and sending may add to the age of a newest reading before it counts as old."""


class Answers:
    """Asks `recall`; keeps only the fleet, which grows by versions."""

    def __init__(self, recall: Recall, organisation: str) -> None:
        self._recall = recall
        self._fleet = Fleet.empty(organisation)
        self._lock = threading.Lock()

    def fleet(self) -> Fleet:
        """The fleet as judging knows it."""
        with self._lock:
            for record in self._recall.fleets(self._fleet.current.number):
                self._fleet = with_record(self._fleet, record)
            return self._fleet

    def progress(self) -> Progress:
        """How far the log was judged."""
        return self._recall.progress()

    def gateways(self) -> Sequence[GatewayState]:
        """What is known of gateways: when they were heard, and their health."""
        return self._recall.gateways()

    def unjudged(self) -> Mapping[str, int]:
        """How much is in evidence but not judged, by reason."""
        return self._recall.unjudged()

    def board(self, now_ms: int) -> Board:
        """How every point stands at `now_ms`."""
        facts, fleet = self._recall.facts(), self.fleet()
        states = {
            (course.key.sensor, course.key.from_ms, course.key.quantity): course for course in facts.courses
        }
        holes = {run.gateway: run for run in facts.runs if not run.whole}
        by_point: dict[str, list[StoredExcursion]] = {}
        for stored in facts.open:
            course = states.get((stored.key.sensor, stored.key.from_ms, stored.key.quantity))
            spell = fleet.spell_of(stored.key.sensor, now_ms)
            if spell is None or spell.from_ms != stored.key.from_ms:
                continue
            fresh = stored if course is None else _as_of(stored, course.state, spell, facts.progress.stamp_ms)
            by_point.setdefault(stored.point, []).append(fresh)
        points = tuple(
            _status(place, fleet, facts, by_point.get(place.point.id, []), holes, now_ms)
            for place in fleet.plan.places()
        )
        return Board(
            made_ms=now_ms,
            offset=facts.progress.offset,
            judged_to_ms=facts.progress.stamp_ms,
            points=points,
        )

    def trace(
        self, point: str, from_ms: int, to_ms: int, buckets: int, quantity: str = "temperature"
    ) -> Trace:
        """A quantity at a point over time, whichever sensors stood there."""
        fleet = self.fleet()
        samples: list[tuple[int, float]] = []
        gaps: list[tuple[int, int]] = []
        for spell in _spells_at(fleet, point):
            start_ms = max(from_ms, spell.from_ms)
            end_ms = to_ms if spell.to_ms is None else min(to_ms, spell.to_ms)
            if start_ms < end_ms:
                part = self._recall.samples(spell.sensor, quantity, start_ms, end_ms)
                gaps += _gaps(part, spell)
                samples += part
        return Trace(
            buckets=tuple(_buckets(sorted(samples), from_ms, to_ms, buckets)), gaps=tuple(sorted(gaps))
        )

    def readings(
        self, sensor: str, from_ms: int, to_ms: int, *, after_ms: int | None = None, limit: int = 1000
    ) -> Sequence[SeriesReading]:
        """What a sensor said in from_ms ≤ time < to_ms, by time, behind `after_ms`."""
        start_ms = from_ms if after_ms is None else max(from_ms, after_ms + 1)
        return self._recall.page(sensor, start_ms, to_ms, limit)

    def excursions(
        self,
        points: Collection[str] | None,
        from_ms: int,
        to_ms: int,
        *,
        after: str | None = None,
        limit: int = 100,
    ) -> Sequence[StoredExcursion]:
        """Excursions that overlap a time, newest first; None: of all points."""
        return self._recall.excursions(points, from_ms, to_ms, after, limit)

    def alerts(self, wanted: AlertFilter, *, after: str | None = None, limit: int = 100) -> Sequence[Alert]:
        """Alerts, newest first."""
        return self._recall.alerts(wanted, after, limit)

    def alert(self, alert_id: str) -> AlertStory | None:
        """One alert with its steps, deliveries and the gateway's own alarms of that time."""
        return self._recall.story(alert_id)

    def text(self, story: AlertStory) -> Text:
        """What the newest step of an alert says."""
        return notice_of(story.alert, story.steps[-1], self.fleet()).text()


def _as_of(stored: StoredExcursion, state: State, spell: Spell, stamp_ms: int) -> StoredExcursion:
    """An open excursion with peak and time out of limits as of now; stored are those of its last level."""
    judged = Judged(profile=spell.profile, interval_ms=spell.interval_ms, quantity=stored.key.quantity)
    shown, _ = step(state, Until(time_ms=stamp_ms), judged)
    for place in shown.open:
        if place.rule == stored.excursion.rule:
            return replace(stored, excursion=place)
    return stored


def _status(
    place: Place,
    fleet: Fleet,
    facts: Facts,
    excursions: Sequence[StoredExcursion],
    holes: Mapping[str, RunState],
    now_ms: int,
) -> PointStatus:
    sensor_id = place.point.sensor
    declared = None if sensor_id is None else fleet.plan.sensor(sensor_id)
    sensor = None if sensor_id is None else facts.sensors.get(sensor_id)
    interval_ms = 0 if declared is None else declared.interval_ms
    stale_after_ms = round(2.5 * interval_ms) + UPLOAD_MS
    last_ms = None if sensor is None else sensor.last_ms
    run = holes.get(sensor.gateway) if sensor is not None and sensor.gateway is not None else None
    stale = last_ms is None or now_ms - last_ms > stale_after_ms
    worst = max(excursions, key=_loudness, default=None)
    condition = _condition(place, worst, unknown=stale or run is not None)
    return PointStatus(
        point_id=place.point.id,
        sensor=sensor_id,
        condition=condition,
        condition_since_ms=_since(condition, worst, last_ms),
        time_ms=last_ms,
        values={} if sensor is None else sensor.values,
        quality=None if sensor is None else sensor.quality,
        stale_after_ms=stale_after_ms,
        unknown_since_ms=last_ms if stale else (None if run is None else run.held_ms),
        catching_up=run is not None,
        catching_up_to_ms=None if run is None else run.held_ms,
        excursion=worst,
        alert_id=None if worst is None or worst.excursion.level is None else alert_id_of(worst.id),
    )


def _loudness(stored: StoredExcursion) -> tuple[int, int]:
    level = stored.excursion.level
    return (0 if level is None else level.rank, -stored.excursion.opened_ms)


def _condition(place: Place, worst: StoredExcursion | None, *, unknown: bool) -> Condition:
    """Unknown never hides a limit that is known to be broken."""
    if not place.in_use:
        return Condition.NOT_JUDGED
    level = None if worst is None else worst.excursion.level
    if level is not None:
        return Condition.ALARM if level is Level.ALARM else Condition.WARNING
    if unknown:
        return Condition.UNKNOWN
    return Condition.IN_LIMITS if worst is None else Condition.PENDING


def _since(condition: Condition, worst: StoredExcursion | None, last_ms: int | None) -> int | None:
    if condition is Condition.UNKNOWN:
        return last_ms
    return None if worst is None else worst.excursion.opened_ms


def _spells_at(fleet: Fleet, point: str) -> Iterator[Spell]:
    places = (version.plan.place_of_point(point) for version in fleet.versions)
    sensors = {place.point.sensor for place in places if place is not None and place.point.sensor is not None}
    for sensor in sorted(sensors):
        yield from (spell for spell in fleet.spells(sensor) if spell.place.point.id == point)


def _gaps(samples: Sequence[tuple[int, float]], spell: Spell) -> Iterator[tuple[int, int]]:
    limit_ms = gap_limit_ms(spell.profile, spell.interval_ms)
    for (before_ms, _), (after_ms, _) in zip(samples, samples[1:], strict=False):
        if after_ms - before_ms > limit_ms:
            yield before_ms + spell.interval_ms, after_ms


def _buckets(samples: Sequence[tuple[int, float]], from_ms: int, to_ms: int, count: int) -> Iterator[Bucket]:
    width_ms = max(1, -(-(to_ms - from_ms) // max(1, count)))
    heaps: dict[int, list[float]] = {}
    for time_ms, value in samples:
        heaps.setdefault((time_ms - from_ms) // width_ms, []).append(value)
    for index, values in heaps.items():
        start_ms = from_ms + index * width_ms
        yield Bucket(
            start_ms=start_ms,
            end_ms=min(start_ms + width_ms, to_ms),
            low=min(values),
            high=max(values),
            mean=sum(values) / len(values),
            last=values[-1],
        )
