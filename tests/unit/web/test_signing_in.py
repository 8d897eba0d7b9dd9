"""Sessions as a browser has them: opened by a token, ended by the button."""

from __future__ import annotations

import httpx
import pytest

from coldchain_backend.access import Role
from support.web_app import BASE, WebApp

HTML = {"Accept": "text/html"}


async def sign_in(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/api/v1/session", json={"token": token})


async def test_a_session_shows_the_page_until_it_is_ended(web: WebApp) -> None:
    async with web.client(None) as client:
        answer = await sign_in(client, web.tokens[Role.VIEWER])
        assert answer.status_code == 204
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert web.tokens[Role.VIEWER] not in cookie
        assert (await client.get("/", headers=HTML)).status_code == 200
        out = await client.post("/logout", headers={"Origin": BASE})
        assert (out.status_code, out.headers["location"]) == (303, "/login")
        assert (await client.get("/", headers=HTML)).headers["location"] == "/login"


async def test_an_ended_session_stays_ended_for_a_copy_of_its_cookie(web: WebApp) -> None:
    async with web.client(None) as client:
        await sign_in(client, web.tokens[Role.VIEWER])
        copied = dict(client.cookies)
        await client.post("/logout")
    async with web.client(None) as thief:
        thief.cookies.update(copied)
        assert (await thief.get("/api/v1/board")).status_code == 401


async def test_another_site_ends_no_session(web: WebApp) -> None:
    async with web.client(None) as client:
        await sign_in(client, web.tokens[Role.VIEWER])
        foreign = await client.post("/logout", headers={"Sec-Fetch-Site": "cross-site"})
        assert foreign.status_code == 403
        assert (await client.get("/", headers=HTML)).status_code == 200


@pytest.mark.parametrize("token", ["wrong", "x" * 199, "令牌"])
async def test_a_wrong_token_opens_nothing(web: WebApp, token: str) -> None:
    async with web.client(None) as client:
        answer = await sign_in(client, token)
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers


async def test_a_link_works_on_several_devices(web: WebApp) -> None:
    for _ in range(3):
        async with web.client(None) as client:
            assert (await sign_in(client, web.tokens[Role.OPERATOR])).status_code == 204
            assert (await client.get("/api/v1/board")).status_code == 200
