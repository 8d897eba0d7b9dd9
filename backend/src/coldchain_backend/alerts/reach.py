"""Whom the alarms of a zone reach at every hour of a week, and when nobody is on call for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from coldchain.profiles import Level
from coldchain_backend.alerts.cause import AlertKind
from coldchain_backend.alerts.routing import Matter, Mismatch, Reason, Spot, mismatch, route, spot_of
from coldchain_backend.fleet import Asset, Plan, Route, Zone

WEEK_MS: Final = 7 * 86_400_000
KINDS: Final = (AlertKind.EXCURSION, AlertKind.SILENCE)
"""What is asked for every zone: what happens to the goods, and that nothing is known of them."""

MOST_STRETCHES: Final = 2000
"""So many changes of who is on call in one week are looked at."""

MOST_SAID: Final = 8
"""So many times are written out in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A time [from_ms, to_ms) in which the same people are told, for one reason."""

    from_ms: int
    to_ms: int
    receivers: tuple[str, ...]
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Times of a week in which nobody is on call for the alarms of a zone; `instead` are told then."""

    asset: str
    zone: str
    kind: AlertKind
    times: tuple[tuple[int, int], ...]
    instead: tuple[str, ...]


def week(plan: Plan, matter: Matter, from_ms: int) -> tuple[Stretch, ...]:
    """Who is told of a matter in the week from an instant (ms UTC) on."""
    found: list[Stretch] = []
    at_ms, end_ms = from_ms, from_ms + WEEK_MS
    while at_ms < end_ms and len(found) < MOST_STRETCHES:
        routed = route(matter, plan, at_ms)
        to_ms = end_ms if routed.boundary_ms is None else min(routed.boundary_ms, end_ms)
        same = bool(found) and (found[-1].receivers, found[-1].reason) == (routed.receivers, routed.reason)
        from_before = found.pop().from_ms if same else at_ms
        found.append(
            Stretch(from_ms=from_before, to_ms=to_ms, receivers=routed.receivers, reason=routed.reason)
        )
        at_ms = to_ms
    return tuple(found)


class Weeks:
    """The weeks of one plan from an instant on; places that go the same way are looked at once."""

    def __init__(self, plan: Plan, from_ms: int) -> None:
        self._plan, self._from_ms = plan, from_ms
        self._known: dict[tuple[object, ...], tuple[Stretch, ...]] = {}

    def of(self, matter: Matter) -> tuple[Stretch, ...]:
        """Who is told of a matter at one place."""
        ways = (mismatch(one, matter, spot) for one in self._plan.routes for spot in matter.spots)
        key = (matter.cls, matter.level, *ways)
        if key not in self._known:
            self._known[key] = week(self._plan, matter, self._from_ms)
        return self._known[key]


def alarms_of(asset: Asset, zone: Zone, kind: AlertKind, level: Level = Level.ALARM) -> Matter:
    """What is asked of a zone."""
    return Matter(level=level, kind=kind, spots=(spot_of(asset, zone),))


def gaps(plan: Plan, from_ms: int) -> Iterator[Gap]:
    """For each zone the times of a week in which a route matches and nobody of it is on call."""
    weeks = Weeks(plan, from_ms)
    for asset, zone in plan.zones():
        told: set[tuple[Stretch, ...]] = set()
        for kind in KINDS:
            found = weeks.of(alarms_of(asset, zone, kind))
            off = tuple(one for one in found if _deserted(plan, one))
            if off and off not in told:
                told.add(off)
                yield Gap(
                    asset=asset.id,
                    zone=zone.id,
                    kind=kind,
                    times=tuple((one.from_ms, one.to_ms) for one in off),
                    instead=tuple(dict.fromkeys(name for one in off for name in one.receivers)),
                )


def _deserted(plan: Plan, one: Stretch) -> bool:
    """Whether nobody of the matching routes is on call, or nobody of the default one."""
    if one.reason is Reason.EVERYBODY:
        return plan.default_route is not None
    return one.reason in {Reason.NOBODY_ON_CALL, Reason.NO_RECEIVER}


def idle_routes(plan: Plan) -> Iterator[tuple[int, str]]:
    """Routes (by number) that no alert of this fleet can take, with what stands in the way."""
    spots = [spot_of(asset, zone) for asset, zone in plan.zones()] + [spot_of(one) for one in plan.assets]
    for index, one in enumerate(plan.routes):
        found = [
            (matter, spot)
            for matter in _matters(one)
            for spot in (*spots, Spot())
            if mismatch(one, matter, spot) is None
        ]
        before = [earlier for earlier in plan.routes[:index] if not earlier.goes_on]
        if not found:
            yield index, "nothing in the fleet matches it"
        elif all(any(mismatch(other, *way) is None for other in before) for way in found):
            yield index, "routes before it take all that would match"


def _matters(one: Route) -> Iterator[Matter]:
    """One of each sort that a route could be for."""
    for kind in AlertKind:
        for level in Level:
            matter = Matter(level=level, kind=kind)
            if mismatch(one, matter, Spot()) not in {Mismatch.CLASS, Mismatch.LEVEL, Mismatch.KIND}:
                yield matter


def week_begin(time_zone: str, now_ms: int) -> int:
    """The last Monday midnight of a zone at or before an instant, ms UTC."""
    local = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(time_zone))
    monday = datetime.combine(local.date() - timedelta(days=local.weekday()), time(), ZoneInfo(time_zone))
    return int(monday.timestamp()) * 1000


def said_times(times: tuple[tuple[int, int], ...], time_zone: str) -> str:
    """Times of a week in words: `Sat 00:00-Mon 08:00 (Asia/Shanghai)`; what comes every day is said once."""
    zone = ZoneInfo(time_zone)
    if sum(to_ms - from_ms for from_ms, to_ms in times) >= WEEK_MS:
        return "at all hours"
    spans = [(_local(first, zone), _local(last, zone)) for first, last in times]
    clocks = {f"{first:%H:%M}-{last:%H:%M}" for first, last in spans}
    if len(spans) >= 7 and len(clocks) == 1:
        return f"daily {clocks.pop()} ({time_zone})"
    said = ", ".join(f"{first:%a %H:%M}-{last:%a %H:%M}" for first, last in spans[:MOST_SAID])
    more = f" and {len(spans) - MOST_SAID} more" if len(spans) > MOST_SAID else ""
    return f"{said}{more} ({time_zone})"


def _local(at_ms: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, zone)
