"""Beats that other jobs and services send, so that their silence is told."""

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel

from coldchain_backend.access import Purpose, Role
from coldchain_backend.web.api.shapes import Listed, Time
from coldchain_backend.web.auth import Asked
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import ROLE_REFUSED, Asker, Wanted
from coldchain_backend.web.times import iso

router = APIRouter(prefix="/api/v1", tags=["beats"], responses=FAILURES)


class BeatItem(BaseModel):
    """An expected beat: when it last came, and when it is missed if it does not come again."""

    name: str
    last_at: Time
    due_at: Time
    missed: bool


@router.get("/beats")
async def beats(services: Wanted, person: Asker) -> Listed[BeatItem]:
    """Everything that `[[beats]]` in backend.toml expects."""
    found = [
        BeatItem(name=one.name, last_at=iso(one.last_ms), due_at=iso(one.due_ms), missed=one.missed)
        for one in services.beats.all()
    ]
    return Listed(items=found)


@router.post("/beats/{name}", status_code=204)
async def beat(services: Wanted, auth: Asked, request: Request, name: str) -> Response:
    """It is alive. By the token of a machine, or an administrator's; the body does not matter."""
    grant = auth.grant_of(request)
    if grant is None:
        raise HTTPException(401, headers={"WWW-Authenticate": "Token"})
    person = auth.person_of(grant)
    if grant.purpose is not Purpose.GATEWAY and (person is None or person.role is not Role.ADMIN):
        raise HTTPException(403, ROLE_REFUSED)
    if not await services.beats.note(name):
        raise HTTPException(404, f"no beat {name[:80]} is expected")
    return Response(status_code=204)
