"""POST /api/v2/write: InfluxDB's write API, for gateways (sealed) and InfluxDB clients (unsealed)."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from coldchain_backend.fleet import Fleet, ZoneState, bundle_for
from coldchain_backend.ingest import Admission, NotAdmitted, Precision, Written
from coldchain_backend.ledger import Busy
from coldchain_backend.web.auth import Asked
from coldchain_backend.web.bodies import whole_body
from coldchain_backend.web.services import Services, Wanted

SEALED: Final = b"# cc1 "
LANE: Final = "coldchain-lane"
BUSY_RETRY_S: Final = 1
FULL_RETRY_S: Final = 10
MISTAKES_SHOWN: Final = 5
KNOWN_MS: Final = 1000
"""So long may a gateway go by states of zones that have changed."""
router = APIRouter(tags=["write"])


async def admission_of(request: Request) -> Admission:
    """The application's own."""
    admission: Admission = request.app.state.admission
    return admission


Admitted = Annotated[Admission, Depends(admission_of)]


@router.post("/api/v2/write", status_code=204, response_class=Response)
async def write(
    request: Request, auth: Asked, admission: Admitted, services: Wanted, precision: str = "ns"
) -> Response:
    """Take line protocol: 204 when all of it is durable in evidence.

    A body that begins with `# cc1 ` is sealed: one or several batches (docs/wire.md). Anything else is
    unsealed; `precision` (ns, us, ms, s) is the unit of its times, `org` and `bucket` are not looked at.
    """
    if "authorization" not in request.headers:
        raise HTTPException(401, headers={"WWW-Authenticate": "Token"})
    writer = auth.writer(request)
    try:
        unit = Precision(precision)
    except ValueError as error:
        raise HTTPException(400, f"precision {precision[:20]!r} is not one of ns, us, ms, s") from error
    body = await whole_body(request)
    sealed = body.startswith(SEALED)
    try:
        if sealed:
            written = await admission.write_sealed(writer.name, body, request.headers.get(LANE))
        else:
            written = await admission.write_unsealed(writer.name, body, unit, services.clock.now_ms())
    except NotAdmitted as error:
        raise HTTPException(403) from error
    headers = {}
    if sealed:
        headers["Coldchain-Held"] = ",".join(f"{run}:{held}" for run, held in written.held)
        watch: WatchVersions = request.app.state.watch_versions
        headers["Coldchain-Watch"] = watch.of(services, writer.name)
    return _answer(written, headers)


class WatchVersions:
    """Versions of the gateways' watch bundles, worked out anew where fleet or states of zones have changed.

    Whether they have is looked up once in KNOWN_MS.
    """

    def __init__(self) -> None:
        self._of = (0, 0)
        self._fleet: Fleet | None = None
        self._made_from: tuple[int, dict[str, ZoneState]] = (0, {})
        self._versions: dict[str, str] = {}

    def of(self, services: Services, gateway: str) -> str:
        """The version of a gateway's bundle by the newest fleet and the states of zones."""
        now_ms = services.clock.now_ms()
        of = (services.fleet().current.number, now_ms // KNOWN_MS)
        if of != self._of or self._fleet is None:
            self._of, self._fleet = of, services.fleet_in_force()
            made_from = self._fleet.current.number, self._fleet.states_at(now_ms)
            if made_from != self._made_from:
                self._made_from, self._versions = made_from, {}
        version = self._versions.get(gateway)
        if version is None:
            version = self._versions[gateway] = bundle_for(self._fleet, gateway, now_ms).version
        return version


def _answer(written: Written, headers: dict[str, str]) -> Response:
    if written.error is not None:
        busy = isinstance(written.error, Busy)
        headers["Retry-After"] = str(BUSY_RETRY_S if busy else FULL_RETRY_S)
        return _failure(429 if busy else 503, str(written.error), written, headers)
    if written.refused:
        return _failure(422, "batches were refused for good", written, headers)
    if written.mistakes:
        shown = "; ".join(written.mistakes[:MISTAKES_SHOWN])
        more = len(written.mistakes) - MISTAKES_SHOWN
        counted = f"{written.stored_lines} lines stored, {len(written.mistakes)} not read: {shown}"
        return _failure(400, counted + (f" and {more} more" if more > 0 else ""), written, headers)
    return Response(status_code=204, headers=headers)


_CODES: Final = {
    400: "invalid",
    422: "unprocessable entity",
    429: "too many requests",
    503: "unavailable",
}


def _failure(status: int, message: str, written: Written, headers: dict[str, str]) -> Response:
    batches = [
        {"run": fate.run, "seq": fate.seq, "fate": fate.fate.value, "message": fate.message}
        for fate in written.fates
    ]
    content: dict[str, object] = {"code": _CODES[status], "message": message}
    if batches:
        content["batches"] = batches
    return JSONResponse(content, status_code=status, headers=headers)


@router.get("/ping", status_code=204, response_class=Response, include_in_schema=False)
@router.head("/ping", status_code=204, response_class=Response, include_in_schema=False)
async def ping() -> Response:
    """What InfluxDB clients ask before they write."""
    return Response(
        status_code=204, headers={"X-Influxdb-Build": "OSS", "X-Influxdb-Version": "v2.7-coldchain"}
    )


@router.get("/health", include_in_schema=False)
async def health() -> dict[str, str]:
    """InfluxDB's health question, for its clients; ours is /healthz."""
    return {"name": "coldchain-backend", "message": "ready for writes", "status": "pass"}
