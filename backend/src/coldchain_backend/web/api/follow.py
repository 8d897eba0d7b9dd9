"""GET /api/v1/follow: how following each foreign store stands; POST …/rescan: read a time of one again."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import AwareDatetime, BaseModel

from coldchain_backend.ingest.follow import Follower
from coldchain_backend.web.api.shapes import ms_of
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker, Wanted

router = APIRouter(prefix="/api/v1/follow", tags=["follow"], responses=FAILURES)


async def _followers(request: Request) -> Mapping[str, Follower]:
    followers: Mapping[str, Follower] = request.app.state.followers
    return followers


Followers = Annotated[Mapping[str, Follower], Depends(_followers)]


class Span(BaseModel):
    """From ≤ time < to."""

    begin: AwareDatetime
    end: AwareDatetime


@router.get("")
async def follow(services: Wanted, person: Asker, followers: Followers) -> dict[str, object]:
    """Per store: up to where it was read, what came, what came late, and what is in the way."""
    now_ms = services.clock.now_ms()
    return {"stores": [one.state.document(now_ms) for one in followers.values()]}


@router.post("/{name}/rescan", status_code=202)
async def rescan(
    name: str, span: Span, services: Wanted, person: Asker, followers: Followers
) -> dict[str, object]:
    """Read a time again, whatever its age: what was never taken is; `rescan` says how far that is."""
    follower = followers.get(name)
    if follower is None:
        raise HTTPException(404, f"no followed store {name!r}")
    follower.rescan(ms_of(span.begin), ms_of(span.end))
    return follower.state.document(services.clock.now_ms())
