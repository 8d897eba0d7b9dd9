"""The pages about alerts: the list, one alert, what is muted, and the figures of how alarms do."""

from asyncio import to_thread

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from coldchain_backend.access import Right
from coldchain_backend.alerts import Alert, AlertKind
from coldchain_backend.judging import Trace
from coldchain_backend.web.console.alert_list import Asked, choices, zone_of_days
from coldchain_backend.web.console.alert_page import zone_of_nowhere
from coldchain_backend.web.console.kpi_page import SPANS as KPI_SPANS
from coldchain_backend.web.console.kpi_page import show_kpis
from coldchain_backend.web.console.muted_page import show_mutes
from coldchain_backend.web.console.render import Page
from coldchain_backend.web.console.zone_page import BUCKETS, Drawing, Window, drawing
from coldchain_backend.web.services import Asker, Wanted

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_LISTED = 30
_AROUND_MS = 30 * 60_000
_DAY_MS = 86_400_000


@router.get("/alerts")
@router.get("/fragments/alerts")
async def alerts(request: Request, services: Wanted, person: Asker, after: str | None = None) -> Response:
    """The list of alerts: what a person has to do with, or all; filtered, sorted, page by page."""
    page = await Page.of(request, services, person)
    asked, plan = Asked.of(request.query_params), services.fleet().plan
    time_zone = zone_of_days(plan, asked.asset)
    wanted = asked.wanted(plan, time_zone)
    found = await to_thread(services.answers.alerts, wanted, after=after, limit=_LISTED + 1)
    counts = await to_thread(services.answers.alert_counts, wanted)
    listed = found[:_LISTED]
    return page.render(
        "alerts",
        {
            "alerts": [page.teller.brief(alert) for alert in listed],
            "asked": asked,
            "shown": asked.show,
            "choices": choices(plan, page.wording),
            "counts": {state.value: counts[state] for state in sorted(counts)},
            "total": sum(counts.values()),
            "time_zone": time_zone,
            "elsewhere": zone_of_nowhere(plan),
            "after": after,
            "next": listed[-1].id if len(found) > len(listed) else None,
        },
    )


@router.get("/alerts/{alert}")
@router.get("/fragments/alerts/{alert}")
async def alert(request: Request, services: Wanted, person: Asker, alert: str) -> Response:
    """One alert: what it is, the curve around it, what happened, what can be done."""
    page = await Page.of(request, services, person)
    story = await to_thread(services.answers.alert, alert)
    if story is None:
        raise HTTPException(404)
    drawn = await to_thread(_around, page, story.alert)
    longest_h = services.fleet().plan.alerting.shelve_ms(story.alert.level) // 3_600_000
    return page.render(
        "alert", {"alert": page.teller.whole(story), "drawn": drawn, "hours": shelve_hours(longest_h)}
    )


@router.get("/muted")
@router.get("/fragments/muted")
async def muted(request: Request, services: Wanted, person: Asker) -> Response:
    """What nobody is called about now or later: shelved, out of service, windows."""
    page = await Page.of(request, services, person)
    mutes = await to_thread(services.answers.mutes)
    shown = show_mutes(mutes, services.fleet(), page.wording, services.called(page.wording.language))
    values = {
        "groups": shown,
        "may": person.may(Right.OPERATE),
        "places": choices(services.fleet().plan, page.wording),
        "time_zone": zone_of_days(services.fleet().plan, ""),
    }
    return page.render("muted", values)


@router.get("/kpis")
async def kpis(request: Request, services: Wanted, person: Asker, span: str = "7d") -> Response:
    """How alarms did: rates, floods, bad actors, time to acknowledge."""
    page = await Page.of(request, services, person)
    span = span if span in KPI_SPANS else "7d"
    to_ms = page.wording.now_ms
    found = await to_thread(services.answers.kpis, to_ms - KPI_SPANS[span] * _DAY_MS, to_ms)
    time_zone = zone_of_days(services.fleet().plan, "")
    values = {"kpis": show_kpis(found, page.teller, time_zone), "span": span, "spans": list(KPI_SPANS)}
    values["time_zone"] = time_zone
    return page.render("kpis", values)


def shelve_hours(longest: int) -> list[int]:
    """For how many hours an alert may be shelved, at most so many."""
    return [hours for hours in (1, 2, 4, 8, 24) if hours <= longest] or [1]


def _around(page: Page, alert: Alert) -> Drawing | None:
    """The curve from a while before an alert's cause began until a while after it ended."""
    cause, now = alert.cause, page.wording.now_ms
    if cause.subject.point is None:
        return None
    end_ms = now if cause.end is None else cause.end.event_ms
    stretch = (cause.opened_ms, end_ms)
    window = Window(
        from_ms=cause.opened_ms - _AROUND_MS,
        to_ms=min(now, end_ms + _AROUND_MS),
        time_zone=page.teller.zone_of_time(alert),
        limits=page.teller.limits(alert),
        marks=(stretch,) if cause.kind is AlertKind.EXCURSION else (),
    )
    trace = page.services.answers.trace(cause.subject.point, window.from_ms, window.to_ms, BUCKETS)
    if cause.kind is AlertKind.SILENCE:
        trace = Trace(buckets=trace.buckets, gaps=(*trace.gaps, stretch))
    return drawing(trace, window, page.teller.brief(alert).title, page.wording)
