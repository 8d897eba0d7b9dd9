"""Saying in which state a zone is: by API and page, in the present, ahead, and by whom in the past."""

from __future__ import annotations

from collections.abc import Mapping

from coldchain_backend.access import Role
from coldchain_backend.web.times import iso
from support.web_app import HOUR, MINUTE, WebApp

ZONE = "cq-store.chiller"


async def post(
    web: WebApp, role: Role, body: Mapping[str, object], zone: str = ZONE
) -> tuple[int, dict[str, object]]:
    async with web.client(role) as client:
        answer = await client.post(f"/api/v1/zones/{zone}/state", json=body)
    web.judge()
    return answer.status_code, answer.json()


async def states(web: WebApp) -> list[tuple[str, str, str]]:
    async with web.client(Role.REGULATOR) as client:
        answer = await client.get(f"/api/v1/zones/{ZONE}/states")
    assert answer.status_code == 200
    return [(one["state"], one["source"], one["by"]) for one in answer.json()["items"]]


async def test_an_operator_takes_a_zone_out_of_use_and_the_board_shows_it(lived: WebApp) -> None:
    status, said = await post(lived, Role.OPERATOR, {"state": "maintenance", "reason": "cleaning"})
    assert (status, said["zone"]) == (202, ZONE)
    assert await states(lived) == [("in_use", "file", "admin"), ("maintenance", "act", "operator 王伟")]
    async with lived.client() as client:
        board = (await client.get("/api/v1/board")).json()
        page = (await client.get(f"/zones/{ZONE}")).text
    [zone] = [one for one in board["items"] if one["zone"] == ZONE]
    assert (zone["state"], zone["condition"]) == ("maintenance", "not_judged")
    assert '/state"' not in page, "a viewer may not say it"


async def test_the_past_belongs_to_quality_and_needs_a_reason(lived: WebApp) -> None:
    past = {"state": "empty", "from": iso(lived.log.clock.wall_ms - HOUR // 2)}
    assert (await post(lived, Role.OPERATOR, {**past, "reason": "why"}))[0] == 403
    status, said = await post(lived, Role.QUALITY, past)
    assert status == 400
    assert "reason" in str(said["message"])
    assert (await post(lived, Role.QUALITY, {**past, "reason": "was empty"}))[0] == 202
    assert (await states(lived))[-1] == ("empty", "act", "quality 王伟")


async def test_what_makes_no_sense_is_refused(lived: WebApp) -> None:
    now = lived.log.clock.wall_ms
    assert (await post(lived, Role.ADMIN, {"state": "empty"}, zone="nowhere"))[0] == 404
    for wrong in (
        {"state": "sold"},
        {"state": "empty", "from": iso(now + MINUTE), "to": iso(now)},
        {"state": "empty", "from": iso(now + 500 * 24 * HOUR)},
        {"state": "empty", "from": "yesterday"},
        {"state": "empty", "reason": "x" * 501},
    ):
        assert (await post(lived, Role.ADMIN, wrong))[0] == 400, wrong


async def test_the_page_has_a_form_for_those_who_may(lived: WebApp) -> None:
    async with lived.client(Role.OPERATOR) as client:
        page = await client.get(f"/zones/{ZONE}")
        assert f'action="/zones/{ZONE}/state"' in page.text
        answer = await client.post(f"/zones/{ZONE}/state", data={"state": "empty", "reason": "sold out"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/zones/{ZONE}")
    lived.judge()
    assert (await states(lived))[-1][0] == "empty"
    async with lived.client(Role.OPERATOR) as client:
        wrong = await client.post(f"/zones/{ZONE}/state", data={"state": "gone"})
    assert wrong.status_code == 400
