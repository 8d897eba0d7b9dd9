"""What a person does on the page: choose a language, take notice of an alert."""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, quote

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from coldchain.words import Language
from coldchain_backend.fleet import ZoneState
from coldchain_backend.web.console.render import LANGUAGE_COOKIE, local_path
from coldchain_backend.web.services import Asker, Wanted
from coldchain_backend.web.zone_state import StateWish, write_zone_state

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_YEAR_S = 365 * 86_400
_MAX_FORM = 8192
_MAX_FIELDS = 20


@router.get("/language")
async def language(to: Language, request: Request, next: str = "/") -> Response:
    """Remember a language and go back."""
    response = RedirectResponse(local_path(next), status_code=303)
    secure = request.url.scheme == "https"
    response.set_cookie(
        LANGUAGE_COOKIE, to.value, max_age=_YEAR_S, httponly=True, samesite="lax", secure=secure
    )
    return response


@router.post("/zones/{zone}/state")
async def zone_state(request: Request, services: Wanted, person: Asker, zone: str) -> Response:
    """Say in which state a zone is from now on, and go back to its page."""
    fields = await posted(request)
    try:
        state = ZoneState(fields.get("state", ""))
    except ValueError as error:
        raise HTTPException(400) from error
    wish = StateWish(zone=zone, state=state, reason=fields.get("reason", ""))
    await write_zone_state(services, person, wish)
    return RedirectResponse(local_path(f"/zones/{quote(zone, safe='')}"), status_code=303)


async def posted(request: Request) -> Mapping[str, str]:
    """The fields of a posted form, the first value of each; too much is refused."""
    return {name: values[0] for name, values in (await posted_lists(request, _MAX_FIELDS)).items()}


async def posted_lists(request: Request, most: int) -> Mapping[str, Sequence[str]]:
    """The fields of a posted form with all their values, at most so many together."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM:
            raise HTTPException(413)
    try:
        return parse_qs(body.decode("ascii"), encoding="utf-8", errors="strict", max_num_fields=most)
    except ValueError as error:
        raise HTTPException(400) from error
