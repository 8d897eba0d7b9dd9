"""GET /api/v1/excursions: the times in which a rule's limit was broken."""

from asyncio import to_thread
from functools import partial
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel

from coldchain.marks import MarkKind
from coldchain_backend.fleet import Fleet
from coldchain_backend.judging import StoredExcursion
from coldchain_backend.web.api.asking import CSV_TOO, AskedFormat, AsOf, Format, csv_of, number_of
from coldchain_backend.web.api.shapes import From, Listed, Name, Time, To, window
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker, Wanted
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


class RevisionItem(ExcursionItem):
    """An excursion as it was known from `detected_at` on, by the ledger record `number`.

    `because`: the record of an act or a fleet version that made this revision; null: readings did. `gone`:
    withdrawn, or merged into `into`. `explained_by`: a `door` that stood open or a `defrost` that ran when it
    opened, or shortly before; it explains and excuses nothing.
    """

    number: int
    detected_at: Time
    because: int | None
    gone: str | None
    into: str | None
    explained_by: str | None


@router.get("/excursions", response_model=Listed[ExcursionItem], responses=CSV_TOO)
async def excursions(  # noqa: PLR0913 - each is a documented query parameter
    services: Wanted,
    person: Asker,
    *,
    zone: Name | None = None,
    point: Name | None = None,
    from_: From = None,
    to: To = None,
    after: Annotated[str | None, Query(max_length=100, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_EXCURSIONS)] = 100,
    as_of: AsOf = None,
    format_: AskedFormat = Format.JSON,
) -> Listed[ExcursionItem] | Response:
    """Excursions that overlap `from` … `to`, newest first; of one zone, of one point, or of all.

    `incomplete`: readings of its time are missing; `revision` grows when late data or acts correct it.
    `as_of`: as they stood then; those that were open show what was known when they last changed.
    """
    fleet = services.fleet()
    from_ms, to_ms = window(from_, to, services.clock.now_ms())
    points = _points(fleet, zone, point)
    number = await to_thread(number_of, services.answers, as_of)
    asked = partial(services.answers.excursions, after=after, limit=limit + 1, as_of=number)
    found = await to_thread(asked, points, from_ms, to_ms)
    items = [_item(one, fleet) for one in found[:limit]]
    more = items[-1].id if len(found) > limit else None
    if format_ is Format.CSV:
        return csv_of("excursions", tuple(ExcursionItem.model_fields), map(dict, items), more)
    return Listed(items=items, next=more)


@router.get("/excursions/{excursion}")
async def revisions(services: Wanted, person: Asker, excursion: str) -> Listed[RevisionItem]:
    """Every state in which one excursion was kept, oldest first: what was known of it, and when."""
    found = await to_thread(services.answers.history, excursion)
    if not found:
        raise HTTPException(404, f"no excursion {excursion}")
    fleet = services.fleet()
    mark = await to_thread(services.answers.explained, found[-1])
    return Listed(items=[_revision(one, fleet, mark) for one in found])


def _revision(found: StoredExcursion, fleet: Fleet, mark: MarkKind | None) -> RevisionItem:
    return RevisionItem(
        **dict(_item(found, fleet)),
        number=found.noted,
        detected_at=iso(found.noted_ms),
        because=found.because,
        gone=None if found.gone is None else found.gone.value,
        into=found.into,
        explained_by=None if mark is None else mark.value,
    )


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
