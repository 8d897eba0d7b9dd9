"""What people see when something is refused or broken: what happened, in their language, and how to go on."""

from __future__ import annotations

import pytest

from coldchain_backend.access import Role
from coldchain_backend.web.console.install import POLICY
from support.web_app import WebApp

HTML = {"Accept": "text/html"}
REFUSED: list[tuple[str, str, dict[str, str], Role, int]] = [
    ("GET", "/zones/nowhere", {}, Role.VIEWER, 404),
    ("GET", "/no/such/page", {}, Role.VIEWER, 404),
    ("GET", "/users", {}, Role.VIEWER, 403),
    ("GET", "/alerts/al_x/shelve", {}, Role.OPERATOR, 405),
    ("POST", "/muted/window", {"from": "yesterday", "reason": "x"}, Role.OPERATOR, 400),
    ("POST", "/zones/cq-store.chiller/state", {"state": "broken"}, Role.OPERATOR, 400),
    ("POST", "/muted/window", {"reason": "x" * 9000}, Role.OPERATOR, 413),
    ("GET", "/deliveries?sent=many", {}, Role.VIEWER, 400),
    ("GET", "/deliveries/nowhere", {}, Role.OPERATOR, 404),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case[4]} {case[0]} {case[1]}")
async def test_a_refusal_is_a_page_in_both_languages_with_ways_on(
    filled: WebApp, case: tuple[str, str, dict[str, str], Role, int]
) -> None:
    method, path, fields, role, status = case
    for language, title in (("en", "This did not work"), ("zh", "操作未成功")):
        async with filled.client(role) as client:
            answer = await client.request(
                method, path, data=fields or None, headers={**HTML, "Accept-Language": language}
            )
        assert answer.status_code == status, path
        assert title in answer.text
        assert 'href="/alerts"' in answer.text
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["cache-control"] == "no-store"


async def test_a_refusal_says_what_was_wrong(filled: WebApp) -> None:
    async with filled.client(Role.OPERATOR) as client:
        answer = await client.post(
            "/muted/window", data={"from": "<b>yesterday", "reason": "x"}, headers=HTML
        )
    assert "&lt;b&gt;yesterday" in answer.text
    assert "is no date and time" in answer.text


async def test_what_nobody_foresaw_is_told_without_its_words(web: WebApp) -> None:
    async def broken() -> None:
        raise RuntimeError("the password is 12345")

    web.app.add_api_route("/broken", broken)
    web.app.add_api_route("/api/v1/broken", broken)
    async with web.client(Role.ADMIN) as client:
        page = await client.get("/broken", headers={**HTML, "Accept-Language": "zh"})
        machine = await client.get("/api/v1/broken")
    assert (page.status_code, machine.status_code) == (500, 500)
    assert "服务器内部出错" in page.text
    assert page.headers["content-security-policy"] == POLICY
    assert machine.json()["code"] == "internal error"
    assert "12345" not in page.text + machine.text


async def test_private_answers_are_kept_by_nobody_and_static_files_are(filled: WebApp) -> None:
    async with filled.client(Role.ADMIN) as client:
        for path in (
            "/api/v1/alerts",
            "/api/v1/users",
            "/api/v1/deliveries",
            "/api/v1/audit/export",
            "/metrics",
        ):
            answer = await client.get(path)
            assert answer.headers["cache-control"] == "no-store", path
            assert answer.headers["x-content-type-options"] == "nosniff", path
        style = await client.get("/static/console.css")
    assert "immutable" in style.headers["cache-control"]
