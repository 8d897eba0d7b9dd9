"""No page of another site makes a signed-in browser write anything, whichever form or route it aims at."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from coldchain_backend.access import Role
from coldchain_backend.web.rights import NEEDS, Door
from support.web_app import BASE, WebApp

WRITES = {one: need for one, need in NEEDS.items() if one[0] not in {"GET", "HEAD"}}
LAST = ("POST", "/logout")
OWN = {"Sec-Fetch-Site": "same-origin"}
ELSEWHERE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": f"{BASE}.evil.example"},
]
"""What a browser says of a write that another page makes it send."""


@asynccontextmanager
async def browser(web: WebApp) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator's browser: it has a session, and no token."""
    async with web.client(None) as client:
        answer = await client.post("/api/v1/session", json={"token": web.tokens[Role.ADMIN]}, headers=OWN)
        assert answer.status_code < 300
        yield client


async def status(client: httpx.AsyncClient, write: tuple[str, str], says: dict[str, str]) -> int:
    method, declared = write
    path = re.sub(r"\{[a-z_]+\}", "x", declared)
    return (await client.request(method, path, headers=says)).status_code


@pytest.mark.parametrize("says", ELSEWHERE, ids=str)
async def test_what_another_page_sends_is_refused_by_every_form_and_route(
    web: WebApp, says: dict[str, str]
) -> None:
    end = web.log.ledger.end
    async with browser(web) as client:
        got = {write: await status(client, write, says) for write in WRITES}
        assert set(got.values()) == {403}, {one: code for one, code in got.items() if code != 403}
        assert (await client.get("/api/v1/board")).status_code == 200, "the session is still there"
    assert web.log.ledger.end == end


async def test_what_does_not_say_where_it_comes_from_needs_a_proof_of_its_own(web: WebApp) -> None:
    async with browser(web) as client:
        for write, need in sorted(WRITES.items(), key=lambda one: one[0] == LAST):
            null, nameless = await status(client, write, {"Origin": "null"}), await status(client, write, {})
            if need is Door.PROOF:
                assert nameless == null, write
            else:
                assert null == 403, write
                assert (nameless == 403) == (need is not Door.OPEN), write


async def test_our_own_pages_pass_and_so_do_programs_with_a_token(web: WebApp) -> None:
    async with browser(web) as client, web.client(Role.ADMIN) as program:
        for write, need in WRITES.items():
            if not isinstance(need, Door):
                assert await status(client, write, OWN) != 403, write
                assert await status(program, write, {}) != 403, write
