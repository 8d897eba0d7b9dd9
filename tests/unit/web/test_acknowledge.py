"""Taking notice of an alert, through the API and by the form of the page."""

from __future__ import annotations

import pytest

from coldchain_backend.access import Role
from coldchain_backend.alerts import AlertState
from support.judged_log import MINUTE, T0
from support.web_app import FLEET, WebApp


@pytest.fixture
def alert(web: WebApp) -> str:
    """An alert that nobody has acknowledged."""
    web.apply(FLEET.read_text("utf-8"))
    for minute in range(4):
        web.log.at(T0 + minute * MINUTE)
        web.log.say(("chiller-front", T0 + minute * MINUTE, 9.5))
    web.judge()
    return next(one.id for one in web.log.alerts() if one.cause.rule == "high")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.REGULATOR])
async def test_who_only_looks_cannot_acknowledge(web: WebApp, alert: str, role: Role) -> None:
    before = web.log.ledger.end
    async with web.client(role) as client:
        answer = await client.post(f"/api/v1/alerts/{alert}/acknowledge", json={"reason": "seen"})
        form = await client.post(f"/alerts/{alert}/acknowledge", data={"reason": "seen"})
    assert (answer.status_code, form.status_code) == (403, 403)
    assert web.log.ledger.end == before


async def test_an_acknowledgement_stands_in_the_ledger_under_a_name(web: WebApp, alert: str) -> None:
    async with web.client(Role.OPERATOR) as client:
        answer = await client.post(f"/api/v1/alerts/{alert}/acknowledge", json={"reason": " door\n closed "})
        assert answer.status_code == 202, answer.text
        web.judge()
        found = (await client.get(f"/api/v1/alerts/{alert}")).json()
    assert found["state"] == "acknowledged"
    assert (found["acknowledged_by"], found["acknowledged_reason"]) == ("operator 王伟", "door closed")
    assert [step["kind"] for step in found["timeline"]][-1] == "acknowledged"


async def test_the_form_goes_back_to_where_it_stood(web: WebApp, alert: str) -> None:
    fields = {"reason": "司机已联系", "back": f"/alerts/{alert}"}
    async with web.client(Role.OPERATOR) as client:
        answer = await client.post(f"/alerts/{alert}/acknowledge", data=fields)
        web.judge()
        page = await client.get(f"/alerts/{alert}", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/alerts/{alert}")
    assert "司机已联系" in page.text


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example"])
async def test_the_form_leads_nowhere_else(web: WebApp, alert: str, back: str) -> None:
    async with web.client(Role.OPERATOR) as client:
        answer = await client.post(f"/alerts/{alert}/acknowledge", data={"reason": "seen", "back": back})
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("reason", ["", "   ", "a\x00b", "x" * 501])
async def test_a_reason_is_needed(web: WebApp, alert: str, reason: str) -> None:
    before = web.log.ledger.end
    async with web.client(Role.OPERATOR) as client:
        answer = await client.post(f"/api/v1/alerts/{alert}/acknowledge", json={"reason": reason})
        form = await client.post(f"/alerts/{alert}/acknowledge", data={"reason": reason})
    assert (answer.status_code, form.status_code) == (400, 400)
    assert web.log.ledger.end == before


async def test_an_unknown_alert_and_a_foreign_form_write_nothing(web: WebApp, alert: str) -> None:
    before = web.log.ledger.end
    async with web.client(Role.OPERATOR) as client:
        unknown = await client.post("/api/v1/alerts/al_x/acknowledge", json={"reason": "seen"})
        foreign = await client.post(
            f"/alerts/{alert}/acknowledge", data={"reason": "seen"}, headers={"Sec-Fetch-Site": "cross-site"}
        )
        large = await client.post(f"/alerts/{alert}/acknowledge", data={"reason": "x" * 9000})
    assert (unknown.status_code, foreign.status_code, large.status_code) == (404, 403, 413)
    assert web.log.ledger.end == before
    assert web.log.alerts()[0].state is AlertState.FIRING
