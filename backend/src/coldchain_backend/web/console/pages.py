"""The pages: what a person sees, made on the server in their language."""

from asyncio import to_thread
from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response

from coldchain.profiles import Level
from coldchain_backend.access import Right
from coldchain_backend.alerts import Alert, AlertKind
from coldchain_backend.fleet import ZoneState
from coldchain_backend.judging import StoredExcursion, Trace
from coldchain_backend.web.auth import Asked
from coldchain_backend.web.board import Board, BoardZone, board_of
from coldchain_backend.web.console.render import Page
from coldchain_backend.web.console.shown import SPARK_BUCKETS, SPARK_MS, show_board, show_zone
from coldchain_backend.web.console.verdict import VERDICT_SPANS, ShownVerdict, show_verdict
from coldchain_backend.web.console.zone_page import (
    BUCKETS,
    SPANS,
    Drawing,
    Window,
    drawing,
    marks_of,
    show_excursion,
)
from coldchain_backend.web.services import Asker, Services, Wanted

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_EXCURSIONS = 30
_AROUND_MS = 30 * 60_000
_DEFAULT_SPAN = "6h"
MAX_URGENT = 8
"""So many alerts stand above the board: in a storm the zones stay in sight, and the list has them all."""


@router.get("/")
@router.get("/fragments/board")
async def board(request: Request, services: Wanted, person: Asker, auth: Asked) -> Response:
    """The board of zones, under the alerts that are on."""
    page = await Page.of(request, services, person)
    now = page.wording.now_ms
    points = [place.point.id for place in services.fleet().plan.places()]
    traces = await to_thread(lambda: {point: _spark_trace(services, point, now) for point in points})
    shown = show_board(await _board(services, now), traces, page.wording)
    first = sorted(page.open_alerts, key=_urgency)
    urgent = [page.teller.brief(alert) for alert in first[:MAX_URGENT]]
    return page.render(
        "board", {"board": shown, "urgent": urgent, "more": len(first) - len(urgent), "url": auth.public_url}
    )


@router.get("/zones/{zone}")
@router.get("/fragments/zones/{zone}")
async def zone(
    request: Request,
    services: Wanted,
    person: Asker,
    zone: str,
    span: Annotated[str, Query(alias="range")] = _DEFAULT_SPAN,
) -> Response:
    """One zone with a large curve for each point."""
    page = await Page.of(request, services, person)
    now = page.wording.now_ms
    span = span if span in SPANS else _DEFAULT_SPAN
    found = (await _board(services, now)).zone(zone)
    if found is None:
        raise HTTPException(404)
    from_ms = now - SPANS[span]
    points = [point.point.id for point in found.points]
    excursions = await to_thread(services.answers.excursions, points, from_ms, now, limit=_EXCURSIONS)
    traces = await to_thread(_traces, services, points, from_ms, now, BUCKETS)
    verdicts = await to_thread(_lately, page, zone)
    return page.render(
        "zone",
        {
            "zone": show_zone(found, {}, page.wording),
            "charts": _drawings(page, found, traces, excursions, from_ms),
            "span": span,
            "ranges": list(SPANS),
            "verdicts": verdicts,
            "may_declare": person.may(Right.OPERATE),
            "zone_states": [one.value for one in ZoneState],
            "excursions": [show_excursion(one, found, page.wording) for one in excursions],
        },
    )


def _urgency(alert: Alert) -> tuple[bool, bool, bool]:
    """What nobody has taken notice of first, a flood before all, alarms before warnings; then the newest."""
    flood = alert.cause.kind is AlertKind.FLOOD
    return (alert.acknowledged is not None, not flood, alert.level is not Level.ALARM)


def _lately(page: Page, zone: str) -> list[ShownVerdict]:
    answers = ((span, page.services.answers.lately(zone, SPANS[span])) for span in VERDICT_SPANS)
    return [show_verdict(span, answer, page.wording) for span, answer in answers if answer is not None]


async def _board(services: Services, now_ms: int) -> Board:
    fleet = await to_thread(services.fleet_in_force)
    return board_of(fleet.in_force(now_ms), await to_thread(services.answers.board, now_ms))


def _traces(
    services: Services, points: Sequence[str], from_ms: int, to_ms: int, buckets: int
) -> Mapping[str, Trace]:
    return {point: services.answers.trace(point, from_ms, to_ms, buckets) for point in points}


def _spark_trace(services: Services, point: str, now_ms: int) -> Trace:
    """The last hours of a point; a young one in finer stretches, from its first reading on."""
    trace = services.answers.trace(point, now_ms - SPARK_MS, now_ms, SPARK_BUCKETS)
    if not trace.buckets or trace.buckets[0].start_ms < now_ms - SPARK_MS // 2:
        return trace
    return services.answers.trace(point, trace.buckets[0].start_ms, now_ms + 1, SPARK_BUCKETS)


def _drawings(
    page: Page,
    zone: BoardZone,
    traces: Mapping[str, Trace],
    excursions: Sequence[StoredExcursion],
    from_ms: int,
) -> list[Drawing]:
    now = page.wording.now_ms
    return [
        drawing(
            traces[point.point.id],
            Window(
                from_ms=from_ms,
                to_ms=now,
                time_zone=zone.asset.time_zone,
                limits=zone.limits,
                marks=marks_of(excursions, point.point.id, now),
            ),
            page.wording.name(point.point.name),
            page.wording,
        )
        for point in zone.points
    ]
