"""Server-sent events: what changed, as soon as judging has committed it."""

from asyncio import to_thread, wait_for
from collections.abc import AsyncIterator, Iterator, Mapping

import orjson
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import StreamingResponse

from coldchain_backend.alerts import Alert
from coldchain_backend.judging import AlertFilter
from coldchain_backend.web.services import Asker, Services, Wanted

router = APIRouter(prefix="/api/v1", tags=["live"])
ALIVE_S = 5.0
PAUSE_S = 0.5
MAX_OPEN = 200


@router.get("/live", response_class=StreamingResponse)
async def live(request: Request, services: Wanted, person: Asker) -> StreamingResponse:
    """A stream of `board` (readings were judged), `alert` (an alert changed) and `alive` (every 5 s) events.

    Each carries `now_ms`, the server's time. The stream ends when the person's access does.
    """
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events(request, services), media_type="text/event-stream", headers=headers)


async def events(request: Request, services: Services) -> AsyncIterator[bytes]:
    told, known = services.news.count, await _open(services)
    yield _event("board", services, {"open_count": len(known)})
    while True:
        try:
            told = await wait_for(services.news.wait(told), ALIVE_S)
        except TimeoutError:
            if not await _still_allowed(request, services):
                return
            yield _event("alive", services, {})
            continue
        if not await _still_allowed(request, services):
            return
        yield _event("board", services, {})
        opened = await _open(services)
        for data in _changes(known, opened):
            yield _event("alert", services, data)
        known = opened
        await services.clock.sleep(PAUSE_S)


async def _still_allowed(request: Request, services: Services) -> bool:
    try:
        await services.identify(request)
    except HTTPException:
        return False
    return True


async def _open(services: Services) -> dict[str, Alert]:
    found = await to_thread(services.answers.alerts, AlertFilter(open=True), limit=MAX_OPEN)
    return {alert.id: alert for alert in found}


def _changes(before: Mapping[str, Alert], now: Mapping[str, Alert]) -> Iterator[dict[str, object]]:
    """What to tell of alerts that are new, changed or over."""
    count = {"open_count": len(now)}
    for alert in now.values():
        if before.get(alert.id) != alert:
            yield {"id": alert.id, "state": alert.state.value, "level": alert.level.value, **count}
    yield from ({"id": gone, **count} for gone in before.keys() - now.keys())


def _event(kind: str, services: Services, data: dict[str, object]) -> bytes:
    body = orjson.dumps({"now_ms": services.clock.now_ms(), **data})
    return b"event: " + kind.encode() + b"\ndata: " + body + b"\n\n"
