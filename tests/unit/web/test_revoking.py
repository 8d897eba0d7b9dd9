"""Voiding tokens: at once, of one person or machine, by an administrator only."""

from __future__ import annotations

import pytest

from coldchain_backend.access import Role
from support.web_app import WebApp

REVOKE = "/api/v1/tokens/revoke"


async def fleet_status(web: WebApp, role: Role) -> int:
    async with web.client(role) as client:
        return (await client.get("/api/v1/fleet")).status_code


async def test_a_revoked_person_is_out_at_once_and_others_are_not(web: WebApp) -> None:
    assert await fleet_status(web, Role.OPERATOR) == 200
    async with web.client(Role.ADMIN) as admin:
        done = await admin.post(REVOKE, json={"person": "operator 王伟"})
    assert done.json() == {"tokens": 1}
    assert await fleet_status(web, Role.OPERATOR) == 401
    assert await fleet_status(web, Role.VIEWER) == 200


@pytest.mark.parametrize("body", [{}, {"person": "a", "gateway": "b"}, {"person": ""}])
async def test_a_revocation_names_one_and_only_one(web: WebApp, body: dict[str, str]) -> None:
    async with web.client(Role.ADMIN) as admin:
        assert (await admin.post(REVOKE, json=body)).status_code in (400, 422)


async def test_a_machines_token_is_good_until_it_is_revoked(web: WebApp) -> None:
    now_ms = web.log.clock.now_ms()
    async with web.client(Role.ADMIN) as admin:
        made = (await admin.post("/api/v1/tokens", json={"gateway": "gw"})).json()
        assert made["link"] is None
        assert web.auth.tokens.find(made["token"], now_ms + 10 * 365 * 86_400_000) is not None
        assert (await admin.post(REVOKE, json={"gateway": "gw"})).json() == {"tokens": 1}
    assert web.auth.tokens.find(made["token"], now_ms) is None


async def test_a_login_link_is_good_for_a_year_unless_told_otherwise(web: WebApp) -> None:
    day = 86_400_000
    now_ms = web.log.clock.now_ms()
    async with web.client(Role.ADMIN) as admin:
        long = (await admin.post("/api/v1/tokens", json={"person": "a"})).json()["token"]
        short = (await admin.post("/api/v1/tokens", json={"person": "b", "days": 1})).json()["token"]
    find = web.auth.tokens.find
    assert find(long, now_ms + 364 * day) is not None
    assert find(long, now_ms + 365 * day) is None
    assert find(short, now_ms + day) is None
