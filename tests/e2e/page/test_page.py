"""The page in a real browser: signing in, live alerts, old data, phones, keyboards, contrast."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from coldchain_backend.access import Role
from support.judged_log import MINUTE
from support.served_page import browser, complaints, served, sign_in
from support.web_app import WebApp, fill

CONTRAST = (Path(__file__).parent / "contrast.js").read_text("utf-8")
PAGES = [
    "/",
    "/zones/cq-store.chiller",
    "/zones/truck-1.box?range=24h",
    "/alerts",
    "/alerts?show=all",
    "/gateways",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as made:
        yield made


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebApp]:
    made = WebApp(tmp_path)
    fill(made)
    yield made
    made.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context(locale="en-GB")
    yield made
    made.close()


def test_a_login_link_signs_in_and_leaves_no_token_behind(web: WebApp, context: BrowserContext) -> None:
    with served(web) as address:
        page = sign_in(context, web, address)
        expect(page.get_by_role("heading", name="Board")).to_be_visible()
        cookie = next(one for one in context.cookies() if one["name"] == "coldchain_session")
        assert cookie["httpOnly"]
        assert cookie["sameSite"] == "Strict"
        page.go_back()
        assert web.tokens[Role.OPERATOR] not in page.url
        page.goto(address)
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url(f"{address}/login")
        page.goto(address)
        assert page.url == f"{address}/login"


def test_a_wrong_token_is_told(web: WebApp, context: BrowserContext) -> None:
    with served(web) as address:
        page = context.new_page()
        page.goto(f"{address}/login")
        page.locator("details.other summary").click()
        page.get_by_label("Token").fill("wrong")
        page.locator("#login").get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("not valid")


def test_an_alert_appears_without_a_reload_and_is_acknowledged(web: WebApp, context: BrowserContext) -> None:
    with served(web) as address:
        page = sign_in(context, web, address)
        said = complaints(page)
        before = len([one for one in web.log.alerts() if one.state.open])
        expect(page.locator("#badge")).to_have_text(str(before))
        now = web.log.clock.now_ms() + MINUTE
        web.log.at(now)
        web.log.say(("chiller-rear", now, 9.9))
        web.judge()
        expect(page.locator("#badge")).to_have_text(str(before + 1), timeout=10_000)
        row = page.locator(".urgent a", has_text="Chiller · Rear")
        expect(row).to_be_visible(timeout=10_000)
        row.click()
        page.get_by_label("Reason or first action").fill("door closed, cooling again")
        with page.expect_navigation():
            page.get_by_role("button", name="Acknowledge").click()
        web.judge()
        expect(page.get_by_text("door closed, cooling again").first).to_be_visible(timeout=10_000)
        assert said == []


def test_a_viewer_is_told_why_there_is_no_button(web: WebApp, context: BrowserContext) -> None:
    with served(web) as address:
        page = sign_in(context, web, address, Role.VIEWER)
        page.locator(".urgent a", has_text="Chiller · Front").click()
        expect(page.get_by_text("Only an operator can acknowledge")).to_be_visible()
        expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)


def test_old_data_turns_grey_by_the_pages_own_clock(web: WebApp, context: BrowserContext) -> None:
    """Also right after a laptop slept, when nothing has come from the server yet."""
    page = context.new_page()
    page.clock.install()
    with served(web) as address:
        page.goto(f"{address}/login#{web.tokens[Role.VIEWER]}")
        page.wait_for_url(f"{address}/")
        freezer = page.locator(".zone", has_text="Freezer").first
        expect(freezer.locator(".state:visible").first).to_have_text("In limits")
    page.clock.fast_forward(60_000)
    expect(page.locator("body")).to_have_class("is-cut")
    expect(page.locator(".notice")).to_contain_text("connection to the server is lost since")
    page.clock.fast_forward(10 * MINUTE)
    expect(freezer.locator(".zone-head .state:visible")).to_have_text("Unknown")
    colour = "e => getComputedStyle(e).color"
    grey = page.locator(".state-unknown:visible").first.evaluate(colour)
    for chip in page.locator(".board .state-in_limits:visible").all():
        assert chip.evaluate(colour) == grey


def test_a_silent_sensor_turns_grey_while_the_server_lives(web: WebApp, context: BrowserContext) -> None:
    with served(web) as address:
        page = sign_in(context, web, address)
        freezer = page.locator(".zone", has_text="Freezer").first
        expect(freezer.locator(".zone-head .state:visible")).to_have_text("In limits")
        web.log.at(web.log.clock.now_ms() + 5 * MINUTE)
        web.judge()
        expect(freezer.locator(".zone-head .state:visible")).to_have_text("Unknown", timeout=10_000)
        expect(page.locator("body")).not_to_have_class("is-cut")


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_a_phone_needs_no_sideways_scrolling(web: WebApp, chromium: Browser, language: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 800}, locale=language)
    with served(web) as address:
        page = sign_in(context, web, address)
        links = [f"/alerts/{alert.id}" for alert in web.log.alerts()]
        for path in [*PAGES, *links, "/login"]:
            page.goto(address + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(web: WebApp, chromium: Browser, scheme: str) -> None:
    context = chromium.new_context(color_scheme="dark" if scheme == "dark" else "light", locale="en-GB")
    with served(web) as address:
        page = sign_in(context, web, address)
        for path in [*PAGES, f"/alerts/{web.log.alerts()[0].id}", "/login"]:
            page.goto(address + path)
            assert page.evaluate(CONTRAST) == [], path
    context.close()


def test_everything_is_reached_by_keyboard(web: WebApp, context: BrowserContext) -> None:
    with served(web) as address:
        page = sign_in(context, web, address)
        reached = set()
        for _ in range(40):
            page.keyboard.press("Tab")
            reached.add(
                page.evaluate("document.activeElement.getAttribute('href') || document.activeElement.type")
            )
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none" or page.evaluate("document.activeElement === document.body")
        assert {"#main", "/", "/alerts", "/gateways", "submit", "/zones/cq-store.chiller"} <= reached


def test_a_language_is_chosen_and_stays(web: WebApp, context: BrowserContext) -> None:
    with served(web) as address:
        page = sign_in(context, web, address)
        page.get_by_role("link", name="中文").click()
        expect(page.get_by_role("heading", name="总览")).to_be_visible()
        page.goto(f"{address}/alerts")
        expect(page.get_by_role("link", name="English")).to_be_visible()


def test_the_page_comes_back_by_itself_after_the_server_does(web: WebApp, context: BrowserContext) -> None:
    """The stream is opened again; what happened meanwhile is there without a reload."""
    with served(web) as address:
        page = sign_in(context, web, address)
        port = int(address.rpartition(":")[2])
        expect(page.locator("#live .when-on")).to_be_visible()
    now = web.log.clock.now_ms() + MINUTE
    web.log.at(now)
    web.log.say(("chiller-rear", now, 10.2))
    web.judge()
    with served(web, port=port):
        expect(page.locator(".urgent a", has_text="Chiller · Rear")).to_be_visible(timeout=20_000)
        expect(page.locator("body")).not_to_have_class("is-cut")


def test_a_zone_is_looked_at_over_several_times(web: WebApp, context: BrowserContext) -> None:
    with served(web) as address:
        page = sign_in(context, web, address)
        said = complaints(page)
        page.locator(".zone-head a", has_text="Freezer").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Freezer")
        page.get_by_role("link", name="24 hours").click()
        expect(page.get_by_role("link", name="24 hours")).to_have_attribute("aria-current", "page")
        expect(page.get_by_role("img", name="Door side").first).to_be_visible()
        page.get_by_text("Values as a table").first.click()
        expect(page.get_by_role("columnheader", name="Lowest").first).to_be_visible()
        expect(page.get_by_role("cell", name="too warm", exact=True)).to_be_visible()
        assert said == []


def test_what_somebody_types_is_not_taken_away_by_news(web: WebApp, context: BrowserContext) -> None:
    with served(web) as address:
        page = sign_in(context, web, address)
        page.goto(f"{address}/alerts")
        page.get_by_text("Acknowledge …").first.click()
        field = page.get_by_label("Reason or first action").first
        field.fill("calling the dri")
        now = web.log.clock.now_ms() + MINUTE
        web.log.at(now)
        web.log.say(("chiller-rear", now, 9.9))
        web.judge()
        expect(page.locator("#badge")).to_have_text(
            str(len([one for one in web.log.alerts() if one.state.open])), timeout=10_000
        )
        expect(field).to_have_value("calling the dri")
