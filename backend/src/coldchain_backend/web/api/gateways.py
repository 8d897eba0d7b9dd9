"""GET /api/v1/gateways: which gateways there are and when they were last heard."""

from fastapi import APIRouter
from pydantic import BaseModel

from coldchain_backend.web.api.shapes import Listed, Time
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker, GatewaySeen, Wanted
from coldchain_backend.web.times import iso

router = APIRouter(prefix="/api/v1", tags=["gateways"], responses=FAILURES)


class GatewayItem(BaseModel):
    """A gateway; `key` is the fingerprint of its admitted key, null until it has enrolled."""

    name: str
    asset: str | None
    key: str | None
    revoked: bool
    heard: Time | None


@router.get("/gateways")
async def gateways(services: Wanted, person: Asker) -> Listed[GatewayItem]:
    """All gateways of the fleet file and all that enrolled by a code."""
    return Listed(items=[_item(one) for one in services.gateways().values()])


def _item(seen: GatewaySeen) -> GatewayItem:
    return GatewayItem(
        name=seen.name,
        asset=seen.asset,
        key=seen.key,
        revoked=seen.revoked,
        heard=None if seen.heard_ms is None else iso(seen.heard_ms),
    )
