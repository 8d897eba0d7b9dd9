"""What a person does about alerts on the page: acts under a name, judged before the page is back."""

from __future__ import annotations

import httpx
import orjson
import pytest

from coldchain_backend.access import Role
from coldchain_backend.alerts import Alert, AlertState, MuteKind
from support.judged_log import MINUTE, T0
from support.web_app import FLEET, WebApp

HTML = {"Accept": "text/html", "Accept-Language": "en"}


@pytest.fixture
def alert(web: WebApp) -> Alert:
    web.follow()
    web.apply(FLEET.read_text("utf-8"))
    warm(web, 0, 41)
    return found(web)


def warm(web: WebApp, begin: int, end: int, value: float = 9.5) -> None:
    for minute in range(begin, end, 10):
        web.log.at(T0 + minute * MINUTE)
        web.log.say(("chiller-front", T0 + minute * MINUTE, value))
    web.judge()


def found(web: WebApp) -> Alert:
    return next(one for one in web.log.alerts() if one.cause.rule == "high")


async def post(web: WebApp, path: str, role: Role = Role.OPERATOR, **fields: str) -> httpx.Response:
    async with web.client(role) as client:
        return await client.post(path, data=fields, headers=HTML)


async def look(web: WebApp, path: str, role: Role = Role.OPERATOR) -> str:
    async with web.client(role) as client:
        return (await client.get(path, headers=HTML)).text


def acts(web: WebApp) -> list[str]:
    records = [orjson.loads(one.payload) for one in web.log.ledger.read(0, 10_000) if one.kind == "act"]
    return [f"{one['act']} {one['by']}" for one in records]


async def test_shelved_for_hours_and_taken_off_again(web: WebApp, alert: Alert) -> None:
    answer = await post(web, f"/alerts/{alert.id}/shelve", hours="2", reason="除霜")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/alerts/{alert.id}")
    shelved = found(web)
    assert shelved.standing is AlertState.SHELVED
    assert shelved.muted is not None
    assert shelved.muted.until_ms == web.log.clock.now_ms() + 2 * 3_600_000
    page = await look(web, f"/alerts/{alert.id}")
    assert "Shelved until" in page
    assert "Take off the shelf" in page
    assert "除霜" in await look(web, "/muted")
    await post(web, f"/alerts/{alert.id}/unshelve", reason="done")
    assert found(web).standing is AlertState.FIRING
    assert acts(web) == ["shelve operator 王伟", "unshelve operator 王伟"]


async def test_one_occurrence_only(web: WebApp, alert: Alert) -> None:
    await post(web, f"/alerts/{alert.id}/shelve", hours="1", one_shot="yes", reason="known")
    [mute] = web.log.answers.mutes()
    assert mute.scope.alert == alert.id


async def test_a_comment_stands_in_the_timeline(web: WebApp, alert: Alert) -> None:
    await post(web, f"/alerts/{alert.id}/comment", reason="压缩机已重启 <b>")
    assert "压缩机已重启 &lt;b&gt;" in await look(web, f"/alerts/{alert.id}")


async def test_quality_decides_about_goods_when_it_is_over(web: WebApp, alert: Alert) -> None:
    path = f"/alerts/{alert.id}/disposition"
    assert "Decide about the goods" not in await look(web, f"/alerts/{alert.id}", Role.QUALITY)
    assert (await post(web, path, Role.QUALITY, decision="released", reason="ok")).status_code == 409
    warm(web, 50, 80, 4.0)
    assert "Decide about the goods" in await look(web, f"/alerts/{alert.id}", Role.QUALITY)
    assert "Decide about the goods" not in await look(web, f"/alerts/{alert.id}", Role.OPERATOR)
    assert (await post(web, path, Role.OPERATOR, decision="released", reason="ok")).status_code == 403
    assert (await post(web, path, Role.QUALITY, decision="eaten", reason="ok")).status_code == 400
    assert (await post(web, path, Role.QUALITY, decision="held", reason="measuring")).status_code == 303
    assert "Goods held by quality 王伟: measuring" in await look(web, f"/alerts/{alert.id}")
    assert (await post(web, path, Role.QUALITY, decision="released", reason="ok")).status_code == 303
    disposition = found(web).disposition
    assert disposition is not None
    assert disposition.by == "quality 王伟"


async def test_a_zone_is_taken_out_of_service_and_returned(web: WebApp, alert: Alert) -> None:
    fields = {"zone": "cq-store.chiller", "to": "2026-11-24T18:30", "work": "calibration", "reason": "年检"}
    answer = await post(web, "/muted/out_of_service", Role.OPERATOR, **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/muted")
    [mute] = web.log.answers.mutes()
    assert (mute.kind, mute.scope.zone) == (MuteKind.OUT_OF_SERVICE, "cq-store.chiller")
    assert found(web).standing is AlertState.OUT_OF_SERVICE
    page = await look(web, "/muted")
    assert "2026-11-24 18:30:00" in page  # the local time that was typed
    await post(web, f"/muted/{mute.id}/end", reason="fertig")
    assert web.log.answers.mutes() == []


async def test_a_window_needs_an_end_and_a_place(web: WebApp, alert: Alert) -> None:
    wrong = [
        {"zone": "cq-store.chiller", "reason": "x"},
        {"to": "2026-11-24T18:30", "reason": "x"},
        {"zone": "cq-store.chiller", "to": "tomorrow", "reason": "x"},
        {"zone": "cq-store.chiller", "to": "2020-01-01T00:00", "reason": "x"},
        {"zone": "cq-store.chiller", "to": "2026-11-24T18:30", "reason": " "},
    ]
    for fields in wrong:
        assert (await post(web, "/muted/window", Role.OPERATOR, **fields)).status_code == 400, fields
    assert (
        await post(web, "/muted/window", asset="none", to="2026-11-24T18:30", reason="x")
    ).status_code == 404
    assert (await post(web, "/muted/nonsense", reason="x")).status_code == 404
    assert (await post(web, "/muted/mu_none/end", reason="x")).status_code == 404
    assert acts(web) == []


@pytest.mark.parametrize("hours", ["", "0", "-1", "x", "9999", "25"])
async def test_a_shelving_has_a_sensible_length(web: WebApp, alert: Alert, hours: str) -> None:
    assert (await post(web, f"/alerts/{alert.id}/shelve", hours=hours, reason="x")).status_code == 400
    assert acts(web) == []


@pytest.mark.parametrize("act", ["acknowledge", "shelve", "unshelve", "comment", "disposition"])
async def test_who_only_looks_and_foreign_forms_change_nothing(web: WebApp, alert: Alert, act: str) -> None:
    path, fields = f"/alerts/{alert.id}/{act}", {"reason": "x", "hours": "1", "decision": "held"}
    assert (await post(web, path, Role.VIEWER, **fields)).status_code == 403
    async with web.client(Role.QUALITY) as client:
        foreign = await client.post(path, data=fields, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    assert acts(web) == []
