"""GET /api/v1/routes/explain: to whom an alert would go, and why."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from coldchain.profiles import Level
from coldchain_backend.alerts import AlertKind
from coldchain_backend.web.api.explained import Explanation, explained, matter_at
from coldchain_backend.web.api.shapes import Name, ms_of
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker, Wanted
from coldchain_backend.web.times import Instant

router = APIRouter(prefix="/api/v1/routes", tags=["alerts"], responses=FAILURES)
At = Annotated[Instant | None, Query(description="the instant asked about; default: now")]


@router.get("/explain")
async def explain(  # noqa: PLR0913 - one parameter per question
    services: Wanted,
    person: Asker,
    *,
    zone: Name | None = None,
    asset: Name | None = None,
    kind: AlertKind = AlertKind.EXCURSION,
    level: Level = Level.ALARM,
    at: At = None,
) -> Explanation:
    """To whom an alert of a zone, an asset or (without either) the product goes, and why not to others."""
    plan = services.fleet().plan
    matter = matter_at(plan, kind, level, zone, asset)
    if matter is None:
        raise HTTPException(404, f"no {'zone' if zone is not None else 'asset'} {zone or asset}")
    at_ms = services.clock.now_ms() if at is None else ms_of(at)
    return explained(plan, matter, at_ms, services.people.people)
