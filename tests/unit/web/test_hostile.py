"""Whatever stands in fields, addresses and bodies, and whoever sends it: every route and page answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from random import Random
from urllib.parse import quote

import pytest

from coldchain_backend.access import Role
from coldchain_backend.sql.letters import Wanted
from coldchain_backend.web.rights import NEEDS
from support.soak import rounds
from support.web_app import WebApp

ELSEWHERE = ("/live", "declare-lost", "/revoke", "restore", "checkpoint", "evidence", "enroll", "/v2/write")
"""An endless stream, and routes whose parts this application has not: their own tests do this."""

ROUTES = sorted(one for one in NEEDS if not any(part in one[1] for part in ELSEWHERE))
FIELDS = """
    after alert as_of asset back base choice code days decision disabled email end first format from gateway
    hours id label language last leg level limit mobile name name_en name_zh new next note old one_shot
    overlap page password person phone point profile q range reason receiver role said sensor show since sort
    span start state subject text times to token until user who work zone
"""
VALUES = (
    "", "\0", "a\0b", "é", "中文" * 50, "x" * 5000, "-1", "0", "1e400", "NaN", "inf", "9" * 400, "2026-13-40",
    "9999-12-31", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-11-23T00:00:00-23:59", "../..", "%00",
    "2026-03-29T02:30", "<script>", "'; --", "alarm", "firing", "true", "cq-store.chiller", "chiller-front",
    "truck-1", "zh", "\u202e", "\r\nX: y", "[]", "{}", "null", "admin", "sat,sun 25:00-26:00",
    "Asia/Shanghai", "No/Zone", "7d", "999d", "newest", "level", "any",
)  # fmt: skip
LISTS: tuple[object, ...] = (None, True, -1, 1e300, [], {}, [[]], "x")


def named(web: WebApp) -> dict[str, list[str]]:
    """What is there, by the name of its part of a path."""
    return {
        "alert": [one.id for one in web.log.alerts()],
        "id": [one.id for one in web.post.letters.listed(Wanted())],
        "zone": ["cq-store.chiller"],
        "name": ["dispatch", "gw"],
        "user": ["admin"],
        "kind": ["window", "out-of-service"],
    }


def path_of(declared: str, there: Mapping[str, Sequence[str]], random: Random) -> str:
    """A path of this form, at times of something that is there."""

    def segment(found: re.Match[str]) -> str:
        names = there.get(found[1], ["x"]) if random.random() < 0.7 else VALUES
        return quote(random.choice(names)[:300], safe="") or "x"

    return re.sub(r"\{([a-z_]+)\}", segment, declared)


def sent(method: str, random: Random) -> Mapping[str, object]:
    """What goes with a request."""
    fields = {random.choice(FIELDS.split()): random.choice(VALUES) for _ in range(random.randint(0, 6))}
    if method in {"GET", "HEAD"}:
        return {"params": fields}
    odd = {name: random.choice((*LISTS, value)) for name, value in fields.items()}
    content = random.randbytes(80)
    return random.choice(
        [{"data": fields}, {"json": fields}, {"json": odd}, {"json": [fields]}, {"content": content}]
    )


def heads(random: Random) -> dict[str, str]:
    return {
        "Accept": random.choice(["text/html", "*/*", "application/json"]),
        "Accept-Language": random.choice(["zh", "en", "xx;q=bad", "*"]),
    }


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(rounds(1, 60)))
async def test_nothing_that_is_sent_breaks_a_route_or_a_page(filled: WebApp, seed: int) -> None:
    random, there = Random(seed), named(filled)
    for method, declared in random.sample(ROUTES, rounds(30, len(ROUTES))):
        role, how = random.choice([Role.ADMIN, Role.ADMIN, Role.ADMIN, *Role]), dict(sent(method, random))
        path = path_of(declared, there, random)
        async with filled.client(role) as client:
            answer = await client.request(method, path, headers=heads(random), **how)  # type: ignore[arg-type]  # httpx's own keywords
        assert answer.status_code < 500, (seed, role, method, str(answer.request.url))
        kind = answer.headers.get("content-type", "")
        if answer.status_code >= 400 and kind.startswith("application/json"):
            assert answer.json().keys() >= {"code", "message"}, path
