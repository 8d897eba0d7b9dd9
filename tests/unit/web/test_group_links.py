"""The link in a group's message: it shows every alert, and one press takes notice of all that go on."""

from __future__ import annotations

from dataclasses import replace

import httpx
import orjson
import pytest
from sqlalchemy import select

from coldchain.words import Text
from coldchain_backend.access import By, Person, Role
from coldchain_backend.alerts import Alert, AlertState
from coldchain_backend.delivery.notice import read_notice
from coldchain_backend.fleetfile import parse
from coldchain_backend.sql import schema
from support.judged_log import MINUTE, T0
from support.web_app import BASE, FLEET, WebApp

HTML = {"Accept": "text/html"}
SENSORS = ("chiller-front", "chiller-rear", "dock-wall")


@pytest.fixture
def told(web: WebApp) -> str:
    """The id of the message that tells of two alarms of a store, behind the first of three."""
    web.follow()
    for name, english in (("li", "Li"), ("wang", "Wang")):
        web.people.add(Person(id=name, name=Text(en=english)), By(name="admin", at_ms=T0))
    text = FLEET.read_text("utf-8").replace(
        "    language: zh\n", "    group_wait: 10s\n    persons: [li, wang]\n", 1
    )
    web.apply(text)
    for minute in range(0, 51, 10):
        web.log.at(T0 + minute * MINUTE)
        web.log.say(*((name, T0 + minute * MINUTE, 9.5) for name in SENSORS))
    web.judge()
    return group_of(web)


def group_of(web: WebApp) -> str:
    """The id of the only message in which several alarms stand."""
    with web.log.database.read() as connection:
        rows = connection.execute(select(schema.delivery)).mappings()
        found = [row for row in rows if orjson.loads(row["body"])["type"] == "alert.digest"]
    [row] = found
    notice = read_notice(row["body"])
    assert notice.digest is not None
    assert (notice.digest.group, notice.digest.count, notice.digest.acknowledges) == (True, 2, True)
    return str(row["id"])


def path_of(web: WebApp, told: str) -> str:
    return web.links.acknowledge(told, "dispatch", web.log.clock.now_ms()).url.removeprefix(BASE)


def alarms(web: WebApp) -> list[Alert]:
    return sorted((one for one in web.log.alerts() if one.cause.rule == "high"), key=lambda one: one.id)


async def press(web: WebApp, path: str, **fields: str) -> httpx.Response:
    async with web.client(None) as client:
        return await client.post(path, data=fields, headers=HTML)


async def look(web: WebApp, path: str) -> httpx.Response:
    async with web.client(None) as client:
        return await client.get(path, headers=HTML)


async def test_it_names_every_alert_of_the_message_and_asks_once(web: WebApp, told: str) -> None:
    page = (await look(web, path_of(web, told) + "?in=en")).text
    assert "2 alerts of one cause, 2 not yet acknowledged" in page
    assert page.count("<button") == 1
    assert page.count('type="radio" name="person"') == 2
    assert page.count("9.5 °C · ") == 2
    assert "同一原因的 2 条报警" in (await look(web, path_of(web, told) + "?in=zh")).text


async def test_one_press_takes_notice_of_all_in_one_persons_name(web: WebApp, told: str) -> None:
    path = path_of(web, told)
    assert (await press(web, path, choice="seen")).status_code == 400, "it does not say who"
    assert [one.acknowledged for one in alarms(web)] == [None] * 3
    pressed = await press(web, path, person="wang", choice="going")
    assert pressed.status_code == 303
    taken = [one for one in alarms(web) if one.acknowledged is not None]
    assert len(taken) == 2, "the one that was told by itself has its own link"
    assert {one.acknowledged.by for one in taken if one.acknowledged} == {"wang"}
    page = (await look(web, path + "?in=en")).text
    assert "All 2 that go on are acknowledged." in page
    assert "Wang" in page
    assert "<form" not in page
    again = await press(web, path, person="li", choice="seen")
    assert again.status_code == 303
    assert {one.acknowledged.by for one in alarms(web) if one.acknowledged} == {"wang"}


async def test_what_was_taken_notice_of_alone_stays_as_it_is(web: WebApp, told: str) -> None:
    member = next(one for one in alarms(web) if one.by_group)
    own = web.links.acknowledge(member.id, "dispatch", web.log.clock.now_ms()).url.removeprefix(BASE)
    await press(web, own, person="li", choice="door")
    page = (await look(web, path_of(web, told) + "?in=en")).text
    assert "2 alerts of one cause, 1 not yet acknowledged" in page
    await press(web, path_of(web, told), person="wang", choice="seen")
    by = {one.id: one.acknowledged.by for one in alarms(web) if one.acknowledged}
    assert by[member.id] == "li"
    assert sorted(by.values()) == ["li", "wang"]


async def test_a_code_from_a_text_message_leads_to_the_group(web: WebApp, told: str) -> None:
    code = web.links.acknowledge(told, "dispatch", web.log.clock.now_ms()).code
    async with web.client(None) as client:
        sent = await client.post("/c", data={"code": code}, headers=HTML)
    assert sent.status_code == 303
    assert "2 alerts" in (await look(web, sent.headers["location"] + "?in=en")).text


async def test_when_all_are_over_nothing_can_be_pressed(web: WebApp, told: str) -> None:
    for minute in range(60, 160, 10):
        web.log.at(T0 + minute * MINUTE)
        web.log.say(*((name, T0 + minute * MINUTE, 4.0) for name in SENSORS))
    web.judge()
    assert not [one for one in alarms(web) if one.state.open]
    path = path_of(web, told)
    assert (await press(web, path, person="wang", choice="seen")).status_code == 409
    page = (await look(web, path + "?in=en")).text
    assert "all of them are over" in page
    assert "<form" not in page
    assert all(one.state is AlertState.RESOLVED_UNACKED for one in alarms(web))


async def test_the_timeline_of_a_member_shows_the_message_in_which_it_stood(web: WebApp, told: str) -> None:
    member = next(one for one in alarms(web) if one.by_group)
    async with web.client(Role.VIEWER) as client:
        story = (await client.get(f"/api/v1/alerts/{member.id}")).json()
        letters = (await client.get("/api/v1/deliveries", params={"alert": member.id})).json()
    assert [one["receiver"] for one in story["deliveries"]] == ["dispatch"]
    assert told in [one["id"] for one in letters["items"]]


def test_the_fleet_file_says_how_long_alarms_gather() -> None:
    plan = parse(FLEET.read_text("utf-8") + "alerting: {group_wait: 20s}\n")
    assert plan.alerting.group_wait_ms == 20_000
    assert plan.receivers[0].gathers_ms(20_000) == 0, "a program gets each event by itself"
    assert replace(plan.receivers[0], group_wait_ms=1).gathers_ms(20_000) == 1
