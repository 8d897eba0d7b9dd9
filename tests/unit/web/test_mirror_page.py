"""The page of the copy in InfluxDB: every trouble is named in both languages, with what to do about it."""

from __future__ import annotations

import html
from collections import Counter
from dataclasses import dataclass

import pytest

from coldchain_backend.access import Role
from coldchain_backend.influx import Left, Trouble
from coldchain_backend.mirror import CONDITIONS, MirrorState
from coldchain_backend.mirror.writer import Tally
from support.judged_log import MINUTE, T0
from support.web_app import WebApp

HTML = {"Accept": "text/html"}


@dataclass
class Standing:
    """What the page is told of a mirror."""

    state: MirrorState


def mirrored(web: WebApp, state: MirrorState) -> None:
    web.app.state.mirror = Standing(state)


async def look(web: WebApp, path: str = "/mirror", language: str = "en", role: Role = Role.VIEWER) -> str:
    async with web.client(role) as client:
        answer = await client.get(path, headers={**HTML, "Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


def in_condition(name: str) -> MirrorState:
    """A state that has this condition."""
    state = MirrorState(target="http://influx acme/cold", ledger=7, stamp_ms=T0, judged=9, judged_stamp_ms=T0)
    if name == "behind":
        state.judged_stamp_ms = T0 + 20 * MINUTE
    elif name == "clock":
        state.clock_off_ms = -400_000
    elif name.startswith("left_"):
        left = Left(name.removeprefix("left_"))
        state.tally = Tally(left=Counter({left: 3}), samples={left: "said so"})
    else:
        state.fail(Trouble(name), "said so", T0)
    assert list(state.conditions()) == [name]
    return state


@pytest.mark.parametrize("name", sorted(CONDITIONS))
async def test_each_condition_is_named_with_what_to_do(web: WebApp, name: str) -> None:
    mirrored(web, in_condition(name))
    texts = {language: await look(web, language=language) for language in ("en", "zh")}
    assert "Needs a look" in texts["en"]
    assert "需要查看" in texts["zh"]
    for text in texts.values():
        assert f"mirror_{name}" not in text
        assert text.count('class="card said wrong"') == 1


async def test_one_that_is_well_says_how_far_it_is(web: WebApp) -> None:
    state = MirrorState(target="http://influx acme/cold", version="2", ledger=9, stamp_ms=T0, judged=9)
    mirrored(web, state)
    text = await look(web)
    for said in ("Up to date", "http://influx acme/cold", "0 records"):
        assert said in text
    assert "said wrong" not in text
    state.filling = True
    assert "Being filled from the ledger" in await look(web)


async def test_the_page_of_gateways_leads_there_where_a_mirror_is(web: WebApp) -> None:
    assert "/mirror" not in await look(web, "/gateways")
    mirrored(web, MirrorState())
    assert 'href="/mirror"' in await look(web, "/gateways")


async def test_without_a_mirror_there_is_no_page(web: WebApp) -> None:
    async with web.client(Role.ADMIN) as client:
        answer = await client.get("/mirror", headers=HTML)
    assert answer.status_code == 404
