"""The page of gateways: what a newcomer has to do, how each stands, codes that are shown once and noted."""

from __future__ import annotations

import html
import re

import httpx
import pytest

from coldchain_backend.access import AuditFilter, Role
from coldchain_backend.fleetfile import parse
from support.judged_log import MINUTE
from support.web_app import BASE, FLEET, WebApp

HTML = {"Accept": "text/html"}


async def look(web: WebApp, path: str, role: Role = Role.ADMIN, language: str = "en") -> str:
    async with web.client(role) as client:
        answer = await client.get(path, headers={**HTML, "Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return answer.text


async def ask_code(web: WebApp, name: str, role: Role = Role.ADMIN) -> httpx.Response:
    async with web.client(role) as client:
        return await client.post("/gateways/codes", data={"name": name}, headers=HTML)


@pytest.mark.parametrize("path", ["/", "/gateways"])
async def test_a_newcomer_finds_a_whole_fleet_file_and_every_command(web: WebApp, path: str) -> None:
    for language in ("en", "zh"):
        text = html.unescape(await look(web, path, language=language))
        example = re.search(r'id="fleet-example">(.*?)</pre>', text, re.DOTALL)
        assert example is not None
        plan = parse(example[1] + "\n")
        assert [gateway.name for gateway in plan.gateways] == ["cold-store-1"]
        assert [zone.state.value for _, zone in plan.zones()] == ["in_use"]
        for command in (
            "coldchain-backend fleet check fleet.yaml", "coldchain-backend fleet apply fleet.yaml",
            "coldchain-backend gateways code cold-store-1",
            f"coldchain-gateway --config gateway.toml enroll --url {BASE} --code ",
            "coldchain-gateway --config gateway.toml run", "coldchain-backend profiles list",
        ):  # fmt: skip
            assert command in text, command


async def test_the_example_can_be_applied_as_it_stands(web: WebApp) -> None:
    text = html.unescape(await look(web, "/"))
    example = re.search(r'id="fleet-example">(.*?)</pre>', text, re.DOTALL)
    assert example is not None
    web.apply(example[1] + "\n")
    assert "Cold store 1" in await look(web, "/")
    assert "not enrolled yet" in await look(web, "/gateways")


async def test_a_gateway_says_how_it_stands_and_by_which_name(filled: WebApp) -> None:
    text = await look(filled, "/gateways", Role.VIEWER)
    for said in ("Chongqing cold store", "Heard", "0 s ago", "2026-11-23"):
        assert said in text, said
    assert "cq-store<" not in text, "a name, not an id"
    assert "/gateways/codes" not in text, "codes are for administrators"
    assert "重庆冷库" in await look(filled, "/gateways", language="zh")


async def test_one_that_is_not_heard_leads_to_its_alert(web: WebApp) -> None:
    web.apply(FLEET.read_text("utf-8"))
    web.log.say(("chiller-front", web.log.clock.now_ms(), 4.0))
    web.judge()
    for _ in range(8):
        web.log.at(web.log.clock.now_ms() + 15 * MINUTE)
        web.log.mark()
    web.judge()
    offline = [one for one in web.log.alerts() if one.cause.kind == "gateway_offline" and one.state.open]
    assert offline
    text = await look(web, "/gateways")
    assert "Gateway not heard" in text
    assert f'href="/alerts/{offline[0].id}"' in text


async def test_a_code_is_made_shown_once_and_noted(web: WebApp) -> None:
    answer = await ask_code(web, "yard-2")
    [code] = re.findall(r'class="secret">([A-Z0-9-]+)<', answer.text)
    assert f"enroll --url {BASE} --code {code}" in answer.text
    assert code not in await look(web, "/gateways")
    [line] = web.audit.lines(AuditFilter(what="enrolment_code"), None, 10)
    assert (line.by, line.subject) == ("admin 王伟", "gateway yard-2")
    assert code not in str(line)
    assert web.auth.tokens.spend_code(code, "yard-2", web.log.clock.now_ms())


async def test_a_code_through_the_api_is_noted_too(web: WebApp) -> None:
    async with web.client(Role.ADMIN) as client:
        made = await client.post("/api/v1/gateways/codes", json={"name": "yard-3"})
    assert made.json()["name"] == "yard-3"
    [line] = web.audit.lines(AuditFilter(what="enrolment_code"), None, 10)
    assert made.json()["code"] not in str(line)


@pytest.mark.parametrize("name", ["", "two words", "-x", "x" * 65, "车"])
async def test_a_name_that_cannot_be_is_told(web: WebApp, name: str) -> None:
    answer = await ask_code(web, name)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert web.audit.lines(AuditFilter(what="enrolment_code"), None, 10) == []


@pytest.mark.parametrize("role", [one for one in Role if one is not Role.ADMIN])
async def test_only_an_administrator_makes_codes(web: WebApp, role: Role) -> None:
    assert (await ask_code(web, "yard-2", role)).status_code == 403
