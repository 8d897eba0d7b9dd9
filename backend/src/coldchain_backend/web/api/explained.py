"""Why an alert would go to whom at an instant: the document of the API and of `route explain`."""

from collections.abc import Callable, Sequence

from pydantic import BaseModel, Field

from coldchain.profiles import Level
from coldchain_backend.access import Person
from coldchain_backend.alerts import AlertKind
from coldchain_backend.alerts.routing import Matter, Routed, Spot, on_call, route, spot_of
from coldchain_backend.alerts.schedules import active
from coldchain_backend.fleet import Plan, Receiver
from coldchain_backend.web.api.shapes import Names, Time
from coldchain_backend.web.times import iso


class PersonItem(BaseModel):
    """Somebody behind a receiver; `reachable`: the address that its channel needs is known."""

    id: str
    name: Names
    reachable: bool


class ReceiverItem(BaseModel):
    """A receiver that is told; `fallback` is told where it cannot be reached."""

    name: str
    channel: str
    language: str
    fallback: str | None
    persons: list[PersonItem]


class ConsideredItem(BaseModel):
    """A route that was looked at for a place.

    `passed_by`: the part that did not fit, or `earlier` where one before it matched and ends the search; null
    where it matches, with those of it who are on call.
    """

    route: str
    asset: str | None
    zone: str | None
    passed_by: str | None
    on_call: list[str]


class StepItem(BaseModel):
    """What follows while nobody acknowledges: who is told at an instant."""

    number: int
    after_minutes: float
    at: Time
    receivers: list[str]


class ScheduleItem(BaseModel):
    """A schedule of the routes that matched, and whether it is on."""

    name: str
    time_zone: str
    on: bool


class Explanation(BaseModel):
    """Who is told, why, and what follows.

    `reason`: route, default_route, nobody_on_call, everybody, system_receiver, page_only or no_receiver.
    `until`: when somebody else may be on call. `acknowledged_for_minutes`: so long an acknowledgement holds.
    """

    at: Time
    asset: str | None
    zone: str | None
    kind: str
    level: str
    class_: str = Field(serialization_alias="class")
    reason: str
    routes: list[str]
    receivers: list[ReceiverItem]
    considered: list[ConsideredItem]
    schedules: list[ScheduleItem]
    until: Time | None
    escalation: list[StepItem]
    acknowledged_for_minutes: float | None


PeopleOf = Callable[[Sequence[str]], Sequence[Person]]
"""The people of those ids, as far as there are any."""


def matter_at(
    plan: Plan, kind: AlertKind, level: Level, zone: str | None, asset: str | None
) -> Matter | None:
    """What is asked of a zone, of an asset as a whole, or of the product; None: no such place."""
    if zone is not None:
        found = plan.zone(zone)
        return None if found is None else Matter(level=level, kind=kind, spots=(spot_of(*found),))
    if asset is not None:
        known = plan.asset(asset)
        return None if known is None else Matter(level=level, kind=kind, spots=(spot_of(known),))
    return Matter(level=level, kind=kind, spots=(Spot(),))


def explained(plan: Plan, matter: Matter, at_ms: int, people: PeopleOf) -> Explanation:
    """Explain the choice that is made of a matter at an instant."""
    routed, spot = route(matter, plan, at_ms), matter.spots[0]
    by_name = {one.name: one for one in plan.receivers}
    return Explanation(
        at=iso(at_ms),
        asset=spot.asset,
        zone=spot.zone,
        kind=matter.kind.value,
        level=matter.level.value,
        class_=matter.cls.value,
        reason=routed.reason.value,
        routes=list(routed.routes),
        receivers=[receiver_item(by_name[name], people) for name in routed.receivers],
        considered=[
            ConsideredItem(
                route=one.route,
                asset=one.spot.asset,
                zone=one.spot.zone,
                passed_by=None if one.passed_by is None else one.passed_by.value,
                on_call=list(one.on_call),
            )
            for one in routed.considered
        ],
        schedules=_schedules(plan, routed, at_ms),
        until=None if routed.boundary_ms is None else iso(routed.boundary_ms),
        escalation=_steps(plan, matter, routed, at_ms),
        acknowledged_for_minutes=_minutes(routed.acknowledged_for_ms),
    )


def receiver_item(receiver: Receiver, people: PeopleOf) -> ReceiverItem:
    """A receiver with the people behind it."""
    return ReceiverItem(
        name=receiver.name,
        channel=receiver.kind,
        language=receiver.language.value,
        fallback=receiver.fallback,
        persons=[
            PersonItem(id=one.id, name=Names.of(one.name), reachable=not one.disabled)
            for one in people(receiver.persons)
        ],
    )


def _schedules(plan: Plan, routed: Routed, at_ms: int) -> list[ScheduleItem]:
    routes = [*plan.routes, *(() if plan.default_route is None else (plan.default_route,))]
    names = {call.schedule for one in routes if one.name in routed.routes for call in one.calls}
    return [
        ScheduleItem(name=one.name, time_zone=one.time_zone, on=active(one, at_ms))
        for one in plan.schedules
        if one.name in names
    ]


def _steps(plan: Plan, matter: Matter, routed: Routed, at_ms: int) -> list[StepItem]:
    found = []
    for rung in routed.rungs:
        then_ms = at_ms + rung.after_ms
        told = on_call(rung.calls, plan, then_ms) or route(matter, plan, then_ms).receivers
        found.append(
            StepItem(
                number=rung.number,
                after_minutes=rung.after_ms / 60_000,
                at=iso(then_ms),
                receivers=list(told),
            )
        )
    return found


def _minutes(duration_ms: int | None) -> float | None:
    return None if duration_ms is None else duration_ms / 60_000
