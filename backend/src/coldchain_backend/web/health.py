"""/healthz, /readyz and /metrics: for whoever watches the server itself."""

from asyncio import to_thread
from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from coldchain_backend.mirror import Mirror
from coldchain_backend.web.alarm_figures import AlarmFigures
from coldchain_backend.web.metrics import exposition
from coldchain_backend.web.services import Wanted
from coldchain_backend.web.vitals import Part, ready

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz(services: Wanted) -> JSONResponse:
    """The process answers: always 200, and how each part is."""
    parts = await to_thread(services.vitals)
    return JSONResponse(_said("ok" if all(part.ok for part in parts) else "degraded", parts))


@router.get("/readyz")
async def readyz(services: Wanted) -> JSONResponse:
    """Writes are taken and judging keeps up; else 503."""
    parts = await to_thread(services.vitals)
    good = ready(parts)
    return JSONResponse(_said("ready" if good else "not ready", parts), status_code=200 if good else 503)


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(services: Wanted, request: Request) -> Response:
    """Prometheus text."""
    mirror: Mirror | None = request.app.state.mirror
    figures: AlarmFigures = request.app.state.alarm_figures
    followed = [one.state for one in request.app.state.followers.values()]
    told = await to_thread(exposition, services, mirror, figures, followed)
    return Response(told, media_type=CONTENT_TYPE_LATEST)


def _said(status: str, parts: Sequence[Part]) -> dict[str, object]:
    said = {
        part.name: {"ok": part.ok, **({"why": part.why} if part.why else {}), **part.figures}
        for part in parts
    }
    return {"status": status, "parts": said}
