"""Tokens through the API: make, list, renew and void those of people and machines."""

from asyncio import to_thread
from typing import Annotated

from fastapi import APIRouter, HTTPException, Response
from fastapi import Path as InPath
from pydantic import BaseModel, Field

from coldchain_backend.access import Grant, Purpose, Role
from coldchain_backend.web.api.shapes import Listed, Time
from coldchain_backend.web.auth import Asked
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.issuing import HOUR_MS, Issuing, Made, TokenWish
from coldchain_backend.web.services import Asker, Wanted
from coldchain_backend.web.times import iso

router = APIRouter(prefix="/api/v1/tokens", tags=["access"], responses=FAILURES)
Id = Annotated[str, InPath(max_length=40)]


class NewToken(BaseModel):
    """Shown once. `link` logs a person in; what stands behind # is neither sent nor logged by browsers."""

    token: str
    link: str | None


class Renewal(BaseModel):
    """How long the old token stays good beside the new one."""

    overlap_hours: float = Field(default=24, ge=0, le=24 * 30)


class RenewedToken(NewToken):
    """The new token, shown once, and until when the old one is good."""

    old_until: Time


class TokenItem(BaseModel):
    """A token; `id` is the beginning of its hash. `person` and `gateway` say whose it is."""

    id: str
    person: str | None
    gateway: str | None
    role: Role | None
    bound: bool
    label: str
    made: Time
    expires: Time | None
    used: Time | None


class Revocation(BaseModel):
    """Whose tokens are void from now on; sessions that came from them end too."""

    person: str | None = Field(default=None, min_length=1, max_length=100)
    gateway: str | None = Field(default=None, min_length=1, max_length=100)


class Revoked(BaseModel):
    """How many tokens there were."""

    tokens: int


@router.get("")
async def tokens(auth: Asked, person: Asker) -> Listed[TokenItem]:
    """Tokens and login links of people, tokens of machines; the newest first."""
    found = await to_thread(auth.tokens.listed, Purpose.PERSON, Purpose.GATEWAY)
    return Listed(items=[_item(id, grant) for id, grant in found])


@router.post("")
async def make_token(wish: TokenWish, person: Asker, auth: Asked, services: Wanted) -> NewToken:
    """Make a token; only its hash is kept."""
    return _shown(await Issuing(auth=auth, services=services, person=person).make(wish))


@router.post("/revoke")
async def revoke_tokens(wish: Revocation, person: Asker, auth: Asked, services: Wanted) -> Revoked:
    """Void every token of a person or of a machine."""
    if (wish.person is None) == (wish.gateway is None):
        raise HTTPException(400, "name either a person or a gateway")
    purpose = Purpose.PERSON if wish.person else Purpose.GATEWAY
    issuing = Issuing(auth=auth, services=services, person=person)
    return Revoked(tokens=await issuing.revoke_all(purpose, wish.person or wish.gateway or ""))


@router.post("/{token}/renew")
async def renew(token: Id, wish: Renewal, person: Asker, auth: Asked, services: Wanted) -> RenewedToken:
    """A new token of the same rights; the old one stays good for a while, so that nothing stands still."""
    issuing = Issuing(auth=auth, services=services, person=person)
    made, until_ms = await issuing.renew(token, round(wish.overlap_hours * HOUR_MS))
    return RenewedToken(token=made.token, link=made.link, old_until=iso(until_ms))


@router.delete("/{token}", status_code=204)
async def revoke_one(token: Id, person: Asker, auth: Asked, services: Wanted) -> Response:
    """Void one token, and end the sessions that came from it."""
    await Issuing(auth=auth, services=services, person=person).revoke(token)
    return Response(status_code=204)


def _shown(made: Made) -> NewToken:
    return NewToken(token=made.token, link=made.link)


def _item(id: str, grant: Grant) -> TokenItem:
    person = grant.purpose is Purpose.PERSON
    return TokenItem(
        id=id,
        person=grant.name if person else None,
        gateway=None if person else grant.name,
        role=grant.role,
        bound=bool(grant.person),
        label=grant.label,
        made=iso(grant.made_ms),
        expires=None if grant.expires_ms is None else iso(grant.expires_ms),
        used=None if grant.used_ms is None else iso(grant.used_ms),
    )
