"""The page of gateways: how each is, what to do about one that has not enrolled, a code to enrol with."""

from asyncio import to_thread
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from coldchain_backend.access import Right
from coldchain_backend.alerts import Alert, AlertKind
from coldchain_backend.judging import AlertFilter
from coldchain_backend.web.auth import Asked
from coldchain_backend.web.console.forms import posted
from coldchain_backend.web.console.render import MAX_OPEN, Page
from coldchain_backend.web.console.wording import UTC_NAME
from coldchain_backend.web.gateway_names import is_name
from coldchain_backend.web.issuing import Issuing
from coldchain_backend.web.services import Asker, GatewaySeen, Wanted

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
NAME = "cold-store-1"
"""A name to begin with, on the page of somebody who has nothing yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownGateway:
    """A gateway in words; `alert` is the one that is on about it, `waits`: it has yet to enrol."""

    name: str
    asset: str
    sign: str
    standing: str
    ago: str
    heard: str
    key: str
    alert: str | None
    waits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCode:
    """A code on the one page that shows it."""

    name: str
    code: str


@router.get("/gateways")
async def gateways(request: Request, services: Wanted, person: Asker, auth: Asked) -> Response:
    """The gateways, how they are and when they were last heard."""
    page = await Page.of(request, services, person)
    return await _page(page, auth.public_url, mirrored=request.app.state.mirror is not None)


@router.post("/gateways/codes")
async def make_code(request: Request, services: Wanted, person: Asker, auth: Asked) -> Response:
    """Make a one-time code and show it with the command that uses it."""
    name = (await posted(request)).get("name", "").strip()
    page = await Page.of(request, services, person)
    if not is_name(name):
        return await _page(page, auth.public_url, wrong=page.wording.say("gateway_name_wrong"))
    code = await Issuing(auth=auth, services=services, person=person).code(name)
    return await _page(page, auth.public_url, code=NewCode(name=name, code=code))


async def _page(
    page: Page, url: str, *, code: NewCode | None = None, wrong: str = "", mirrored: bool = False
) -> Response:
    services = page.services
    wanted = AlertFilter(open=True, kind=AlertKind.GATEWAY_OFFLINE)
    silent = await to_thread(services.answers.alerts, wanted, limit=MAX_OPEN)
    on = {alert.cause.subject.gateway: alert for alert in silent}
    shown = [_shown(one, on.get(one.name), page) for one in services.gateways().values()]
    values: Mapping[str, object] = {
        "gateways": _worst_first(shown),
        "url": url,
        "code": code,
        "wrong": wrong,
        "mirrored": mirrored,
        "may_enrol": page.person.may(Right.ADMINISTER),
        "example": NAME,
    }
    return page.render("gateways", values, status=400 if wrong else 200)


def _worst_first(gateways: Sequence[ShownGateway]) -> Sequence[ShownGateway]:
    order = ("alarm", "warning", "other", "unknown", "in_limits")
    return sorted(gateways, key=lambda one: (order.index(one.sign), one.name))


def _shown(seen: GatewaySeen, alert: Alert | None, page: Page) -> ShownGateway:
    w = page.wording
    assets = {asset.id: asset for asset in page.services.fleet().assets}
    asset = assets.get(seen.asset or "")
    sign, standing = "in_limits", "gateway_heard"
    if seen.revoked:
        sign, standing = "unknown", "revoked"
    elif alert is not None:
        sign, standing = alert.level.value, "kind_of_gateway_offline"
    elif seen.key is None and seen.heard_ms is None:
        sign, standing = "other", "not_enrolled"
    elif seen.heard_ms is None:
        sign, standing = "unknown", "gateway_unheard"
    where = UTC_NAME if asset is None else asset.time_zone
    return ShownGateway(
        name=seen.name,
        asset=(seen.asset or "") if asset is None else w.name(asset.name),
        sign=sign,
        standing=w.say(standing),
        ago="" if seen.heard_ms is None else w.ago(seen.heard_ms),
        heard="" if seen.heard_ms is None else w.exact(seen.heard_ms, where),
        key=seen.key or "",
        alert=None if alert is None else alert.id,
        waits=seen.key is None and not seen.revoked,
    )
