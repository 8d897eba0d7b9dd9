"""GET /api/v1/mirror: how the copy in InfluxDB stands; POST /api/v1/mirror/rebuild: write all of it anew."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request

from coldchain_backend.mirror import Mirror
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker

router = APIRouter(prefix="/api/v1/mirror", tags=["mirror"], responses=FAILURES)


async def _mirror(request: Request) -> Mirror:
    mirror: Mirror | None = request.app.state.mirror
    if mirror is None:
        raise HTTPException(404, "no [mirror] is configured")
    return mirror


Wanted = Annotated[Mirror, Depends(_mirror)]


@router.get("")
async def mirror(person: Asker, mirror: Wanted) -> dict[str, object]:
    """What is mirrored so far, what is in the way, and what was left out."""
    return mirror.state.document()


@router.post("/rebuild", status_code=202)
async def rebuild(person: Asker, mirror: Wanted) -> dict[str, object]:
    """Delete what is ours in the bucket and write it anew; `fills` counts up once that has begun."""
    mirror.refill(f"asked for by {person.name}")
    return mirror.state.document()
