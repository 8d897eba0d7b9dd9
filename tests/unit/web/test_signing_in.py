"""Sessions as a browser has them: opened by token or password, ended by a button, never by another site."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import select

from coldchain.words import Text
from coldchain_backend.access import By, Person, Role
from coldchain_backend.sql import schema
from coldchain_backend.web.auth import COOKIE
from coldchain_backend.web.signing_in import ACCOUNT_WITHIN_MS, ACCOUNT_WRONG, NOTED
from support.web_app import BASE, WebApp

HTML = {"Accept": "text/html"}
OURS = {"Origin": BASE}
GOOD = "truck rolls at dawn"
BY = By(name="admin", at_ms=1)


async def sign_in(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/api/v1/session", json={"token": token})


async def give(client: httpx.AsyncClient, user: str, password: str) -> httpx.Response:
    return await client.post("/login", data={"user": user, "password": password})


def hire(
    web: WebApp, id: str = "wang.li", role: Role | None = Role.OPERATOR, password: str | None = GOOD
) -> Person:
    """A user with a password."""
    person = Person(id=id, name=Text(en=id), role=role)
    web.people.add(person, BY)
    if password is not None:
        web.people.set_password(id, web.hash(password), BY)
    return person


def noted(web: WebApp, what: str) -> list[tuple[str, str, str | None, str | None]]:
    table = schema.audit
    with web.log.database.read() as connection:
        found = connection.execute(select(table).where(table.c.what == what).order_by(table.c.id)).mappings()
        return [(row["by"], row["subject"], row["old"], row["new"]) for row in found]


async def test_a_session_shows_the_page_until_it_is_ended(web: WebApp) -> None:
    async with web.client(None) as client:
        answer = await sign_in(client, web.tokens[Role.VIEWER])
        assert answer.status_code == 204
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert "secure" not in cookie.lower(), "this server is reached without TLS"
        assert web.tokens[Role.VIEWER] not in cookie
        assert (await client.get("/", headers=HTML)).status_code == 200
        out = await client.post("/logout", headers=OURS)
        assert (out.status_code, out.headers["location"]) == (303, "/login")
        assert (await client.get("/", headers=HTML)).headers["location"] == "/login"


async def test_behind_tls_the_cookie_is_secure(web: WebApp) -> None:
    hire(web)
    transport = httpx.ASGITransport(app=web.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://page") as client:
        assert "Secure" in (await give(client, "wang.li", GOOD)).headers["set-cookie"]
    web.auth.public_url = "https://cold.example.org"  # TLS ends at a proxy before this server
    async with web.client(None) as client:
        assert "Secure" in (await give(client, "wang.li", GOOD)).headers["set-cookie"]


async def test_a_password_opens_a_session_of_what_the_user_may(web: WebApp) -> None:
    hire(web)
    async with web.client(None) as client:
        answer = await give(client, " Wang.Li ", GOOD)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert (await client.get("/", headers=HTML)).status_code == 200
        assert (await client.get("/api/v1/users")).status_code == 403
        assert GOOD not in str(client.cookies.jar)
    assert noted(web, "login") == [("wang.li", "wang.li", None, "password, from 127.0.0.1")]


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("wang.li", "truck rolls at dusk"),
        ("nobody", GOOD),
        ("", ""),
        ("told", GOOD),
        ("gone", GOOD),
        ("bare", ""),
    ],
)
async def test_all_refusals_look_the_same(web: WebApp, user: str, password: str) -> None:
    hire(web)
    hire(web, "told", role=None)
    hire(web, "gone")
    web.people.change(Person(id="gone", name=Text(en="gone"), role=Role.ADMIN, disabled=True), BY)
    hire(web, "bare", password=None)
    async with web.client(None) as client:
        answer = await give(client, user, password)
        plain = await give(client, "wang.li", "wrong in another way")
        assert (answer.status_code, answer.text) == (401, plain.text)
        assert "set-cookie" not in answer.headers
        api = await client.post("/api/v1/session", json={"user": user, "password": password})
        assert (api.status_code, api.json()["message"]) == (401, "Unauthorized")


async def test_what_was_typed_as_a_user_that_is_none_is_not_written_down(web: WebApp) -> None:
    async with web.client(None) as client:
        await give(client, "my secret password", "wang.li")
    assert noted(web, "login") == [("", "unknown user", None, "refused, from 127.0.0.1")]


async def test_too_many_wrong_passwords_lock_one_account_for_a_while(web: WebApp) -> None:
    hire(web)
    hire(web, "chen.jing")
    async with web.client(None) as client:
        for _ in range(ACCOUNT_WRONG):
            assert (await give(client, "wang.li", "wrong and wrong")).status_code == 401
        locked = await give(client, "wang.li", GOOD)
        assert (locked.status_code, int(locked.headers["retry-after"]) > 60) == (429, True)
        assert (await give(client, "chen.jing", GOOD)).status_code == 303
        web.log.at(web.log.clock.wall_ms + ACCOUNT_WITHIN_MS)
        assert (await give(client, "wang.li", GOOD)).status_code == 303


async def test_an_account_that_is_not_there_is_locked_in_the_same_way(web: WebApp) -> None:
    async with web.client(None) as client:
        answers = [(await give(client, "nobody", GOOD)).status_code for _ in range(ACCOUNT_WRONG + 1)]
    assert answers == [401] * ACCOUNT_WRONG + [429]


async def test_too_many_wrong_ones_from_one_address_are_refused(web: WebApp) -> None:
    async with web.client(None) as client:
        answers = [(await give(client, f"user-{n}", GOOD)).status_code for n in range(32)]
        assert answers == [401] * 30 + [429] * 2
        assert (await sign_in(client, web.tokens[Role.VIEWER])).status_code == 429
        web.log.at(web.log.clock.wall_ms + 60_000)
        assert (await sign_in(client, web.tokens[Role.VIEWER])).status_code == 204


async def test_a_flood_of_failures_fills_no_audit(web: WebApp) -> None:
    door = web.app.state.signing_in
    for number in range(NOTED + 40):
        transport = httpx.ASGITransport(app=web.app, client=(f"10.0.{number}.1", 9))
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            await sign_in(client, "wrong")
    assert len(noted(web, "login")) == NOTED
    web.log.at(web.log.clock.wall_ms + 60_000)
    async with web.client(None) as client:
        await sign_in(client, "wrong")
    assert noted(web, "login")[-1][3] == "refused, from 127.0.0.1; 40 more before"
    assert door is web.app.state.signing_in


async def test_a_session_id_that_was_planted_is_never_taken_over(web: WebApp) -> None:
    hire(web)
    async with web.client(None) as thief:
        await sign_in(thief, web.tokens[Role.VIEWER])
        planted = str(thief.cookies[COOKIE])
        async with web.client(None) as victim:
            victim.cookies.set(COOKIE, planted, domain="page.local")
            answer = await victim.post("/login", data={"user": "wang.li", "password": GOOD}, headers=OURS)
            assert answer.status_code == 303
            assert planted not in answer.headers["set-cookie"]
        assert (await thief.get("/api/v1/board")).status_code == 401, "and what it was before has ended"


async def test_a_role_that_is_taken_away_is_gone_at_once(web: WebApp) -> None:
    hire(web, role=Role.ADMIN)
    hire(web, "chief", role=Role.ADMIN)
    async with web.client(None) as client, web.client(Role.ADMIN) as admin:
        await give(client, "wang.li", GOOD)
        assert (await client.get("/api/v1/users")).status_code == 200
        await admin.patch("/api/v1/users/wang.li", json={"role": "viewer"})
        assert (await client.get("/api/v1/users")).status_code == 403
        assert (await client.get("/api/v1/board")).status_code == 200
        await admin.patch("/api/v1/users/wang.li", json={"disabled": True})
        assert (await client.get("/api/v1/board")).status_code == 401
        await admin.patch("/api/v1/users/wang.li", json={"disabled": False})
        assert (await client.get("/api/v1/board")).status_code == 401, "who comes back signs in again"


async def test_a_session_ends_when_it_is_old_or_long_unused(web: WebApp) -> None:
    hire(web)
    day = 86_400_000
    async with web.client(None) as client:
        await give(client, "wang.li", GOOD)
        for _ in range(4):
            web.log.at(web.log.clock.wall_ms + 6 * day)
            assert (await client.get("/api/v1/sessions")).status_code == 200
        web.log.at(web.log.clock.wall_ms + 7 * day)
        assert (await client.get("/api/v1/sessions")).status_code == 401


async def test_an_ended_session_stays_ended_for_a_copy_of_its_cookie(web: WebApp) -> None:
    async with web.client(None) as client:
        await sign_in(client, web.tokens[Role.VIEWER])
        copied = dict(client.cookies)
        await client.post("/logout", headers=OURS)
    async with web.client(None) as thief:
        thief.cookies.update(copied)
        assert (await thief.get("/api/v1/board")).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": BASE},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://page.evil.example"},
        {"Origin": ""},
        {},
    ],
)
async def test_no_write_with_a_session_comes_from_another_page(web: WebApp, headers: dict[str, str]) -> None:
    async with web.client(None) as client:
        await sign_in(client, web.tokens[Role.ADMIN])
        for path in ("/alerts/x/acknowledge", "/zones/x/state", "/api/v1/users", "/api/v1/fleet/apply"):
            answer = await client.post(path, headers=headers)
            assert answer.status_code == 403, path
        assert (await client.delete("/api/v1/sessions/x", headers=headers)).status_code == 403
        if headers:
            assert (await client.post("/logout", headers=headers)).status_code == 403
        assert (await client.get("/", headers=HTML)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [OURS, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "https://cold.example"}],
)
async def test_our_own_pages_write(web: WebApp, headers: dict[str, str]) -> None:
    web.auth.public_url = "https://cold.example"
    async with web.client(None) as client:
        await sign_in(client, web.tokens[Role.VIEWER])
        assert (await client.post("/logout", headers=headers)).status_code == 303


async def test_another_site_logs_nobody_in(web: WebApp) -> None:
    async with web.client(None) as client:
        login = {"user": "wang.li", "password": GOOD}
        foreign = {"Origin": "http://evil.example"}
        assert (await client.post("/login", data=login, headers=foreign)).status_code == 403
        token = {"token": web.tokens[Role.VIEWER]}
        assert (await client.post("/api/v1/session", json=token, headers=foreign)).status_code == 403


@pytest.mark.parametrize("token", ["wrong", "x" * 199, "令牌"])
async def test_a_wrong_token_opens_nothing(web: WebApp, token: str) -> None:
    async with web.client(None) as client:
        answer = await sign_in(client, token)
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "login", [{}, {"user": "a"}, {"token": "x", "user": "a", "password": "b"}, {"token": None}]
)
async def test_a_login_is_one_thing_or_the_other(web: WebApp, login: dict[str, str]) -> None:
    async with web.client(None) as client:
        assert (await client.post("/api/v1/session", json=login)).status_code == 400


async def test_a_link_works_on_several_devices(web: WebApp) -> None:
    for _ in range(3):
        async with web.client(None) as client:
            assert (await sign_in(client, web.tokens[Role.OPERATOR])).status_code == 204
            assert (await client.get("/api/v1/board")).status_code == 200


async def test_one_sees_and_ends_ones_own_sessions_only(web: WebApp) -> None:
    hire(web)
    hire(web, "chen.jing")
    async with web.client(None) as mine, web.client(None) as other, web.client(None) as hers:
        for client, user in ((mine, "wang.li"), (other, "wang.li"), (hers, "chen.jing")):
            await give(client, user, GOOD)
        listed = (await mine.get("/api/v1/sessions")).json()["items"]
        assert sorted(one["current"] for one in listed) == [False, True]
        assert {one["person"] for one in listed} == {"wang.li"}
        foreign = (await hers.get("/api/v1/sessions")).json()["items"][0]["id"]
        assert (await mine.delete(f"/api/v1/sessions/{foreign}", headers=OURS)).status_code == 404
        further = next(one["id"] for one in listed if not one["current"])
        assert (await mine.delete(f"/api/v1/sessions/{further}", headers=OURS)).status_code == 204
        assert (await other.get("/api/v1/board")).status_code == 401
        async with web.client(Role.ADMIN) as admin:
            assert len((await admin.get("/api/v1/sessions")).json()["items"]) == 2
            assert (await admin.delete(f"/api/v1/sessions/{foreign}")).status_code == 204
        assert (await hers.get("/api/v1/board")).status_code == 401
    assert [row[1] for row in noted(web, "session")] == ["wang.li", "chen.jing"]


async def test_ones_own_password_is_changed_by_the_present_one(web: WebApp) -> None:
    hire(web)
    path, new = "/api/v1/account/password", "another dawn, another truck"
    async with web.client(None) as mine, web.client(None) as other:
        await give(mine, "wang.li", GOOD)
        await give(other, "wang.li", GOOD)
        wrong = await mine.put(path, json={"old": "wrong and wrong", "new": new}, headers=OURS)
        weak = await mine.put(path, json={"old": GOOD, "new": "short"}, headers=OURS)
        assert (wrong.status_code, weak.status_code) == (401, 400)
        assert (await mine.put(path, json={"old": GOOD, "new": new}, headers=OURS)).status_code == 204
        assert (await mine.get("/api/v1/board")).status_code == 200
        assert (await other.get("/api/v1/board")).status_code == 401
        assert (await give(other, "wang.li", GOOD)).status_code == 401
        assert (await give(other, "wang.li", new)).status_code == 303
    async with web.client(Role.ADMIN) as token:
        assert (await token.put(path, json={"old": GOOD, "new": new})).status_code == 400


async def test_a_hash_of_older_parameters_is_renewed_when_the_password_is_given(web: WebApp) -> None:
    hire(web)
    older = web.hash(GOOD, passes=2)
    web.people.set_password("wang.li", older, BY)
    async with web.client(None) as client:
        assert (await give(client, "wang.li", GOOD)).status_code == 303
    assert web.people.password("wang.li") not in (older, None)
    async with web.client(None) as client:
        assert (await give(client, "wang.li", GOOD)).status_code == 303


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_account_page_shows_sessions_and_takes_a_new_password(web: WebApp, language: str) -> None:
    hire(web)
    async with web.client(None) as client:
        client.headers["Accept-Language"] = language
        await give(client, "wang.li", GOOD)
        page = (await client.get("/account", headers=HTML)).text
        assert page.count('/end"') == 1
        said = await client.post(
            "/account/password", data={"old": "wrong", "new": "another dawn, a truck"}, headers=OURS
        )
        assert {"en": "present password is wrong", "zh": "当前密码错误"}[language] in said.text
        said = await client.post("/account/password", data={"old": GOOD, "new": "short"}, headers=OURS)
        assert {"en": "less common", "zh": "更不常见"}[language] in said.text
        await client.post(
            "/account/password", data={"old": GOOD, "new": "another dawn, a truck"}, headers=OURS
        )
        assert (await give(client, "wang.li", "another dawn, a truck")).status_code == 303
        session = (await client.get("/api/v1/sessions")).json()["items"][0]["id"]
        out = await client.post(f"/account/sessions/{session}/end", headers=OURS)
        assert out.status_code == 303
        assert (await client.get("/account", headers=HTML)).headers["location"] == "/login"
