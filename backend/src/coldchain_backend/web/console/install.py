"""Puts the page into an application: pages, static files, strict headers, friendly errors."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from importlib import resources
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from coldchain_backend.access.links import CODE_PATH, LINK_PATH
from coldchain_backend.web.console import (
    alert_forms,
    alert_pages,
    api_page,
    audit_page,
    delivery_pages,
    entry,
    forms,
    gateway_page,
    mirror_page,
    pages,
    people_pages,
    token_pages,
)
from coldchain_backend.web.console.render import render_bare, wording_of
from coldchain_backend.web.rights import include
from coldchain_backend.web.services import ROLE_REFUSED, services_of

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
_OUTSIDE = {
    **_HEADERS,
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
"""Of pages whose address is a secret, whatever they say."""

_PAGES = (
    pages,
    forms,
    alert_pages,
    alert_forms,
    api_page,
    audit_page,
    gateway_page,
    mirror_page,
    delivery_pages,
    entry,
    people_pages,
    token_pages,
)

_EXPLAINED = frozenset({400, 403, 404, 405, 409, 413, 422, 429, 500, 503})
_OWN_WORDS = frozenset({400, 409, 422})
"""Where the refusal itself says what was wrong with what was asked."""

Next = Callable[[Request], Awaitable[Response]]


def install(app: FastAPI) -> None:
    """Add the page to an application whose state holds the services."""
    folder = Path(str(resources.files("coldchain_backend.web.console") / "static"))
    app.mount("/static", StaticFiles(directory=folder), name="static")
    include(app, [one.router for one in _PAGES])
    app.middleware("http")(_strict)


async def _strict(request: Request, go_on: Next) -> Response:
    response = await go_on(request)
    if response.headers.get("content-type", "").startswith("text/html"):
        outside = request.url.path == CODE_PATH or request.url.path.startswith(LINK_PATH)
        response.headers.update(_OUTSIDE if outside else _HEADERS)
    elif request.url.path.startswith("/static/"):
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["X-Content-Type-Options"] = "nosniff"
    elif request.method == "GET":
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def is_page(request: Request) -> bool:
    """Whether a person's browser asks for a page, not a program for the API."""
    return not request.url.path.startswith(("/api/", "/fragments/")) and "text/html" in request.headers.get(
        "accept", ""
    )


async def page_error(request: Request, error: HTTPException) -> Response:
    """What a person sees instead of an error: the login page, or what happened and how to go on."""
    if error.status_code == 401:
        return RedirectResponse("/login", status_code=303)
    services, status = services_of(request), error.status_code
    wording = wording_of(request, services)
    key = f"error_{status}" if status in _EXPLAINED else "error_other"
    if status == 403 and error.detail != ROLE_REFUSED:
        key = "error_origin"
    said = str(error.detail) if status in _OWN_WORDS and error.detail != HTTPStatus(status).phrase else ""
    values = {"message": wording.say(key), "said": said, "status": status}
    text = render_bare(request, services, "error", values)
    return HTMLResponse(text, status_code=status, headers={**_HEADERS, **(error.headers or {})})
