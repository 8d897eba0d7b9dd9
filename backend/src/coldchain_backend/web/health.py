"""/healthz, /readyz and /metrics: for whoever watches the server itself."""

from asyncio import to_thread
from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from coldchain_backend.alerts import counts
from coldchain_backend.mirror import CONDITIONS, Left, Mirror, MirrorState
from coldchain_backend.web.services import Services, Wanted
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


@router.get("/metrics")
async def metrics(services: Wanted, request: Request) -> Response:
    """Prometheus text."""
    mirror: Mirror | None = request.app.state.mirror
    return Response(await to_thread(_metrics, services, mirror), media_type=CONTENT_TYPE_LATEST)


def _said(status: str, parts: Sequence[Part]) -> dict[str, object]:
    said = {
        part.name: {"ok": part.ok, **({"why": part.why} if part.why else {}), **part.figures}
        for part in parts
    }
    return {"status": status, "parts": said}


def _metrics(services: Services, mirror: Mirror | None) -> bytes:
    registry = CollectorRegistry()
    behind = services.ledger.end - services.answers.progress().offset
    Gauge("coldchain_ledger_records", "records in the ledger", registry=registry).set(services.ledger.end)
    Gauge("coldchain_judging_lag_records", "records not judged yet", registry=registry).set(behind)
    unjudged = Gauge("coldchain_unjudged", "in evidence, not judged", ["reason"], registry=registry)
    for reason, count in services.answers.unjudged().items():
        unjudged.labels(reason=reason).set(count)
    heard = Gauge(
        "coldchain_gateway_heard_ms", "when a gateway was last heard", ["gateway"], registry=registry
    )
    for name, seen in services.gateways().items():
        heard.labels(gateway=name).set(seen.heard_ms or 0)
    audited = Gauge(
        "coldchain_alerts_open", "alerts that go on, by how they are told", ["stated"], registry=registry
    )
    for stated, number in counts(services.answers.audit()).items():
        audited.labels(stated=stated.value).set(number)
    well = Gauge("coldchain_part_ok", "whether a part of the server is well", ["part"], registry=registry)
    for part in services.vitals():
        well.labels(part=part.name).set(part.ok)
    beat = Gauge("coldchain_beat_ms", "when an expected beat last came", ["beat"], registry=registry)
    for one in services.beats.all():
        beat.labels(beat=one.name).set(one.last_ms)
    if mirror is not None:
        _mirror(mirror.state, registry)
    return generate_latest(registry)


def _mirror(state: MirrorState, registry: CollectorRegistry) -> None:
    Gauge("coldchain_mirror_up", "1: InfluxDB is written to", registry=registry).set(state.trouble is None)
    Gauge("coldchain_mirror_lag_records", "judged records not mirrored yet", registry=registry).set(
        max(0, state.judged - state.ledger)
    )
    Gauge("coldchain_mirror_points", "points written since the start", registry=registry).set(
        state.tally.points
    )
    Gauge("coldchain_mirror_fills", "fillings begun since the start", registry=registry).set(state.fills)
    left = Gauge("coldchain_mirror_left_out", "points left out", ["reason"], registry=registry)
    for reason in Left:
        left.labels(reason=reason.value).set(state.tally.left[reason])
    named = Gauge("coldchain_mirror_condition", "1: an operator has to know", ["name"], registry=registry)
    for name in CONDITIONS:
        named.labels(name=name).set(name in state.conditions())
