"""Acknowledging from outside: the page behind a signed link, and the fixed address where a code is entered.

Nobody signs in here: who has the link may take notice of this one alert, under the name of a person of the
receiver that was told. Looking changes nothing, so that the previews of chat robots acknowledge nothing.
"""

from asyncio import to_thread, wait_for
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from coldchain.words import Language
from coldchain_backend.access import LinkFault, Ticket
from coldchain_backend.access.links import CODE_PATH, LINK_PATH
from coldchain_backend.alerts import Alert
from coldchain_backend.fleet import Receiver
from coldchain_backend.web.acknowledge import MAX_REASON, write_acknowledgement
from coldchain_backend.web.console.forms import posted
from coldchain_backend.web.console.link_page import LinkTeller, Named, reason_of
from coldchain_backend.web.console.render import render_to, wording_in, wording_of
from coldchain_backend.web.console.wording import Wording
from coldchain_backend.web.guesses import Guesses
from coldchain_backend.web.rights import include
from coldchain_backend.web.services import Services, Wanted

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
WRONG_EACH: Final = 10
WRONG_ALL: Final = 100
MAX_TOLD: Final = 40_000
"""So many tellings of open alerts are looked through for a code, the newest first."""

JUDGED_WITHIN_S: Final = 3.0


def install_links(app: FastAPI) -> None:
    """Add the pages to an application whose state holds the services and `wrong_link_codes`."""
    include(app, [router])


@router.get(LINK_PATH + "{token}")
async def show(request: Request, services: Wanted, token: str) -> Response:
    """What somebody was told of, an alert or a group of them, and one button."""
    ticket, alerts = await _found(services, token)
    if not isinstance(ticket, Ticket) or not alerts:
        return _void(request, services, ticket)
    return _page(request, services, ticket, alerts, token)


@router.post(LINK_PATH + "{token}")
async def act(request: Request, services: Wanted, token: str) -> Response:
    """Take notice, in the name of the person who was chosen, and show the page again.

    Of a group: of each alert in it that goes on and that nobody has taken notice of.
    """
    fields = await posted(request)
    ticket, alerts = await _found(services, token)
    if not isinstance(ticket, Ticket) or not alerts:
        return _void(request, services, ticket)
    if not any(one.state.open for one in alerts):
        return _page(request, services, ticket, alerts, token, status=409)
    waiting = [one for one in alerts if one.state.open and one.acknowledged is None]
    if waiting:
        wording, receiver = _wording(request, services, ticket), _receiver(services, ticket)
        by = _by(fields.get("person", ""), persons_of(services, receiver, wording.language), ticket)
        reason = reason_of(wording, fields.get("choice", ""), fields.get("reason", ""))
        if by is None or not 0 < len(reason) <= MAX_REASON:
            return _page(request, services, ticket, alerts, token, status=400)
        for one in waiting:
            await write_acknowledgement(services, alert=one.id, by=by, reason=reason, via=ticket.receiver)
        await _judged(services, waiting[-1].id)
    return RedirectResponse(request.url.path + _query(request), status_code=303)


@router.get(CODE_PATH)
async def ask_code(request: Request, services: Wanted) -> Response:
    """The page on which a code from a text message is entered."""
    return _code_page(request, services)


@router.post(CODE_PATH)
async def take_code(request: Request, services: Wanted) -> Response:
    """Go on to the alert of a code."""
    code = (await posted(request)).get("code", "")
    guesses: Guesses = request.app.state.wrong_link_codes
    address, now_ms = "" if request.client is None else request.client.host, services.clock.now_ms()
    if guesses.too_many(address, now_ms):
        return _code_page(request, services, "code_wait", status=429)
    ticket = await to_thread(_look_for, services, code, now_ms)
    if ticket is None:
        guesses.count(address, now_ms)
        return _code_page(request, services, "code_wrong", status=404)
    return RedirectResponse(LINK_PATH + services.links.token(ticket) + _query(request), status_code=303)


def _look_for(services: Services, code: str, now_ms: int) -> Ticket | None:
    return services.links.find(code, services.answers.told_of_open(MAX_TOLD), now_ms)


async def _found(services: Services, token: str) -> tuple[Ticket | LinkFault, Sequence[Alert]]:
    """What a link stands for: one alert, or those of which a group's message told."""
    ticket = services.links.read(token, services.clock.now_ms())
    if isinstance(ticket, LinkFault):
        return ticket, ()
    story = await to_thread(services.answers.alert, ticket.alert)
    if story is not None:
        return ticket, (story.alert,)
    return ticket, await to_thread(services.answers.told_in, ticket.alert)


async def _judged(services: Services, alert: str) -> None:
    """Return when an acknowledgement is judged; a page that is made before that says it is on its way."""

    async def until_taken() -> None:
        seen = services.news.count
        while (story := await to_thread(services.answers.alert, alert)) is not None:
            if story.alert.acknowledged is not None:
                return
            seen = await services.news.wait(seen)

    with suppress(TimeoutError):
        await wait_for(until_taken(), JUDGED_WITHIN_S)


def _page(  # noqa: PLR0913, PLR0917 - what a page is made of
    request: Request,
    services: Services,
    ticket: Ticket,
    alerts: Sequence[Alert],
    token: str,
    status: int = 200,
) -> Response:
    wording, receiver = _wording(request, services, ticket), _receiver(services, ticket)
    called = services.called(wording.language)
    teller = LinkTeller(wording=wording, fleet=services.fleet(), called=called)
    persons = persons_of(services, receiver, wording.language)
    shown = teller.show(alerts[0], persons) if len(alerts) == 1 else teller.show_group(alerts, persons)
    values = {"link": shown, "token": token, "query": _query(request), "missing": status == 400}
    return HTMLResponse(render_to(wording, services, "link", values), status_code=status)


def _void(request: Request, services: Services, fault: Ticket | LinkFault) -> Response:
    """A link that leads nowhere: forged, expired, or to an alert that no longer exists."""
    key, status = ("link_forged", 404) if fault is LinkFault.FORGED else ("link_expired", 410)
    wording = wording_of(request, services)
    values = {"title": wording.say(f"{key}_title"), "message": wording.say(key)}
    return HTMLResponse(render_to(wording, services, "link_void", values), status_code=status)


def _code_page(
    request: Request, services: Services, message: str | None = None, status: int = 200
) -> Response:
    wording = wording_in(_asked_language(request), request, services)
    values = {"message": None if message is None else wording.say(message), "query": _query(request)}
    headers = {"Retry-After": "60"} if status == 429 else None
    text = render_to(wording, services, "code", values)
    return HTMLResponse(text, status_code=status, headers=headers)


def _asked_language(request: Request) -> Language | None:
    asked = request.query_params.get("in")
    return Language(asked) if asked in {one.value for one in Language} else None


def _query(request: Request) -> str:
    asked = _asked_language(request)
    return "" if asked is None else f"?in={asked.value}"


def _wording(request: Request, services: Services, ticket: Ticket) -> Wording:
    """The language that was asked for on the page, else the receiver's, else the browser's."""
    receiver = _receiver(services, ticket)
    language = _asked_language(request) or (None if receiver is None else receiver.language)
    return wording_in(language, request, services)


def persons_of(services: Services, receiver: Receiver | None, language: Language) -> tuple[Named, ...]:
    """The people of a receiver, without those who are no longer to be told."""
    ids = () if receiver is None else receiver.persons
    found = services.people.people(ids)
    return tuple(Named(id=one.id, name=one.name.in_(language)) for one in found if not one.disabled)


def _by(person: str, persons: Sequence[Named], ticket: Ticket) -> str | None:
    """Under whose name the act stands: the one person, the one who was chosen, or the receiver's own."""
    if not persons:
        return ticket.receiver
    if len(persons) == 1:
        return persons[0].id
    return next((one.id for one in persons if one.id == person), None)


def _receiver(services: Services, ticket: Ticket) -> Receiver | None:
    return services.fleet().plan.receiver(ticket.receiver)
