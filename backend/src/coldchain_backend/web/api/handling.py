"""What people do about an alert: each act stands in the ledger under their name when this answers."""

from asyncio import to_thread
from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from coldchain_backend.alerts import Decision
from coldchain_backend.web.acknowledge import MAX_REASON, write_acknowledgement
from coldchain_backend.web.alert_acts import Shelving as Wish
from coldchain_backend.web.alert_acts import (
    write_comment,
    write_disposition,
    write_shelving,
    write_unshelving,
)
from coldchain_backend.web.api.shapes import ms_of
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker, Wanted
from coldchain_backend.web.times import Instant

router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"], responses=FAILURES)
Reason = Annotated[str, Field(min_length=1, max_length=MAX_REASON)]


class Notice(BaseModel):
    """What somebody says when taking notice; `action`: what is done about it."""

    reason: Reason
    action: str = Field(default="", max_length=MAX_REASON)


class Shelving(BaseModel):
    """Until when nobody is called about this condition, at most as long as its level allows.

    `one_shot`: only this occurrence, until it ends. Without `until` as long as is allowed.
    """

    until: Instant | None = None
    one_shot: bool = False
    reason: Reason


class Why(BaseModel):
    """Why it is done."""

    reason: Reason


class Comment(BaseModel):
    """What somebody notes."""

    text: Reason


class Disposing(BaseModel):
    """What quality decides about the goods, and why; what is held stays latched."""

    decision: Decision
    reason: Reason


class Accepted(BaseModel):
    """The act is durable; the state follows as soon as it is judged. `mute` names a shelving."""

    id: str
    by: str
    mute: str | None = None


@router.post("/{alert}/acknowledge", status_code=202)
async def acknowledge(services: Wanted, person: Asker, alert: str, notice: Notice) -> Accepted:
    """Take notice of an alert."""
    if await to_thread(services.answers.alert, alert) is None:
        raise HTTPException(404, f"no alert {alert}")
    await write_acknowledgement(
        services, alert=alert, by=person.name, reason=notice.reason, action=notice.action
    )
    return Accepted(id=alert, by=person.name)


@router.post("/{alert}/shelve", status_code=202)
async def shelve(services: Wanted, person: Asker, alert: str, shelving: Shelving) -> Accepted:
    """Shelve an alert that goes on: it is recorded as ever, and its end is told."""
    until_ms = None if shelving.until is None else ms_of(shelving.until)
    wish = Wish(until_ms=until_ms, one_shot=shelving.one_shot, reason=shelving.reason)
    mute = await write_shelving(services, person, alert, wish)
    return Accepted(id=alert, by=person.name, mute=mute)


@router.post("/{alert}/unshelve", status_code=202)
async def unshelve(services: Wanted, person: Asker, alert: str, why: Why) -> Accepted:
    """Take the shelving off; what goes on is told at once."""
    await write_unshelving(services, person, alert, why.reason)
    return Accepted(id=alert, by=person.name)


@router.post("/{alert}/comment", status_code=202)
async def comment(services: Wanted, person: Asker, alert: str, said: Comment) -> Accepted:
    """Note something in an alert's timeline."""
    await write_comment(services, person, alert, said.text)
    return Accepted(id=alert, by=person.name)


@router.post("/{alert}/disposition", status_code=202)
async def dispose(services: Wanted, person: Asker, alert: str, said: Disposing) -> Accepted:
    """Decide about the goods behind an alert that has ended; for quality and admin."""
    await write_disposition(services, person, alert, said.decision, said.reason)
    return Accepted(id=alert, by=person.name)
