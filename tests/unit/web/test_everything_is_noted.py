"""Whatever changes something by a route leaves a line in the audit: every route that writes is walked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import pytest
from sqlalchemy import update

from coldchain.seal import Key, encode_public, fingerprint
from coldchain_backend.access import AuditFilter, Role
from coldchain_backend.delivery.endpoints import Standing
from coldchain_backend.delivery.standings import Known
from coldchain_backend.ingest import Admission
from coldchain_backend.ledger import ActName, act_record
from coldchain_backend.sql import schema
from coldchain_backend.web.auth import COOKIE
from coldchain_backend.web.rights import _ROUTES
from support.judged_log import MINUTE, ORGANISATION, T0
from support.web_app import BASE, FLEET, WebApp

BACKEND, GATEWAY = Key.from_seed(bytes(32)), Key.from_seed(bytes([7]) * 32)
GOOD = "truck rolls at dawn"
LINES: Final = 10_000
SENSORS = ("chiller-front", "chiller-rear", "dock-wall", "truck-front")

NOT_NOTED: Final = {
    "POST /logout": "ends one's own session by its own cookie; the session's beginning is noted",
    "POST /c": "only leads on to the page of a code",
    "POST /api/v2/write": "readings: evidence itself",
    "POST /api/v1/beats/{name}": "a sign of life of a machine",
    "POST /api/v1/fleet/diff": "changes nothing",
    "POST /api/v1/follow/{name}/rescan": "reads a foreign store again; what it takes is evidence",
    "POST /api/v1/mirror/rebuild": "fills a copy again; nothing of ours changes",
    "POST /api/v1/restore/old-is-off": "its act is walked below; the route needs a server that was restored",
}
"""Routes that post and leave no line, each with the reason."""


@dataclass
class Walk:
    """A server, and what was asked of it."""

    web: WebApp
    walked: set[str] = field(default_factory=set)
    silent: list[str] = field(default_factory=list)

    def lines(self) -> int:
        return len(self.web.audit.lines(AuditFilter(), None, LINES))

    async def ask(
        self, route: str, role: Role | None = Role.ADMIN, *, names: tuple[str, ...] = (), **how: object
    ) -> httpx.Response:
        """Ask by a route of the table, `names` in place of what stands in braces; it must leave a line."""
        method, path = route.split(" ")
        parts = iter(names)
        path = "/".join(next(parts) if part.startswith("{") else part for part in path.split("/"))
        before = self.lines()
        async with self.web.client(role) as client:
            answer = await client.request(method, path, **how)  # type: ignore[arg-type]  # as httpx takes it
        assert answer.status_code < 400, f"{route}: {answer.status_code} {answer.text[:300]}"
        self.web.judge()
        self.walked.add(route)
        if self.lines() <= before:
            self.silent.append(route)
        return answer


@pytest.fixture
def walk(web: WebApp, tmp_path: Path) -> Walk:
    """A server with open alarms and a gateway that may enrol."""
    web.follow()
    web.apply(FLEET.read_text("utf-8"))
    for minute in range(0, 41, 10):
        web.log.at(T0 + minute * MINUTE)
        web.log.say(*((name, T0 + minute * MINUTE, 9.5) for name in SENSORS))
    web.judge()
    (tmp_path / "ingest").mkdir()
    ledger = web.app.state.services.ledger
    admission = Admission(
        ledger=ledger, key=BACKEND, organisation=ORGANISATION, folder=tmp_path / "ingest",
        plan=lambda: web.book.fleet.plan,
    )  # fmt: skip
    admission.catch_up()
    state = web.app.state
    state.admission, state.key = admission, BACKEND
    return Walk(web)


def alarms(web: WebApp) -> list[str]:
    found = [one for one in web.log.alerts() if one.cause.rule == "high" and one.state.open]
    return [one.id for one in sorted(found, key=lambda one: one.id)]


async def alerts_and_mutes(walk: Walk) -> None:
    """What people do about alerts: by the API, and by the page."""
    first, second, third, *_ = alarms(walk.web)
    link = walk.web.links.acknowledge(third, "dispatch", walk.web.log.clock.now_ms()).url
    await walk.ask("POST /a/{token}", None, names=(link.rpartition("/")[2],), data={"choice": "seen"})
    why = {"reason": "seen"}
    for verb in ("shelve", "unshelve", "comment", "acknowledge"):
        said = {"text": "called"} if verb == "comment" else why
        await walk.ask(f"POST /api/v1/alerts/{{alert}}/{verb}", names=(first,), json=said)
        await walk.ask(f"POST /alerts/{{alert}}/{verb}", names=(second,), data={**why, "hours": "1"})
    window = {"zone": "cq-store.dock", "to": "2026-11-24T00:00:00Z", **why}
    made = (await walk.ask("POST /api/v1/windows", json=window)).json()["id"]
    await walk.ask("POST /api/v1/windows/{window}/end", names=(made,), json=why)
    service = {"sensor": "dock-wall", "work": "calibration", **why}
    made = (await walk.ask("POST /api/v1/out-of-service", json=service)).json()["id"]
    await walk.ask("POST /api/v1/out-of-service/{mute}/return", names=(made,), json=why)
    form = {"zone": "cq-store.dock", "to": "2026-11-24T08:00", **why}
    await walk.ask("POST /muted/{kind}", names=("window",), data=form)
    [mute] = [one.id for one in walk.web.log.answers.mutes()]
    await walk.ask("POST /muted/{mute}/end", names=(mute,), data=why)


async def zones_and_receivers(walk: Walk) -> None:
    why, spare = {"reason": "because"}, ("cq-store.spare",)
    await walk.ask("POST /api/v1/zones/{zone}/state", names=spare, json={"state": "maintenance", **why})
    await walk.ask("POST /zones/{zone}/state", names=spare, data={"state": "empty", **why})
    await walk.ask("POST /api/v1/zones/{zone}/tests", names=spare, json={"test": "power_cut", **why})
    await walk.ask("POST /api/v1/receivers/{name}/test", names=("dispatch",), json={})
    walk.web.post.standings.stands(Known(receiver="dispatch", standing=Standing.DISABLED, reason="HTTP 410"))
    await walk.ask("POST /api/v1/receivers/{name}/enable", names=("dispatch",), json=why)
    with walk.web.log.database.write() as connection, connection.begin():
        connection.execute(update(schema.delivery).values(state="dead"))
    everything = {"receiver": "dispatch", "state": "dead", **why}
    await walk.ask("POST /api/v1/deliveries/replay", json=everything)
    with walk.web.log.database.write() as connection, connection.begin():
        connection.execute(update(schema.delivery).values(state="dead"))
    await walk.ask("POST /deliveries/replay", data=everything)


async def people_and_tokens(walk: Walk) -> None:
    wang = {"id": "wang.li", "name_en": "Wang", "role": "operator"}
    await walk.ask("POST /api/v1/users", json=wang)
    await walk.ask("PATCH /api/v1/users/{user}", names=("wang.li",), json={"mobile": "13800000000"})
    await walk.ask("PUT /api/v1/users/{user}/password", names=("wang.li",), json={"password": GOOD})
    form = {"id": "li", "name_en": "Li", "role": "viewer", "language": "en", "reason": "hired"}
    await walk.ask("POST /users", data=form)
    await walk.ask("POST /users/{user}", names=("li",), data={**form, "mobile": "13900000000"})
    await walk.ask("POST /users/{user}/password", names=("li",), data={"password": GOOD})
    await walk.ask("POST /users/{user}/link", names=("li",), data={"days": "1", "label": "phone"})
    made = (await walk.ask("POST /api/v1/tokens", json={"person": "wang.li"})).json()["token"]
    await walk.ask("POST /api/v1/tokens", json={"gateway": "tool"})
    await walk.ask("POST /tokens", data={"purpose": "gateway", "gateway": "tool-2", "name": "tool-2"})
    await sessions(walk, made)
    await own_password(walk)
    async with walk.web.client(Role.ADMIN) as client:
        listed = (await client.get("/api/v1/tokens")).json()["items"]
    ids = [one["id"] for one in listed if one["gateway"] in {"tool", "tool-2"}]
    await walk.ask("POST /api/v1/tokens/{token}/renew", names=(ids[0],), json={"overlap_hours": 1})
    await walk.ask("POST /tokens/{token}/renew", names=(ids[1],), data={"overlap": "24"})
    await walk.ask("DELETE /api/v1/tokens/{token}", names=(ids[1],))
    await walk.ask("POST /tokens/{token}/revoke", names=(ids[0],), data={})
    await walk.ask("POST /api/v1/tokens/revoke", json={"person": "wang.li"})


async def sessions(walk: Walk, token: str) -> None:
    """Signing in, by token and by password, and ending sessions of others."""
    for route in ("POST /users/{user}/sessions/{session}/end", "DELETE /api/v1/sessions/{session}"):
        await walk.ask("POST /api/v1/session", None, json={"token": token})
        async with walk.web.client(Role.ADMIN) as client:
            listed = (await client.get("/api/v1/sessions")).json()["items"]
        names = (listed[0]["id"],) if route.startswith("DELETE") else ("wang.li", listed[0]["id"])
        await walk.ask(route, names=names, headers={"Origin": BASE})
    await walk.ask("POST /login", None, data={"user": "li", "password": GOOD})


async def own_password(walk: Walk) -> None:
    """What one does about oneself needs one's own session."""
    signed = await walk.ask("POST /login", None, data={"user": "li", "password": GOOD})
    mine = {"Origin": BASE, "Cookie": f"{COOKIE}={signed.cookies[COOKIE]}"}
    new = {"old": GOOD, "new": GOOD + " again", "again": GOOD + " again"}
    await walk.ask("PUT /api/v1/account/password", None, json={"old": GOOD, "new": new["new"]}, headers=mine)
    back = {"old": new["new"], "new": GOOD, "again": GOOD}
    await walk.ask("POST /account/password", None, data=back, headers=mine)
    await walk.ask("POST /login", None, data={"user": "li", "password": GOOD})
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(walk.web.app), base_url=BASE, headers=mine
    ) as client:
        listed = (await client.get("/api/v1/sessions")).json()["items"]
    other = next(one["id"] for one in listed if not one.get("current", False))
    route = "POST /account/sessions/{session}/end"
    await walk.ask(route, None, names=(other,), headers=mine, data={})


async def fleet_and_gateways(walk: Walk) -> None:
    text = FLEET.read_text("utf-8").replace("Chongqing cold store", "Chongqing store")
    await walk.ask("POST /api/v1/fleet/apply", json={"text": text})
    code = (await walk.ask("POST /api/v1/gateways/codes", json={"name": "gw"})).json()["code"]
    wish = {"code": code, "name": "gw", "public_key": encode_public(GATEWAY.public)}
    await walk.ask("POST /api/v1/gateways/enroll", None, json=wish)
    lost = {"key": fingerprint(GATEWAY.public), "run": "run-9", "first": 1, "last": 2, "reason": "stolen"}
    await walk.ask("POST /api/v1/gateways/{name}/declare-lost", names=("gw",), json=lost)
    await walk.ask("POST /api/v1/gateways/{name}/revoke", names=("gw",), json={"reason": "stolen"})
    await walk.ask("POST /gateways/codes", data={"name": "gw-2"})


async def goods(walk: Walk) -> None:
    """Quality decides about goods when alarms have ended."""
    web = walk.web
    begin_ms = web.log.clock.wall_ms
    for minute in range(10, 90, 10):
        web.log.at(begin_ms + minute * MINUTE)
        web.log.say(*((name, begin_ms + minute * MINUTE, 4.0) for name in SENSORS[:3]))
    web.judge()
    ended = [one.id for one in web.log.alerts() if one.cause.rule == "high" and not one.state.open]
    decided = {"decision": "released", "reason": "stability data"}
    await walk.ask("POST /api/v1/alerts/{alert}/disposition", Role.QUALITY, names=(ended[0],), json=decided)
    await walk.ask("POST /alerts/{alert}/disposition", Role.QUALITY, names=(ended[1],), data=decided)


async def test_every_route_that_writes_leaves_a_line_in_the_audit(walk: Walk) -> None:
    await alerts_and_mutes(walk)
    await zones_and_receivers(walk)
    await people_and_tokens(walk)
    await fleet_and_gateways(walk)
    await goods(walk)
    assert walk.silent == []
    every = {" ".join(line.split()) for lines in _ROUTES.values() for line in lines.strip().splitlines()}
    writing = {route for route in every if not route.startswith(("GET ", "HEAD "))}
    assert writing - walk.walked == NOT_NOTED.keys(), "a route that writes is walked, or there is a reason"
    assert walk.walked <= writing


@pytest.mark.parametrize("act", list(ActName))
def test_every_act_of_the_ledger_is_a_line_of_the_audit(web: WebApp, act: ActName) -> None:
    said = {
        "reason": "because",
        "zone": "cq-store.dock",
        "state": "empty",
        "alert": "al_none",
        "gateway": "gw",
    }
    web.log.put(act_record(act.value, "Li", said))
    [line] = web.audit.lines(AuditFilter(what=act.value), None, 10)
    assert (line.by, line.why) == ("Li", "because")
    assert line.record is not None


async def test_the_life_of_an_enrolment_code_is_in_the_audit(walk: Walk) -> None:
    """Made, refused and why, expired, void, used: by whom, from where; never the code itself."""
    web = walk.web

    async def make() -> str:
        async with web.client(Role.ADMIN) as client:
            return str((await client.post("/api/v1/gateways/codes", json={"name": "gw"})).json()["code"])

    async def use(code: str, name: str = "gw") -> int:
        wish = {"code": code, "name": name, "public_key": encode_public(GATEWAY.public)}
        async with web.client(None) as client:
            return (await client.post("/api/v1/gateways/enroll", json=wish)).status_code

    old = await make()
    web.log.at(web.log.clock.wall_ms + 25 * 60 * MINUTE)
    assert await use(old) == 403
    void, code = await make(), await make()
    assert [await use(void), await use(code, "gw-2"), await use(code), await use(code)] == [
        403,
        403,
        200,
        403,
    ]
    lines = reversed(web.audit.lines(AuditFilter(what="enrolment_code"), None, 100))
    told = [(one.by, one.subject, one.old, one.new or "") for one in lines]
    assert [one[:3] for one in told if one[0]] == [
        ("admin 王伟", "gateway gw", None),
        ("admin 王伟", "gateway gw", "expired unused at 2026-11-23T20:40:00.000Z"),
        ("admin 王伟", "gateway gw", "an unused one, void from now on"),
    ]
    assert [one[3].split(",")[1].strip() for one in told if one[3].startswith("refused")] == [
        "expired", "wrong", "made for another gateway", "wrong",
    ]  # fmt: skip
    assert [one[1] for one in told if one[3].startswith("refused")].count("gateway gw-2") == 1
    [used] = [one[3] for one in told if one[3].startswith("used")]
    assert used == f"used from 127.0.0.1 for key {fingerprint(GATEWAY.public)}"
    assert all(secret not in str(told) for secret in (old, void, code))
