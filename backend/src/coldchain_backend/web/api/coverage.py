"""Coverage: how much of the required time is known, and each time that is not."""

from asyncio import to_thread

from fastapi import APIRouter
from pydantic import BaseModel

from coldchain_backend.web.api.asking import AsOf, Legs, legs_of, number_of
from coldchain_backend.web.api.shapes import From, FromTime, Listed, Name, Time, To, window
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker, Wanted
from coldchain_backend.web.times import iso

router = APIRouter(prefix="/api/v1", tags=["verdicts"], responses=FAILURES)
MINUTE_MS = 60_000


class CoverageItem(BaseModel):
    """How much of a point's required time is known, and the unknown times in it."""

    leg: int
    zone: str | None
    point: str
    from_: FromTime
    to: Time
    required_minutes: float
    coverage: float | None
    gaps: list[tuple[Time, Time]]


@router.get("/coverage")
async def coverage(  # noqa: PLR0913 - each is a documented query parameter
    services: Wanted,
    person: Asker,
    *,
    leg: Legs = None,
    zone: Name | None = None,
    point: Name | None = None,
    from_: From = None,
    to: To = None,
    as_of: AsOf = None,
) -> Listed[CoverageItem]:
    """The share of required time with readings, and each time without: of every point of each leg."""
    span = window(from_, to, services.clock.now_ms())
    number = await to_thread(number_of, services.answers, as_of)
    legs = await to_thread(legs_of, services, leg or [], zone, point, span)
    found = await to_thread(services.answers.gaps, legs, number)
    items = [
        CoverageItem(
            leg=index,
            zone=one.zone,
            point=one.point,
            from_=iso(legs[index].from_ms),
            to=iso(legs[index].to_ms),
            required_minutes=round(one.required_ms / MINUTE_MS, 3),
            coverage=None if not one.required_ms else 1 - one.unknown_ms / one.required_ms,
            gaps=[(iso(begin), iso(end)) for begin, end in one.gaps],
        )
        for index, one in found
    ]
    return Listed(items=items)
