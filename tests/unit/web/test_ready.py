"""The API and the command of `ready`: what is missing, the sheet, and tests that are recorded as acts."""

from __future__ import annotations

from coldchain_backend.access import Role
from support.routed import routed_text
from support.web_app import WebApp

PATH = "/api/v1/zones/store.vaccine"


async def test_what_is_missing_comes_with_words_and_a_recorded_test_takes_it_off(web: WebApp) -> None:
    text = routed_text("- {name: all, notify: [dispatch]}\n")
    web.apply(text.replace("profile: vaccine-2-8", "profile: medicine-cold-cn, state: planned"))
    web.follow()
    async with web.client(Role.OPERATOR) as client:
        before = (await client.get(f"{PATH}/ready")).json()
        done = {"test": "power_cut", "reason": "plug pulled, told in 20 s", "person": "王伟"}
        placed = await client.post(f"{PATH}/tests", json=done)
        after = (await client.get(f"{PATH}/ready")).json()
    lacks = [one["lack"] for one in before["missing"]]
    assert not before["ready"]
    assert {"never_seen", "no_certificate", "no_test_alarm", "no_power_cut", "too_few_persons"} <= set(lacks)
    assert all(
        one["what"]["zh"] and "coldchain" in one["mend"]["en"]
        for one in before["missing"]
        if one["lack"] != "too_few_persons"
    )
    assert placed.status_code == 202
    assert set(lacks) - {one["lack"] for one in after["missing"]} == {"no_power_cut"}
    [test] = after["tests"]
    assert (test["test"], test["by"], test["number"]) == ("power_cut", "王伟", placed.json()["number"])


async def test_a_restart_and_a_sheet_know_the_test(web: WebApp) -> None:
    web.apply(routed_text("- {name: all, notify: [dispatch]}\n"))
    web.follow()
    async with web.client(Role.OPERATOR) as client:
        await client.post(f"{PATH}/tests", json={"test": "test_alarm", "reason": "warmed"})
        web.log.restart()
        text = await client.get(f"{PATH}/sheet", params={"language": "zh"})
        page = await client.get(f"{PATH}/sheet", params={"format": "html"})
    assert "测试报警" in text.text
    assert text.headers["content-type"].startswith("text/plain")
    assert page.headers["content-type"].startswith("text/html")
    assert "warmed" in page.text


async def test_unknown_zones_and_tests_are_refused(web: WebApp) -> None:
    async with web.client(Role.OPERATOR) as client:
        unknown = [await client.get("/api/v1/zones/x/ready"), await client.get("/api/v1/zones/x/sheet")]
        unknown.append(await client.post("/api/v1/zones/x/tests", json={"test": "power_cut", "reason": "r"}))
        wrong = await client.post(f"{PATH}/tests", json={"test": "fire", "reason": "r"})
    assert [one.status_code for one in unknown] == [404, 404, 404]
    assert wrong.status_code == 400
