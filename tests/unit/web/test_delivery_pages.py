"""The pages about deliveries: found, sorted, opened without secrets, sent again under a name and a reason."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest

from coldchain_backend.access import Role
from coldchain_backend.delivery.queue import DeliveryState
from coldchain_backend.ledger import Kind
from coldchain_backend.sql import DeliveryQueue
from coldchain_backend.sql.letters import Wanted
from support.fleets import FLEET_FILE
from support.web_app import WebApp

HTML = {"Accept": "text/html", "Accept-Language": "en"}
DAY = 86_400_000
LINK = "https://page.example/a/eyJhbGVydCI6ImFsXzAifQ.c2lnbmF0dXJl"


def body(number: int) -> bytes:
    said = {"en": f"Freezer {number} too warm", "zh": f"冷冻间 {number} 过热"}
    data = {"alert_id": f"al_{number}", "text": said, "link": LINK, "hook": {"access_token": "topsecret"}}
    return orjson.dumps({"type": "alert.fired", "data": data})


@pytest.fixture
def web(web: WebApp) -> WebApp:
    """Four deliveries a day apart, two of them given up: 0 to dispatch, 3 to a receiver that is no more."""
    web.apply(FLEET_FILE.read_text("utf-8").replace("env:WHSEC", "file:whsec"))
    queue = DeliveryQueue(web.log.database)
    for number in range(4):
        queue.put(
            f"msg_{number}", f"al_{number}", "dispatch" if number < 3 else "night", DAY * number, body(number)
        )
    queue.postponed("msg_0", 10, 20, f"HTTP 503 at {LINK}")
    queue.dead("msg_0", 5000, "HTTP 404: no such hook, https://robot.example/send?access_token=topsecret")
    queue.delivered("msg_1", 5000, "HTTP 204")
    queue.dead("msg_3", 5000, "TimeoutError")
    return web


async def look(web: WebApp, path: str, role: Role = Role.OPERATOR, language: str = "en") -> str:
    async with web.client(role) as client:
        answer = await client.get(path, headers={**HTML, "Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return answer.text


async def send(web: WebApp, role: Role = Role.OPERATOR, /, **fields: Any) -> httpx.Response:  # noqa: ANN401 - lists too
    async with web.client(role) as client:
        return await client.post("/deliveries/replay", data=fields, headers=HTML)


def acts(web: WebApp) -> list[dict[str, object]]:
    records = web.log.ledger.read(0, 10_000)
    return [orjson.loads(one.payload) for one in records if one.kind is Kind.ACT]


def states(web: WebApp) -> dict[str, DeliveryState]:
    return {one.id: one.state for one in web.post.letters.listed(Wanted())}


async def test_dead_letters_stand_there_with_whom_what_and_why(web: WebApp) -> None:
    text = await look(web, "/deliveries")
    for said in (
        "Freezer 0 too warm",
        "HTTP 404: no such hook",
        "dispatch",
        "webhook",
        "Times: Asia/Shanghai",
    ):
        assert said in text
    assert "no longer in the fleet file" in text, "the receiver of the other is gone"
    assert "Freezer 1" not in text
    assert 'given up <b class="number">2</b>' in text
    assert "冷冻间 0 过热" in await look(web, "/deliveries", language="zh")


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", [3, 0]),
        ("sort=oldest", [0, 3]),
        ("sort=attempts", [0, 3]),
        ("sort=receiver", [0, 3]),
        ("receiver=night", [3]),
        ("said=no+SUCH", [0]),
        ("alert=al_3", [3]),
        ("state=any", [3, 2, 1, 0]),
        ("state=delivered", [1]),
        ("state=any&since=1970-01-02&until=1970-01-03", [2, 1]),
        ("state=nonsense&sort=nonsense&since=nonsense&page=x", [3, 0]),
        ("said=%25", []),
    ],
)
async def test_the_list_is_filtered_and_sorted_by_its_address(
    web: WebApp, query: str, shown: list[int]
) -> None:
    text = await look(web, f"/deliveries?{query}")
    found = sorted(shown, key=lambda number: text.index(f"Freezer {number} ") if shown else 0)
    assert found == shown
    assert [n for n in range(4) if f"Freezer {n} " in text] == sorted(shown)


async def test_pages_follow_one_another(web: WebApp) -> None:
    queue = DeliveryQueue(web.log.database)
    for number in range(100, 160):
        queue.put(f"msg_{number}", f"al_{number}", "dispatch", DAY * number, body(number))
        queue.dead(f"msg_{number}", 5000, "gone")
    first, second = await look(web, "/deliveries"), await look(web, "/deliveries?page=1")
    assert "Freezer 159 " in first
    assert "Freezer 0 " not in first
    assert 'rel="next"' in first
    assert "Freezer 0 " in second
    assert 'rel="next"' not in second


async def test_one_is_opened_with_its_attempts_and_without_secrets(web: WebApp) -> None:
    text = await look(web, "/deliveries/msg_0")
    for said in (
        "failed, tried again",
        "given up",
        "HTTP 404: no such hook",
        "&#34;access_token&#34;: &#34;…&#34;",
    ):
        assert said in text
    assert "topsecret" not in text + await look(web, "/deliveries")
    assert "c2lnbmF0dXJl" not in text, "a signed link lets whoever sees it acknowledge"


async def test_a_viewer_sees_the_list_and_neither_documents_nor_buttons(web: WebApp) -> None:
    text = await look(web, "/deliveries", Role.VIEWER)
    assert "Freezer 0 too warm" in text
    assert 'name="reason"' not in text
    assert "/deliveries/msg_0" not in text
    assert (await send(web, Role.VIEWER, how="chosen", id="msg_0", reason="x")).status_code == 403
    async with web.client(Role.VIEWER) as client:
        assert (await client.get("/deliveries/msg_0", headers=HTML)).status_code == 403


async def test_chosen_ones_are_sent_again_and_it_stands_in_the_ledger(web: WebApp) -> None:
    answer = await send(web, how="chosen", id=["msg_0", "msg_3"], state="dead", reason="机器人恢复")
    assert (answer.status_code, answer.headers["location"]) == (303, "/deliveries?sent=2")
    assert states(web)["msg_0"] is states(web)["msg_3"] is DeliveryState.QUEUED
    [act] = acts(web)
    assert (act["act"], act["by"], act["count"], act["ids"]) == (
        "replay",
        "operator 王伟",
        2,
        ["msg_0", "msg_3"],
    )
    assert act["reason"] == "机器人恢复"
    web.judge()
    assert "机器人恢复" in await look(web, "/audit", Role.QUALITY)
    assert "2 queued again" in await look(web, answer.headers["location"])
    assert "Nothing was given up" in await look(web, "/deliveries")


async def test_a_whole_list_is_sent_again_within_its_filter(web: WebApp) -> None:
    answer = await send(web, how="all", receiver="night", until="1970-01-10", reason="the phone was off")
    assert answer.headers["location"] == "/deliveries?receiver=night&until=1970-01-10&sent=1"
    assert states(web)["msg_3"] is DeliveryState.QUEUED
    assert states(web)["msg_0"] is DeliveryState.DEAD
    [act] = acts(web)
    assert (act["receiver"], act["count"], act["to"]) == ("night", 1, "1970-01-10T16:00:00.000Z")


async def test_what_arrived_is_sent_again_too(web: WebApp) -> None:
    await send(web, how="chosen", id="msg_1", state="delivered", reason="lost at the other end")
    assert states(web)["msg_1"] is DeliveryState.QUEUED


@pytest.mark.parametrize(
    "fields",
    [
        {"how": "chosen", "reason": "nothing chosen"},
        {"how": "all", "reason": " "},
        {"how": "all"},
        {"how": "chosen", "id": "msg_0", "reason": "x" * 501},
        {"how": "chosen", "id": "msg_2", "state": "queued", "reason": "still on its way"},
    ],
)
async def test_a_replay_that_cannot_be_says_why_and_changes_nothing(
    web: WebApp, fields: dict[str, str]
) -> None:
    before = states(web)
    answer = await send(web, **fields)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert states(web) == before
    assert acts(web) == []


async def test_an_api_replay_without_a_reason_queues_nothing(web: WebApp) -> None:
    async with web.client(Role.OPERATOR) as client:
        wish = {"receiver": "dispatch", "reason": " "}
        assert (await client.post("/api/v1/deliveries/replay", json=wish)).status_code == 400
    assert states(web)["msg_0"] is DeliveryState.DEAD


async def test_a_form_of_another_site_sends_nothing(web: WebApp) -> None:
    session = web.auth.tokens.session_of(web.tokens[Role.OPERATOR], web.log.clock.now_ms())
    async with web.client(None) as client:
        client.cookies.set("coldchain_session", session or "")
        fields = {"how": "all", "reason": "x"}
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
            answer = await client.post("/deliveries/replay", data=fields, headers={**HTML, **headers})
            assert answer.status_code == 403, headers
    assert states(web)["msg_0"] is DeliveryState.DEAD
