"""The page of tokens: whose they are, when used, until when good; made, renewed with an overlap, voided."""

from asyncio import to_thread
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from coldchain.errors import InvalidInput
from coldchain_backend.access import Grant, Purpose, Role
from coldchain_backend.web.auth import Asked, Auth
from coldchain_backend.web.console.entry import shown_grant
from coldchain_backend.web.console.forms import posted
from coldchain_backend.web.console.render import Page, local_path
from coldchain_backend.web.console.wording import Wording
from coldchain_backend.web.issuing import DAY_MS, HOUR_MS, Issuing, Made, TokenWish, is_own
from coldchain_backend.web.services import Asker, Services, Wanted

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
SOON_MS: Final = 14 * DAY_MS
OVERLAPS_H: Final = (0, 1, 24, 48, 168)
DAYS: Final = (1, 7, 30, 90, 365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """A token on the one page that shows it; `old_until`: how long the one before it is good, UTC."""

    made: Made
    old_until: str = ""


@router.get("/tokens")
async def listed(request: Request, services: Wanted, person: Asker, auth: Asked) -> Response:
    """Login links of people and tokens of machines."""
    return await _page(await Page.of(request, services, person), auth)


@router.post("/tokens")
async def make(request: Request, services: Wanted, person: Asker, auth: Asked) -> Response:
    """Make one and show it, this once."""
    fields, page = await posted(request), await Page.of(request, services, person)
    try:
        made = await Issuing(auth=auth, services=services, person=person).make(_wish(fields))
    except (InvalidInput, ValidationError) as error:
        return await _page(page, auth, wrong=_why(error, page.wording))
    except HTTPException as refusal:
        return await _page(page, auth, wrong=str(refusal.detail))
    return await _page(page, auth, once=Once(made=made))


@router.post("/tokens/{token}/renew")
async def renew(request: Request, services: Wanted, person: Asker, auth: Asked, token: str) -> Response:
    """Make a new one in its place and show it, this once; the old one is good for the overlap."""
    fields, page = await posted(request), await Page.of(request, services, person)
    hours = fields.get("overlap", "")
    if hours not in {str(one) for one in OVERLAPS_H}:
        raise HTTPException(400)
    issuing = Issuing(auth=auth, services=services, person=person)
    made, until_ms = await issuing.renew(token, int(hours) * HOUR_MS)
    return await _page(page, auth, once=Once(made=made, old_until=page.wording.day(until_ms)))


@router.post("/tokens/{token}/revoke")
async def revoke(request: Request, services: Wanted, person: Asker, auth: Asked, token: str) -> Response:
    """Void one, and the sessions that came from it; back to where the form stood."""
    fields = await posted(request)
    await Issuing(auth=auth, services=services, person=person).revoke(token)
    return RedirectResponse(local_path(fields.get("back", "/tokens")), status_code=303)


def token_line(id: str, grant: Grant, page: Page) -> Mapping[str, object]:
    """A token in words; `own`: the server's, which is renewed by hand. `sign`: how its end stands."""
    w = page.wording
    person = page.services.people.person(grant.person) if grant.person else None
    left_ms = None if grant.expires_ms is None else grant.expires_ms - w.now_ms
    sign, standing = "", ""
    if left_ms is not None and left_ms <= 0:
        sign, standing = "unknown", w.say("token_over")
    elif left_ms is not None and left_ms < SOON_MS:
        sign, standing = "warning", w.say("token_ends", left=w.age(left_ms))
    machine = grant.purpose is Purpose.GATEWAY
    return {
        **shown_grant(id, grant, w),
        "whose": grant.name if person is None else w.name(person.name),
        "user": grant.person,
        "machine": machine,
        "kind": w.say("token_machine" if machine else "token_person"),
        "label": grant.label,
        "sign": sign,
        "standing": standing,
        "own": is_own(grant),
    }


def soonest_first(lines: Sequence[Mapping[str, object]]) -> Sequence[Mapping[str, object]]:
    """Those that end soon first; the rest as they came, the newest first."""
    return sorted(lines, key=lambda one: one["sign"] != "warning")


async def _grants(auth: Auth) -> Sequence[tuple[str, Grant]]:
    return await to_thread(auth.tokens.listed, Purpose.PERSON, Purpose.GATEWAY)


async def _page(page: Page, auth: Auth, *, once: Once | None = None, wrong: str = "") -> Response:
    grants, services = await _grants(auth), page.services
    machines = {one.name for _, one in grants if one.purpose is Purpose.GATEWAY}
    values = {
        "tokens": soonest_first([token_line(id, grant, page) for id, grant in grants]),
        "once": once,
        "wrong": wrong,
        "overlaps": OVERLAPS_H,
        "days": DAYS,
        "roles": list(Role),
        "machines": sorted({*services.gateways(), *machines}),
        "users": _users(services, page.wording),
    }
    return page.render("tokens", values, status=400 if wrong else 200)


def _users(services: Services, wording: Wording) -> Sequence[tuple[str, str]]:
    """Who may sign in: id and name."""
    everyone = [one for one in services.people.everyone() if one.role is not None and not one.disabled]
    return [(one.id, wording.name(one.name)) for one in everyone]


def _wish(fields: Mapping[str, str]) -> TokenWish:
    """Raises ValidationError for what cannot be."""
    given = {name: fields[name].strip() for name in ("person", "gateway", "role", "days") if fields.get(name)}
    return TokenWish.model_validate({**given, "label": fields.get("label", "")})


def _why(error: InvalidInput | ValidationError, wording: Wording) -> str:
    if isinstance(error, InvalidInput):
        return str(error)
    return wording.say("token_wrong", what=", ".join(str(one["loc"][0]) for one in error.errors()))
