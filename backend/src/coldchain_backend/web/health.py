"""/healthz, /readyz and /metrics: for whoever watches the server itself."""

from asyncio import to_thread

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from coldchain_backend.web.services import Services, Wanted

LAG_RECORDS = 10_000
router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> PlainTextResponse:
    """The process answers."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
async def readyz(services: Wanted) -> PlainTextResponse:
    """Writes are taken and judging keeps up; else 503."""
    lag = await to_thread(_lag, services)
    if lag > LAG_RECORDS:
        return PlainTextResponse(f"judging is {lag} records behind\n", status_code=503)
    return PlainTextResponse("ready\n")


@router.get("/metrics")
async def metrics(services: Wanted) -> Response:
    """Prometheus text."""
    return Response(await to_thread(_metrics, services), media_type=CONTENT_TYPE_LATEST)


def _lag(services: Services) -> int:
    return services.ledger.end - services.answers.progress().offset


def _metrics(services: Services) -> bytes:
    registry = CollectorRegistry()
    Gauge("coldchain_ledger_records", "records in the ledger", registry=registry).set(services.ledger.end)
    Gauge("coldchain_judging_lag_records", "records not judged yet", registry=registry).set(_lag(services))
    unjudged = Gauge("coldchain_unjudged", "in evidence, not judged", ["reason"], registry=registry)
    for reason, count in services.answers.unjudged().items():
        unjudged.labels(reason=reason).set(count)
    heard = Gauge(
        "coldchain_gateway_heard_ms", "when a gateway was last heard", ["gateway"], registry=registry
    )
    for name, seen in services.gateways().items():
        heard.labels(gateway=name).set(seen.heard_ms or 0)
    return generate_latest(registry)
