"""Tokens through the API: bound to users, never above them, renewed with an overlap, noted, shown once."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import select

from coldchain.words import Text
from coldchain_backend.access import By, Person, Role
from coldchain_backend.sql import schema
from support.web_app import WebApp

URL = "/api/v1/tokens"
HOUR = 3_600_000


def hire(web: WebApp, id: str = "wang.li", role: Role | None = Role.OPERATOR) -> None:
    web.people.add(Person(id=id, name=Text(en=id), role=role), By(name="admin", at_ms=1))


def noted(web: WebApp) -> list[tuple[str, str | None, str | None]]:
    table = schema.audit
    with web.log.database.read() as connection:
        rows = connection.execute(
            select(table).where(table.c.what == "token").order_by(table.c.id)
        ).mappings()
        return [(row["subject"], row["old"], row["new"]) for row in rows]


async def make(client: httpx.AsyncClient, **wish: object) -> str:
    return str((await client.post(URL, json=wish)).json()["token"])


async def status_with(web: WebApp, token: str, path: str) -> int:
    async with web.client(None) as client:
        return (await client.get(path, headers={"Authorization": f"Bearer {token}"})).status_code


async def test_a_users_token_allows_what_they_may_at_the_time(web: WebApp) -> None:
    hire(web)
    async with web.client(Role.ADMIN) as admin:
        token = await make(admin, person="wang.li")
        assert await status_with(web, token, "/api/v1/board") == 200
        assert await status_with(web, token, "/api/v1/users") == 403
        hire(web, "chief", Role.ADMIN)
        await admin.patch("/api/v1/users/wang.li", json={"role": "admin"})
        assert await status_with(web, token, "/api/v1/users") == 403, "it was made for an operator"
        await admin.patch("/api/v1/users/wang.li", json={"role": None})
        assert await status_with(web, token, "/api/v1/board") == 401


async def test_a_token_is_never_made_for_more_than_its_user_may(web: WebApp) -> None:
    hire(web)
    hire(web, "told", role=None)
    async with web.client(Role.ADMIN) as admin:
        above = await admin.post(URL, json={"person": "wang.li", "role": "admin"})
        nobody = await admin.post(URL, json={"person": "told"})
        below = await admin.post(URL, json={"person": "wang.li", "role": "viewer"})
    assert (above.status_code, nobody.status_code, below.status_code) == (400, 400, 200)
    assert "no more than that" in above.json()["message"]


async def test_tokens_are_listed_without_themselves(web: WebApp) -> None:
    hire(web)
    async with web.client(Role.ADMIN) as admin:
        secrets = [
            await make(admin, person="wang.li", label="wall  screen", days=30),
            await make(admin, gateway="tool"),
        ]
        answer = await admin.get(URL)
    mine = {one["gateway"] or one["person"]: one for one in answer.json()["items"]}
    assert (mine["wang.li"]["label"], mine["wang.li"]["bound"], mine["wang.li"]["role"]) == (
        "wall screen", True, "operator",
    )  # fmt: skip
    assert (mine["tool"]["expires"], mine["tool"]["used"]) == (None, None)
    assert mine["admin 王伟"]["used"] is not None, "it asks just now"
    assert not any(secret in answer.text for secret in secrets)


async def test_renewing_leaves_both_good_for_the_stated_time(web: WebApp) -> None:
    async with web.client(Role.ADMIN) as admin:
        old = await make(admin, person="Wall screen", role="viewer", days=30)
        id = web.auth.tokens.id_of(old)
        made = (await admin.post(f"{URL}/{id}/renew", json={"overlap_hours": 2})).json()
        assert made["link"].endswith(made["token"])
        for after_ms, alive in ((0, 200), (2 * HOUR - 1, 200), (2 * HOUR, 401)):
            web.log.at(web.log.clock.wall_ms + after_ms - (2 * HOUR - 1 if after_ms == 2 * HOUR else 0))
            assert await status_with(web, old, "/api/v1/board") == alive
            assert await status_with(web, made["token"], "/api/v1/board") == 200


@pytest.mark.parametrize("hours", [-1, 721, "x", None])
async def test_an_overlap_is_bounded(web: WebApp, hours: object) -> None:
    async with web.client(Role.ADMIN) as admin:
        old = await make(admin, gateway="tool")
        path = f"{URL}/{web.auth.tokens.id_of(old)}/renew"
        assert (await admin.post(path, json={"overlap_hours": hours})).status_code == 400


async def test_one_is_voided_and_what_is_not_there_is_told(web: WebApp) -> None:
    async with web.client(Role.ADMIN) as admin:
        token = await make(admin, gateway="tool")
        id = web.auth.tokens.id_of(token)
        assert (await admin.delete(f"{URL}/{id}")).status_code == 204
        assert (await admin.delete(f"{URL}/{id}")).status_code == 404
        assert (await admin.post(f"{URL}/{id}/renew", json={})).status_code == 404


async def test_everything_is_noted_and_no_secret_with_it(web: WebApp) -> None:
    hire(web)
    async with web.client(Role.ADMIN) as admin:
        token = await make(admin, person="wang.li", label="wall screen", days=1)
        made = (await admin.post(f"{URL}/{web.auth.tokens.id_of(token)}/renew", json={})).json()
        await admin.delete(f"{URL}/{web.auth.tokens.id_of(made['token'])}")
        await admin.post(f"{URL}/revoke", json={"person": "wang.li"})
        await admin.post(f"{URL}/revoke", json={"person": "nobody"})
    rows = noted(web)
    assert [row[0] for row in rows] == ["person wang.li"] * 4
    assert [row[1] is None for row in rows] == [True, False, False, False]
    assert rows[-1][1:] == ("1 tokens", "revoked")
    assert token not in str(rows)
    assert made["token"] not in str(rows)


async def test_the_servers_own_token_is_not_renewed_from_afar(web: WebApp) -> None:
    from coldchain_backend.access import SERVER_ADMIN, Grant, Purpose

    own = web.auth.tokens.issue(Grant(name=SERVER_ADMIN, purpose=Purpose.PERSON, role=Role.ADMIN, made_ms=1))
    id = web.auth.tokens.id_of(own)
    async with web.client(Role.ADMIN) as admin:
        assert (await admin.delete(f"{URL}/{id}")).status_code == 400
        assert (await admin.post(f"{URL}/{id}/renew", json={})).status_code == 400
    assert await status_with(web, own, "/api/v1/tokens") == 200
