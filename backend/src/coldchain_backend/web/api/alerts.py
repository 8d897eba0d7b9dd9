"""Alerts: the list, and one with its history."""

from asyncio import to_thread
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel

from coldchain.profiles import Level
from coldchain_backend.alerts import Alert, AlertKind, AlertState, Transition, context_document, notice_of
from coldchain_backend.fleet import Fleet
from coldchain_backend.judging import AlertFilter, AlertOrder, DeliveryView
from coldchain_backend.web.api.alert_items import AlertItem, alert_fields
from coldchain_backend.web.api.shapes import Listed, Name, Names, Time
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.places import named
from coldchain_backend.web.services import Asker, Wanted
from coldchain_backend.web.times import iso

router = APIRouter(prefix="/api/v1", tags=["alerts"], responses=FAILURES)
MAX_ALERTS = 500


class StepItem(BaseModel):
    """One step of an alert's life: `at` by the server's log, `event_time` when it happened."""

    sequence: int
    kind: str
    level: str
    at: Time
    event_time: Time
    value: float | None
    by: str | None
    reason: str | None
    note: str | None
    text: Names


class ToldItem(BaseModel):
    """One telling of a receiver."""

    receiver: str
    sequence: int
    state: str
    attempts: int
    at: Time
    delivered_at: Time | None
    error: str | None


class SiblingItem(BaseModel):
    """Another point of the zone as it was heard last; `out`: an excursion goes on there."""

    point: str
    value_c: float | None
    at: Time | None
    out: bool


class NearItem(BaseModel):
    """What was going on around; null is not known. `ups_charge` in %."""

    door: Literal["open", "closed"] | None
    defrost: Literal["on", "off"] | None
    mains: Literal["on", "off"] | None
    ups_charge: float | None
    siblings: list[SiblingItem]


class PositionItem(BaseModel):
    """Where the asset was heard to be, and when."""

    latitude: float
    longitude: float
    at: Time


class Around(BaseModel):
    """What was known around an alert at its last step; degree-minutes beyond the limit, known time only."""

    degree_minutes: float | None
    last_contact_at: Time | None
    position: PositionItem | None
    context: NearItem


class AlertAnswer(AlertItem):
    """An alert with everything that happened to it; `around`: what was known around it when it was told."""

    around: Around
    timeline: list[StepItem]
    deliveries: list[ToldItem]


@router.get("/alerts")
async def alerts(  # noqa: PLR0913 - each is a documented query parameter
    services: Wanted,
    person: Asker,
    *,
    state: Annotated[AlertState | None, Query(description="only alerts that are shown in this state")] = None,
    listed: Annotated[bool, Query(description="only alerts that a person still has to do with")] = False,
    level: Level | None = None,
    kind: AlertKind | None = None,
    asset: Name | None = None,
    zone: Name | None = None,
    q: Annotated[str | None, Query(max_length=100, description="a part of an id or of a name")] = None,
    sort: AlertOrder = AlertOrder.NEWEST,
    after: Annotated[str | None, Query(max_length=100, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_ALERTS)] = 100,
) -> Listed[AlertItem]:
    """Alerts, the newest first; `state=pending` lists what is out of limits and not yet due to be told."""
    wanted = AlertFilter(
        state=state,
        listed=listed,
        level=level,
        kind=kind,
        asset=asset,
        zone=zone,
        q=q or None,
        places=named(services.fleet().plan, q) if q else frozenset(),
        order=sort,
    )
    found = await to_thread(services.answers.alerts, wanted, after=after, limit=limit + 1)
    items = [AlertItem.model_validate(alert_fields(one)) for one in found[:limit]]
    return Listed(items=items, next=items[-1].id if len(found) > limit else None)


@router.get("/alerts/{alert}")
async def alert(services: Wanted, person: Asker, alert: str) -> AlertAnswer:
    """One alert with its timeline and deliveries."""
    story = await to_thread(services.answers.alert, alert)
    if story is None:
        raise HTTPException(404, f"no alert {alert}")
    fleet = services.fleet()
    return AlertAnswer.model_validate(
        {
            **alert_fields(story.alert),
            "around": context_document(story.alert.context),
            "timeline": [_step(story.alert, step, fleet) for step in story.steps],
            "deliveries": [_told(one) for one in story.deliveries],
        }
    )


def _step(alert: Alert, step: Transition, fleet: Fleet) -> StepItem:
    return StepItem(
        sequence=step.sequence,
        kind=step.kind.value,
        level=step.level.value,
        at=iso(step.at_ms),
        event_time=iso(step.event_ms),
        value=step.value,
        by=step.by,
        reason=step.reason,
        note=step.note,
        text=Names.of(notice_of(alert, step, fleet).text()),
    )


def _told(told: DeliveryView) -> ToldItem:
    return ToldItem(
        receiver=told.receiver,
        sequence=told.sequence,
        state=told.state,
        attempts=told.attempts,
        at=iso(told.created_ms),
        delivered_at=None if told.delivered_ms is None else iso(told.delivered_ms),
        error=told.last_error,
    )
