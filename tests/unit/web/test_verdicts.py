"""Verdicts, coverage, compliance and revisions through the API: for those who only look, as JSON and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

import httpx
import pytest

from coldchain_backend.access import Role
from coldchain_backend.web.times import iso
from support.web_app import HOUR, MINUTE, WebApp

ZONE, POINT = "cq-store.freezer", "cq-store.freezer.door"
Query = Mapping[str, str | int | Sequence[str]]


async def ask(web: WebApp, path: str, query: Query, role: Role = Role.REGULATOR) -> httpx.Response:
    async with web.client(role) as client:
        return await client.get(f"/api/v1/{path}", params=query)


def span(web: WebApp, hours: float = 5) -> dict[str, str]:
    now = web.log.clock.wall_ms
    return {"from": iso(now - int(hours * HOUR)), "to": iso(now)}


async def test_a_zone_is_answered_point_by_point_and_as_a_whole(filled: WebApp) -> None:
    answer = await ask(filled, "verdicts", {"zone": ZONE, **span(filled)})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["outcome"] == "non_conform"
    [door, rear] = found["items"]
    assert (door["point"], door["outcome"], rear["outcome"]) == (POINT, "non_conform", "conform")
    reason = door["reasons"][0]
    assert (reason["kind"], reason["outcome"]) == ("limit_broken", "non_conform")
    assert reason["text"]["zh"] != reason["text"]["en"]
    assert door["profile"].startswith("frozen-food@")
    assert door["shares"]["sealed"] == pytest.approx(door["coverage"])
    assert door["exposure"]["highest"]["value"] > -18
    assert "from" in door


async def test_several_legs_come_page_by_page_and_as_csv(filled: WebApp) -> None:
    times = span(filled)
    legs = [f"zone:{ZONE}/{times['from']}/{times['to']}", f"point:{POINT}/{times['from']}/{times['to']}"]
    first = (await ask(filled, "verdicts", {"leg": legs, "limit": 1})).json()
    assert (first["next"], {item["leg"] for item in first["items"]}) == ("1", {0})
    second = (await ask(filled, "verdicts", {"leg": legs, "limit": 1, "after": 1})).json()
    assert (second["next"], [item["leg"] for item in second["items"]]) == (None, [1])
    table = await ask(filled, "verdicts", {"leg": legs, "format": "csv", "limit": 1})
    lines = list(csv.DictReader(io.StringIO(table.text)))
    assert table.headers["content-type"].startswith("text/csv")
    assert table.headers["coldchain-next"] == "1"
    assert [line["outcome"] for line in lines] == ["non_conform", "conform"]
    assert lines[0]["reason"] == "limit_broken"


async def test_as_of_the_last_record_is_the_present_and_behind_it_there_is_nothing(filled: WebApp) -> None:
    asked = {"zone": ZONE, **span(filled)}
    now, last = (await ask(filled, "verdicts", asked)).json(), filled.log.answers.progress().offset
    then = (await ask(filled, "verdicts", {**asked, "as_of": str(last)})).json()
    assert (then["items"], then["as_of"]) == (now["items"], last)
    for path in ("verdicts", "excursions", "coverage"):
        beyond = await ask(filled, path, {**asked, "as_of": str(last + 1)})
        assert beyond.status_code == 400
        assert f"record {last + 1} is not judged yet, the last that is: {last}" in beyond.text


async def test_as_of_gives_what_was_known(lived: WebApp) -> None:
    before = lived.log.ledger.end
    times = span(lived, 0.9)
    asked = {"zone": "cq-store.chiller", **times}
    was = (await ask(lived, "verdicts", asked)).json()
    now = lived.log.clock.wall_ms
    lived.log.at(now + MINUTE)
    lived.log.say(*[("chiller-rear", now - HOUR // 2 + n * 5000 + 1, 15.0) for n in range(200)])
    lived.log.at(now + 2 * MINUTE)
    lived.log.mark()
    after = (await ask(lived, "verdicts", asked)).json()
    assert [item["exposure"]["highest"]["value"] for item in after["items"]][1] == 15.0
    assert after["items"] != was["items"]
    for as_of in (str(before), iso(now)):
        again = (await ask(lived, "verdicts", {**asked, "as_of": as_of})).json()
        assert again == {**was, "as_of": before}
    then = (await ask(lived, "excursions", {**asked, "as_of": str(before)})).json()["items"]
    assert "cq-store.chiller.rear" not in {item["point"] for item in then}
    assert "cq-store.chiller.rear" in {
        item["point"] for item in (await ask(lived, "excursions", asked)).json()["items"]
    }


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"zone": "nowhere"},
        {"point": "nowhere"},
        {"zone": ZONE, "profile": "nonsense"},
        {"zone": ZONE, "as_of": "yesterday"},
        {"zone": ZONE, "as_of": "99999999"},
        {"zone": ZONE, "quantity": "evil"},
        {"leg": ["zone:x"]},
        {"leg": ["room:x/2026-11-22T00:00:00Z/2026-11-23T00:00:00Z"]},
        {"leg": [f"zone:{ZONE}/2026-11-23T00:00:00Z/2026-11-22T00:00:00Z"]},
        {"leg": [f"zone:{ZONE}/2036-11-23T00:00:00Z/2036-11-24T00:00:00Z"]},
        {"leg": [f"zone:{ZONE}/2026-11-23T00:00:00/2026-11-24T00:00:00"]},
    ],
)
async def test_a_question_that_makes_no_sense_is_refused_with_its_reason(
    filled: WebApp, query: Query
) -> None:
    answer = await ask(filled, "verdicts", query)
    assert (answer.status_code, bool(answer.json()["message"])) == (400, True)


async def test_coverage_lists_the_unknown_times(filled: WebApp) -> None:
    found = (await ask(filled, "coverage", {"zone": ZONE, **span(filled, 6)})).json()["items"]
    [door] = [one for one in found if one["point"] == POINT]
    [(begin, end)] = [gap for gap in door["gaps"] if gap[1] < span(filled)["to"]]
    assert begin < end
    assert 0.8 < door["coverage"] < 0.95


async def test_compliance_by_day_and_month_and_as_csv(filled: WebApp) -> None:
    days = {"from": "2026-11-22", "to": "2026-11-23"}
    found = (await ask(filled, "compliance", {**days, "zone": ZONE})).json()["items"]
    assert [one["point"] for one in found] == [None, POINT, "cq-store.freezer.rear"]
    assert 0 < found[1]["in_limits"] < 1 == found[2]["in_limits"]
    by_day = (await ask(filled, "compliance", {**days, "per": "day"})).json()["items"]
    assert {one["zone"] for one in by_day} > {ZONE}
    assert (await ask(filled, "compliance", {**days, "per": "month", "format": "csv"})).text.startswith(
        "zone,point"
    )
    paged = (await ask(filled, "compliance", {**days, "limit": 2})).json()
    assert (len(paged["items"]), paged["next"]) == (2, "2")
    for wrong in ({"from": "2026-11-23", "to": "2026-11-22"}, {"from": "2020-01-01", "to": "2026-11-22"}):
        assert (await ask(filled, "compliance", wrong)).status_code == 400
    assert (await ask(filled, "compliance", {**days, "zone": "nowhere"})).status_code == 404


async def test_an_excursion_tells_its_revisions(filled: WebApp) -> None:
    [found] = (await ask(filled, "excursions", {"point": POINT, **span(filled)})).json()["items"]
    states = (await ask(filled, f"excursions/{found['id']}", {})).json()["items"]
    assert [one["level"] for one in states][-1] == "alarm"
    assert states == sorted(states, key=lambda one: one["number"])
    assert states[-1]["because"] is None
    assert states[-1]["explained_by"] is None, "no door and no defrost was ever heard of here"
    table = await ask(filled, "excursions", {"point": POINT, **span(filled), "format": "csv"})
    assert found["id"] in table.text
    assert (await ask(filled, "excursions/ex_none", {})).status_code == 404


async def test_sensors_that_nobody_placed_are_listed(lived: WebApp) -> None:
    lived.log.say(("stray", lived.log.clock.wall_ms, 3.5))
    found = (await ask(lived, "sensors", {"unassigned": "true"})).json()["items"]
    assert [(one["sensor"], one["declared"], one["values"]) for one in found] == [
        ("stray", False, {"temperature": 3.5})
    ]
    every = (await ask(lived, "sensors", {})).json()["items"]
    assert {one["point"] for one in every} > {None, POINT}


async def test_the_page_of_a_zone_shows_its_verdict_with_coverage(filled: WebApp) -> None:
    for language, words in (("en", ("Non-conform", "Coverage")), ("zh", ("不符合", "数据覆盖率"))):
        async with filled.client() as client:
            page = await client.get(f"/zones/{ZONE}", headers={"Accept-Language": language})
        assert all(word in page.text for word in words), language
