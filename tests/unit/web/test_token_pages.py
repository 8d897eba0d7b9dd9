"""The pages of tokens and of people's access: what each is, renewed with an overlap, voided, shown once."""

from __future__ import annotations

import re

import httpx
import pytest

from coldchain.words import Text
from coldchain_backend.access import SERVER_ADMIN, AuditFilter, By, Grant, Person, Purpose, Role
from support.judged_log import T0
from support.web_app import WebApp

HTML = {"Accept": "text/html", "Accept-Language": "en"}
DAY = 86_400_000
HOUR = 3_600_000
SECRET = re.compile(r'class="secret">([^<]+)<')


@pytest.fixture
def web(web: WebApp) -> WebApp:
    """Two people, one of whom may sign in."""
    by = By(name="admin", at_ms=T0)
    web.people.add(Person(id="wang.li", name=Text(en="Wang Li", zh="王丽"), role=Role.OPERATOR), by)
    web.people.add(Person(id="zhao.min", name=Text(en="Zhao Min", zh="赵敏")), by)
    return web


def issue(
    web: WebApp, name: str = "wang.li", days: int | None = 365, purpose: Purpose = Purpose.PERSON
) -> str:
    person = name if purpose is Purpose.PERSON else ""
    ends = None if days is None else web.log.clock.now_ms() + days * DAY
    role = Role.OPERATOR if purpose is Purpose.PERSON else None
    return web.auth.tokens.issue(
        Grant(name=name, person=person, purpose=purpose, role=role, made_ms=T0, expires_ms=ends, label="yard")
    )


async def get(web: WebApp, path: str, role: Role = Role.ADMIN, language: str = "en") -> str:
    async with web.client(role) as client:
        answer = await client.get(path, headers={**HTML, "Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return answer.text


async def post(web: WebApp, path: str, by: Role = Role.ADMIN, /, **fields: str) -> httpx.Response:
    async with web.client(by) as client:
        return await client.post(path, data=fields, headers=HTML)


def good(web: WebApp, token: str) -> bool:
    return web.auth.tokens.find(token, web.log.clock.now_ms()) is not None


def noted(web: WebApp, what: str) -> list[tuple[str, str, str | None, str | None]]:
    lines = web.audit.lines(AuditFilter(what=what), None, 100)
    return [(one.by, one.subject, one.old, one.new) for one in lines]


async def test_each_says_whose_it_is_when_used_and_when_it_ends(web: WebApp) -> None:
    soon, machine = issue(web, days=5), issue(web, "telegraf", None, Purpose.GATEWAY)
    web.log.at(web.log.clock.now_ms() + HOUR)
    assert good(web, machine)
    web.log.at(web.log.clock.now_ms() + 3 * HOUR)
    text = await get(web, "/tokens")
    for said in (
        "Wang Li",
        "yard",
        "ends in 4 d",
        "telegraf",
        "machine: writes",
        "until revoked",
        "3 h ago",
        "never",
    ):
        assert said in text, said
    assert text.index("Wang Li") < text.index("telegraf"), "what ends soon stands first"
    assert soon not in text
    assert machine not in text
    assert "王丽" in await get(web, "/tokens", language="zh")


async def test_one_that_is_over_says_so(web: WebApp) -> None:
    issue(web, days=1)
    web.log.at(web.log.clock.now_ms() + 2 * DAY)
    assert ">over<" in re.sub(r"<svg.*?</svg>", "", await get(web, "/tokens"))


async def test_it_is_renewed_with_an_overlap_and_shown_once(web: WebApp) -> None:
    old = issue(web)
    answer = await post(web, f"/tokens/{web.auth.tokens.id_of(old)}/renew", overlap="24")
    link, new = SECRET.findall(answer.text)
    assert link == f"http://page/login#{new}"
    assert answer.headers["cache-control"] == "no-store"
    assert "The old one is good until" in answer.text
    assert new not in await get(web, "/tokens")
    web.log.at(web.log.clock.now_ms() + 23 * HOUR)
    assert good(web, old)
    assert good(web, new)
    web.log.at(web.log.clock.now_ms() + 2 * HOUR)
    assert not good(web, old)
    assert good(web, new)
    [(by, subject, before, _)] = noted(web, "token")
    assert (by, subject) == ("admin 王伟", "person wang.li")
    assert "good until" in str(before)


async def test_without_overlap_the_old_one_ends_at_once(web: WebApp) -> None:
    old = issue(web, "telegraf", None, Purpose.GATEWAY)
    answer = await post(web, f"/tokens/{web.auth.tokens.id_of(old)}/renew", overlap="0")
    [new] = SECRET.findall(answer.text)
    assert (good(web, old), good(web, new)) == (False, True)


async def test_it_is_voided_and_the_sessions_from_it_end(web: WebApp) -> None:
    token = issue(web)
    session = web.auth.tokens.session_of(token, web.log.clock.now_ms())
    assert session is not None
    id = web.auth.tokens.id_of(token)
    answer = await post(web, f"/tokens/{id}/revoke", back="/users/wang.li")
    assert (answer.status_code, answer.headers["location"]) == (303, "/users/wang.li")
    assert not good(web, token)
    assert not good(web, session)
    assert noted(web, "token")[0][3] == "revoked"
    assert (await post(web, f"/tokens/{id}/revoke")).status_code == 404
    elsewhere = await post(
        web, f"/tokens/{web.auth.tokens.id_of(issue(web))}/revoke", back="https://evil.example"
    )
    assert elsewhere.headers["location"] == "/"


async def test_the_servers_own_token_has_no_buttons_and_obeys_none(web: WebApp) -> None:
    token = web.auth.tokens.issue(
        Grant(name=SERVER_ADMIN, purpose=Purpose.PERSON, role=Role.ADMIN, made_ms=T0)
    )
    id = web.auth.tokens.id_of(token)
    text = await get(web, "/tokens")
    assert "delete its file and start again" in text
    assert f"/tokens/{id}/renew" not in text
    assert (await post(web, f"/tokens/{id}/revoke")).status_code == 400
    assert good(web, token)


async def test_a_link_and_a_machines_token_are_made(web: WebApp) -> None:
    made = await post(web, "/tokens", person="wang.li", days="7", label="phone")
    link, token = SECRET.findall(made.text)
    grant = web.auth.tokens.find(token, web.log.clock.now_ms())
    assert grant is not None
    assert (grant.person, grant.role, grant.label) == ("wang.li", Role.OPERATOR, "phone")
    assert link.endswith(token)
    machine = await post(web, "/tokens", gateway="telegraf", days="")
    [token] = SECRET.findall(machine.text)
    grant = web.auth.tokens.find(token, web.log.clock.now_ms())
    assert grant is not None
    assert (grant.purpose, grant.expires_ms) == (Purpose.GATEWAY, None)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"person": "wang.li", "gateway": "x"},
        {"person": "zhao.min"},
        {"person": "wang.li", "role": "admin"},
        {"gateway": "two words"},
        {"gateway": "ok", "days": "0"},
        {"gateway": "ok", "days": "many"},
    ],
)
async def test_what_cannot_be_is_said_and_nothing_is_made(web: WebApp, fields: dict[str, str]) -> None:
    before = len(web.auth.tokens.listed(*Purpose))
    answer = await post(web, "/tokens", **fields)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert not SECRET.findall(answer.text)
    assert len(web.auth.tokens.listed(*Purpose)) == before


@pytest.mark.parametrize("overlap", ["", "-1", "5000", "x"])
async def test_an_overlap_is_one_of_the_list(web: WebApp, overlap: str) -> None:
    old = issue(web)
    answer = await post(web, f"/tokens/{web.auth.tokens.id_of(old)}/renew", overlap=overlap)
    assert answer.status_code == 400
    assert noted(web, "token") == []


async def test_a_person_gets_a_link_and_loses_a_session_on_their_page(web: WebApp) -> None:
    made = await post(web, "/users/wang.li/link", days="30", label="new phone")
    _, token = SECRET.findall(made.text)
    session = web.auth.tokens.session_of(token, web.log.clock.now_ms())
    assert session is not None
    web.auth.tokens.find(session, web.log.clock.now_ms())
    text = await get(web, "/users/wang.li")
    assert token not in text
    assert "new phone" in text
    assert "0 s ago" in await get(web, "/users")
    id = web.auth.tokens.id_of(session)
    assert (await post(web, f"/users/wang.li/sessions/{id}/end")).status_code == 303
    assert not good(web, session)
    assert (await post(web, f"/users/wang.li/sessions/{id}/end")).status_code == 404


async def test_who_cannot_sign_in_gets_no_link(web: WebApp) -> None:
    assert "cannot sign in" in await get(web, "/users/zhao.min")
    answer = await post(web, "/users/zhao.min/link", days="30")
    assert not SECRET.findall(answer.text)
    assert (await post(web, "/users/wang.li/link", days="9999")).status_code == 400
    assert (await post(web, "/users/nobody/link", days="30")).status_code == 404


@pytest.mark.parametrize("role", [one for one in Role if one is not Role.ADMIN])
async def test_only_an_administrator_sees_or_changes_them(web: WebApp, role: Role) -> None:
    token = issue(web)
    async with web.client(role) as client:
        assert (await client.get("/tokens", headers=HTML)).status_code == 403
    for path in (f"/tokens/{web.auth.tokens.id_of(token)}/revoke", "/tokens", "/users/wang.li/link"):
        assert (await post(web, path, role)).status_code == 403
    assert good(web, token)
