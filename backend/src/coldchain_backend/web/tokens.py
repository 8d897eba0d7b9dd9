"""Tokens through the API: make, list, renew and void those of people and machines."""

from asyncio import to_thread
from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Response
from fastapi import Path as InPath
from pydantic import BaseModel, Field

from coldchain.errors import InvalidInput
from coldchain_backend.access import SERVER_ADMIN, Grant, Noted, Purpose, Role, What
from coldchain_backend.web.api.shapes import Listed, Time
from coldchain_backend.web.auth import Asked, Auth
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker, Person, Services, Wanted
from coldchain_backend.web.times import iso

router = APIRouter(prefix="/api/v1/tokens", tags=["access"], responses=FAILURES)
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
PERSON_DAYS: Final = 365
Id = Annotated[str, InPath(max_length=40)]


class TokenWish(BaseModel):
    """For a person with a role, or for a gateway or another machine that writes.

    A `person` who is a user is bound to it: the token never allows more than they may at the time; without a
    `role` it allows all that. Without `days` a person's is good for a year, a machine's until it is revoked.
    """

    person: str | None = Field(default=None, min_length=1, max_length=100)
    role: Role | None = None
    gateway: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    days: int | None = Field(default=None, ge=1, le=3650)
    label: str = Field(default="", max_length=100)


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
    grant = _grant(wish, services, auth.clock.now_ms())
    token = await to_thread(auth.tokens.issue, grant)
    await _note(services, person, grant, old=None, new=_said(grant))
    return _shown(auth, token, grant)


@router.post("/revoke")
async def revoke_tokens(wish: Revocation, person: Asker, auth: Asked, services: Wanted) -> Revoked:
    """Void every token of a person or of a machine."""
    if (wish.person is None) == (wish.gateway is None):
        raise HTTPException(400, "name either a person or a gateway")
    purpose = Purpose.PERSON if wish.person else Purpose.GATEWAY
    name = wish.person or wish.gateway or ""
    count = await to_thread(auth.tokens.revoke, purpose, name)
    if count:
        of = Grant(name=name, purpose=purpose, made_ms=0)
        await _note(services, person, of, old=f"{count} tokens", new="revoked")
    return Revoked(tokens=count)


@router.post("/{token}/renew")
async def renew(token: Id, wish: Renewal, person: Asker, auth: Asked, services: Wanted) -> RenewedToken:
    """A new token of the same rights; the old one stays good for a while, so that nothing stands still."""
    now_ms, overlap_ms = auth.clock.now_ms(), round(wish.overlap_hours * HOUR_MS)
    _refuse_own(await _found(auth, token))
    made = await to_thread(auth.tokens.rotate, token, now_ms, overlap_ms)
    if made is None:
        raise HTTPException(404, "there is no such token")
    grant, until = made[1], iso(now_ms + overlap_ms)
    await _note(services, person, grant, old=f"token {token}, good until {until}", new=_said(grant))
    shown = _shown(auth, made[0], grant)
    return RenewedToken(token=shown.token, link=shown.link, old_until=until)


@router.delete("/{token}", status_code=204)
async def revoke_one(token: Id, person: Asker, auth: Asked, services: Wanted) -> Response:
    """Void one token, and end the sessions that came from it."""
    _refuse_own(await _found(auth, token))
    gone = await to_thread(auth.tokens.drop, token)
    if gone is None:
        raise HTTPException(404, "there is no such token")
    await _note(services, person, gone, old=_said(gone), new="revoked")
    return Response(status_code=204)


async def _found(auth: Auth, token: str) -> Grant:
    """A person's or a machine's token, no session. Raises the 404."""
    found = dict(await to_thread(auth.tokens.listed, Purpose.PERSON, Purpose.GATEWAY)).get(token)
    if found is None:
        raise HTTPException(404, "there is no such token")
    return found


def _refuse_own(grant: Grant) -> None:
    if grant.purpose is Purpose.PERSON and grant.name == SERVER_ADMIN and not grant.person:
        raise HTTPException(400, "the server's own token: delete its file and start the server again")


def _grant(wish: TokenWish, services: Services, now_ms: int) -> Grant:
    if (wish.person is None) == (wish.gateway is None):
        raise HTTPException(400, "name either a person or a gateway")
    days = wish.days or (PERSON_DAYS if wish.person else None)
    expires_ms = None if days is None else now_ms + days * DAY_MS
    if wish.person is None:
        return Grant(
            name=wish.gateway or "",
            purpose=Purpose.GATEWAY,
            made_ms=now_ms,
            expires_ms=expires_ms,
            label=_plain(wish.label),
        )
    known = services.people.person(wish.person)
    role = wish.role or Role.VIEWER
    if known is not None:
        if known.role is None or known.disabled:
            raise InvalidInput(f"{known.id} cannot log in: no role, or disabled")
        role = wish.role or known.role
        if not role.rights <= known.role.rights:
            raise InvalidInput(f"{known.id} is {known.role.value}: a token allows no more than that")
    return Grant(
        name=wish.person,
        person="" if known is None else known.id,
        purpose=Purpose.PERSON,
        role=role,
        made_ms=now_ms,
        expires_ms=expires_ms,
        label=_plain(wish.label),
    )


def _plain(label: str) -> str:
    return " ".join(label.split())


def _shown(auth: Auth, token: str, grant: Grant) -> NewToken:
    person = grant.purpose is Purpose.PERSON
    return NewToken(token=token, link=f"{auth.public_url}/login#{token}" if person else None)


def _said(grant: Grant) -> str:
    """A token in the audit's words."""
    kind = grant.role.value if grant.role is not None else "writes"
    until = "until revoked" if grant.expires_ms is None else f"until {iso(grant.expires_ms)}"
    return ", ".join(part for part in (kind, until, grant.label) if part)


async def _note(services: Services, person: Person, of: Grant, *, old: str | None, new: str | None) -> None:
    who = "person" if of.purpose is Purpose.PERSON else "machine"
    entry = Noted(
        by=person.name,
        what=What.TOKEN,
        subject=f"{who} {of.name}",
        at_ms=services.clock.now_ms(),
        old=old,
        new=new,
    )
    await to_thread(services.audit.note, entry)


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
