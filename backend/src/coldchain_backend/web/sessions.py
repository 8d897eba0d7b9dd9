"""Sessions through the API: open one, see and end those that are open; one's own password."""

from asyncio import to_thread
from typing import Annotated

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi import Path as InPath
from pydantic import BaseModel, Field

from coldchain_backend.access import Grant, Purpose, Right
from coldchain_backend.web.api.shapes import Listed, Time
from coldchain_backend.web.auth import MAX_TOKEN, Asked, token_of
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker
from coldchain_backend.web.signing_in import Door
from coldchain_backend.web.times import iso

router = APIRouter(prefix="/api/v1", tags=["access"], responses=FAILURES)
MAX_PASSWORD = 1024
Id = Annotated[str, InPath(max_length=40)]


class Login(BaseModel):
    """The token of a login link, or a user with a password."""

    token: str | None = Field(default=None, max_length=MAX_TOKEN)
    user: str | None = Field(default=None, max_length=64)
    password: str | None = Field(default=None, max_length=MAX_PASSWORD)


class SessionItem(BaseModel):
    """A session that is open; `current` is the one that asks."""

    id: str
    person: str
    how: str
    made: Time
    expires: Time | None
    used: Time | None
    current: bool


class OwnPassword(BaseModel):
    """The password there is and the one to come."""

    old: str = Field(max_length=MAX_PASSWORD)
    new: str = Field(max_length=MAX_PASSWORD)


@router.post("/session", status_code=204)
async def log_in(login: Login, request: Request, door: Door) -> Response:
    """Trade the token of a login link, or a password, for a session cookie."""
    if login.token is not None and login.user is None and login.password is None:
        session = await door.by_token(request, login.token)
    elif login.token is None and login.user is not None and login.password is not None:
        session = await door.by_password(request, login.user, login.password)
    else:
        raise HTTPException(400, "give a token, or a user and a password")
    response = Response(status_code=204)
    door.give(request, response, session)
    return response


@router.get("/sessions")
async def sessions(request: Request, auth: Asked, person: Asker) -> Listed[SessionItem]:
    """The sessions that are open: one's own, for an administrator everybody's."""
    token = token_of(request)
    current = "" if token is None else auth.tokens.id_of(token)
    name = None if person.may(Right.ADMINISTER) else person.name
    found = await to_thread(auth.tokens.listed, Purpose.SESSION, name=name)
    return Listed(items=[_item(id, grant, current) for id, grant in found])


@router.delete("/sessions/{session}", status_code=204)
async def end(person: Asker, door: Door, session: Id) -> Response:
    """End a session: one's own, for an administrator anybody's."""
    await door.end(person, session)
    return Response(status_code=204)


@router.put("/account/password", status_code=204)
async def own_password(request: Request, person: Asker, door: Door, wish: OwnPassword) -> Response:
    """Set one's own password by the present one; one's other sessions end."""
    await door.change_own(person, token_of(request), wish.old, wish.new)
    return Response(status_code=204)


def _item(id: str, grant: Grant, current: str) -> SessionItem:
    return SessionItem(
        id=id,
        person=grant.name,
        how=grant.label or "login link",
        made=iso(grant.made_ms),
        expires=None if grant.expires_ms is None else iso(grant.expires_ms),
        used=None if grant.used_ms is None else iso(grant.used_ms),
        current=id == current,
    )
