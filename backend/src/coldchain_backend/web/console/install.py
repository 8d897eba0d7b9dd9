"""Puts the page into an application: pages, static files, strict headers, friendly errors."""

from http import HTTPStatus
from importlib import resources
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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


def install(app: FastAPI) -> None:
    """Add the page to an application whose state holds the services."""
    folder = Path(str(resources.files("coldchain_backend.web.console") / "static"))
    app.mount("/static", StaticFiles(directory=folder), name="static")
    include(app, [one.router for one in _PAGES])
    app.add_middleware(Strict)


class Strict:
    """Adds to every answer what browsers may do with it and how long it may be kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on with the request; its answer gets the headers as it begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path, method = str(scope["path"]), str(scope["method"])

        async def strictly(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", [])
                _add_headers(MutableHeaders(scope=message), path, method)
            await send(message)

        await self._app(scope, receive, strictly)


def _add_headers(headers: MutableHeaders, path: str, method: str) -> None:
    if headers.get("content-type", "").startswith("text/html"):
        outside = path == CODE_PATH or path.startswith(LINK_PATH)
        headers.update(_OUTSIDE if outside else _HEADERS)
    elif path.startswith("/static/"):
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
        headers["X-Content-Type-Options"] = "nosniff"
    elif method == "GET":
        headers["X-Content-Type-Options"] = "nosniff"
        headers.setdefault("Cache-Control", "no-store")


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
