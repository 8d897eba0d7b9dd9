"""Deliveries and receivers over the API: looked at, sent again, tried, switched on; acts in the ledger."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from coldchain_backend.access import Role
from coldchain_backend.delivery.endpoints import Standing
from coldchain_backend.delivery.request import Response
from coldchain_backend.delivery.standings import Known
from coldchain_backend.ledger import Kind
from coldchain_backend.sql import DeliveryQueue
from support.fleets import FLEET_FILE
from support.web_app import WebApp

GOOD = FLEET_FILE.read_text("utf-8").replace("env:WHSEC", "file:whsec")
BODY = b'{"type":"alert.fired","timestamp":"2026-11-22T09:00:00Z","data":{"alert_id":"al_1","sequence":1}}'


@pytest.fixture
def post(web: WebApp) -> WebApp:
    """An application with three deliveries."""
    web.apply(GOOD)
    queue = DeliveryQueue(web.log.database)
    for number in range(3):
        queue.put(f"msg_{number}", f"al_{number}", "dispatch", 1000 * number, BODY)
    queue.dead("msg_0", 5000, "HTTP 404: no such hook")
    queue.delivered("msg_1", 5000, "HTTP 204")
    return web


async def ask(web: WebApp, method: str, path: str, role: Role = Role.ADMIN, **how: Any) -> Any:  # noqa: ANN401 - JSON
    async with web.client(role) as client:
        answer = await client.request(method, f"/api/v1/{path}", **how)
    return answer.json() if answer.status_code == 200 else (answer.status_code, answer.content)


def acts(web: WebApp) -> list[dict[str, object]]:
    """What persons did, by the ledger."""
    records = web.log.ledger.read(0, 10_000)
    return [orjson.loads(one.payload) for one in records if one.kind is Kind.ACT]


async def test_they_are_listed_by_what_is_asked(post: WebApp) -> None:
    found = await ask(post, "GET", "deliveries?receiver=dispatch&state=dead", Role.VIEWER)
    [one] = [item for item in found["items"] if item["id"].startswith("msg_0")]
    assert (one["state"], one["attempts"], one["last_error"]) == ("dead", 1, "HTTP 404: no such hook")
    found = await ask(post, "GET", "deliveries?from=1970-01-01T00:00:01Z&to=1970-01-01T00:00:02Z")
    assert [item["id"] for item in found["items"]] == ["msg_1"]
    assert (await ask(post, "GET", "deliveries?from=yesterday"))[0] == 400
    assert (await ask(post, "GET", "deliveries?state=lost"))[0] in (400, 422)


async def test_one_is_shown_with_its_document_and_attempts(post: WebApp) -> None:
    found = await ask(post, "GET", "deliveries/msg_0", Role.OPERATOR)
    assert found["document"] == BODY.decode()
    assert [(one["outcome"], one["detail"]) for one in found["attempts"]] == [
        ("dead", "HTTP 404: no such hook")
    ]
    assert (await ask(post, "GET", "deliveries/nobody"))[0] == 404
    assert (await ask(post, "GET", "deliveries/msg_0", Role.VIEWER))[0] == 403


async def test_dead_letters_are_queued_again_and_it_is_written_down(post: WebApp) -> None:
    wish = {"receiver": "dispatch", "from": "1970-01-01T00:00:00Z", "reason": "the robot was off"}
    assert await ask(post, "POST", "deliveries/replay", Role.OPERATOR, json=wish) == {"count": 1}
    assert [(one["act"], one["count"]) for one in acts(post)] == [("replay", 1)]
    assert await ask(post, "POST", "deliveries/replay", Role.OPERATOR, json=wish) == {"count": 0}
    again = {"ids": ["msg_1"], "state": "delivered", "reason": "asked for"}
    assert await ask(post, "POST", "deliveries/replay", Role.OPERATOR, json=again) == {"count": 1}
    assert (await ask(post, "POST", "deliveries/replay", Role.VIEWER, json=wish))[0] == 403


@pytest.mark.parametrize(
    "wish",
    [{"reason": "all of them"}, {"ids": ["msg_1"], "state": "queued", "reason": "x"},
     {"receiver": "dispatch"}, {"receiver": "dispatch", "reason": " "}],
)  # fmt: skip
async def test_a_replay_without_bounds_or_reason_is_refused(post: WebApp, wish: dict[str, object]) -> None:
    status, _ = await ask(post, "POST", "deliveries/replay", Role.OPERATOR, json=wish)
    assert status in (400, 422)
    assert acts(post) == []


async def test_a_test_message_goes_out_at_once_and_is_kept(post: WebApp) -> None:
    found = await ask(post, "POST", "receivers/dispatch/test", Role.OPERATOR)
    assert (found["arrived"], found["outcome"], found["detail"], found["notes"]) == (
        True,
        "delivered",
        "HTTP 204",
        [],
    )
    assert [one[2] for one in post.end.accepted] == ["alert.test"]
    [act] = acts(post)
    assert (act["act"], act["receiver"], act["arrived"]) == ("receiver_test", "dispatch", True)
    [listed] = (await ask(post, "GET", "receivers", Role.VIEWER))["items"]
    assert (listed["test_arrived"], listed["standing"], listed["dead"], listed["rate"]) == (
        True,
        "ok",
        1,
        "50/s",
    )
    assert listed["tested"]


async def test_a_test_that_does_not_arrive_says_why(post: WebApp) -> None:
    post.end.answers["hook"] = Response(status=404, body=b"no such hook")
    found = await ask(post, "POST", "receivers/dispatch/test", Role.OPERATOR)
    assert (found["arrived"], found["outcome"], found["detail"]) == (False, "slow", "HTTP 404: no such hook")
    [listed] = (await ask(post, "GET", "receivers"))["items"]
    assert listed["test_detail"] == "HTTP 404: no such hook"
    assert (await ask(post, "POST", "receivers/nobody/test"))[0] == 404
    assert (await ask(post, "POST", "receivers/dispatch/test", Role.VIEWER))[0] == 403


@pytest.mark.parametrize(
    ("public_url", "public", "said"),
    [("", "public", "set public_url in backend.toml"),
     ("https://page.example", "private", "not a public address"),
     ("http://page.example", "public", "links are not encrypted")],
)  # fmt: skip
async def test_it_says_when_the_links_cannot_be_opened_outside(
    post: WebApp, public_url: str, public: str, said: str
) -> None:
    post.app.state.post = replace(post.post, public_url=public_url)
    post.host_is_public = public == "public"
    [note] = (await ask(post, "POST", "receivers/dispatch/test"))["notes"]
    assert said in note


async def test_a_missing_secret_is_the_answer_of_a_test(post: WebApp) -> None:
    post.apply(GOOD.replace("file:whsec", "file:nowhere"))
    found = await ask(post, "POST", "receivers/dispatch/test")
    assert found["arrived"] is False
    assert "nowhere cannot be read" in found["detail"]


async def test_a_receiver_that_was_switched_off_is_told_again(post: WebApp) -> None:
    assert (await ask(post, "POST", "receivers/dispatch/enable", json={"reason": "new hook"}))[0] == 409
    post.post.standings.stands(Known(receiver="dispatch", standing=Standing.DISABLED, reason="HTTP 410"))
    [listed] = (await ask(post, "GET", "receivers"))["items"]
    assert (listed["standing"], listed["reason"]) == ("disabled", "HTTP 410")
    status, _ = await ask(post, "POST", "receivers/dispatch/enable", json={"reason": "new hook"})
    assert status == 204
    known = post.post.standings.known("dispatch")
    assert known is not None
    assert known.standing is Standing.OK
    assert [one["act"] for one in acts(post)] == ["receiver_enabled"]
    assert (await ask(post, "POST", "receivers/dispatch/enable", Role.OPERATOR, json={"reason": "x"}))[
        0
    ] == 403
