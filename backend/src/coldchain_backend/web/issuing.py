"""Tokens and enrolment codes made, renewed, voided: each act is noted, what opens a door is shown once."""

from asyncio import to_thread
from dataclasses import dataclass
from typing import Final

from fastapi import HTTPException
from pydantic import BaseModel, Field

from coldchain.errors import InvalidInput
from coldchain_backend.access import SERVER_ADMIN, Grant, Noted, Purpose, Role, What
from coldchain_backend.access.tokens import CODE_MS
from coldchain_backend.web.auth import Auth
from coldchain_backend.web.services import Person, Services
from coldchain_backend.web.times import iso

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
PERSON_DAYS: Final = 365


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A token that was just made; `link` logs a person in, None for a machine's."""

    name: str
    token: str
    link: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuing:
    """Makes and voids tokens in the name of `person`, who may."""

    auth: Auth
    services: Services
    person: Person

    async def make(self, wish: TokenWish) -> Made:
        """A token; only its hash is kept. Raises HTTPException 400 and InvalidInput for what cannot be."""
        grant = _grant(wish, self.services, self.auth.clock.now_ms())
        token = await to_thread(self.auth.tokens.issue, grant)
        await self._note(grant, old=None, new=_said(grant))
        return self._made(token, grant)

    async def renew(self, token: str, overlap_ms: int) -> tuple[Made, int]:
        """A new token of the same rights, and until when (ms UTC) the old one is good. Raises 400 and 404."""
        now_ms = self.auth.clock.now_ms()
        _refuse_own(await self._found(token))
        made = await to_thread(self.auth.tokens.rotate, token, now_ms, overlap_ms)
        if made is None:
            raise HTTPException(404, "there is no such token")
        grant, until_ms = made[1], now_ms + overlap_ms
        await self._note(grant, old=f"token {token}, good until {iso(until_ms)}", new=_said(grant))
        return self._made(made[0], grant), until_ms

    async def revoke(self, token: str) -> None:
        """Void one token, and end the sessions that came from it. Raises 400 and 404."""
        _refuse_own(await self._found(token))
        gone = await to_thread(self.auth.tokens.drop, token)
        if gone is None:
            raise HTTPException(404, "there is no such token")
        await self._note(gone, old=_said(gone), new="revoked")

    async def revoke_all(self, purpose: Purpose, name: str) -> int:
        """Void every token of a name; how many there were."""
        count = await to_thread(self.auth.tokens.revoke, purpose, name)
        if count:
            of = Grant(name=name, purpose=purpose, made_ms=0)
            await self._note(of, old=f"{count} tokens", new="revoked")
        return count

    async def code(self, gateway: str) -> str:
        """A one-time code under which a gateway may enrol; an older one of the same name is void."""
        now_ms, tokens = self.auth.clock.now_ms(), self.auth.tokens
        before_ms = await to_thread(tokens.code_until, gateway)
        code = await to_thread(tokens.issue_code, gateway, now_ms)
        entry = Noted(
            by=self.person.name,
            what=What.ENROLMENT_CODE,
            subject=f"gateway {gateway}",
            at_ms=now_ms,
            old=None if before_ms is None else _unused(before_ms, now_ms),
            new=f"made, good until {iso(now_ms + CODE_MS)}",
        )
        await to_thread(self.services.audit.note, entry)
        return code

    async def _found(self, token: str) -> Grant:
        """A person's or a machine's token, no session. Raises the 404."""
        listed = await to_thread(self.auth.tokens.listed, Purpose.PERSON, Purpose.GATEWAY)
        found = dict(listed).get(token)
        if found is None:
            raise HTTPException(404, "there is no such token")
        return found

    def _made(self, token: str, grant: Grant) -> Made:
        person = grant.purpose is Purpose.PERSON
        link = f"{self.auth.public_url}/login#{token}" if person else None
        return Made(name=grant.name, token=token, link=link)

    async def _note(self, of: Grant, *, old: str | None, new: str | None) -> None:
        who = "person" if of.purpose is Purpose.PERSON else "machine"
        entry = Noted(
            by=self.person.name,
            what=What.TOKEN,
            subject=f"{who} {of.name}",
            at_ms=self.services.clock.now_ms(),
            old=old,
            new=new,
        )
        await to_thread(self.services.audit.note, entry)


def is_own(grant: Grant) -> bool:
    """Whether it is the server's own token, which is renewed by deleting its file."""
    return grant.purpose is Purpose.PERSON and grant.name == SERVER_ADMIN and not grant.person


def _refuse_own(grant: Grant) -> None:
    if is_own(grant):
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


def _said(grant: Grant) -> str:
    """A token in the audit's words."""
    kind = grant.role.value if grant.role is not None else "writes"
    until = "until revoked" if grant.expires_ms is None else f"until {iso(grant.expires_ms)}"
    return ", ".join(part for part in (kind, until, grant.label) if part)


def _unused(until_ms: int, now_ms: int) -> str:
    """What became of a code that nobody used."""
    return f"expired unused at {iso(until_ms)}" if until_ms <= now_ms else "an unused one, void from now on"
