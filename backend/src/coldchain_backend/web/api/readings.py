"""GET /api/v1/readings: what one sensor said, in order of time."""

from asyncio import to_thread
from typing import Annotated

from fastapi import APIRouter, Query

from coldchain_backend.series import SeriesReading
from coldchain_backend.web.api.shapes import From, Listed, Name, Time, To, Value, ms_of, window
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker, Wanted
from coldchain_backend.web.times import Instant, iso

router = APIRouter(prefix="/api/v1", tags=["readings"], responses=FAILURES)
MAX_READINGS = 10_000


@router.get("/readings")
async def readings(  # noqa: PLR0913 - each is a documented query parameter
    services: Wanted,
    person: Asker,
    *,
    sensor: Name,
    from_: From = None,
    to: To = None,
    after: Annotated[Instant | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_READINGS)] = 1000,
) -> Listed[dict[str, Value | Time]]:
    """Readings of a sensor with `from` ≤ time < `to`, oldest first.

    Each has `time`, one key for each measured quantity (`temperature` in °C, `humidity` in %RH, …), `quality`
    (good, time-placed or time-unsure) and `sealed` (by a gateway, not on receipt).
    """
    from_ms, to_ms = window(from_, to, services.clock.now_ms())
    if after is not None:
        from_ms = max(from_ms, ms_of(after) + 1)
    found = await to_thread(services.answers.readings, sensor, from_ms, to_ms, limit=limit + 1)
    items = [_item(reading) for reading in found[:limit]]
    more = len(found) > limit
    return Listed(items=items, next=iso(found[limit - 1].time_ms) if more else None)


def _item(reading: SeriesReading) -> dict[str, Value | Time]:
    return {
        "time": iso(reading.time_ms),
        **reading.values,
        "quality": reading.quality.value,
        "sealed": reading.sealed,
    }
