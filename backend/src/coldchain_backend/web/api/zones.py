"""The states of zones: when one was in use, who said so, and saying it."""

from asyncio import to_thread

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from coldchain_backend.fleet import Stretch, ZoneState
from coldchain_backend.web.api.shapes import From, Listed, Time, To, ms_of, window
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker, Wanted
from coldchain_backend.web.times import Instant, iso
from coldchain_backend.web.zone_state import MAX_REASON, StateWish, write_zone_state

router = APIRouter(prefix="/api/v1/zones", tags=["zones"], responses=FAILURES)


class StateItem(BaseModel):
    """A time in one state; `to` is null while it goes on or no end is known.

    `source`: file, schedule, input (a reading of the sensor `by`) or act (of the person `by`). `number` is
    the ledger record that said it.
    """

    state: ZoneState
    from_: Time = Field(serialization_alias="from")
    to: Time | None
    source: str
    by: str
    reason: str | None
    number: int


class Declaration(BaseModel):
    """A zone is in a state; without `from` from now on, without `to` until something else is said.

    A `from` in the past needs the role quality or admin, and a reason.
    """

    state: ZoneState
    from_: Instant | None = Field(default=None, alias="from")
    to: Instant | None = None
    reason: str = Field(default="", max_length=MAX_REASON)


class Declared(BaseModel):
    """The act is durable; judging follows at once."""

    zone: str
    by: str
    number: int


@router.get("/{zone}/states")
async def states(
    services: Wanted, person: Asker, zone: str, *, from_: From = None, to: To = None
) -> Listed[StateItem]:
    """The states of a zone that overlap `from` … `to`, oldest first; only `in_use` is judged."""
    fleet = await to_thread(services.fleet_in_force)
    if all(one.id != zone for one in fleet.zones):
        raise HTTPException(404, f"no zone {zone}")
    from_ms, to_ms = window(from_, to, services.clock.now_ms())
    found = [
        one
        for one in fleet.states(zone)
        if one.from_ms < to_ms and (one.to_ms is None or one.to_ms > from_ms)
    ]
    return Listed(items=[_item(one) for one in found])


@router.post("/{zone}/state", status_code=202)
async def declare(services: Wanted, person: Asker, zone: str, said: Declaration) -> Declared:
    """Say in which state a zone is, will be or was; the act stands in the ledger when this answers."""
    wish = StateWish(
        zone=zone,
        state=said.state,
        from_ms=None if said.from_ is None else ms_of(said.from_),
        to_ms=None if said.to is None else ms_of(said.to),
        reason=said.reason,
    )
    number = await write_zone_state(services, person, wish)
    return Declared(zone=zone, by=person.name, number=number)


def _item(found: Stretch) -> StateItem:
    entry = found.entry
    return StateItem(
        state=found.state,
        from_=iso(found.from_ms),
        to=None if found.to_ms is None else iso(found.to_ms),
        source=entry.source.value,
        by=entry.by,
        reason=entry.reason,
        number=entry.number,
    )
