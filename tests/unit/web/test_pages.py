"""The pages: what they say, in whose language and time, escaped, under a strict policy."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from coldchain.seal import Key
from coldchain_backend.access import Role
from coldchain_backend.web.console.pages import MAX_URGENT
from support.judged_log import MINUTE, T0
from support.web_app import FLEET, WebApp

PATHS = [
    "/",
    "/zones/cq-store.chiller",
    "/zones/cq-store.freezer?range=24h",
    "/alerts",
    "/alerts?show=all",
    "/gateways",
    "/muted",
    "/kpis",
    "/deliveries",
    "/account",
]
ADMINS = ["/users", "/tokens", "/audit"]
HTML = {"Accept": "text/html"}


async def page(web: WebApp, path: str, role: Role | None = Role.OPERATOR, language: str = "en") -> str:
    async with web.client(role) as client:
        answer = await client.get(path, headers={**HTML, "Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return answer.text


class Outline(HTMLParser):
    """Tags that are open, ids, and everything a strict policy would stop."""

    VOID = frozenset({"meta", "link", "input", "br", "path", "line", "rect", "circle"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.stopped: list[str] = []
        self.labels: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name == "style" or name.startswith("on") or (value or "").startswith("javascript:"):
                self.stopped.append(f"{tag} {name}")
            if name in {"src", "href"} and (value or "").startswith(("http", "//")):
                self.stopped.append(f"{tag} {value}")
        if tag == "script" and "src" not in dict(attrs):
            self.stopped.append("inline script")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("path", [*PATHS, *ADMINS, "/login", "/c", "/api/docs"])
async def test_pages_are_well_formed_and_pass_their_own_policy(
    filled: WebApp, path: str, language: str
) -> None:
    outline = Outline()
    outline.feed(await page(filled, path, Role.ADMIN, language))
    assert outline.open == []
    assert outline.stopped == []
    assert len(outline.ids) == len(set(outline.ids))


async def test_every_page_carries_the_strict_policy(filled: WebApp) -> None:
    async with filled.client(Role.VIEWER) as client:
        for path in [*PATHS, "/login", "/zones/nowhere"]:
            answer = await client.get(path, headers=HTML)
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["cache-control"] == "no-store"


async def test_the_board_says_states_in_words(filled: WebApp) -> None:
    english, chinese = await page(filled, "/"), await page(filled, "/", language="zh-CN")
    for word in ("Chongqing cold store", "Vaccine cabinet", "0 to 8 °C", "unknown since 09:11", "Empty"):
        assert word in english
    for word in ("重庆冷库", "疫苗柜", "0 至 8 °C", "自 09:11 起未知", "空置", "渝A·00000"):
        assert word in chinese


async def test_times_are_those_of_the_asset(filled: WebApp) -> None:
    resolved = await page(filled, "/zones/cq-store.freezer?range=24h")
    assert "2026-11-23 05:01:00" in resolved
    assert "51 min" in resolved


async def test_nobody_sees_a_page_without_a_token(filled: WebApp) -> None:
    async with filled.client(None) as client:
        for path in PATHS:
            answer = await client.get(path, headers=HTML)
            assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        fragment = await client.get("/fragments/board")
    assert fragment.status_code == 401


async def test_only_an_operator_gets_the_form(filled: WebApp) -> None:
    assert 'name="reason"' in await page(filled, "/alerts", Role.OPERATOR)
    assert 'name="reason"' not in await page(filled, "/alerts", Role.VIEWER)


async def test_an_empty_organisation_is_told_what_to_do_next(web: WebApp) -> None:
    text = await page(web, "/")
    assert "Nothing is monitored yet" in text
    assert "coldchain-backend fleet apply" in text
    assert "No alert has ever fired here." in await page(web, "/alerts?show=all")


async def test_a_missing_zone_is_a_friendly_page(filled: WebApp) -> None:
    async with filled.client() as client:
        answer = await client.get("/zones/nowhere", headers=HTML)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


async def test_a_language_is_remembered(filled: WebApp) -> None:
    async with filled.client(Role.VIEWER) as client:
        answer = await client.get("/language?to=zh&next=/alerts")
        assert (answer.status_code, answer.headers["location"]) == (303, "/alerts")
        again = await client.get("/", headers={**HTML, "Accept-Language": "en"})
    assert 'lang="zh-Hans"' in again.text


async def test_a_backlog_that_comes_in_is_told_as_catching_up(web: WebApp) -> None:
    web.apply(FLEET.read_text("utf-8"))
    web.log.at(T0 + 2 * MINUTE)
    first, missing, newest = (
        web.log.voice.batch([("chiller-front", T0 + minute * MINUTE, 4.0)]) for minute in range(3)
    )
    web.log.put(web.log.voice.record(first), web.log.voice.record(newest))
    web.judge()
    assert re.search(r"catching up( to \d\d:\d\d)?<", await page(web, "/"))
    web.log.put(web.log.voice.record(missing))
    web.judge()
    assert "catching up" not in await page(web, "/")


async def test_an_open_alert_says_how_it_stands_now(filled: WebApp) -> None:
    """Not as it stood when it was last told."""
    text = await page(filled, "/alerts")
    assert "peak 11.4 °C" in text


HOSTILE = "\"><img src=x onerror=alert(1)>'&{{7*7}}"


async def test_names_and_reasons_are_escaped(web: WebApp) -> None:
    quoted = HOSTILE.replace("\\", "\\\\").replace('"', '\\"')
    text = (
        FLEET.read_text("utf-8")
        .replace("zh: 冷藏间", f'zh: "{quoted}"')
        .replace("en: Chiller", f'en: "{quoted}"')
    )
    web.apply(text)
    web.log.at(T0 + MINUTE)
    web.log.say(("chiller-front", T0 + MINUTE, 9.0))
    alert = next(one.id for one in web.log.alerts() if one.cause.rule == "high")
    web.log.acknowledge(alert, by=HOSTILE, reason=HOSTILE)
    web.judge()
    for path in ("/", "/zones/cq-store.chiller", "/alerts", f"/alerts/{alert}"):
        shown = await page(web, path)
        assert "<img" not in shown
        assert "&lt;img" in shown
        assert "49" not in re.sub(r"[\d.]{3,}", "", shown.split("onerror", 1)[1][:60])


async def test_no_page_shows_a_secret_or_a_key(filled: WebApp) -> None:
    key = Key.from_seed(bytes(32))
    for path in PATHS:
        text = await page(filled, path)
        assert "WHSEC" not in text
        assert key.seed.hex() not in text
        assert not any(token in text for token in filled.tokens.values())


async def test_who_is_refused_is_told_why(filled: WebApp) -> None:
    foreign = {**HTML, "Sec-Fetch-Site": "cross-site"}
    async with filled.client(Role.VIEWER) as client:
        role = await client.post("/alerts/al_x/acknowledge", data={"reason": "seen"}, headers=HTML)
    async with filled.client(Role.OPERATOR) as client:
        origin = await client.post("/alerts/al_x/acknowledge", data={"reason": "seen"}, headers=foreign)
    assert (role.status_code, origin.status_code) == (403, 403)
    assert "Your role does not allow this." in role.text
    assert "came from another page" in origin.text


ENGLISH = re.compile(r">\s*([A-Z][a-z]+ [a-z]+[a-z ]*)\s*<")


@pytest.mark.parametrize("path", [*PATHS, *ADMINS, "/login", "/c"])
async def test_a_chinese_page_has_no_english_sentences(filled: WebApp, path: str) -> None:
    """Names, codes and citations may be Latin; what the page itself says is not."""
    assert ENGLISH.findall(await page(filled, path, Role.ADMIN, "zh-CN")) == []


async def test_what_nobody_took_notice_of_stands_first_and_alarms_before_warnings(filled: WebApp) -> None:
    text = await page(filled, "/")
    urgent = text[text.index('class="urgent"') : text.index('class="board"')]
    found = re.findall(r'<a class="level-(\w+)".*?(Details|Acknowledge) →', urgent, re.DOTALL)
    assert found == sorted(found, key=lambda one: (one[1] == "Details", one[0] != "alarm"))
    assert {level for level, _ in found} == {"alarm", "warning"}


async def test_no_data_is_drawn_as_unknown_and_never_as_out_of_limits(filled: WebApp) -> None:
    silent = next(one for one in filled.log.alerts() if one.cause.kind == "silence" and one.state.open)
    warm = next(one for one in filled.log.alerts() if one.cause.kind == "excursion" and one.state.open)
    chart = re.compile(r'<svg class="chart".*?</svg>', re.DOTALL)
    drawn = chart.findall(await page(filled, f"/alerts/{silent.id}"))[0]
    assert 'class="curve-gap"' in drawn
    assert 'class="curve-mark"' not in drawn
    assert 'class="curve-mark"' in chart.findall(await page(filled, f"/alerts/{warm.id}"))[0]


async def test_a_verdict_names_its_rule_in_words(filled: WebApp) -> None:
    text = await page(filled, "/zones/cq-store.chiller", language="zh")
    assert "温度过高：超限时间短于报警延时" in text
    assert "high:" not in text


async def test_a_storm_leaves_the_board_in_sight(web: WebApp) -> None:
    """However many alerts are on, a few stand above the zones, and a line says how many more there are."""
    rooms = range(12)
    points = "".join(
        f"          - {{id: s.a{n}, name: {{en: Room {n}, zh: 库房 {n}}}, sensor: a{n}}}\n" for n in rooms
    )
    sensors = "".join(f"  - {{id: a{n}, interval: 60s}}\n" for n in rooms)
    web.apply(
        "organisation: demo\nassets:\n  - id: s\n    kind: cold_store\n    name: {en: Store, zh: 冷库}\n"
        "    time_zone: Asia/Shanghai\n    zones:\n      - id: s.z\n        name: {en: Hall, zh: 大厅}\n"
        f"        profile: chilled-food\n        state: in_use\n        points:\n{points}sensors:\n{sensors}"
    )
    for minute in range(0, 41, 10):
        web.log.at(T0 + minute * MINUTE)
        web.log.say(*((f"a{n}", T0 + minute * MINUTE, 12.0) for n in rooms))
    web.judge()
    on = [one for one in web.log.alerts() if one.state.open]
    assert len(on) > MAX_URGENT
    text = await page(web, "/")
    urgent = text[text.index('class="urgent"') : text.index('class="board"')]
    assert urgent.count('class="level-') == MAX_URGENT
    assert f"{len(on) - MAX_URGENT} more alerts are on" in urgent
    assert 'href="/alerts?sort=level"' in urgent
    if any(one.cause.kind == "flood" for one in on):
        first = urgent[: urgent.index("</li>")]
        assert "Flood of alarms" in first
        assert "UTC" not in first, "all assets share one zone, so that is the flood's too"


async def test_the_api_is_described_without_anything_from_elsewhere(filled: WebApp) -> None:
    text = await page(filled, "/api/docs", None)
    document = filled.app.openapi()
    for path in document["paths"]:
        assert f'<span class="id">{path}</span>' in text, path
    assert "Queue dead letters, or what was delivered, again under the same ids." in text
    assert "{ids, receiver, alert, state, from, to, reason}" in text
    assert "cdn" not in text


async def test_a_telling_that_was_not_tried_yet_waits_and_is_no_attempt_0(filled: WebApp) -> None:
    told = next(one for one in filled.log.alerts() if one.told)
    text = await page(filled, f"/alerts/{told.id}")
    assert "Waits to be told to dispatch" in text
    assert "attempt 0" not in text
