"""Server-sent events: what changed, as soon as judging has committed it."""

from asyncio import ensure_future, to_thread, wait
from collections.abc import AsyncIterator, Iterator, Mapping

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from coldchain_backend.alerts import Alert
from coldchain_backend.web.services import Services, Viewer, Wanted

router = APIRouter(prefix="/api/v1", tags=["live"])
ALIVE_S = 5.0
MAX_OPEN = 200


@router.get("/live", response_class=StreamingResponse)
async def live(request: Request, services: Wanted, person: Viewer) -> StreamingResponse:
    """A stream of `board` (readings were judged), `alert` (an alert changed) and `alive` (every 5 s) events.

    Each carries `now_ms`, the server's time. The stream ends when the person's access does.
    """
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(request, services), media_type="text/event-stream", headers=headers)


async def _events(request: Request, services: Services) -> AsyncIterator[bytes]:
    news = aiter(services.news.subscribe())
    known = await _open(services)
    yield _event("board", services, {})
    coming = ensure_future(anext(news, None))
    try:
        while True:
            await wait({coming}, timeout=ALIVE_S)
            await services.identify(request)
            if not coming.done():
                yield _event("alive", services, {})
                continue
            if coming.result() is None:
                return
            coming = ensure_future(anext(news, None))
            yield _event("board", services, {})
            opened = await _open(services)
            for data in _changes(known, opened):
                yield _event("alert", services, data)
            known = opened
    finally:
        coming.cancel()


async def _open(services: Services) -> dict[str, Alert]:
    found = await to_thread(services.answers.alerts, open_only=True, before=None, limit=MAX_OPEN)
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
