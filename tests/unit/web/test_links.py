"""The page behind a link: looking never acts, one press does, in a person's name, and only while it is on."""

from __future__ import annotations

import re

import httpx
import orjson
import pytest

from coldchain.words import Text
from coldchain_backend.access import By, Links, Person, Ticket
from coldchain_backend.alerts import Alert, AlertState
from support.judged_log import MINUTE, ORGANISATION, T0
from support.web_app import BASE, FLEET, WebApp

HOUR = 3_600_000
HTML = {"Accept": "text/html"}


@pytest.fixture
def alert(web: WebApp) -> Alert:
    """An alarm of which the receiver `dispatch` was told."""
    web.follow()
    web.apply(FLEET.read_text("utf-8"))
    for minute in range(0, 41, 10):
        web.log.at(T0 + minute * MINUTE)
        web.log.say(("chiller-front", T0 + minute * MINUTE, 9.5))
    web.judge()
    return open_alert(web)


def open_alert(web: WebApp) -> Alert:
    return next(one for one in web.log.alerts() if one.cause.rule == "high")


def path_of(web: WebApp, alert: Alert, receiver: str = "dispatch") -> str:
    return web.links.acknowledge(alert.id, receiver, web.log.clock.now_ms()).url.removeprefix(BASE)


def acts(web: WebApp) -> list[dict[str, object]]:
    records = [orjson.loads(one.payload) for one in web.log.ledger.read(0, 10_000) if one.kind == "act"]
    return [one for one in records if one["act"] == "acknowledge"]


async def press(web: WebApp, path: str, **fields: str) -> httpx.Response:
    """Press the button."""
    async with web.client(None) as client:
        return await client.post(path, data=fields, headers=HTML)


async def look(web: WebApp, path: str, **headers: str) -> httpx.Response:
    async with web.client(None) as client:
        return await client.get(path, headers={**HTML, **headers})


async def test_it_says_where_how_bad_and_how_long_in_the_receivers_language(
    web: WebApp, alert: Alert
) -> None:
    page = await look(web, path_of(web, alert), **{"Accept-Language": "en"})
    assert page.status_code == 200
    for said in (
        "重庆冷库",
        "冷藏间 · 前部",
        "9.5 °C",
        "8 °C",
        "40 分钟",
        "已持续",
        "确认",
        "+86 23 0000 0000",
    ):
        assert said in page.text, said
    assert page.text.count("<button") == 1
    english = await look(web, path_of(web, alert) + "?in=en")
    assert "Chongqing cold store" in english.text
    assert ">Acknowledge</button>" in english.text


async def test_looking_any_number_of_times_acts_never(web: WebApp, alert: Alert) -> None:
    end = web.log.ledger.end
    path = path_of(web, alert)
    for _ in range(3):
        await look(web, path)
    async with web.client(None) as client:
        assert (await client.head(path)).status_code == 405
        assert (await client.put(path)).status_code == 405
    assert web.log.ledger.end == end


async def test_one_press_acknowledges(web: WebApp, alert: Alert) -> None:
    path = path_of(web, alert)
    answer = await press(web, path, choice="seen")
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    [act] = acts(web)
    assert act == {
        "act": "acknowledge", "by": "dispatch", "alert": alert.id, "reason": "已看到，由我处理",
        "via": "link", "receiver": "dispatch",
    }  # fmt: skip
    assert open_alert(web).state is AlertState.ACKNOWLEDGED


async def test_a_used_link_says_who_and_when_and_has_no_button(web: WebApp, alert: Alert) -> None:
    path = path_of(web, alert)
    await press(web, path, choice="door", reason="  再看一次 ")
    page = await look(web, path)
    assert "<button" not in page.text
    assert re.search(r"dispatch.*门已关，正在降温: 再看一次", page.text)
    again = await press(web, path, choice="seen")
    assert again.status_code == 303
    assert len(acts(web)) == 1


async def test_the_page_waits_for_judging(web: WebApp, alert: Alert) -> None:
    """Whoever pressed sees at once that it worked, however fast the browser is."""
    path = path_of(web, alert)
    async with web.client(None) as client:
        page = await client.post(path, data={"choice": "called"}, headers=HTML, follow_redirects=True)
    assert "已联系司机或现场" in page.text
    assert "<button" not in page.text


@pytest.mark.parametrize("fields", [{}, {"choice": "no such"}, {"reason": "   "}, {"reason": "x" * 501}])
async def test_without_a_reason_nothing_is_written(web: WebApp, alert: Alert, fields: dict[str, str]) -> None:
    answer = await press(web, path_of(web, alert), **fields)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert acts(web) == []


async def test_words_of_ones_own_are_enough(web: WebApp, alert: Alert) -> None:
    await press(web, path_of(web, alert), reason="压缩机\n已重启")
    assert acts(web)[0]["reason"] == "压缩机 已重启"


async def test_a_forged_an_expired_and_a_foreign_link(web: WebApp, alert: Alert) -> None:
    now_ms = web.log.clock.now_ms()
    path = path_of(web, alert)
    old = "/a/" + web.links.token(Ticket(alert=alert.id, receiver="dispatch", expires_ms=now_ms))
    foreign = Links(b"x" * 32, ORGANISATION, BASE).acknowledge(alert.id, "dispatch", now_ms)
    unknown = web.links.acknowledge("al_none", "dispatch", now_ms).url.removeprefix(BASE)
    wanted = [
        (path[:-1], 404),
        ("/a/x", 404),
        (foreign.url.removeprefix(BASE), 404),
        (old, 410),
        (unknown, 410),
    ]
    for wrong, status in wanted:
        page, pressed = await look(web, wrong), await press(web, wrong, choice="seen")
        assert (page.status_code, pressed.status_code) == (status, status), wrong
        assert "<button" not in page.text
        assert alert.id not in page.text
    assert acts(web) == []


async def test_an_alert_that_is_over_is_not_acknowledged(web: WebApp, alert: Alert) -> None:
    path = path_of(web, alert)
    for minute in range(45, 80, 10):
        web.log.at(T0 + minute * MINUTE)
        web.log.say(("chiller-front", T0 + minute * MINUTE, 4.0))
    web.judge()
    page, pressed = await look(web, path), await press(web, path, choice="seen")
    assert (page.status_code, pressed.status_code) == (200, 409)
    assert "无需再确认" in page.text
    assert "<button" not in page.text
    assert acts(web) == []


@pytest.mark.parametrize("path", ["/c", "/a/forged", "link"])
async def test_the_address_leaks_nowhere(web: WebApp, alert: Alert, path: str) -> None:
    page = await look(web, path_of(web, alert) if path == "link" else path)
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in page.headers["x-robots-tag"]
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert not re.search(r"(?:src|href|action)=.(?:https?:)?//", page.text)


async def test_another_sites_form_and_a_large_one_are_refused(web: WebApp, alert: Alert) -> None:
    path = path_of(web, alert)
    async with web.client(None) as client:
        foreign = await client.post(path, data={"choice": "seen"}, headers={"Sec-Fetch-Site": "cross-site"})
        large = await client.post(path, data={"choice": "seen", "reason": "x" * 9000})
        code = await client.post("/c", data={"code": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert (foreign.status_code, large.status_code, code.status_code) == (403, 413, 403)
    assert acts(web) == []


async def test_a_code_leads_to_the_alert(web: WebApp, alert: Alert) -> None:
    code = web.links.acknowledge(alert.id, "dispatch", web.log.clock.now_ms()).code
    async with web.client(None) as client:
        answer = await client.post("/c", data={"code": f" {code[:4].lower()}-{code[4:]}"})
        assert answer.status_code == 303
        page = await client.get(answer.headers["location"])
    assert "冷藏间 · 前部" in page.text
    assert acts(web) == []


async def test_a_code_of_somebody_who_was_not_told_or_of_an_ended_alert_is_wrong(
    web: WebApp, alert: Alert
) -> None:
    now_ms = web.log.clock.now_ms()
    stranger = web.links.acknowledge(alert.id, "stranger", now_ms).code
    assert (await press(web, "/c", code=stranger)).status_code == 404
    code = web.links.acknowledge(alert.id, "dispatch", now_ms).code
    for minute in range(45, 80, 10):
        web.log.at(T0 + minute * MINUTE)
        web.log.say(("chiller-front", T0 + minute * MINUTE, 4.0))
    web.judge()
    wrong = await press(web, "/c", code=code)
    assert wrong.status_code == 404
    assert 'role="alert"' in wrong.text


async def test_guessing_codes_is_slowed_down_and_ends_with_a_minute(web: WebApp, alert: Alert) -> None:
    code = web.links.acknowledge(alert.id, "dispatch", web.log.clock.now_ms()).code
    for _ in range(10):
        assert (await press(web, "/c", code="AAAAAAAA")).status_code == 404
    slowed = await press(web, "/c", code=code)
    assert slowed.status_code == 429
    assert slowed.headers["retry-after"] == "60"
    web.log.at(web.log.clock.now_ms() + MINUTE)
    assert (await press(web, "/c", code=code)).status_code == 303


def with_persons(web: WebApp, *persons: Person) -> None:
    """The receiver names these people; the alert stays."""
    for person in persons:
        web.people.add(person, By(name="admin", at_ms=T0))
    named = f"    persons: [{', '.join(one.id for one in persons)}]\n"
    web.apply(FLEET.read_text("utf-8").replace("    language: zh\n", "    language: zh\n" + named, 1))


def person(id: str, zh: str, *, disabled: bool = False) -> Person:
    return Person(id=id, name=Text(en=id, zh=zh), disabled=disabled)


async def test_a_group_is_asked_who_presses(web: WebApp, alert: Alert) -> None:
    with_persons(
        web, person("wang.li", "王丽"), person("zhao.min", "赵敏"), person("gone", "离职", disabled=True)
    )
    path = path_of(web, alert)
    page = await look(web, path)
    assert "您是哪一位" in page.text
    assert ("王丽" in page.text, "赵敏" in page.text, "离职" in page.text) == (True, True, False)
    for stranger in ({}, {"person": "gone"}, {"person": "admin"}):
        assert (await press(web, path, choice="seen", **stranger)).status_code == 400
    assert acts(web) == []
    assert (await press(web, path, choice="going", person="zhao.min")).status_code == 303
    assert [(one["by"], one["receiver"]) for one in acts(web)] == [("zhao.min", "dispatch")]
    assert "赵敏 于" in (await look(web, path)).text


async def test_one_person_is_not_asked(web: WebApp, alert: Alert) -> None:
    with_persons(web, person("wang.li", "王丽"))
    path = path_of(web, alert)
    assert "以王丽的名义确认" in (await look(web, path)).text
    assert (await press(web, path, choice="seen")).status_code == 303
    assert acts(web)[0]["by"] == "wang.li"
