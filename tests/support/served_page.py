"""The page on a real socket, and a browser to look at it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from coldchain_backend.access import Role
from support.parts import require
from support.ports import free_port
from support.web_app import WebApp

ARGUMENTS = ["--no-sandbox", "--disable-gpu"]


@contextmanager
def served(web: WebApp, port: int | None = None) -> Iterator[str]:
    """The address of the application while it runs; `port`: where it ran before."""
    port = free_port() if port is None else port
    config = uvicorn.Config(
        web.app, host="127.0.0.1", port=port, log_level="error", timeout_graceful_shutdown=1, lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        web.news.publish()
        thread.join(10)


@contextmanager
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    path = require("chromium")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=str(path), args=ARGUMENTS)
        try:
            yield made
        finally:
            made.close()


def sign_in(context: BrowserContext, web: WebApp, address: str, role: Role = Role.OPERATOR) -> Page:
    """Open the login link of a role and arrive at the board; every complaint of the browser is kept."""
    page = context.new_page()
    page.goto(f"{address}/login#{web.tokens[role]}")
    page.wait_for_url(f"{address}/")
    page.wait_for_selector("main h1")
    return page


def complaints(page: Page) -> list[str]:
    """What the browser complains about from now on."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found
