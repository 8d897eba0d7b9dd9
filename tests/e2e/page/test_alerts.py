"""Alerts in a real browser: the link in a message, the list to work with, what axe finds, phones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships no types
from playwright.sync_api import Browser, BrowserContext, Page, expect

from coldchain.words import Text
from coldchain_backend.access import By, Person, Role
from coldchain_backend.alerts import Alert, AlertState
from coldchain_backend.delivery.queue import DeliveryState
from coldchain_backend.sql.letters import Wanted
from support.judged_log import T0
from support.served_page import browser, complaints, served, sign_in
from support.web_app import BASE, FLEET, WebApp, fill

PAGES = [
    "/",
    "/alerts",
    "/alerts?show=all&level=alarm",
    "/muted",
    "/kpis?span=1d",
    "/gateways",
    "/zones/cq-store.chiller",
    "/zones/truck-1.box?range=24h",
    "/deliveries",
    "/deliveries?state=any&sort=receiver",
    "/deliveries?receiver=nobody",
    "/users",
    "/users/wang.li",
    "/tokens",
    "/audit",
    "/audit?who=nobody",
    "/account",
    "/zones/nowhere",
]
"""Every page of somebody who is signed in; the tests add those of an alert and a delivery, and of others."""
OUTSIDE = ["/login", "/c", "/a/forged", "/api/docs"]
OPEN_ALL = "document.querySelectorAll('main details').forEach((one) => { one.open = true })"
SERIOUS = {"serious", "critical"}
PERSONS = {"wang.li": "王丽", "zhao.min": "赵敏"}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as made:
        yield made


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebApp]:
    """One for all: a receiver of two people, six hours of life, judged as soon as something is written."""
    made = WebApp(tmp_path_factory.mktemp("alerts"))
    for id, zh in PERSONS.items():
        made.people.add(Person(id=id, name=Text(en=id, zh=zh)), By(name="admin", at_ms=T0))
    fill(made)
    text, language = FLEET.read_text("utf-8"), "    language: zh\n"
    made.apply(text.replace(language, language + f"    persons: [{', '.join(PERSONS)}]\n"))
    made.follow()
    yield made
    made.close()


@pytest.fixture(scope="module")
def address(web: WebApp) -> Iterator[str]:
    with served(web) as found:
        yield found


@pytest.fixture
def phone(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
    yield made
    made.close()


def told(web: WebApp) -> Alert:
    """An open alert of which the receiver was told and that nobody has acknowledged."""
    return next(one for one in web.log.alerts() if one.state is AlertState.FIRING and one.told)


def given_up(web: WebApp) -> str:
    """The id of a delivery that was given up."""
    found = web.post.letters.listed(Wanted(state=DeliveryState.DEAD))
    if not found:
        web.log.queue.dead(web.post.letters.listed(Wanted())[0].id, web.log.clock.now_ms(), "HTTP 404")
        return given_up(web)
    return found[0].id


def link_of(web: WebApp, address: str, alert: Alert) -> str:
    return web.links.acknowledge(alert.id, "dispatch", web.log.clock.now_ms()).url.replace(BASE, address)


def serious(page: Page) -> list[str]:
    """What axe calls serious or critical, with where."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in SERIOUS]


WINDOWS = [
    pytest.param(("light", 1280, "en-GB"), id="desktop, light, English"),
    pytest.param(("dark", 360, "zh-CN"), id="phone, dark, Chinese"),
]


@pytest.mark.parametrize("window", WINDOWS)
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_the_screen(
    web: WebApp, address: str, chromium: Browser, window: tuple[str, int, str]
) -> None:
    scheme, width, locale = window
    context = chromium.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        locale=locale,
        viewport={"width": width, "height": 800},
    )
    page = sign_in(context, web, address, Role.ADMIN)
    alert, wide, bad = told(web), [], []
    links = [f"/alerts/{alert.id}", f"/deliveries/{given_up(web)}"]
    for path in [*PAGES, *links, *OUTSIDE, link_of(web, "", alert)]:
        page.goto(address + path)
        page.evaluate(OPEN_ALL)
        bad += [f"{path}: {one}" for one in serious(page)]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wide.append(path)
    context.close()
    assert bad == []
    assert wide == []


def test_an_empty_server_is_no_worse(chromium: Browser, tmp_path: Path) -> None:
    """The first page that anybody sees: what to do next, on a phone of 360 px, in English."""
    made = WebApp(tmp_path)
    context = chromium.new_context(locale="en-GB", viewport={"width": 360, "height": 800})
    with served(made) as found:
        page = sign_in(context, made, found, Role.ADMIN)
        for path in ("/", "/gateways", "/alerts", "/deliveries", "/users", "/audit"):
            page.goto(found + path)
            page.evaluate(OPEN_ALL)
            assert serious(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    context.close()
    made.close()


def test_dead_letters_are_sent_again_with_the_keyboard_alone(
    web: WebApp, address: str, chromium: Browser
) -> None:
    id = given_up(web)
    context = chromium.new_context(locale="en-GB")
    page = sign_in(context, web, address)
    said = complaints(page)
    page.goto(f"{address}/deliveries")
    page.get_by_label("Choose all of this page").focus()
    page.keyboard.press("Space")
    expect(page.locator("input[name=id]:checked")).to_have_count(page.locator("input[name=id]").count())
    page.get_by_label("Reason").focus()
    page.keyboard.type("the robot is on again")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="queued again")).to_be_visible()
    assert id in {one.id for one in web.post.letters.listed(Wanted(state=DeliveryState.QUEUED))}
    assert said == []
    context.close()


def test_a_link_is_opened_on_a_phone_and_acknowledged_by_name(
    web: WebApp, address: str, phone: BrowserContext
) -> None:
    alert = told(web)
    page = phone.new_page()
    said = complaints(page)
    page.goto(link_of(web, address, alert))
    button = page.get_by_role("button", name="确认")
    expect(button).to_have_count(1)
    button.click()
    assert web.log.answers.alert(alert.id) is not None
    assert told(web).id == alert.id  # the browser asks first who it is
    page.get_by_label("赵敏").check()
    page.get_by_label("正在赶往现场").check()
    page.get_by_label("补充说明").fill("十分钟到")
    button.click()
    expect(page.get_by_role("status")).to_contain_text("赵敏", timeout=10_000)
    expect(page.get_by_role("status")).to_contain_text("正在赶往现场: 十分钟到")
    expect(page.get_by_role("button")).to_have_count(0)
    assert said == []


def test_a_code_from_a_text_message_leads_there(web: WebApp, address: str, phone: BrowserContext) -> None:
    alert = told(web)
    page = phone.new_page()
    page.goto(f"{address}/c")
    page.get_by_label("代码").fill("AAAA AAAA")
    page.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("代码错误")
    code = web.links.acknowledge(alert.id, "dispatch", web.log.clock.now_ms()).code
    page.get_by_label("代码").fill(f"{code[:4].lower()} {code[4:]}")
    page.get_by_role("button").click()
    expect(page.get_by_role("button", name="确认")).to_be_visible()


def test_an_alert_is_shelved_and_stands_on_the_list_of_what_is_muted(
    web: WebApp, address: str, chromium: Browser
) -> None:
    context = chromium.new_context(locale="en-GB")
    page = sign_in(context, web, address)
    said = complaints(page)
    page.goto(f"{address}/alerts/{told(web).id}")
    page.get_by_text("Shelve …").click()
    form = page.locator("form[action$='/shelve']")
    form.get_by_label("For").select_option("1")
    form.get_by_label("Reason").fill("defrost runs")
    form.get_by_role("button").click()
    expect(page.locator(".muted")).to_contain_text("Shelved until", timeout=10_000)
    page.get_by_role("link", name="Alerts").first.click()
    page.get_by_role("link", name="Muted").click()
    expect(page.locator("td", has_text="defrost runs")).to_be_visible()
    page.get_by_role("link", name="All").click()
    page.get_by_text("Filter and sort").click()
    page.get_by_label("State").select_option("shelved")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".alert")).to_have_count(1)
    assert said == []
    context.close()
