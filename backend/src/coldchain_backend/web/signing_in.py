"""Signing in: by password or by a login link. Failures are slowed down, logged and noted; none says why."""

from asyncio import Semaphore, to_thread
from collections.abc import Callable
from typing import Annotated, Final, TypeVar

from fastapi import Depends, HTTPException, Request, Response

from coldchain.errors import InvalidInput
from coldchain_backend.access import (
    Attempts,
    AuditBook,
    By,
    Noted,
    Passwords,
    PeopleKeeper,
    Purpose,
    Right,
    What,
    check_password,
)
from coldchain_backend.web.auth import COOKIE, Auth, address_of
from coldchain_backend.web.services import Person as Asking
from coldchain_backend.web.times import iso
from coldchain_runtime.logs import Log

ACCOUNT_WRONG: Final = 10
ACCOUNT_WITHIN_MS: Final = 15 * 60_000
"""So many wrong passwords for one account within a quarter of an hour, from wherever they come."""
NOTED: Final = 60
NOTED_WITHIN_MS: Final = 60_000
"""So many failures a minute are noted in the audit one by one; the rest are counted in the next."""
MAX_WAITING: Final = 16
COOKIE_S: Final = 30 * 86_400
LINK, SOMEBODY = "login link", "unknown user"
Out = TypeVar("Out")
_log = Log("access")


class Hashing:
    """One password at a time, outside the event loop: each takes tens of MiB while it is hashed."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords
        self._one = Semaphore(1)
        self._waiting = 0

    async def hashed(self, password: str) -> str:
        """The hash that is kept. Raises 429 where too many wait."""
        return await self._alone(lambda: self._passwords.hashed(password))

    async def good(self, hashed: str | None, password: str) -> bool:
        """Whether a password belongs to a hash; None is nobody's and takes as long. Raises 429."""
        return await self._alone(lambda: self._passwords.good(hashed, password))

    async def renewed(self, hashed: str, password: str) -> str | None:
        """The hash by today's parameters, where this one was made by others."""
        return await self.hashed(password) if self._passwords.outdated(hashed) else None

    async def _alone(self, work: Callable[[], Out]) -> Out:
        if self._waiting >= MAX_WAITING:
            raise HTTPException(429, headers={"Retry-After": "5"})
        self._waiting += 1
        try:
            async with self._one:
                return await to_thread(work)
        finally:
            self._waiting -= 1


class SigningIn:
    """Opens sessions. A browser always gets a new one; what it had before ends."""

    def __init__(self, auth: Auth, people: PeopleKeeper, audit: AuditBook, passwords: Passwords) -> None:
        self.hashing = Hashing(passwords)
        self._auth, self._people, self._audit = auth, people, audit
        self._accounts = Attempts(limit=ACCOUNT_WRONG, within_ms=ACCOUNT_WITHIN_MS)
        self._notes = Attempts(limit=NOTED, within_ms=NOTED_WITHIN_MS)
        self._unnoted = 0

    async def by_password(self, request: Request, user: str, password: str) -> str:
        """A session for the right password. Raises 401 for any wrong one, 429 after too many."""
        user = user.strip().casefold()[:64]
        now_ms = self._auth.clock.now_ms()
        self._auth.check_address(request)
        wait_ms = self._accounts.wait_ms(user, now_ms)
        if wait_ms:
            _log.warning("access.account_waits", address=address_of(request))
            raise HTTPException(429, headers={"Retry-After": str(wait_ms // 1000 + 1)})
        person = self._people.person(user)
        allowed = person is not None and not person.disabled and person.role is not None
        hashed = await to_thread(self._people.password, user) if allowed else None
        if not await self.hashing.good(hashed, password) or hashed is None:
            self._accounts.failed(user, now_ms)
            await self._failed(request, SOMEBODY if person is None else person.id)
            raise HTTPException(401)
        self._accounts.forget(user)
        renewed = await self.hashing.renewed(hashed, password)
        if renewed is not None:
            await to_thread(self._people.refresh_password, user, renewed)
        session = await to_thread(self._auth.tokens.open_session, user, "password", now_ms)
        await self._opened(request, user, "password")
        return session

    async def by_token(self, request: Request, token: str) -> str:
        """A session for the token of a login link. Raises 401 for any wrong one, 429 after too many."""
        now_ms = self._auth.clock.now_ms()
        self._auth.check_address(request)
        grant = self._auth.tokens.find(token, now_ms)
        person = None if grant is None else self._auth.person_of(grant)
        session = None
        if person is not None:
            session = await to_thread(self._auth.tokens.session_of, token, now_ms)
        if person is None or session is None:
            await self._failed(request, LINK)
            raise HTTPException(401)
        await self._opened(request, person.name, LINK)
        return session

    def give(self, request: Request, response: Response, session: str) -> None:
        """Put the session into the browser's cookie."""
        self._auth.set_cookie(request, response, session, COOKIE_S)

    async def set_password(self, user: str, password: str | None, said: By) -> None:
        """Set a user's password, or take it away; all their sessions end. InvalidInput for a weak one."""
        hashed = None
        if password is not None:
            check_password(password, user)
            hashed = await self.hashing.hashed(password)
        await to_thread(self._people.set_password, user, hashed, said)
        await to_thread(self._auth.tokens.end_sessions, user)

    async def change_own(self, person: Asking, token: str | None, old: str, new: str) -> None:
        """Set one's own password by the present one; all sessions but the one of `token` end.

        Raises 401 for a wrong one, 429 after too many; InvalidInput for a weak one and for who is no user.
        """
        known, now_ms = self._people.person(person.person), self._auth.clock.now_ms()
        if known is None:
            raise InvalidInput("only a user has a password; you are here by a token")
        check_password(new, known.id)
        if self._accounts.wait_ms(known.id, now_ms):
            raise HTTPException(429, headers={"Retry-After": "60"})
        hashed = await to_thread(self._people.password, known.id)
        if not await self.hashing.good(hashed, old):
            self._accounts.failed(known.id, now_ms)
            raise HTTPException(401)
        changed = await self.hashing.hashed(new)
        await to_thread(self._people.set_password, known.id, changed, by(known.id, now_ms, "own"))
        await to_thread(self._auth.tokens.end_sessions, known.id, but=token)

    async def end(self, person: Asking, session: str) -> None:
        """End a session by its id: one's own, for an administrator anybody's. Raises the 404."""
        name = None if person.may(Right.ADMINISTER) else person.name
        found = dict(await to_thread(self._auth.tokens.listed, Purpose.SESSION, name=name))
        if session not in found:
            raise HTTPException(404, "there is no such session")
        await to_thread(self._auth.tokens.drop, session)
        entry = Noted(
            by=person.name,
            what=What.SESSION,
            subject=found[session].name,
            at_ms=self._auth.clock.now_ms(),
            old=f"open since {iso(found[session].made_ms)}",
            new="ended",
        )
        await to_thread(self._audit.note, entry)

    async def _opened(self, request: Request, who: str, how: str) -> None:
        """Note it, and end the session that the browser had."""
        before = request.cookies.get(COOKIE)
        if before is not None:
            await to_thread(self._auth.tokens.forget, before)
        _log.event("access.signed_in", person=who, how=how, address=address_of(request))
        await self._note(who, who, f"{how}, from {address_of(request)}")

    async def _failed(self, request: Request, who: str) -> None:
        now_ms, address = self._auth.clock.now_ms(), address_of(request)
        self._auth.wrong.failed(address, now_ms)
        _log.warning("access.refused", person=who, address=address)
        if self._notes.wait_ms("", now_ms):
            self._unnoted += 1
            return
        self._notes.failed("", now_ms)
        more, self._unnoted = self._unnoted, 0
        await self._note("", who, f"refused, from {address}" + (f"; {more} more before" if more else ""))

    async def _note(self, by: str, subject: str, said: str) -> None:
        entry = Noted(by=by, what=What.LOGIN, subject=subject, at_ms=self._auth.clock.now_ms(), new=said)
        await to_thread(self._audit.note, entry)


async def signing_in_of(request: Request) -> SigningIn:
    """The application's own."""
    found: SigningIn = request.app.state.signing_in
    return found


Door = Annotated[SigningIn, Depends(signing_in_of)]


def by(name: str, now_ms: int, why: str) -> By:
    """Who changes something, with the white space of the reason made plain."""
    return By(name=name, at_ms=now_ms, why=" ".join(why.split()))
