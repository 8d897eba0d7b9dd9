"""GET /api/v1/excursions: the times in which a rule's limit was broken."""

from asyncio import to_thread
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel

from coldchain_backend.fleet import Fleet
from coldchain_backend.judging import StoredExcursion
from coldchain_backend.web.api.shapes import From, Listed, Name, Time, To, window
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Viewer, Wanted
from coldchain_backend.web.times import iso

router = APIRouter(prefix="/api/v1", tags=["excursions"], responses=FAILURES)
MAX_EXCURSIONS = 1000


class ExcursionItem(BaseModel):
    """An excursion; `closed` is null while it goes on, `out_minutes` is known time out of limits."""

    id: str
    point: str
    zone: str | None
    time_zone: str | None
    rule: str
    level: str | None
    opened: Time
    closed: Time | None
    warning_at: Time | None
    alarm_at: Time | None
    peak: float
    peak_at: Time
    out_minutes: float
    data_gap: bool
    incomplete: bool
    revision: int


@router.get("/excursions")
async def excursions(  # noqa: PLR0913 - each is a documented query parameter
    services: Wanted,
    person: Viewer,
    *,
    zone: Name | None = None,
    point: Name | None = None,
    from_: From = None,
    to: To = None,
    after: Annotated[str | None, Query(max_length=100, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_EXCURSIONS)] = 100,
) -> Listed[ExcursionItem]:
    """Excursions that overlap `from` … `to`, newest first; of one zone, of one point, or of all.

    `incomplete`: readings of its time are missing; `revision` grows when late data correct it.
    """
    fleet = services.fleet()
    from_ms, to_ms = window(from_, to, services.clock.now_ms())
    points = _points(fleet, zone, point)
    found = await to_thread(services.answers.excursions, points, from_ms, to_ms, after=after, limit=limit + 1)
    more = len(found) > limit
    items = [_item(one, fleet) for one in found[:limit]]
    return Listed(items=items, next=items[-1].id if more else None)


def _points(fleet: Fleet, zone: str | None, point: str | None) -> list[str] | None:
    if point is not None:
        return [point]
    if zone is None:
        return None
    found = next((one for one in fleet.zones if one.id == zone), None)
    if found is None:
        raise HTTPException(404, f"no zone {zone}")
    return [one.id for one in found.points]


def _item(found: StoredExcursion, fleet: Fleet) -> ExcursionItem:
    one, place = found.excursion, fleet.plan.place_of_point(found.point)
    return ExcursionItem(
        id=found.id,
        point=found.point,
        zone=None if place is None else place.zone.id,
        time_zone=None if place is None else place.asset.time_zone,
        rule=one.rule,
        level=None if one.level is None else one.level.value,
        opened=iso(one.opened_ms),
        closed=None if one.closed_ms is None else iso(one.closed_ms),
        warning_at=None if one.warning_ms is None else iso(one.warning_ms),
        alarm_at=None if one.alarm_ms is None else iso(one.alarm_ms),
        peak=one.peak,
        peak_at=iso(one.peak_ms),
        out_minutes=round(one.out_ms / 60_000, 2),
        data_gap=one.data_gap,
        incomplete=found.incomplete,
        revision=found.revision,
    )
