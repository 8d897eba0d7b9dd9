"""The figures of alarms through API and page: numbers, targets that are unverified, CSV."""

from __future__ import annotations

import csv
import io

from coldchain_backend.access import Role
from coldchain_backend.alerts import TransitionKind
from coldchain_backend.alerts.kpis import Priority
from support.web_app import WebApp

HTML = {"Accept": "text/html", "Accept-Language": "en"}


async def test_the_figures_agree_with_the_alerts(filled: WebApp) -> None:
    stories = [filled.log.answers.alert(one.id) for one in filled.log.alerts()]
    calls = [step.at_ms for story in stories if story for step in story.steps if step.pages]
    async with filled.client() as client:
        found = (await client.get("/api/v1/alerts/kpis")).json()
    assert found["total"]["alarms"] == len(calls) > 0
    assert [one["position"] for one in found["positions"]] == ["dispatch"]
    assert sum(one["alarms"] for one in found["actors"]) == len(calls)
    assert sum(found["split"].values()) == len({one.id for one in filled.log.alerts() if one.paged})
    assert set(found["split"]) == {one.value for one in Priority}
    assert found["total"]["figures"]["per_hour"] == {
        "value": round(len(calls) / 168, 4), "standing": "acceptable", "acceptable": 6.0, "manageable": 12.0,
        "unverified": True,
    }  # fmt: skip
    assert sum(found["undelivered"]["dispatch"].values()) > 0


async def test_an_acknowledgement_and_an_end_are_counted(filled: WebApp) -> None:
    lives = {one.alert: one for one in filled.log.records.lives(0, 2**60, 1000)}
    for alert in filled.log.alerts():
        life, story = lives[alert.id], filled.log.answers.alert(alert.id)
        assert story is not None
        assert (life.on[-1][1] is None) == alert.state.open
        assert life.acknowledged_ms == (None if alert.acknowledged is None else alert.acknowledged.at_ms)
        fired = [step.at_ms for step in story.steps if step.kind is TransitionKind.FIRED]
        assert life.on[0][0] == fired[0]
        assert life.receivers == alert.told


async def test_csv_has_one_line_per_figure(filled: WebApp) -> None:
    async with filled.client() as client:
        answer = await client.get("/api/v1/alerts/kpis", params={"format": "csv"})
        json = (await client.get("/api/v1/alerts/kpis")).json()
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-type"].startswith("text/csv")
    alarms = next(row for row in rows if row["figure"] == "alarms" and not row["position"])
    assert int(alarms["value"]) == json["total"]["alarms"]
    assert {row["unverified"] for row in rows if row["standing"]} == {"True"}


async def test_a_time_without_alarms_and_a_wrong_one(filled: WebApp) -> None:
    async with filled.client() as client:
        early = {"from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"}
        empty = (await client.get("/api/v1/alerts/kpis", params=early)).json()
        wrong = await client.get("/api/v1/alerts/kpis", params={"from": early["to"], "to": early["from"]})
        long = await client.get("/api/v1/alerts/kpis", params={**early, "to": "2026-01-01T00:00:00Z"})
    assert (empty["total"]["alarms"], empty["positions"], empty["standing"]) == (0, [], 0)
    assert (wrong.status_code, long.status_code) == (400, 400)


async def test_the_page_says_that_targets_are_unverified(filled: WebApp) -> None:
    async with filled.client(Role.VIEWER) as client:
        page = (await client.get("/kpis?span=1d", headers=HTML)).text
        other = await client.get("/kpis?span=nonsense", headers=HTML)
    assert page.count("unverified") > 10
    assert '<rect class="bar"' in page
    assert other.status_code == 200
