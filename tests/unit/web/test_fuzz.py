"""Any parameter, path or body gets an answer of the documented shape, never a crash."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldchain_backend.access import Role
from support.web_app import WebApp

RELAXED = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NAMES = st.sampled_from(
    [
        "sensor",
        "zone",
        "point",
        "from",
        "to",
        "after",
        "limit",
        "state",
        "level",
        "asset",
        "range",
        "show",
        "x",
    ]
)
VALUES = st.one_of(
    st.text(max_size=40),
    st.integers().map(str),
    st.datetimes().map(lambda at: at.isoformat() + "Z"),
    st.sampled_from(["chiller-front", "cq-store.chiller", "alarm", "9999-12-31T23:59:59Z", "1e400"]),
)
QUERIES = st.dictionaries(NAMES, VALUES, max_size=5)
PATHS = ["readings", "excursions", "alerts", "board", "fleet", "gateways", "alerts/x"]
SEGMENTS = st.text(alphabet=st.characters(exclude_characters="/\\?#", exclude_categories=["Cs"]), max_size=30)


def ask(web: WebApp, method: str, path: str, **how: object) -> httpx.Response:
    async def once() -> httpx.Response:
        async with web.client(Role.ADMIN) as client:
            return await client.request(method, path, **how)  # type: ignore[arg-type]  # httpx's own keywords

    return asyncio.run(once())


def check(answer: httpx.Response) -> None:
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400 and not answer.headers["content-type"].startswith("text/html"):
        assert answer.json().keys() >= {"code", "message"}


@RELAXED
@given(path=st.sampled_from(PATHS), query=QUERIES)
def test_any_query(filled: WebApp, path: str, query: dict[str, str]) -> None:
    check(ask(filled, "GET", f"/api/v1/{path}", params=query))


@RELAXED
@given(
    path=st.sampled_from(["", "alerts", "zones/cq-store.chiller", "fragments/alerts", "language"]),
    query=QUERIES,
    accept=st.sampled_from(["text/html", "*/*"]),
)
def test_any_page(filled: WebApp, path: str, query: dict[str, str], accept: str) -> None:
    check(ask(filled, "GET", f"/{path}", params=query, headers={"Accept": accept}))


@RELAXED
@given(
    segment=SEGMENTS,
    where=st.sampled_from(["/zones/", "/alerts/", "/api/v1/alerts/", "/static/", "/fragments/"]),
)
def test_any_path(filled: WebApp, segment: str, where: str) -> None:
    try:
        url = httpx.URL("http://page").copy_with(path=where + segment)
    except httpx.InvalidURL:
        return
    check(ask(filled, "GET", str(url)))


@RELAXED
@given(
    path=st.sampled_from(["fleet/diff", "fleet/apply", "alerts/al_x/acknowledge", "session", "tokens"]),
    body=st.one_of(
        st.binary(max_size=60),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["text", "base", "reason", "token", "days"]), inner, max_size=4
                )
            ),
            max_leaves=8,
        ),
    ),
)
def test_any_body(filled: WebApp, path: str, body: object) -> None:
    how = {"content": body} if isinstance(body, bytes) else {"json": body}
    check(ask(filled, "POST", f"/api/v1/{path}", **how))


@pytest.mark.parametrize("name", ["../../etc/passwd", "..%2fpages.py", "%2e%2e/render.py", "nothing.css"])
def test_static_files_are_those_of_the_folder_only(filled: WebApp, name: str) -> None:
    assert ask(filled, "GET", f"/static/{name}").status_code == 404
