"""The fleet through the API: diff, apply, export."""

from __future__ import annotations

import pytest

from coldchain_backend.access import Role
from support.judged_log import T0
from support.web_app import FLEET, WebApp

GOOD = FLEET.read_text("utf-8")
LESS = GOOD.replace("profile: vaccine-2-8", "profile: chilled-food")
PATH = "/api/v1/fleet"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.QUALITY, Role.REGULATOR])
async def test_only_an_admin_changes_the_fleet(web: WebApp, role: Role) -> None:
    async with web.client(role) as client:
        answers = [await client.post(f"{PATH}/{what}", json={"text": GOOD}) for what in ("diff", "apply")]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert web.log.ledger.end == 0


async def test_a_file_is_compared_applied_and_exported(web: WebApp) -> None:
    async with web.client(Role.ADMIN) as client:
        difference = (await client.post(f"{PATH}/diff", json={"text": GOOD})).json()
        assert web.log.ledger.end == 0
        applied = (await client.post(f"{PATH}/apply", json={"text": GOOD, "base": 0})).json()
        exported = (await client.get(PATH)).json()
        again = (await client.post(f"{PATH}/apply", json={"text": exported["text"]})).json()
    assert applied == {"version": 1, "changed": True, "difference": difference}
    assert (exported["version"], exported["text"], exported["by"]) == (1, GOOD, "admin 王伟")
    assert again == {"version": 1, "changed": False, "difference": None}
    assert web.log.ledger.end == 1


async def test_earlier_versions_are_listed_and_read(web: WebApp) -> None:
    web.apply(GOOD)
    flags = {"allow_removals": True, "allow_loosened": True, "reason": "no vaccines now"}
    async with web.client(Role.ADMIN) as client:
        applied = await client.post(f"{PATH}/apply", json={"text": LESS, "base": 1, **flags})
        listed = (await client.get(f"{PATH}/versions")).json()["items"]
        newest = (await client.get(f"{PATH}/versions", params={"limit": 1})).json()["items"]
        first = (await client.get(PATH, params={"version": 1})).json()
        unknown = await client.get(PATH, params={"version": 77})
    second = applied.json()["version"]
    assert [(one["version"], one["reason"]) for one in listed] == [(second, "no vaccines now"), (1, None)]
    assert newest == listed[:1]
    assert (first["version"], first["text"]) == (1, GOOD)
    assert (unknown.status_code, unknown.json()["message"]) == (404, "no fleet version 77")


async def test_before_the_first_file_there_is_no_version(web: WebApp) -> None:
    async with web.client(Role.ADMIN) as client:
        assert (await client.get(f"{PATH}/versions")).json() == {"items": []}
        assert (await client.get(PATH, params={"version": 1})).status_code == 404


async def test_what_was_made_from_an_older_version_is_refused(web: WebApp) -> None:
    web.apply(GOOD)
    async with web.client(Role.ADMIN) as client:
        answer = await client.post(f"{PATH}/apply", json={"text": LESS, "base": 0})
    assert answer.status_code == 409
    assert "at version 1, the file was made from 0" in answer.json()["message"]


async def test_looser_limits_need_their_flag_and_a_reason_and_end_no_alert_unseen(web: WebApp) -> None:
    web.apply(GOOD)
    web.log.say(("zigbee/疫苗柜", T0, 1.5))
    web.judge()
    empty = GOOD.replace("profile: vaccine-2-8", "profile: vaccine-2-8\n        state: empty")
    body: dict[str, object] = {"text": empty, "base": 1}
    async with web.client(Role.ADMIN) as client:
        difference = (await client.post(f"{PATH}/diff", json=body)).json()
        refused = await client.post(f"{PATH}/apply", json=body)
        flags = {"allow_removals": True, "allow_loosened": True, "reason": "the cabinet is empty"}
        applied = await client.post(f"{PATH}/apply", json={**body, **flags})
    assert difference["ending"] == [web.log.alerts()[0].id]
    assert difference["losing"] == ["cq-store.vaccine.shelf"]
    assert refused.status_code == 409
    assert "--allow-loosened" in refused.json()["message"]
    assert applied.json()["changed"] is True


async def test_mistakes_of_a_file_come_with_line_and_key(web: WebApp) -> None:
    text = GOOD.replace("profile: vaccine-2-8", "profile: vaccine-2-9").replace("env:WHSEC", "hunter2")
    async with web.client(Role.ADMIN) as client:
        answer = await client.post(f"{PATH}/apply", json={"text": text, "name": "store.yaml"})
    assert answer.status_code == 400
    assert answer.json()["mistakes"] == [
        {
            "file": "store.yaml",
            "line": 5,
            "key": "receivers[0].webhook.secret",
            "message": "secrets stand in a fleet file by reference only: file:PATH or env:NAME",
        }
    ]
    assert "hunter2" not in answer.text


async def test_the_schema_is_for_everybody(web: WebApp) -> None:
    async with web.client(None) as client:
        assert (await client.get(f"{PATH}/schema")).json()["title"] == "Coldchain fleet file"
