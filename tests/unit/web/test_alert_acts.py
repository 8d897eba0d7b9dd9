"""What people do about alerts through the API: each act stands in the ledger, nonsense writes nothing."""

from __future__ import annotations

import pytest

from coldchain_backend.access import Role
from support.judged_log import MINUTE, T0
from support.web_app import FLEET, WebApp

Json = dict[str, object]
CHILLER = "cq-store.chiller"


@pytest.fixture
def alert(web: WebApp) -> str:
    """An alarm that goes on."""
    web.apply(FLEET.read_text("utf-8"))
    for minute in range(4):
        web.log.at(T0 + minute * MINUTE)
        web.log.say(("chiller-front", T0 + minute * MINUTE, 9.5))
    web.judge()
    return next(one.id for one in web.log.alerts() if one.cause.rule == "high")


async def post(web: WebApp, path: str, body: Json, role: Role = Role.OPERATOR) -> tuple[int, Json]:
    """Status and answer."""
    async with web.client(role) as client:
        answer = await client.post(f"/api/v1/{path}", json=body)
    web.judge()
    return answer.status_code, answer.json()


async def get(web: WebApp, path: str) -> Json:
    async with web.client(Role.VIEWER) as client:
        answer = await client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def items(answer: Json) -> list[Json]:
    found = answer["items"]
    assert isinstance(found, list)
    return found


async def test_shelving_shows_over_the_alert_and_in_the_list_of_mutes(web: WebApp, alert: str) -> None:
    status, accepted = await post(web, f"alerts/{alert}/shelve", {"reason": "door is mended"})
    assert (status, accepted["by"]) == (202, "operator 王伟")
    shown = await get(web, f"alerts/{alert}")
    muted = shown["muted"]
    assert isinstance(muted, dict)
    assert (shown["state"], shown["below"]) == ("shelved", "firing")
    assert (muted["kind"], muted["by"], muted["reason"]) == (
        "shelved",
        "operator 王伟",
        "door is mended",
    )
    [listed] = items(await get(web, "mutes"))
    assert (listed["id"], listed["holds"]) == (accepted["mute"], True)
    assert [one["id"] for one in items(await get(web, "alerts?state=shelved"))] == [alert]
    status, _ = await post(web, f"alerts/{alert}/unshelve", {"reason": "mended"})
    assert status == 202
    assert (await get(web, f"alerts/{alert}"))["state"] == "firing"
    assert items(await get(web, "mutes")) == []


async def test_action_comment_and_decision_stand_in_the_timeline(web: WebApp, alert: str) -> None:
    said: Json = {"reason": "compressor off", "action": "goods moved to store 2"}
    assert (await post(web, f"alerts/{alert}/acknowledge", said))[0] == 202
    assert (await post(web, f"alerts/{alert}/comment", {"text": "司机已联系"}))[0] == 202
    shown = await get(web, f"alerts/{alert}")
    assert shown["acknowledged_action"] == "goods moved to store 2"
    timeline = shown["timeline"]
    assert isinstance(timeline, list)
    assert [(one["kind"], one["note"]) for one in timeline[-2:]] == [
        ("acknowledged", "goods moved to store 2"), ("commented", "司机已联系"),
    ]  # fmt: skip
    assert isinstance(shown["around"], dict)


@pytest.mark.parametrize("path", ["shelve", "unshelve", "comment", "disposition", "acknowledge"])
async def test_acts_need_their_role_and_an_alert(web: WebApp, alert: str, path: str) -> None:
    before = web.log.ledger.end
    body: Json = {"reason": "x", "text": "x", "decision": "released"}
    for role in (Role.VIEWER, Role.REGULATOR):
        assert (await post(web, f"alerts/{alert}/{path}", body, role))[0] == 403
    assert (await post(web, f"alerts/al_none/{path}", body, Role.ADMIN))[0] == 404
    assert web.log.ledger.end == before


async def test_only_quality_decides_about_goods_and_only_behind_the_end(web: WebApp, alert: str) -> None:
    body: Json = {"decision": "released", "reason": "stability data"}
    assert (await post(web, f"alerts/{alert}/disposition", body))[0] == 403
    assert (await post(web, f"alerts/{alert}/disposition", body, Role.QUALITY))[0] == 409
    web.log.say(("chiller-front", T0 + 4 * MINUTE, 5.0))
    web.judge()
    assert (await post(web, f"alerts/{alert}/disposition", body, Role.QUALITY))[0] == 202
    assert (await get(web, f"alerts/{alert}"))["disposition"] == "released"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("shelve", {"reason": ""}),
        ("shelve", {"reason": "x", "until": "2020-01-01T00:00:00Z"}),
        ("shelve", {"reason": "x", "until": "2099-01-01T00:00:00Z"}),
        ("shelve", {"reason": "x", "until": "soon"}),
        ("comment", {"text": "a\x00b"}),
        ("disposition", {"decision": "eaten", "reason": "x"}),
    ],
)
async def test_nonsense_about_an_alert_writes_nothing(web: WebApp, alert: str, path: str, body: Json) -> None:
    before = web.log.ledger.end
    assert (await post(web, f"alerts/{alert}/{path}", body, Role.ADMIN))[0] == 400
    assert web.log.ledger.end == before


async def test_what_is_not_shelved_is_not_unshelved(web: WebApp, alert: str) -> None:
    assert (await post(web, f"alerts/{alert}/unshelve", {"reason": "x"}))[0] == 409


async def test_a_window_every_night_and_its_end(web: WebApp, alert: str) -> None:
    window: Json = {
        "zone": "cq-store.chiller",
        "times": [{"days": [0, 1, 2, 3, 4], "from": "22:00", "to": "06:00"}],
        "time_zone": "Asia/Shanghai",
        "reason": "defrost at night",
    }
    status, accepted = await post(web, "windows", window)
    assert status == 202
    [listed] = items(await get(web, "mutes"))
    assert (listed["kind"], listed["zone"], listed["time_zone"]) == (
        "window",
        "cq-store.chiller",
        "Asia/Shanghai",
    )
    assert (await post(web, f"out-of-service/{accepted['id']}/return", {"reason": "x"}))[0] == 404
    assert (await post(web, f"windows/{accepted['id']}/end", {"reason": "done"}))[0] == 202
    assert items(await get(web, "mutes")) == []
    assert (await post(web, f"windows/{accepted['id']}/end", {"reason": "done"}))[0] == 404


async def test_out_of_service_and_back(web: WebApp, alert: str) -> None:
    said: Json = {"zone": "cq-store.chiller", "work": "maintenance", "reason": "compressor change"}
    status, accepted = await post(web, "out-of-service", said)
    assert status == 202
    assert (await get(web, f"alerts/{alert}"))["state"] == "out_of_service"
    assert (await post(web, f"out-of-service/{accepted['id']}/return", {"reason": "done"}))[0] == 202
    assert (await get(web, f"alerts/{alert}"))["state"] == "firing"


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"reason": "x", "to": "2099-01-01T00:00:00Z"}, 400),
        ({"zone": "cq-store.chiller", "reason": "x"}, 400),
        ({"zone": "cq-store.chiller", "reason": "x", "to": "2020-01-01T00:00:00Z"}, 400),
        ({"zone": "cq-store.chiller", "reason": "x", "to": "2099-01-01T00:00:00Z"}, 400),
        ({"zone": "nowhere", "reason": "x", "to": "2026-11-23T00:00:00Z"}, 404),
        ({"asset": "nowhere", "reason": "x", "to": "2026-11-23T00:00:00Z"}, 404),
        ({"sensor": "nobody", "reason": "x", "to": "2026-11-23T00:00:00Z"}, 404),
        ({"zone": CHILLER, "reason": "x", "times": [{"days": [9], "from": "1:00", "to": "2:00"}]}, 400),
        (
            {
                "zone": "cq-store.chiller", "reason": "x", "time_zone": "Nowhere/At_all",
                "times": [{"days": [0], "from": "01:00", "to": "02:00"}],
            },
            400,
        ),
    ],
)  # fmt: skip
async def test_a_window_that_makes_no_sense_is_refused(
    web: WebApp, alert: str, body: Json, wanted: int
) -> None:
    before = web.log.ledger.end
    assert (await post(web, "windows", body))[0] == wanted
    assert web.log.ledger.end == before


async def test_alerts_are_found_by_zone_kind_name_and_in_order(web: WebApp, alert: str) -> None:
    assert [one["id"] for one in items(await get(web, "alerts?zone=cq-store.chiller&kind=excursion"))] == [
        alert
    ]
    assert items(await get(web, "alerts?zone=nowhere")) == []
    assert alert in [one["id"] for one in items(await get(web, "alerts?q=冷藏"))]
    assert items(await get(web, "alerts?q=nothing-like-this")) == []
    assert alert in [one["id"] for one in items(await get(web, "alerts?listed=true"))]
    everything = items(await get(web, "alerts"))
    oldest = items(await get(web, "alerts?sort=oldest"))
    assert oldest == everything[::-1]
    by_level = items(await get(web, "alerts?sort=level"))
    assert [one["level"] for one in by_level] == sorted(str(one["level"]) for one in by_level)
    for sort in ("oldest", "level", "newest"):
        page = await get(web, f"alerts?sort={sort}&limit=1")
        behind = items(await get(web, f"alerts?sort={sort}&after={page['next']}")) if page["next"] else []
        assert [*items(page), *behind] == items(await get(web, f"alerts?sort={sort}"))


async def test_what_is_not_due_yet_is_listed_as_pending(web: WebApp) -> None:
    assert items(await get(web, "alerts?state=pending")) == []
