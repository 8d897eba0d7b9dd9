"""What a person does about alerts on the page: each act stands in the ledger before the page comes back."""

from asyncio import to_thread, wait_for
from contextlib import suppress
from datetime import datetime
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from coldchain.errors import InvalidInput
from coldchain_backend.alerts import Decision, MuteKind
from coldchain_backend.ledger import ActName
from coldchain_backend.web.acknowledge import write_acknowledgement
from coldchain_backend.web.alert_acts import (
    Shelving,
    Wanted,
    end_mute,
    write_comment,
    write_disposition,
    write_mute,
    write_shelving,
    write_unshelving,
)
from coldchain_backend.web.console.alert_list import zone_of_days
from coldchain_backend.web.console.forms import posted
from coldchain_backend.web.console.render import local_path
from coldchain_backend.web.services import Asker, Services
from coldchain_backend.web.services import Wanted as Asked

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
HOUR_MS: Final = 3_600_000
JUDGED_WITHIN_S: Final = 2.0


@router.post("/alerts/{alert}/acknowledge")
async def acknowledge(request: Request, services: Asked, person: Asker, alert: str) -> Response:
    """Write the acknowledgement and go back to where the form stood."""
    fields = await posted(request)
    if await to_thread(services.answers.alert, alert) is None:
        raise HTTPException(404)
    reason = fields.get("reason", "")
    await write_acknowledgement(
        services, alert=alert, by=person.name, reason=reason, action=fields.get("action", "")
    )
    return await _back(services, fields.get("back", "/alerts"))


@router.post("/alerts/{alert}/shelve")
async def shelve(request: Request, services: Asked, person: Asker, alert: str) -> Response:
    """Shelve it for some hours, or this occurrence only."""
    fields = await posted(request)
    hours = fields.get("hours", "")
    if not hours.isdecimal() or not 0 < int(hours) <= 24 * 31:
        raise HTTPException(400)
    wish = Shelving(
        until_ms=services.clock.now_ms() + int(hours) * HOUR_MS,
        one_shot=fields.get("one_shot") == "yes",
        reason=fields.get("reason", ""),
    )
    await write_shelving(services, person, alert, wish)
    return await _back(services, _page_of(alert))


@router.post("/alerts/{alert}/unshelve")
async def unshelve(request: Request, services: Asked, person: Asker, alert: str) -> Response:
    """Take the shelving off."""
    fields = await posted(request)
    await write_unshelving(services, person, alert, fields.get("reason", ""))
    return await _back(services, _page_of(alert))


@router.post("/alerts/{alert}/comment")
async def comment(request: Request, services: Asked, person: Asker, alert: str) -> Response:
    """Note something in the timeline."""
    fields = await posted(request)
    await write_comment(services, person, alert, fields.get("reason", ""))
    return await _back(services, _page_of(alert))


@router.post("/alerts/{alert}/disposition")
async def dispose(request: Request, services: Asked, person: Asker, alert: str) -> Response:
    """Decide about the goods; for quality and admin."""
    fields = await posted(request)
    try:
        decision = Decision(fields.get("decision", ""))
    except ValueError as error:
        raise HTTPException(400) from error
    await write_disposition(services, person, alert, decision, fields.get("reason", ""))
    return await _back(services, _page_of(alert))


@router.post("/muted/{kind}")
async def mute(request: Request, services: Asked, person: Asker, kind: str) -> Response:
    """Set a window, or take a zone or sensor out of service, between two local times."""
    fields = await posted(request)
    if kind not in {MuteKind.WINDOW.value, MuteKind.OUT_OF_SERVICE.value}:
        raise HTTPException(404)
    plan = services.fleet().plan
    owners = {zone.id: asset.id for asset, zone in plan.zones()}
    asset = fields.get("asset", "") or owners.get(fields.get("zone", ""), "")
    time_zone = zone_of_days(plan, asset)
    wanted = Wanted(
        asset=None if fields.get("zone") else asset or None,
        zone=fields.get("zone") or None,
        from_ms=_instant(fields.get("from", ""), time_zone),
        to_ms=_instant(fields.get("to", ""), time_zone),
        work=fields.get("work", "maintenance") if kind == MuteKind.OUT_OF_SERVICE.value else None,
        reason=fields.get("reason", ""),
    )
    act = ActName.WINDOW if kind == MuteKind.WINDOW.value else ActName.OUT_OF_SERVICE
    await write_mute(services, person, act, wanted)
    return await _back(services, "/muted")


@router.post("/muted/{mute}/end")
async def end(request: Request, services: Asked, person: Asker, mute: str) -> Response:
    """End a window or a time out of service before its time."""
    fields = await posted(request)
    kinds = {one.id: one.kind for one in await to_thread(services.answers.mutes)}
    if mute not in kinds:
        raise HTTPException(404)
    act = ActName.WINDOW_ENDED if kinds[mute] is MuteKind.WINDOW else ActName.RETURN_TO_SERVICE
    await end_mute(services, person, act, mute, fields.get("reason", ""))
    return await _back(services, "/muted")


def _page_of(alert: str) -> str:
    return f"/alerts/{quote(alert, safe='')}"


def _instant(text: str, time_zone: str) -> int | None:
    """A local date and time of a form; None where it was left empty. Raises InvalidInput for nonsense."""
    if not text:
        return None
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(time_zone)).timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"{text[:40]!r} is no date and time") from error


async def _back(services: Services, path: str) -> Response:
    """Show the page again, as soon as the act is judged or a moment later."""
    end = services.ledger.end

    async def judged() -> None:
        seen = services.news.count
        while services.answers.progress().offset < end:
            seen = await services.news.wait(seen)

    with suppress(TimeoutError):
        await wait_for(judged(), JUDGED_WITHIN_S)
    return RedirectResponse(local_path(path), status_code=303)
