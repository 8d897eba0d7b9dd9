"""The pages of people and their access, for administrators."""

from asyncio import to_thread
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from coldchain.errors import InvalidInput, Refused
from coldchain.words import Language, Text
from coldchain_backend.access import Person, Purpose, Role, plain_number
from coldchain_backend.web.auth import Asked
from coldchain_backend.web.console.entry import shown_grant
from coldchain_backend.web.console.forms import posted
from coldchain_backend.web.console.render import Page
from coldchain_backend.web.console.token_pages import DAYS, OVERLAPS_H, Once, soonest_first, token_line
from coldchain_backend.web.issuing import Issuing, TokenWish
from coldchain_backend.web.services import Asker, Services, Wanted
from coldchain_backend.web.signing_in import Door, by

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_LINES = 50


@router.get("/users")
async def users(request: Request, services: Wanted, person: Asker, auth: Asked) -> Response:
    """Everybody, and a form for one more."""
    return await _users(request, services, person, auth, "")


@router.post("/users")
async def add(request: Request, services: Wanted, person: Asker, auth: Asked) -> Response:
    """Add a person and go to their page; what is wrong is said above the form."""
    fields = await posted(request)
    try:
        made = _wished(Person(id=fields.get("id", "").strip(), name=Text(en="-")), fields)
        said = by(person.name, services.clock.now_ms(), fields.get("reason", ""))
        await to_thread(services.people.add, made, said)
    except InvalidInput as error:
        return await _users(request, services, person, auth, str(error))
    return RedirectResponse(f"/users/{made.id}", status_code=303)


@router.get("/users/{user}")
async def user(request: Request, services: Wanted, person: Asker, auth: Asked, user: str) -> Response:
    """One person: their data, tokens and sessions."""
    return await _user(request, services, person, auth, user)


@router.post("/users/{user}")
async def change(request: Request, services: Wanted, person: Asker, auth: Asked, user: str) -> Response:
    """Change a person; who is disabled or may no longer log in loses tokens and sessions."""
    before, fields, wrong = _found(services, user), await posted(request), ""
    try:
        after = _wished(before, fields)
        said = by(person.name, services.clock.now_ms(), fields.get("reason", ""))
        await to_thread(services.people.change, after, said)
        if after.disabled or after.role is None:
            await to_thread(auth.tokens.revoke_person, user)
    except (InvalidInput, Refused) as error:
        wrong = str(error)
    return await _user(request, services, person, auth, user, wrong)


@router.post("/users/{user}/password")
async def password(request: Request, services: Wanted, person: Asker, door: Door, auth: Asked) -> Response:
    """Set a person's password; their sessions end."""
    user = str(request.path_params["user"])
    _found(services, user)
    fields, wrong = await posted(request), ""
    try:
        await door.set_password(
            user, fields.get("password", ""), by(person.name, services.clock.now_ms(), "")
        )
    except InvalidInput as error:
        wrong = str(error)
    return await _user(request, services, person, auth, user, wrong)


@router.post("/users/{user}/link")
async def link(request: Request, services: Wanted, person: Asker, auth: Asked, user: str) -> Response:
    """Make a login link for a person and show it, this once."""
    _found(services, user)
    fields = await posted(request)
    days = fields.get("days", "")
    if days not in {str(one) for one in DAYS}:
        raise HTTPException(400)
    wish = TokenWish(person=user, days=int(days), label=fields.get("label", "")[:100])
    try:
        made = await Issuing(auth=auth, services=services, person=person).make(wish)
    except InvalidInput as error:
        return await _user(request, services, person, auth, user, str(error))
    return await _user(request, services, person, auth, user, once=Once(made=made))


@router.post("/users/{user}/sessions/{session}/end")
async def end_session(person: Asker, door: Door, user: str, session: str) -> Response:
    """End a session of a person."""
    await door.end(person, session)
    return RedirectResponse(f"/users/{quote(user, safe='')}", status_code=303)


async def _users(request: Request, services: Services, person: Asker, auth: Asked, wrong: str) -> Response:
    page = await Page.of(request, services, person)
    grants = await to_thread(auth.tokens.listed, Purpose.PERSON, Purpose.SESSION)
    seen: dict[str, int] = {}
    for _, grant in grants:
        seen[grant.person] = max(seen.get(grant.person, 0), grant.used_ms or 0)
    everyone = [
        {**_shown(one, page), "seen": page.wording.ago(seen[one.id]) if seen.get(one.id) else ""}
        for one in services.people.everyone()
    ]
    return page.render("users", {"users": everyone, "wrong": wrong, "roles": list(Role), "one": None})


async def _user(  # noqa: PLR0913, PLR0917 - what a page is made of
    request: Request,
    services: Services,
    person: Asker,
    auth: Asked,
    user: str,
    wrong: str = "",
    once: Once | None = None,
) -> Response:
    found, page = _found(services, user), await Page.of(request, services, person)
    tokens = await to_thread(auth.tokens.listed, Purpose.PERSON, name=user)
    sessions = await to_thread(auth.tokens.listed, Purpose.SESSION, name=user)
    has_password = await to_thread(services.people.password, user) is not None
    values = {
        "one": _shown(found, page),
        "tokens": soonest_first([token_line(id, grant, page) for id, grant in tokens]),
        "once": once,
        "overlaps": OVERLAPS_H,
        "days": DAYS,
        "may_sign_in": found.role is not None and not found.disabled,
        "sessions": [shown_grant(id, grant, page.wording) for id, grant in sessions],
        "has_password": has_password,
        "wrong": wrong,
        "roles": list(Role),
    }
    return page.render("user", values)


def _found(services: Services, user: str) -> Person:
    found = services.people.person(user)
    if found is None:
        raise HTTPException(404)
    return found


def _wished(person: Person, fields: Mapping[str, str]) -> Person:
    """A person as the form says. Raises InvalidInput for what cannot be."""
    role, language = fields.get("role", ""), fields.get("language", "")
    if role not in ("", *Role) or language not in ("", *Language):
        raise HTTPException(400)
    return replace(
        person,
        name=Text(en=fields.get("name_en", "").strip(), zh=fields.get("name_zh", "").strip()),
        language=Language(language) if language else person.language,
        email=fields.get("email", "").strip(),
        mobile=plain_number(fields.get("mobile", "")),
        phone=plain_number(fields.get("phone", "")),
        role=Role(role) if role else None,
        disabled="disabled" in fields,
    )


def _shown(one: Person, page: Page) -> Mapping[str, object]:
    w = page.wording
    return {
        "id": one.id,
        "name": w.name(one.name),
        "name_en": one.name.en,
        "name_zh": one.name.zh,
        "language": one.language.value,
        "email": one.email,
        "mobile": one.mobile,
        "phone": one.phone,
        "role": "" if one.role is None else one.role.value,
        "standing": w.say("disabled")
        if one.disabled
        else w.say("told_only" if one.role is None else f"role_{one.role.value}"),
        "disabled": one.disabled,
    }
