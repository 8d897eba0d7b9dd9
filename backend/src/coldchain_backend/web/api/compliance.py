"""Compliance: the share of time within limits and known, of zones or of all, from accounts of days."""

from asyncio import to_thread
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import Response
from pydantic import BaseModel

from coldchain.errors import InvalidInput
from coldchain.quantities import quantity as known_quantity
from coldchain.spans import midnight_ms
from coldchain_backend.fleet import Asset, Zone
from coldchain_backend.judging import Kept, together
from coldchain_backend.web.api.asking import CSV_TOO, AskedFormat, Format, csv_of
from coldchain_backend.web.api.shapes import MAX_DAYS, FromTime, Listed, Name, Time
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker, Services, Wanted
from coldchain_backend.web.times import iso

router = APIRouter(prefix="/api/v1", tags=["compliance"], responses=FAILURES)
MINUTE_MS = 60_000
MAX_CELLS = 20_000


class Per(StrEnum):
    """How a time is parted, by the asset's local calendar."""

    TOTAL = "total"
    MONTH = "month"
    DAY = "day"


class ComplianceItem(BaseModel):
    """A point (or a zone, with `point` null) in a part of the time, under one profile version.

    `coverage`: known share of the required time; `in_limits`: share of the known time within limits. Never
    one without the other.
    """

    zone: str
    point: str | None
    profile: str
    from_: FromTime
    to: Time
    required_minutes: float
    coverage: float | None
    in_limits: float | None


@router.get("/compliance", response_model=Listed[ComplianceItem], responses=CSV_TOO)
async def compliance(  # noqa: PLR0913 - each is a documented query parameter
    services: Wanted,
    person: Asker,
    *,
    zone: Name | None = None,
    from_: Annotated[date, Query(alias="from", description="the first local day")],
    to: Annotated[date, Query(description="the last local day")],
    per: Per = Per.TOTAL,
    quantity: Annotated[str, Query(max_length=40)] = "temperature",
    format_: AskedFormat = Format.JSON,
    after: Annotated[int, Query(ge=0, description="`next` of the page before")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_CELLS)] = 1000,
) -> Listed[ComplianceItem] | Response:
    """Coverage and time within limits per point and part of the time; of one zone, or of all."""
    if not from_ <= to or (to - from_).days >= MAX_DAYS:
        raise InvalidInput(f"`from` … `to` are local days in order, at most {MAX_DAYS}")
    zones = [(asset, one) for asset, one in services.fleet().plan.zones() if zone in (None, one.id)]
    if zone is not None and not zones:
        raise HTTPException(404, f"no zone {zone}")
    items = await to_thread(_all, services, zones, _parts(from_, to, per), known_quantity(quantity).field)
    page, more = items[after : after + limit], None
    if after + limit < len(items):
        more = str(after + limit)
    if format_ is Format.CSV:
        lines = ({**one.model_dump(), "from": one.from_} for one in page)
        return csv_of("compliance", _COLUMNS, lines, more)
    return Listed(items=page, next=more)


_COLUMNS = ("zone", "point", "profile", "from", "to", "required_minutes", "coverage", "in_limits")


def _parts(first: date, last: date, per: Per) -> list[date]:
    """The first day of each part, and the day behind the last."""
    end = last + timedelta(days=1)
    days = [first + timedelta(days=number) for number in range((end - first).days)]
    match per:
        case Per.TOTAL:
            return [first, end]
        case Per.DAY:
            return [*days, end]
        case Per.MONTH:
            return [first, *(day for day in days[1:] if day.day == 1), end]


def _all(
    services: Services, zones: list[tuple[Asset, Zone]], parts: list[date], quantity: str
) -> list[ComplianceItem]:
    if len(zones) * (len(parts) - 1) > MAX_CELLS:
        raise InvalidInput(f"more than {MAX_CELLS} zones × parts; ask for fewer days, or per month")
    items: list[ComplianceItem] = []
    judged_ms = services.answers.progress().stamp_ms
    by_time_zone: dict[str, list[tuple[Asset, Zone]]] = {}
    for asset, zone in zones:
        by_time_zone.setdefault(asset.time_zone, []).append((asset, zone))
    for name, of in by_time_zone.items():
        edges = [min(midnight_ms(day, ZoneInfo(name)), judged_ms) for day in parts]
        for from_ms, to_ms in pairwise(edges):
            if from_ms < to_ms:
                items += _of_part(services, [zone for _, zone in of], (from_ms, to_ms), quantity)
    return items


def _of_part(
    services: Services, zones: list[Zone], span: tuple[int, int], quantity: str
) -> list[ComplianceItem]:
    """Each zone, then its points; a zone is all of its points together."""
    points = [point.id for zone in zones for point in zone.points]
    found: dict[str, list[Kept]] = {}
    for one in services.answers.compliance(points, *span, quantity):
        found.setdefault(one.point, []).append(one)
    items: list[ComplianceItem] = []
    for zone in zones:
        of_zone = [one for point in zone.points for one in found.get(point.id, ())]
        for profile in dict.fromkeys(one.profile for one in of_zone):
            mine = [one for one in of_zone if one.profile == profile]
            whole = together(mine)
            if whole is not None:
                items.append(_item(zone.id, None, profile, whole, span))
            items += [_item(zone.id, one.point, profile, one, span) for one in mine]
    return items


def _item(zone: str, point: str | None, profile: str, kept: Kept, span: tuple[int, int]) -> ComplianceItem:
    return ComplianceItem(
        zone=zone,
        point=point,
        profile=profile,
        from_=iso(span[0]),
        to=iso(span[1]),
        required_minutes=round(kept.required_ms / MINUTE_MS, 3),
        coverage=kept.coverage,
        in_limits=kept.in_limits,
    )
