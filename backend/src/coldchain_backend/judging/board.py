"""The board: how every point stands now. Never green on old data, over holes or by other limits. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from coldchain.profiles import Level
from coldchain_backend.alerts import alert_id_of
from coldchain_backend.fleet import Fleet, Place
from coldchain_backend.judging.contracts import RunState, StoredExcursion
from coldchain_backend.judging.current import Current
from coldchain_backend.judging.views import Board, Condition, Facts, PointStatus

UPLOAD_MS: Final = 20_000
"""What sealing and sending may add to the age of a newest reading before it counts as old."""

STALE_FACTOR: Final = 2.5


def board_of(facts: Facts, fleet: Fleet, now_ms: int) -> Board:
    """The board at `now_ms`, from one snapshot of what was judged."""
    outlook = _Outlook(
        fleet=fleet,
        facts=facts,
        worst=_worst(facts, fleet, now_ms),
        holes={run.gateway: run for run in facts.runs if not run.whole},
        now_ms=now_ms,
    )
    return Board(
        made_ms=now_ms,
        offset=facts.progress.offset,
        judged_to_ms=facts.progress.stamp_ms,
        points=tuple(outlook.status(place) for place in fleet.in_force(now_ms).places()),
    )


def _worst(facts: Facts, fleet: Fleet, now_ms: int) -> dict[str, StoredExcursion]:
    """The loudest open excursion of each point, of those under the limits that hold now."""
    worst: dict[str, StoredExcursion] = {}
    for fresh in Current(facts, fleet).excursions.values():
        spell = fleet.spell_of(fresh.key.sensor, now_ms)
        known = worst.get(fresh.point)
        if spell is None or spell.from_ms != fresh.key.from_ms:
            continue
        if known is None or _loudness(fresh) > _loudness(known):
            worst[fresh.point] = fresh
    return worst


def _loudness(stored: StoredExcursion) -> tuple[int, int]:
    level = stored.excursion.level
    return (0 if level is None else level.rank, -stored.excursion.opened_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outlook:
    fleet: Fleet
    facts: Facts
    worst: Mapping[str, StoredExcursion]
    holes: Mapping[str, RunState]
    now_ms: int

    def status(self, place: Place) -> PointStatus:
        """How one point stands."""
        name = place.point.sensor
        declared = None if name is None else self.fleet.plan.sensor(name)
        sensor = None if name is None else self.facts.sensors.get(name)
        stale_after_ms = round(STALE_FACTOR * (0 if declared is None else declared.interval_ms)) + UPLOAD_MS
        last_ms = None if sensor is None else sensor.last_ms
        run = None if sensor is None else self.holes.get(sensor.gateway or "")
        stale = last_ms is None or self.now_ms - last_ms > stale_after_ms or self._of_before(name, last_ms)
        worst = self.worst.get(place.point.id)
        condition = _condition(place, worst, unknown=stale or run is not None)
        return PointStatus(
            point_id=place.point.id,
            sensor=name,
            condition=condition,
            condition_since_ms=last_ms if worst is None else worst.excursion.opened_ms,
            time_ms=last_ms,
            values={} if sensor is None else sensor.values,
            quality=None if sensor is None else sensor.quality,
            stale_after_ms=stale_after_ms,
            unknown_since_ms=_unknown_since(last_ms, run, stale=stale),
            catching_up=run is not None,
            catching_up_to_ms=None if run is None else run.held_ms,
            excursion=worst,
            alert_id=None if worst is None or worst.excursion.level is None else alert_id_of(worst.id),
        )

    def _of_before(self, sensor: str | None, last_ms: int) -> bool:
        """Whether a sensor has said nothing yet since it stands here under these limits."""
        spell = None if sensor is None else self.fleet.spell_of(sensor, self.now_ms)
        return spell is not None and last_ms < spell.from_ms


def _unknown_since(last_ms: int | None, run: RunState | None, *, stale: bool) -> int | None:
    if run is not None and run.held_ms is not None:
        return run.held_ms if last_ms is None else min(run.held_ms, last_ms)
    return last_ms if stale or run is not None else None


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
