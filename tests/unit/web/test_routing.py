"""GET /api/v1/routes/explain: the running fleet's choice, with the people behind it."""

from __future__ import annotations

from coldchain.words import Text
from coldchain_backend.access import By, Person, Role
from support.routed import routed_text
from support.web_app import WebApp

PATH = "/api/v1/routes/explain"
ROUTES = """- name: trucks
  match: {asset_kinds: [vehicle]}
  on_call: [{schedule: nights, notify: [night]}]
  escalation: standard
"""


def with_people(web: WebApp) -> None:
    text = routed_text(ROUTES).replace(
        "{name: night,", "{name: night, persons: [wang.li, gone], fallback: day,"
    )
    web.apply(text)
    wang = Person(id="wang.li", name=Text(en="Wang Li", zh="王莉"), mobile="+8613800000000")
    web.people.add(wang, By(name="admin", at_ms=0))


async def test_the_choice_comes_with_people_schedules_and_steps(web: WebApp) -> None:
    with_people(web)
    async with web.client(Role.VIEWER) as client:
        answer = await client.get(PATH, params={"zone": "truck.box", "at": "2026-11-27T23:00:00+08:00"})
    found = answer.json()
    assert answer.status_code == 200
    assert (found["reason"], found["routes"], found["until"]) == (
        "route",
        ["trucks"],
        "2026-11-28T00:00:00.000Z",
    )
    [receiver] = found["receivers"]
    assert (receiver["name"], receiver["channel"], receiver["fallback"]) == ("night", "webhook", "day")
    assert receiver["persons"] == [
        {"id": "wang.li", "name": {"en": "Wang Li", "zh": "王莉"}, "reachable": True}
    ]
    assert [one["receivers"] for one in found["escalation"]] == [["night"], ["manager"], ["manager"]]
    assert found["schedules"] == [{"name": "nights", "time_zone": "Asia/Shanghai", "on": True}]


async def test_without_a_time_it_is_now_and_unknown_places_are_404(web: WebApp) -> None:
    with_people(web)
    async with web.client(Role.VIEWER) as client:
        now = await client.get(PATH, params={"asset": "truck", "kind": "gateway_offline"})
        unknown = [await client.get(PATH, params=one) for one in ({"zone": "x"}, {"asset": "x"})]
        wrong = await client.get(PATH, params={"zone": "truck.box", "level": "critical"})
    assert now.json()["asset"] == "truck"
    assert [one.status_code for one in unknown] == [404, 404]
    assert wrong.status_code == 400
