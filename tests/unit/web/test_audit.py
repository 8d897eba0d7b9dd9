"""The audit: acts of the ledger and what is kept in one list, found, paged, exported; no secret in it."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import httpx
import pytest

from coldchain.errors import InvalidInput
from coldchain.words import Language
from coldchain_backend.access import AuditFilter, Noted, Role
from coldchain_backend.judging import Judging, Settings
from coldchain_backend.sql import Audit, Books, open_database
from coldchain_backend.web.console.audit_page import KINDS
from coldchain_backend.web.console.wording import texts
from coldchain_backend.web.times import iso
from support.judged_log import ORGANISATION, T0
from support.web_app import FLEET, WebApp

URL = "/api/v1/audit"
GOOD = "truck rolls at dawn"
NAMED = "changed asset cq-store: name: Chongqing cold store / 重庆冷库 → Chongqing store / 重庆冷库"
TEXT = FLEET.read_text("utf-8")
WANG = {"id": "wang.li", "name_zh": "王丽", "mobile": "13800000000", "role": "operator", "reason": "hired"}


async def changed(web: WebApp) -> WebApp:
    """A server on which every sort of change was made once."""
    async with web.client(Role.ADMIN) as admin:
        await admin.post("/api/v1/fleet/apply", json={"text": TEXT})
        renamed = TEXT.replace("Chongqing cold store", "Chongqing store")
        await admin.post("/api/v1/fleet/apply", json={"text": renamed, "reason": "shorter"})
        await admin.post("/api/v1/users", json=WANG)
        await admin.patch("/api/v1/users/wang.li", json={"mobile": "13900000000", "reason": "new number"})
        await admin.put("/api/v1/users/wang.li/password", json={"password": GOOD})
        await admin.post("/api/v1/tokens", json={"person": "wang.li"})
        web.judge()
        state = {"state": "maintenance", "reason": "defrost"}
        await admin.post("/api/v1/zones/cq-store.chiller/state", json=state)
    web.judge()
    return web


async def items(client: httpx.AsyncClient, **query: object) -> list[dict[str, object]]:
    answer = await client.get(URL, params={key: str(value) for key, value in query.items()})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()["items"]
    return found


async def test_every_change_says_who_what_why_old_and_new(web: WebApp) -> None:
    await changed(web)
    async with web.client(Role.QUALITY) as client:
        lines = await items(client)
    told = {(one["what"], one["old"], one["new"], one["why"]) for one in lines}
    assert {one["by"] for one in lines} == {"admin 王伟"}
    assert ("user", "mobile: 13800000000", "mobile: 13900000000", "new number") in told
    assert ("password", "none", "set", "") in told
    assert ("zone_state", "state: in_use", "state: maintenance", "defrost") in told
    assert [one["what"] for one in lines].count("fleet") == 2
    newest = next(one for one in lines if one["what"] == "fleet")
    assert newest["why"] == "shorter"
    assert str(newest["old"]).startswith("version ")
    assert newest["details"] == [NAMED]
    assert isinstance(newest["record"], int)
    zone = next(one for one in lines if one["what"] == "zone_state")
    assert zone["subject"] == "zone cq-store.chiller"


async def test_an_acknowledgement_says_what_the_alert_was(filled: WebApp) -> None:
    async with filled.client(Role.REGULATOR) as client:
        found = await items(client, what="acknowledge")
    assert [(one["by"], one["why"], one["old"]) for one in found] == [("陈静", "门已关，正在降温", "firing")]
    assert str(found[0]["subject"]).startswith("alert al_")


async def test_no_secret_stands_in_it(web: WebApp) -> None:
    await changed(web)
    hook = TEXT.replace("http://127.0.0.1:9100/hook", "https://robot.example/send?access_token=topsecret")
    async with web.client(Role.ADMIN) as admin:
        await admin.post("/api/v1/fleet/apply", json={"text": hook, "reason": "robot"})
        web.judge()
        for answer in (await admin.get(URL), await admin.get(f"{URL}/export")):
            assert "robot.example" in answer.text
            for secret in (GOOD, "topsecret", "argon2", web.tokens[Role.ADMIN]):
                assert secret not in answer.text, secret


async def test_lines_are_found_by_who_what_subject_and_time(web: WebApp) -> None:
    await changed(web)
    for number, name in enumerate(("chen", "zhao"), start=1):
        web.audit.note(Noted(by=name, what="user", subject=f"100% {name}_x", at_ms=T0 - number * 1000))
    async with web.client(Role.ADMIN) as admin:
        assert [one["by"] for one in await items(admin, by="chen")] == ["chen"]
        assert {one["what"] for one in await items(admin, what="token")} == {"token"}
        assert [one["by"] for one in await items(admin, subject="100% z")] == ["zhao"]
        assert await items(admin, subject="chen%x") == [], "a sign of the database's language is a sign"
        early = await items(admin, to="2026-11-22T00:00:00Z")
        both = await items(admin, to=iso(T0))
        assert (early, [one["by"] for one in both]) == ([], ["chen", "zhao"])
        assert [one["by"] for one in await items(admin, **{"from": iso(T0 - 1500), "to": iso(T0)})] == [
            "chen"
        ]


@pytest.mark.parametrize("limit", [1, 3, 500])
async def test_pages_join_without_gap_or_repetition(web: WebApp, limit: int) -> None:
    await changed(web)
    for number in range(5):
        web.audit.note(Noted(by="same instant", what="user", subject=str(number), at_ms=T0))
    async with web.client(Role.ADMIN) as admin:
        whole = await items(admin, limit=500)
        pages: list[dict[str, object]] = []
        query: dict[str, str] = {"limit": str(limit)}
        while True:
            answer = (await admin.get(URL, params=query)).json()
            pages += answer["items"]
            if answer["next"] is None:
                break
            query["after"] = answer["next"]
    assert pages == whole
    assert len(whole) == len(web.audit.lines(AuditFilter(), None, 1000))
    times = [str(one["at"]) for one in whole]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("after", ["", "x", "1.k", "1.z.1", "1.k.x", "-1.k.1", "1.k." + "9" * 20, "１.k.1"])
async def test_what_is_no_key_is_refused(web: WebApp, after: str) -> None:
    async with web.client(Role.ADMIN) as admin:
        assert (await admin.get(URL, params={"after": after})).status_code == 400
    with pytest.raises(InvalidInput):
        web.audit.lines(AuditFilter(), after, 1)


async def test_the_export_is_whole_and_noted(web: WebApp) -> None:
    await changed(web)
    web.audit.note(Noted(by="=cmd()", what="user", subject='a,"b"\nc', at_ms=T0, new="+1"))
    async with web.client(Role.REGULATOR) as client:
        listed = await items(client)
        table = (await client.get(f"{URL}/export")).text
        lines = (await client.get(f"{URL}/export", params={"format": "jsonl"})).text
        noted = await items(client)
    rows = list(csv.DictReader(io.StringIO(table)))
    told = sorted(str(one["what"]) for one in listed)
    assert sorted(row["what"] for row in rows) == sorted(["export", *told])
    assert sorted(json.loads(line)["what"] for line in lines.splitlines()) == sorted(["export"] * 2 + told)
    taken = [(one["by"], one["new"]) for one in noted if one["what"] == "export"]
    assert taken == [("regulator 王伟", "jsonl"), ("regulator 王伟", "csv")]
    odd = next(row for row in rows if "cmd" in row["by"])
    assert (odd["by"], odd["new"], odd["subject"]) == ("'=cmd()", "'+1", 'a,"b"\nc')


async def test_the_page_shows_it_in_both_languages(web: WebApp) -> None:
    await changed(web)
    for language, word, said in (
        ("en", "Before", {"Fleet file applied", "Person", "Password", "Token", "Use of a zone"}),
        ("zh", "变更前", {"应用资产文件", "人员", "密码", "令牌", "温区使用状态"}),
    ):
        headers = {"Accept": "text/html", "Accept-Language": language}
        async with web.client(Role.QUALITY) as client:
            page = (await client.get("/audit", headers=headers)).text
            narrow = (await client.get("/audit", params={"what": "token"}, headers=headers)).text
        assert word in page
        assert "Chongqing store" in page
        assert said <= set(re.findall(r"<b>([^<]+)</b>", page))
        assert 'href="/zones/cq-store.chiller"' in page
        assert "new number" in page
        assert "new number" not in narrow


def test_every_kind_of_change_has_its_words() -> None:
    for language in Language:
        assert [kind for kind in KINDS if f"act_{kind}" not in texts(language)] == []


async def test_states_and_names_are_said_and_not_their_ids(filled: WebApp) -> None:
    async with filled.client(Role.QUALITY) as client:
        headers = {"Accept": "text/html", "Accept-Language": "zh"}
        page = (await client.get("/audit?what=acknowledge", headers=headers)).text
        nothing = (await client.get("/audit?who=nobody", headers=headers)).text
    assert re.search(r'确认报警</b> · <a href="/alerts/al_[0-9a-f]+">报警 al_', page)
    assert '<td data-label="变更前">未确认</td>' in page
    assert "没有符合筛选条件的变更" in nothing


async def test_a_rebuild_lists_the_same_acts(web: WebApp, tmp_path: Path) -> None:
    await changed(web)
    database = open_database(tmp_path / "again.sqlite")
    books = Books(database)
    Judging(books, Settings(organisation=ORGANISATION)).consume(web.log.ledger.read(0, 10_000))
    books.close()
    before, again = (
        [one for one in audit.lines(AuditFilter(), None, 100) if one.record is not None]
        for audit in (web.audit, Audit(database))
    )
    database.close()
    assert before == again
    assert len(before) == 3
