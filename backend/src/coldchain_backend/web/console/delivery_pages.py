"""The pages about deliveries: what could not be told to whom and why, and sending it again."""

from asyncio import to_thread
from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from coldchain.errors import InvalidInput
from coldchain_backend.access import Right
from coldchain_backend.delivery.queue import DeliveryState
from coldchain_backend.sql.letters import Wanted as WantedLetters
from coldchain_backend.web.console.alert_list import zone_of_days
from coldchain_backend.web.console.delivery_list import (
    MOST_PAGES,
    PER_PAGE,
    REPLAYED,
    Asked,
    LetterTeller,
    choices,
)
from coldchain_backend.web.console.forms import posted_lists
from coldchain_backend.web.console.render import Page, wording_of
from coldchain_backend.web.console.veiled import veiled, veiled_text
from coldchain_backend.web.post import Post, post_of, replay
from coldchain_backend.web.services import Asker, Services, Wanted

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
ThePost = Annotated[Post, Depends(post_of)]
_MAX_FIELDS = PER_PAGE + 20


@router.get("/deliveries")
async def deliveries(
    request: Request,
    services: Wanted,
    person: Asker,
    post: ThePost,
    sent: Annotated[int | None, Query(ge=0, le=1_000_000)] = None,
) -> Response:
    """Dead letters, or whatever else became of what was to be told; filtered, sorted, page by page."""
    page = await Page.of(request, services, person)
    said = "" if sent is None else page.wording.say("replayed", n=sent)
    return await _list(page, post, Asked.of(request.query_params), said=said)


@router.get("/deliveries/{id}")
async def delivery(request: Request, services: Wanted, person: Asker, post: ThePost, id: str) -> Response:
    """One telling: its document without secrets, and every attempt with what came of it."""
    page = await Page.of(request, services, person)
    found = await to_thread(post.letters.shown, id)
    if found is None:
        raise HTTPException(404)
    letter, body, attempts = found
    teller = _teller(page)
    values = {
        "one": teller.shown(letter, body),
        "document": veiled(body.decode("utf-8", errors="replace")),
        "attempts": [
            {
                "number": one.number,
                "at": page.wording.exact(one.at_ms, teller.time_zone),
                "outcome": page.wording.say(f"outcome_of_{one.outcome}"),
                "detail": veiled_text(one.detail),
            }
            for one in attempts
        ],
        "delivered": letter.delivered_ms and page.wording.exact(letter.delivered_ms, teller.time_zone),
        "due": page.wording.exact(letter.due_ms, teller.time_zone)
        if letter.state is DeliveryState.QUEUED
        else None,
        "time_zone": teller.time_zone,
    }
    return page.render("delivery", values)


@router.post("/deliveries/replay")
async def send_again(request: Request, services: Wanted, person: Asker, post: ThePost) -> Response:
    """Queue the chosen ones, or all that the filter finds, again; what is wrong is said above the list."""
    given = await posted_lists(request, _MAX_FIELDS)
    fields = {name: values[0] for name, values in given.items()}
    asked = Asked.of(fields)
    wanted = _wish(services, asked, given.get("id", ()) if fields.get("how") == "chosen" else None)
    try:
        if wanted is None:
            raise InvalidInput(wording_of(request, services).say("replay_none"))
        count = await replay(post, services, person, wanted, fields.get("reason", ""))
    except InvalidInput as error:
        page = await Page.of(request, services, person)
        return await _list(page, post, asked, wrong=str(error))
    query = "&".join(part for part in (asked.query(), urlencode({"sent": count})) if part)
    return RedirectResponse(f"/deliveries?{query}", status_code=303)


def _wish(services: Services, asked: Asked, ids: Sequence[str] | None) -> WantedLetters | None:
    """What is to be sent again: these, or where none are named all that the filter finds up to now."""
    if ids is not None:
        state = asked.wanted("UTC").state
        return WantedLetters(ids=tuple(ids[:PER_PAGE]), state=state) if ids else None
    found = asked.wanted(zone_of_days(services.fleet().plan, ""))
    now_ms = services.clock.now_ms() + 1
    return WantedLetters(
        receiver=found.receiver,
        alert=found.alert,
        state=found.state,
        said=found.said,
        from_ms=found.from_ms or 0,
        to_ms=now_ms if found.to_ms is None else found.to_ms,
    )


async def _list(page: Page, post: Post, asked: Asked, *, said: str = "", wrong: str = "") -> Response:
    teller, number = _teller(page), asked.number
    wanted = asked.wanted(teller.time_zone)
    letters = post.letters
    found = await to_thread(
        lambda: letters.listed(wanted, PER_PAGE, order=asked.order, skip=number * PER_PAGE)
    )
    total = await to_thread(letters.count, wanted)
    documents = await to_thread(letters.documents, [one.id for one in found])
    counts = await to_thread(letters.counts)
    plan = page.services.fleet().plan
    more = total > (number + 1) * PER_PAGE and number < MOST_PAGES
    values: Mapping[str, object] = {
        "letters": [teller.shown(one, documents.get(one.id, b"")) for one in found],
        "asked": asked,
        "choices": choices(plan, [name for name, _ in counts], page.wording),
        "total": total,
        "counts": {
            state.value: sum(count for (_, one), count in counts.items() if one is state)
            for state in DeliveryState
        },
        "may_open": page.person.may(Right.OPERATE),
        "may_replay": page.person.may(Right.OPERATE) and wanted.state in REPLAYED,
        "number": number,
        "more": more,
        "said": said,
        "wrong": wrong,
        "time_zone": teller.time_zone,
    }
    return page.render("deliveries", values, status=400 if wrong else 200)


def _teller(page: Page) -> LetterTeller:
    plan = page.services.fleet().plan
    return LetterTeller(wording=page.wording, plan=plan, time_zone=zone_of_days(plan, ""))
