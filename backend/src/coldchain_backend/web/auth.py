"""Who asks: a token in the Authorization header, or a browser's session cookie. A 401 never says why."""

from asyncio import to_thread
from dataclasses import dataclass, field
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request, Response

from coldchain_backend.access import Attempts, Grant, People, Purpose, Right, Role, Tokens, network_of
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

COOKIE: Final = "coldchain_session"
SCHEMES: Final = frozenset({"token", "bearer"})
MAX_TOKEN: Final = 200
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
WRONG: Final = 30
WRONG_WITHIN_MS: Final = 60_000
"""So many wrong tokens and passwords are borne from one address in a minute."""
_log = Log("access")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn:
    """A person whose token or session is good; `person` is their id, empty for one known by name only."""

    name: str
    role: Role
    person: str = ""

    def may(self, right: Right) -> bool:
        """Whether the role allows something."""
        return self.role.may(right)


def _wrong() -> Attempts:
    return Attempts(limit=WRONG, within_ms=WRONG_WITHIN_MS)


@dataclass(slots=True, kw_only=True)
class Auth:
    """Answers who asks, for people and for machines.

    wrong   tokens and passwords that were wrong, by address
    """

    tokens: Tokens
    people: People
    clock: Clock
    public_url: str
    wrong: Attempts = field(default_factory=_wrong)

    async def identify(self, request: Request) -> LoggedIn:
        """The person who asks. Raises the 401."""
        grant = self.grant_of(request)
        person = None if grant is None else self.person_of(grant)
        if person is None:
            raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
        return person

    def person_of(self, grant: Grant) -> LoggedIn | None:
        """Whom a grant lets in, by what they may now; None where it lets nobody in any more."""
        if not grant.person:
            return None if grant.role is None else LoggedIn(name=grant.name, role=grant.role)
        known = self.people.person(grant.person)
        if known is None or known.disabled or known.role is None:
            return None
        role = known.role if grant.role is None else grant.role.within(known.role)
        return LoggedIn(name=known.id, role=role, person=known.id)

    def writer(self, request: Request) -> Grant:
        """Who writes: a gateway's or another machine's token, or an administrator. Raises the 401."""
        grant = self.grant_of(request)
        if grant is not None and grant.purpose is Purpose.GATEWAY:
            return grant
        person = None if grant is None else self.person_of(grant)
        if grant is None or person is None or person.role is not Role.ADMIN:
            raise HTTPException(401, headers={"WWW-Authenticate": "Token"})
        return grant

    def grant_of(self, request: Request) -> Grant | None:
        """What the request's token or session allows now. Raises 429 after too many wrong ones."""
        token = token_of(request)
        if token is None:
            return None
        grant = self.tokens.find(token, self.clock.now_ms())
        if grant is None:
            self.count_wrong(request)
        return grant

    def count_wrong(self, request: Request) -> None:
        """One wrong token more. Raises 429 beyond WRONG in a minute from one address."""
        self.check_address(request)
        self.wrong.failed(address_of(request), self.clock.now_ms())

    def check_address(self, request: Request) -> None:
        """Raise 429 where too much was wrong from this address."""
        if self.wrong.wait_ms(address_of(request), self.clock.now_ms()):
            _log.warning("access.too_many_wrong", address=address_of(request))
            raise HTTPException(429, headers={"Retry-After": "60"})

    def is_secure(self, request: Request) -> bool:
        """Whether browsers reach this server by HTTPS, here or at a proxy before it."""
        return request.url.scheme == "https" or self.public_url.startswith("https://")

    def set_cookie(self, request: Request, response: Response, session: str, seconds: int) -> None:
        """Give the browser its session."""
        response.set_cookie(
            COOKIE,
            session,
            httponly=True,
            samesite="strict",
            secure=self.is_secure(request),
            max_age=seconds,
        )

    async def end_session(self, request: Request, response: Response) -> None:
        """Forget the session and take the cookie back."""
        session = request.cookies.get(COOKIE)
        if session is not None:
            await to_thread(self.tokens.forget, session)
        response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=self.is_secure(request))


def token_of(request: Request) -> str | None:
    """The token of a request, from its header or, where it has none, from its cookie."""
    header = request.headers.get("authorization")
    if header is None:
        return request.cookies.get(COOKIE)
    scheme, _, token = header.partition(" ")
    token = token.strip()
    return token if scheme.lower() in SCHEMES and 0 < len(token) <= MAX_TOKEN else None


def address_of(request: Request) -> str:
    """From where a request came, as it is counted: one host, or one IPv6 network."""
    return network_of("" if request.client is None else request.client.host)


def is_own_page(request: Request, public_url: str) -> bool | None:
    """Whether a page of ours makes a browser send this; None where nothing is said of where it comes from."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return site in {"same-origin", "none"}
    if origin is not None:
        return urlsplit(origin).netloc in {request.headers.get("host"), urlsplit(public_url).netloc} - {""}
    return None


async def auth_of(request: Request) -> Auth:
    """The application's own; what is no coroutine, FastAPI would ask in a thread, for every request."""
    auth: Auth = request.app.state.auth
    return auth


Asked = Annotated[Auth, Depends(auth_of)]
