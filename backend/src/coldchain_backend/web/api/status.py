"""GET /api/v1/status: how the server itself stands: lag, counts, sizes, and when its disk will be full."""

from asyncio import to_thread

from fastapi import APIRouter
from pydantic import BaseModel

from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker, Services, Wanted

router = APIRouter(prefix="/api/v1", tags=["status"], responses=FAILURES)


class Status(BaseModel):
    """Sizes in bytes.

    series_bytes     readings, in the database's file or beside it; `database_bytes` is the rest of it
    grows            how much is added a day to the ledger, the series, the database, where that is known
    lag_records      records that judging has not read yet
    lag_ms           how far the newest judged record lies behind now
    bytes_per_day    how much is added a day; null within the first hour
    days_until_full  if it goes on like that; null where nothing is added
    not_well         parts of the server that are not well, and why
    """

    organisation: str
    records: int
    lag_records: int
    lag_ms: int
    points: int
    sensors: int
    gateways: int
    unjudged: dict[str, int]
    ledger_bytes: int
    series_bytes: int
    database_bytes: int
    other_bytes: int
    disk_total: int
    disk_free: int
    bytes_per_day: float | None
    days_until_full: float | None
    grows: dict[str, float]
    not_well: dict[str, str]


@router.get("/status")
async def status(services: Wanted, person: Asker) -> Status:
    """How the server stands now."""
    return await to_thread(_status, services)


def _status(services: Services) -> Status:
    progress, room, fleet = services.answers.progress(), services.room(), services.fleet()
    records = services.ledger.end
    return Status(
        organisation=services.organisation,
        records=records,
        lag_records=records - progress.offset,
        lag_ms=max(0, services.clock.now_ms() - progress.stamp_ms),
        points=sum(1 for _ in fleet.plan.places()),
        sensors=len(fleet.sensors),
        gateways=len(services.gateways()),
        unjudged=dict(services.answers.unjudged()),
        ledger_bytes=room.ledger,
        series_bytes=room.series,
        database_bytes=room.database,
        other_bytes=room.others,
        disk_total=room.disk_total,
        disk_free=room.disk_free,
        bytes_per_day=room.bytes_per_day,
        days_until_full=room.days_until_full,
        grows=dict(room.grows),
        not_well={part.name: part.why for part in services.vitals() if not part.ok},
    )
