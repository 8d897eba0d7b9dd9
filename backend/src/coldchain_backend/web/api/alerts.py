"""Alerts: the list, one with its history, and taking notice of one."""

from asyncio import to_thread
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field

from coldchain.profiles import Level
from coldchain_backend.alerts import Alert, AlertState, Transition, notice_of
from coldchain_backend.fleet import Fleet
from coldchain_backend.judging import AlertFilter, DeliveryView
from coldchain_backend.web.acknowledge import MAX_REASON, write_acknowledgement
from coldchain_backend.web.api.shapes import Listed, Name, Names, Time
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Operator, Viewer, Wanted
from coldchain_backend.web.times import iso

router = APIRouter(prefix="/api/v1", tags=["alerts"], responses=FAILURES)
MAX_ALERTS = 500


class AlertItem(BaseModel):
    """An alert; times ending in `_at` are event time but `fired_at` and `acknowledged_at`, the server's."""

    id: str
    kind: str
    state: str
    level: str
    revision: int
    asset: str | None
    zone: str | None
    point: str | None
    sensor: str | None
    gateway: str | None
    rule: str | None
    value: float | None
    limit: float | None
    peak: float | None
    peak_at: Time | None
    out_minutes: float
    opened_at: Time
    ended_at: Time | None
    fired_at: Time
    incomplete: bool
    data_gap: bool
    acknowledged_by: str | None
    acknowledged_at: Time | None
    acknowledged_reason: str | None


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


class AlertAnswer(AlertItem):
    """An alert with everything that happened to it."""

    timeline: list[StepItem]
    deliveries: list[ToldItem]


class Notice(BaseModel):
    """What somebody says when taking notice."""

    reason: str = Field(min_length=1, max_length=MAX_REASON)


class Accepted(BaseModel):
    """The act is durable; `state` follows as soon as it is judged."""

    id: str
    by: str


@router.get("/alerts")
async def alerts(  # noqa: PLR0913 - each is a documented query parameter
    services: Wanted,
    person: Viewer,
    *,
    state: Annotated[AlertState | None, Query(description="only alerts in this state")] = None,
    level: Level | None = None,
    asset: Name | None = None,
    after: Annotated[str | None, Query(max_length=100, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_ALERTS)] = 100,
) -> Listed[AlertItem]:
    """Alerts, the newest first."""
    wanted = AlertFilter(state=state, level=level, asset=asset)
    found = await to_thread(services.answers.alerts, wanted, after=after, limit=limit + 1)
    items = [AlertItem.model_validate(_fields(one)) for one in found[:limit]]
    return Listed(items=items, next=items[-1].id if len(found) > limit else None)


@router.get("/alerts/{alert}")
async def alert(services: Wanted, person: Viewer, alert: str) -> AlertAnswer:
    """One alert with its timeline and deliveries."""
    story = await to_thread(services.answers.alert, alert)
    if story is None:
        raise HTTPException(404, f"no alert {alert}")
    fleet = services.fleet()
    return AlertAnswer.model_validate(
        {
            **_fields(story.alert),
            "timeline": [_step(story.alert, step, fleet) for step in story.steps],
            "deliveries": [_told(one) for one in story.deliveries],
        }
    )


@router.post("/alerts/{alert}/acknowledge", status_code=202)
async def acknowledge(services: Wanted, person: Operator, alert: str, notice: Notice) -> Accepted:
    """Take notice of an alert; the act stands in the ledger under your name when this answers."""
    if await to_thread(services.answers.alert, alert) is None:
        raise HTTPException(404, f"no alert {alert}")
    await write_acknowledgement(services, alert=alert, by=person.name, reason=notice.reason)
    return Accepted(id=alert, by=person.name)


def _fields(alert: Alert) -> dict[str, object]:
    cause, taken = alert.cause, alert.acknowledged
    subject, end = cause.subject, cause.end
    return {
        "id": alert.id,
        "kind": cause.kind.value,
        "state": alert.state.value,
        "level": alert.level.value,
        "revision": alert.revision,
        "asset": subject.asset,
        "zone": subject.zone,
        "point": subject.point,
        "sensor": subject.sensor,
        "gateway": subject.gateway,
        "rule": cause.rule,
        "value": cause.value,
        "limit": cause.limit,
        "peak": cause.peak,
        "peak_at": None if cause.peak_ms is None else iso(cause.peak_ms),
        "out_minutes": round(cause.out_ms / 60_000, 2),
        "opened_at": iso(cause.opened_ms),
        "ended_at": None if end is None else iso(end.event_ms),
        "fired_at": iso(alert.fired_ms),
        "incomplete": end is not None and end.incomplete,
        "data_gap": cause.data_gap,
        "acknowledged_by": None if taken is None else taken.by,
        "acknowledged_at": None if taken is None else iso(taken.at_ms),
        "acknowledged_reason": None if taken is None else taken.reason,
    }


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
