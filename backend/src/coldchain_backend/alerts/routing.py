"""Who is told of an alert at an instant: routes in their order, with the reason for each choice. Pure.

An alert about several places, such as an unheard gateway, goes the way of each of them. A route that matches
while nobody of it is on call does not swallow an alert: the default route hears of it, or else everybody.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from coldchain.profiles import Level
from coldchain_backend.alerts.cause import AlertKind, Cause
from coldchain_backend.alerts.schedules import active, next_boundary
from coldchain_backend.fleet import AlertClass, Asset, Call, Escalation, NamedSchedule, Plan, Route, Zone

DEFAULT = "default"
"""The name of the default route in what is said of a choice."""


class Reason(StrEnum):
    """Why those receivers and no others."""

    ROUTE = "route"  # a route matches
    DEFAULT_ROUTE = "default_route"  # no route matches
    NOBODY_ON_CALL = "nobody_on_call"  # a route matches, and all its schedules are off: as without a route
    EVERYBODY = "everybody"  # no route, or the default one too has nobody now
    SYSTEM_RECEIVER = "system_receiver"
    PAGE_ONLY = "page_only"  # a warning that no route asks for: shown, told to nobody
    NO_RECEIVER = "no_receiver"  # the fleet has none


class Mismatch(StrEnum):
    """Why a route was passed by; `EARLIER`: one before it matched and ends the search."""

    CLASS = "class"
    LEVEL = "level"
    KIND = "kind"
    ASSET = "asset"
    ZONE = "zone"
    ASSET_KIND = "asset_kind"
    PROFILE = "profile"
    EARLIER = "earlier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place that an alert is about; what is not known is None and matches no route that asks for it."""

    asset: str | None = None
    zone: str | None = None
    asset_kind: str | None = None
    profile: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What routes look at."""

    level: Level
    kind: AlertKind
    spots: tuple[Spot, ...] = (Spot(),)

    @property
    def cls(self) -> AlertClass:
        """Whether it is about goods and devices or about the product."""
        return AlertClass.SYSTEM if self.kind is AlertKind.SYSTEM else AlertClass.ALARM


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """A route that was looked at for one place; `passed_by` None: it matches, and `on_call` are told now."""

    route: str
    spot: Spot
    passed_by: Mismatch | None
    on_call: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One telling of an escalation, `after_ms` after its beginning; no calls: the route's own again.

    number   from 1
    """

    number: int
    after_ms: int
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """Who is told now, and what follows while nobody acknowledges.

    routes               names of those that decided, `DEFAULT` among them
    escalations          their names
    rungs                of all escalations, by time
    acknowledged_for_ms  so long an acknowledgement holds at most; None: without end
    boundary_ms          when somebody else may be on call
    """

    receivers: tuple[str, ...]
    reason: Reason
    routes: tuple[str, ...] = ()
    escalations: tuple[str, ...] = ()
    rungs: tuple[Rung, ...] = ()
    acknowledged_for_ms: int | None = None
    boundary_ms: int | None = None
    considered: tuple[Considered, ...] = ()


def matter_of(cause: Cause, level: Level, plan: Plan) -> Matter:
    """What routes look at, of an alert about `cause` at `level`."""
    return Matter(level=level, kind=cause.kind, spots=tuple(_spots(cause, plan)) or (Spot(),))


def spot_of(asset: Asset, zone: Zone | None = None) -> Spot:
    """A zone of an asset, or the asset as a whole."""
    return Spot(
        asset=asset.id,
        asset_kind=asset.kind.value,
        zone=None if zone is None else zone.id,
        profile=None if zone is None else zone.profile,
    )


def _spots(cause: Cause, plan: Plan) -> Iterator[Spot]:
    subject = cause.subject
    found = None if subject.zone is None else plan.zone(subject.zone)
    if found is not None:
        yield spot_of(*found)
        return
    places = [place for sensor in cause.sensors if (place := plan.place_of_sensor(sensor)) is not None]
    yield from {place.zone.id: spot_of(place.asset, place.zone) for place in places}.values()
    if not places and subject.asset is not None:
        asset = plan.asset(subject.asset)
        yield Spot(asset=subject.asset, zone=subject.zone) if asset is None else spot_of(asset)


def route(matter: Matter, plan: Plan, at_ms: int) -> Routed:
    """Decide who is told of a matter at an instant, ms UTC."""
    considered = tuple(one for spot in matter.spots for one in _consider(matter, spot, plan, at_ms))
    matched = [one for one in considered if one.passed_by is None]
    names = _once(one.route for one in matched)
    routes = [one for one in plan.routes if one.name in names]
    receivers = _once(name for one in matched for name in one.on_call)
    reason = Reason.ROUTE
    if _shown_only(matter):
        reason = Reason.ROUTE if receivers else Reason.NOBODY_ON_CALL if routes else Reason.PAGE_ONLY
    elif not _everywhere(matter.spots, matched):
        more, why, default = _otherwise(matter, plan, at_ms)
        reason = Reason.NOBODY_ON_CALL if routes and why is not Reason.NO_RECEIVER else why
        receivers = _once((*receivers, *more))
        routes += [] if default is None else [default]
    told = Routed(receivers=receivers, reason=reason, considered=considered)
    return _with_what_follows(told, routes, plan, at_ms)


def on_call(calls: Iterable[Call], plan: Plan, at_ms: int) -> tuple[str, ...]:
    """The receivers of the calls that hold at an instant, each once."""
    schedules = {one.name: one for one in plan.schedules}
    return _once(
        name
        for call in calls
        if call.schedule is None or active(schedules[call.schedule], at_ms)
        for name in call.receivers
    )


def rungs_of(escalation: Escalation) -> tuple[Rung, ...]:
    """The tellings of an escalation one after another, repetitions written out."""
    found: list[Rung] = []
    after_ms = 0
    for _ in range(1 + escalation.repeat):
        for step in escalation.steps:
            for _ in range(step.times):
                after_ms += step.wait_ms
                found.append(Rung(number=len(found) + 1, after_ms=after_ms, calls=step.calls))
    return tuple(found)


def _consider(matter: Matter, spot: Spot, plan: Plan, at_ms: int) -> Iterator[Considered]:
    ended = False
    for one in plan.routes:
        passed_by = mismatch(one, matter, spot)
        if passed_by is None and ended:
            passed_by = Mismatch.EARLIER
        told = on_call(one.calls, plan, at_ms) if passed_by is None else ()
        yield Considered(route=one.name, spot=spot, passed_by=passed_by, on_call=told)
        ended = ended or (passed_by is None and not one.goes_on)


def mismatch(one: Route, matter: Matter, spot: Spot) -> Mismatch | None:
    """Why a route by itself is not for a matter at a place; None: it is."""
    match = one.match
    levels = match.levels or ((Level.ALARM,) if matter.kind.about_goods else tuple(Level))
    parts: tuple[tuple[Sequence[str], str | None, Mismatch], ...] = (
        (match.classes or (AlertClass.ALARM,), matter.cls, Mismatch.CLASS),
        (levels, matter.level, Mismatch.LEVEL),
        (match.kinds, matter.kind, Mismatch.KIND),
        (match.assets, spot.asset, Mismatch.ASSET),
        (match.zones, spot.zone, Mismatch.ZONE),
        (match.asset_kinds, spot.asset_kind, Mismatch.ASSET_KIND),
        (match.profiles, spot.profile, Mismatch.PROFILE),
    )
    return next((why for wanted, found, why in parts if wanted and found not in wanted), None)


def _shown_only(matter: Matter) -> bool:
    """Warnings about goods are shown; people hear of them where a route asks for it by name."""
    return matter.level is Level.WARNING and matter.kind.about_goods


def _everywhere(spots: Sequence[Spot], matched: Sequence[Considered]) -> bool:
    """Whether for each place somebody is told."""
    return all(any(one.spot == spot and one.on_call for one in matched) for spot in spots)


def _otherwise(matter: Matter, plan: Plan, at_ms: int) -> tuple[tuple[str, ...], Reason, Route | None]:
    """Who is told where no route tells anybody."""
    everybody = tuple(one.name for one in plan.receivers)
    if not everybody:
        return (), Reason.NO_RECEIVER, None
    if matter.cls is AlertClass.SYSTEM and plan.system_receiver in everybody:
        return (plan.system_receiver,), Reason.SYSTEM_RECEIVER, None
    default = plan.default_route
    told = () if default is None else on_call(default.calls, plan, at_ms)
    if told:
        return told, Reason.DEFAULT_ROUTE, default
    return everybody, Reason.EVERYBODY, default


def _with_what_follows(told: Routed, routes: Sequence[Route], plan: Plan, at_ms: int) -> Routed:
    """Add the names of the routes, their escalations as one, and when to look again."""
    wanted = {one.escalation for one in routes}
    escalations = [one for one in plan.escalations if one.name in wanted]
    steps = sorted((rung for one in escalations for rung in rungs_of(one)), key=lambda rung: rung.after_ms)
    holds = [one.acknowledged_for_ms for one in escalations if one.acknowledged_for_ms is not None]
    return replace(
        told,
        routes=tuple(one.name for one in routes),
        escalations=tuple(one.name for one in escalations),
        rungs=tuple(replace(rung, number=number) for number, rung in enumerate(steps, start=1)),
        acknowledged_for_ms=min(holds, default=None),
        boundary_ms=_boundary(routes, plan, at_ms),
    )


def _boundary(routes: Iterable[Route], plan: Plan, at_ms: int) -> int | None:
    """When the first schedule of those routes changes next."""
    names = {call.schedule for one in routes for call in one.calls}
    found = [_next(one, at_ms // 60_000 * 60_000) for one in plan.schedules if one.name in names]
    return min((one for one in found if one is not None), default=None)


@lru_cache(maxsize=1024)
def _next(schedule: NamedSchedule, minute_ms: int) -> int | None:
    """As `next_boundary`, remembered: a storm asks it ten thousand times in one minute."""
    return next_boundary(schedule, minute_ms)


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
