"""Every route against every role: who may read, act and administer, and that nothing is open by mistake."""

from __future__ import annotations

import re

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from coldchain_backend.access import Role
from support.web_app import WebApp

OPEN = {
    "/login", "/language", "/logout", "/api/v1/session", "/api/v1/fleet/schema", "/a/{token}", "/c",
    "/healthz", "/readyz", "/metrics",
}  # fmt: skip
"""What somebody without a token may ask for."""
ADMIN = {"/api/v1/fleet/diff", "/api/v1/fleet/apply", "/api/v1/tokens", "/api/v1/tokens/revoke"}
OPERATOR = {"/api/v1/alerts/{alert}/acknowledge", "/alerts/{alert}/acknowledge"}


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """(method, path) of everything that was included."""
    found: list[tuple[str, str]] = []
    for route in app.routes:
        router = getattr(route, "original_router", None)
        inner = [route] if router is None else router.routes
        found += [
            (method, one.path) for one in inner if isinstance(one, APIRoute) for method in one.methods or ()
        ]
    return sorted(found)


def filled_in(path: str) -> str:
    return re.sub(r"\{[a-z]+\}", "x", path)


async def status(web: WebApp, role: Role | None, method: str, path: str) -> int:
    async with web.client(role) as client:
        answer = await client.request(method, filled_in(path))
    return answer.status_code


async def test_nothing_is_open_by_mistake(filled: WebApp) -> None:
    asked = [(method, path) for method, path in routes(filled.app) if path not in OPEN]
    assert len(asked) > 20
    for method, path in asked:
        assert await status(filled, None, method, path) in {401, 303}, (method, path)


async def test_what_is_open_is_all_there(filled: WebApp) -> None:
    assert {path for _, path in routes(filled.app)} >= OPEN - {"/logout"}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.REGULATOR])
async def test_who_only_looks_changes_nothing(filled: WebApp, role: Role) -> None:
    end = filled.log.ledger.end
    for method, path in routes(filled.app):
        if method == "POST" and path not in OPEN:
            assert await status(filled, role, method, path) == 403, path
    assert filled.log.ledger.end == end


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.QUALITY])
async def test_who_operates_acts_on_alerts_only(filled: WebApp, role: Role) -> None:
    for path in ADMIN:
        assert await status(filled, role, "POST", path) == 403, path
    for path in OPERATOR:
        assert await status(filled, role, "POST", path) in {400, 404}, path


async def test_an_admin_passes_every_door(filled: WebApp) -> None:
    for method, path in routes(filled.app):
        if path in OPEN or path == "/api/v1/live":
            continue
        assert await status(filled, Role.ADMIN, method, path) not in {401, 403}, path


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
