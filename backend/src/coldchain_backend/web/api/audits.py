"""GET /api/v1/alerts/audit: of every alert that goes on, to whom it was told, or why to nobody."""

from asyncio import to_thread

from fastapi import APIRouter
from pydantic import BaseModel

from coldchain_backend.alerts import Stated, counts
from coldchain_backend.web.api.shapes import Time
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker, Wanted
from coldchain_backend.web.times import iso

router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"], responses=FAILURES)


class FindingItem(BaseModel):
    """What the auditor says of an alert.

    `stated`: told, in_digest, shelved, window, out_of_service, unstable, page_only, past, no_receiver,
    receiver_gone, or unexplained, which must not be. `missing` were to hear of it and have nothing queued.
    """

    alert: str
    stated: Stated
    receivers: list[str]
    missing: list[str]


class Audited(BaseModel):
    """All alerts that go on; `violations` are those that are unexplained."""

    at: Time
    open: int
    violations: int
    counts: dict[str, int]
    items: list[FindingItem]


@router.get("/audit")
async def audit(services: Wanted, person: Asker) -> Audited:
    """Whether every alert that goes on was told to somebody, or why not."""
    found = await to_thread(services.answers.audit)
    return Audited(
        at=iso(services.clock.now_ms()),
        open=len(found),
        violations=sum(one.stated is Stated.UNEXPLAINED for one in found),
        counts={stated.value: number for stated, number in counts(found).items() if number},
        items=[
            FindingItem(
                alert=one.alert,
                stated=one.stated,
                receivers=list(one.receivers),
                missing=list(one.missing),
            )
            for one in found
        ],
    )
