"""A fleet that changes while it is watched: the past stays judged by what was valid then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coldchain_backend.access import Role
from coldchain_backend.alerts import AlertState
from support.judged_log import MINUTE, T0
from support.web_app import FLEET, WebApp

GOOD = FLEET.read_text("utf-8")
FRONT = "{id: cq-store.chiller.front, name: {en: Front, zh: 前部}, sensor: chiller-front}"
FREE = FRONT.replace(", sensor: chiller-front", "")
SPARE = "{id: cq-store.spare.wall, name: {en: Wall, zh: 墙面}}"
MOVED = (
    GOOD.replace(FRONT, FREE)
    .replace(SPARE, SPARE.replace("}}", "}, sensor: chiller-front}"))
    .replace("state: empty", "state: in_use")
)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebApp]:
    made = WebApp(tmp_path)
    made.apply(GOOD)
    yield made
    made.close()


def say(web: WebApp, minutes: range, value: float, sensor: str = "chiller-front") -> None:
    """A reading a minute."""
    for minute in minutes:
        web.log.at(T0 + minute * MINUTE)
        web.log.say((sensor, T0 + minute * MINUTE, value))
    web.judge()


async def condition(web: WebApp, point: str) -> str:
    async with web.client(Role.VIEWER) as client:
        zones = (await client.get("/api/v1/board")).json()["items"]
    return next(str(one["condition"]) for zone in zones for one in zone["points"] if one["point"] == point)


async def test_a_sensor_that_moves_takes_its_new_readings_along_and_leaves_the_old(web: WebApp) -> None:
    say(web, range(5), 4.0)
    web.log.at(T0 + 5 * MINUTE)
    web.apply(MOVED)
    say(web, range(6, 10), 5.0)
    now = web.log.clock.now_ms()
    before = web.log.answers.trace("cq-store.chiller.front", T0, now + 1, 60)
    after = web.log.answers.trace("cq-store.spare.wall", T0, now + 1, 60)
    assert {bucket.mean for bucket in before.buckets} == {4.0}
    assert {bucket.mean for bucket in after.buckets} == {5.0}
    assert await condition(web, "cq-store.chiller.front") in {"not_judged", "unknown"}
    assert await condition(web, "cq-store.spare.wall") == "in_limits"


def test_an_alert_of_a_point_that_loses_its_sensor_is_closed_by_whom(web: WebApp) -> None:
    say(web, range(4), 9.5)
    alert = next(one for one in web.log.alerts() if one.cause.rule == "high")
    assert alert.state.open
    web.log.at(T0 + 5 * MINUTE)
    web.apply(MOVED)
    closed = next(one for one in web.log.alerts() if one.id == alert.id)
    assert closed.state is AlertState.CLOSED
    assert closed.cause.end is not None
    assert closed.cause.end.by == "admin"


def test_late_readings_are_judged_by_what_was_valid_at_their_time(web: WebApp) -> None:
    """Tighter limits from the fifth minute on say nothing about the minutes before."""
    web.log.at(T0 + 5 * MINUTE)
    tight = GOOD.replace("profile: chilled-food", "profile: frozen-food", 1)
    web.apply(tight)
    web.log.at(T0 + 10 * MINUTE)
    web.log.say(*(("chiller-front", T0 + minute * MINUTE, 4.0) for minute in range(1, 10)))
    web.log.at(T0 + 12 * MINUTE)
    web.log.mark()
    web.judge()
    found = web.log.answers.excursions(["cq-store.chiller.front"], 0, 2**62)
    assert [one.excursion.rule for one in found] == ["high"]
    assert found[0].excursion.opened_ms >= T0 + 5 * MINUTE


async def test_a_zone_out_of_use_is_recorded_and_not_judged(web: WebApp) -> None:
    web.log.at(T0 + MINUTE)
    web.apply(GOOD.replace("profile: chilled-food", "profile: chilled-food\n        state: maintenance", 1))
    say(web, range(2, 8), 25.0)
    assert await condition(web, "cq-store.chiller.front") == "not_judged"
    assert not [one for one in web.log.alerts() if one.cause.subject.point == "cq-store.chiller.front"]
    async with web.client(Role.VIEWER) as client:
        answer = (await client.get("/api/v1/readings", params={"sensor": "chiller-front"})).json()
    assert [one["temperature"] for one in answer["items"]] == [25.0] * 6


async def test_a_sensor_that_nobody_declared_is_in_evidence_and_counted_but_not_judged(web: WebApp) -> None:
    before = web.log.ledger.end
    say(web, range(3), 4.0, sensor="stranger")
    assert web.log.ledger.end == before + 3
    assert sum(web.log.answers.unjudged().values()) == 3
    async with web.client(Role.VIEWER) as client:
        board = (await client.get("/api/v1/board")).text
    assert "stranger" not in board


async def test_names_change_without_a_trace_in_judging(web: WebApp) -> None:
    say(web, range(4), 9.5)
    alert = next(one for one in web.log.alerts() if one.cause.rule == "high")
    web.log.at(T0 + 5 * MINUTE)
    web.apply(GOOD.replace("{en: Chiller, zh: 冷藏间}", "{en: Cooler, zh: 冷柜}"))
    say(web, range(6, 8), 9.5)
    same = next(one for one in web.log.alerts() if one.id == alert.id)
    assert same.state.open
    assert same.cause.opened_ms == alert.cause.opened_ms
    async with web.client(Role.VIEWER) as client:
        page = await client.get(
            f"/alerts/{alert.id}", headers={"Accept": "text/html", "Accept-Language": "en"}
        )
    assert "Cooler · Front: too warm" in page.text
