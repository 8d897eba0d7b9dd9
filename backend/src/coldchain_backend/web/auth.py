"""Who asks: a token in the Authorization header, or a browser's session cookie. A 401 never says why."""

from asyncio import Semaphore, to_thread
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from pydantic import BaseModel, Field

from coldchain_backend.access import Grant, Passwords, Purpose, Right, Role, Tokens
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Admin
from coldchain_runtime.clock import Clock

COOKIE = "coldchain_session"
SCHEMES = frozenset({"token", "bearer"})
MAX_TOKEN = 200
DAY_MS = 86_400_000
PERSON_DAYS = 365
READING = frozenset({"GET", "HEAD", "OPTIONS"})
WRONG_TOKENS = 30
WRONG_WITHIN_MS = 60_000
MAX_ADDRESSES = 10_000
router = APIRouter(prefix="/api/v1", tags=["access"], responses=FAILURES)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn:
    """A person whose token or session is good."""

    name: str
    role: Role

    def may(self, right: Right) -> bool:
        """Whether the role allows something."""
        return self.role.may(right)


class Hashing:
    """One password at a time, outside the event loop: each takes tens of MiB while it is hashed."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords
        self._one = Semaphore(1)

    async def hashed(self, password: str) -> str:
        """The hash that is kept."""
        async with self._one:
            return await to_thread(self._passwords.hashed, password)


class Auth:
    """Answers who asks, for people and for machines."""

    def __init__(self, tokens: Tokens, clock: Clock, public_url: str, passwords: Passwords) -> None:
        self.tokens = tokens
        self.passwords = Hashing(passwords)
        self.public_url = public_url
        self.clock = clock
        self._wrong: dict[str, list[int]] = {}

    async def identify(self, request: Request) -> LoggedIn:
        """The person who asks. Raises the 401."""
        grant = self.grant_of(request)
        if grant is None or grant.role is None:
            raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
        return LoggedIn(name=grant.name, role=grant.role)

    def writer(self, request: Request) -> Grant:
        """Who writes: a gateway's or another machine's token, or an administrator. Raises the 401."""
        grant = self.grant_of(request)
        if grant is None or not (grant.purpose is Purpose.GATEWAY or grant.role is Role.ADMIN):
            raise HTTPException(401, headers={"WWW-Authenticate": "Token"})
        return grant

    def grant_of(self, request: Request) -> Grant | None:
        """What the request's token or session allows now.

        Raises 403 where another site's page makes a browser write with its session, 429 after too many
        wrong tokens from one address.
        """
        token = _token(request)
        if token is None:
            return None
        if _by_session(request) and request.method not in READING and not _same_site(request):
            raise HTTPException(403)
        grant = self.tokens.find(token, self.clock.now_ms())
        if grant is None:
            self.count_wrong(request)
        return grant

    def count_wrong(self, request: Request) -> None:
        """One wrong token. Raises 429 beyond WRONG_TOKENS in a minute from one address."""
        now_ms = self.clock.now_ms()
        address = "" if request.client is None else request.client.host
        times = [one for one in self._wrong.get(address, ()) if now_ms - one < WRONG_WITHIN_MS]
        if len(times) >= WRONG_TOKENS:
            raise HTTPException(429, headers={"Retry-After": "60"})
        if len(self._wrong) >= MAX_ADDRESSES:
            self._wrong.clear()
        self._wrong[address] = [*times, now_ms]

    async def end_session(self, request: Request, response: Response) -> None:
        """Forget the session and take the cookie back."""
        session = request.cookies.get(COOKIE)
        if session is not None:
            await to_thread(self.tokens.forget, session)
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")


def _token(request: Request) -> str | None:
    header = request.headers.get("authorization")
    if header is None:
        return request.cookies.get(COOKIE)
    scheme, _, token = header.partition(" ")
    token = token.strip()
    return token if scheme.lower() in SCHEMES and 0 < len(token) <= MAX_TOKEN else None


def _by_session(request: Request) -> bool:
    return "authorization" not in request.headers


def _same_site(request: Request) -> bool:
    """Whether the page that sent the request is one of ours; programs that are no browser say nothing."""
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def auth_of(request: Request) -> Auth:
    """The application's own."""
    auth: Auth = request.app.state.auth
    return auth


Asked = Annotated[Auth, Depends(auth_of)]


class Login(BaseModel):
    """The token of a login link."""

    token: str = Field(max_length=MAX_TOKEN)


class TokenWish(BaseModel):
    """For a person with a role, or for a gateway or another machine that writes.

    Without `days` a person's is good for a year, a machine's until it is revoked.
    """

    person: str | None = Field(default=None, min_length=1, max_length=100)
    role: Role = Role.VIEWER
    gateway: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    days: int | None = Field(default=None, ge=1, le=3650)


class NewToken(BaseModel):
    """Shown once. `link` logs a person in; what stands behind # is neither sent nor logged by browsers."""

    token: str
    link: str | None


@router.post("/session", status_code=204)
async def log_in(login: Login, request: Request, auth: Asked) -> Response:
    """Trade the token of a login link for a session cookie."""
    session = await to_thread(auth.tokens.session_of, login.token, auth.clock.now_ms())
    if session is None:
        auth.count_wrong(request)
        raise HTTPException(401)
    response = Response(status_code=204)
    secure = request.url.scheme == "https"
    response.set_cookie(
        COOKIE, session, httponly=True, samesite="strict", secure=secure, max_age=30 * DAY_MS // 1000
    )
    return response


@router.post("/tokens")
async def make_token(wish: TokenWish, person: Admin, auth: Asked) -> NewToken:
    """Make a token; only its hash is kept."""
    if (wish.person is None) == (wish.gateway is None):
        raise HTTPException(400, "name either a person or a gateway")
    now_ms = auth.clock.now_ms()
    days = wish.days or (PERSON_DAYS if wish.person else None)
    grant = Grant(
        name=wish.person or wish.gateway or "",
        purpose=Purpose.PERSON if wish.person else Purpose.GATEWAY,
        role=wish.role if wish.person else None,
        made_ms=now_ms,
        expires_ms=None if days is None else now_ms + days * DAY_MS,
    )
    token = await to_thread(auth.tokens.issue, grant)
    return NewToken(token=token, link=f"{auth.public_url}/login#{token}" if wish.person else None)


class Revocation(BaseModel):
    """Whose tokens are void from now on; sessions that came from them end too."""

    person: str | None = Field(default=None, min_length=1, max_length=100)
    gateway: str | None = Field(default=None, min_length=1, max_length=100)


class Revoked(BaseModel):
    """How many tokens there were."""

    tokens: int


@router.post("/tokens/revoke")
async def revoke_tokens(wish: Revocation, person: Admin, auth: Asked) -> Revoked:
    """Void every token of a person or of a machine."""
    if (wish.person is None) == (wish.gateway is None):
        raise HTTPException(400, "name either a person or a gateway")
    purpose = Purpose.PERSON if wish.person else Purpose.GATEWAY
    name = wish.person or wish.gateway or ""
    return Revoked(tokens=await to_thread(auth.tokens.revoke, purpose, name))
