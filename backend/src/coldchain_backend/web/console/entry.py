"""Coming and going: the login page, the way out, one's own sessions and password."""

from asyncio import to_thread
from collections.abc import Mapping

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from coldchain.errors import InvalidInput
from coldchain_backend.access import Grant, Purpose
from coldchain_backend.web.auth import Asked, token_of
from coldchain_backend.web.console.forms import posted
from coldchain_backend.web.console.render import Page, render_bare, wording_of
from coldchain_backend.web.console.wording import Wording
from coldchain_backend.web.services import Asker, Services, Wanted
from coldchain_backend.web.signing_in import Door

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_SAID: Mapping[int, str] = {401: "login_wrong", 429: "login_wait"}


@router.get("/login")
async def login(request: Request, services: Wanted) -> Response:
    """The page that takes a user and a password, or a token from its fragment or from its field."""
    return HTMLResponse(_login_page(request, services, ""))


@router.post("/login")
async def log_in(request: Request, services: Wanted, door: Door) -> Response:
    """Open a session and go to the board; a refusal says nothing of its cause."""
    fields = await posted(request)
    try:
        if "token" in fields:
            session = await door.by_token(request, fields["token"].strip())
        else:
            session = await door.by_password(request, fields.get("user", ""), fields.get("password", ""))
    except HTTPException as refusal:
        if refusal.status_code not in _SAID:
            raise
        said = wording_of(request, services).say(_SAID[refusal.status_code])
        page = _login_page(request, services, said)
        return HTMLResponse(page, status_code=refusal.status_code, headers=refusal.headers)
    response = RedirectResponse("/", status_code=303)
    door.give(request, response, session)
    return response


@router.post("/logout")
async def logout(request: Request, services: Wanted) -> Response:
    """End the session and go back to the login page."""
    response = RedirectResponse("/login", status_code=303)
    await services.end_session(request, response)
    return response


@router.get("/account")
async def account(request: Request, services: Wanted, person: Asker, auth: Asked) -> Response:
    """One's own sessions, and one's password where there can be one."""
    return await _account(request, services, person, auth, "")


@router.post("/account/password")
async def password(request: Request, services: Wanted, person: Asker, door: Door, auth: Asked) -> Response:
    """Set one's own password; every other session of one's own ends."""
    fields = await posted(request)
    said = "password_set"
    try:
        await door.change_own(person, token_of(request), fields.get("old", ""), fields.get("new", ""))
    except HTTPException as refusal:
        if refusal.status_code not in _SAID:
            raise
        said = "password_wrong" if refusal.status_code == 401 else "login_wait"
    except InvalidInput:
        said = "password_weak"
    return await _account(request, services, person, auth, wording_of(request, services).say(said))


@router.post("/account/sessions/{session}/end")
async def end(person: Asker, door: Door, session: str) -> Response:
    """End one of one's own sessions."""
    await door.end(person, session)
    return RedirectResponse("/account", status_code=303)


async def _account(request: Request, services: Services, person: Asker, auth: Asked, said: str) -> Response:
    page = await Page.of(request, services, person)
    found = await to_thread(auth.tokens.listed, Purpose.SESSION, name=person.name)
    token = token_of(request)
    current = "" if token is None else auth.tokens.id_of(token)
    values = {
        "sessions": [shown_grant(id, grant, page.wording, current) for id, grant in found],
        "has_password": bool(person.person),
        "said": said,
    }
    return page.render("account", values)


def shown_grant(id: str, grant: Grant, wording: Wording, current: str = "") -> Mapping[str, object]:
    """A token or session in the page's words."""
    expires, used = grant.expires_ms, grant.used_ms
    return {
        "id": id,
        "name": grant.name,
        "shown_label": _how(grant, wording),
        "role": "" if grant.role is None else wording.say(f"role_{grant.role.value}"),
        "made": wording.day(grant.made_ms),
        "expires": wording.say("until_revoked") if expires is None else wording.day(expires),
        "used": wording.say("never") if used is None else wording.ago(used),
        "current": id == current,
    }


def _how(grant: Grant, wording: Wording) -> str:
    """By what a session was opened, or what a token was called when it was made."""
    known = {"": "login_link", "login link": "login_link", "password": "login_password"}
    return wording.say(known[grant.label]) if grant.label in known else grant.label


def _login_page(request: Request, services: Services, said: str) -> str:
    return render_bare(request, services, "login", {"said": said})
