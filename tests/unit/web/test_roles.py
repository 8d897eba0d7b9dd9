"""Every route and page against every role and none: the table of rights is whole, and it is obeyed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import Mount, Route

from coldchain_backend.access import Right, Role
from coldchain_backend.web.rights import NEEDS, Door, Need, include
from support.web_app import WebApp

HTML = {"Accept": "text/html"}
STREAM = ("GET", "/api/v1/live")
"""It answers for as long as somebody listens; its own tests do."""


def routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    """(method, path) of everything that the application answers, pages and documents included."""
    for route in app.routes:
        router = getattr(route, "original_router", None)
        for one in [route] if router is None else router.routes:
            if isinstance(one, Route):
                yield from ((method, one.path) for method in one.methods or ())


def asked(method: str, path: str) -> bool:
    """Whether it is a route of its own; Starlette answers HEAD where it answers GET."""
    return method != "HEAD" or (method, path) in NEEDS


def expected(need: Need, role: Role | None) -> bool:
    return isinstance(need, Door) or (role is not None and role.may(need))


def test_every_route_has_a_line_and_every_line_a_route(filled: WebApp) -> None:
    found = {(method, path) for method, path in routes(filled.app) if asked(method, path)}
    assert found - NEEDS.keys() == set(), "a route without a line in web/rights.py"
    assert NEEDS.keys() - found == set(), "a line in web/rights.py without a route"
    assert [one.path for one in filled.app.routes if isinstance(one, Mount)] == ["/static"]


@pytest.mark.parametrize("role", [None, *Role])
async def test_every_role_passes_exactly_the_doors_of_the_table(filled: WebApp, role: Role | None) -> None:
    end = filled.log.ledger.end
    async with filled.client(role) as client:
        for (method, declared), need in NEEDS.items():
            if isinstance(need, Door) or (method, declared) == STREAM:
                continue
            path = re.sub(r"\{[a-z_]+\}", "x", declared)
            answer = await client.request(method, path)
            wanted = "let in" if expected(need, role) else "refused"
            refused = {401, 403} if role is not None else {401}
            got = "refused" if answer.status_code in refused else "let in"
            assert got == wanted, (role, method, declared, answer.status_code)
            if role is not None and wanted == "refused":
                assert answer.status_code == 403, (role, method, declared)
    assert filled.log.ledger.end == end, "nothing was written by asking with nothing"


async def test_a_browser_without_a_session_is_led_to_the_login_page(filled: WebApp) -> None:
    pages = [
        path for method, path in NEEDS if method == "GET" and not path.startswith(("/api", "/fragments"))
    ]
    async with filled.client(None) as client:
        for path in pages:
            if isinstance(NEEDS["GET", path], Door):
                continue
            answer = await client.get(re.sub(r"\{[a-z]+\}", "x", path), headers=HTML)
            assert (answer.status_code, answer.headers.get("location")) == (303, "/login"), path


async def test_what_is_open_tells_nothing_of_the_organisation(filled: WebApp) -> None:
    open_reads = [path for (method, path), need in NEEDS.items() if need is Door.OPEN and method == "GET"]
    async with filled.client(None) as client:
        for path in sorted({*open_reads} - {"/metrics"}):
            text = (await client.get(path, headers=HTML)).text
            for secret in ("chiller-front", "cq-store", "陈静"):
                assert secret not in text, path


async def test_a_route_without_a_line_is_refused_to_everybody(web: WebApp) -> None:
    router = APIRouter()

    @router.get("/forgotten")
    async def forgotten() -> str:
        return "told"

    include(web.app, [router])
    for role in (None, *Role):
        async with web.client(role) as client:
            answer = await client.get("/forgotten")
            assert answer.status_code in ({401} if role is None else {403}), role


def test_only_an_administrator_may_what_changes_access_and_fleet() -> None:
    guarded = {path for (_, path), need in NEEDS.items() if need is Right.ADMINISTER}
    for part in ("users", "tokens", "fleet/apply", "gateways/codes", "revoke"):
        assert any(part in path for path in guarded), part
    assert not [one for one, need in NEEDS.items() if one[0] != "GET" and need is Right.AUDIT]


async def test_a_token_in_another_scheme_is_none(filled: WebApp) -> None:
    token = filled.tokens[Role.ADMIN]
    async with filled.client(None) as client:
        for header in (f"Basic {token}", token, f"Bearer{token}", "Bearer", "Bearer ", f"Bearer {token} x"):
            answer = await client.get("/api/v1/board", headers={"Authorization": header})
            assert answer.status_code in {401, 429}, header


async def test_a_method_that_is_not_there_is_told(filled: WebApp) -> None:
    async with filled.client(Role.ADMIN) as client:
        answer = await client.delete("/api/v1/board")
    assert answer.status_code == 405
    assert answer.json()["code"] == "method not allowed"
