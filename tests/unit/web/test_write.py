"""The write API as gateways, influxdb-client, Telegraf and curl meet it; enrolment, watch bundle, logins."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldchain.seal import Key, encode_public
from coldchain.watch import WatchBundle, open_envelope
from coldchain_backend.access import Grant, Purpose, Role
from coldchain_backend.fleet import Fleet, ZoneState, bundle_for
from coldchain_backend.ingest import Admission
from coldchain_backend.ingest.lanes import BEHIND_RECORDS
from coldchain_backend.ledger import (
    ActName,
    Busy,
    DiskFull,
    Kind,
    MarkName,
    act_record,
    mark_record,
    read_json,
)
from coldchain_backend.web import bodies, write
from coldchain_backend.web.services import Services
from support.doors import request as sealed_request
from support.judged_log import ORGANISATION
from support.ledgers import BACKEND, GATEWAY, sealed
from support.soak import rounds
from support.still_clock import StillClock
from support.web_app import BASE, FLEET, WebApp

LINE = b"reading,sensor=chiller-front temperature=4.5"
WRITE = "/api/v2/write"


class Server:
    """The application with its write side, and a token of the gateway."""

    def __init__(self, folder: Path) -> None:
        self.web = WebApp(folder)
        self.web.apply(FLEET.read_text("utf-8"))
        (folder / "ingest").mkdir()
        self.admission = Admission(
            ledger=self.web.log.ledger,
            key=BACKEND,
            organisation=ORGANISATION,
            folder=folder / "ingest",
            plan=lambda: self.web.book.fleet.plan,
        )
        self.admission.catch_up()
        state = self.web.app.state
        state.admission, state.key = self.admission, BACKEND
        grant = Grant(name="gw", purpose=Purpose.GATEWAY, made_ms=0)
        self.token = self.web.auth.tokens.issue(grant)

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        """Somebody who writes."""
        transport = httpx.ASGITransport(app=self.web.app, raise_app_exceptions=False)
        headers = {"Authorization": f"Token {token or self.token}"}
        return httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers)

    async def enrol(self, key: Key = GATEWAY, name: str = "gw") -> httpx.Response:
        """Make a code as an administrator and spend it as a gateway."""
        async with self.web.client(Role.ADMIN) as admin:
            code = (await admin.post("/api/v1/gateways/codes", json={"name": name})).json()["code"]
            wish = {"code": code, "name": name, "public_key": encode_public(key.public)}
            return await admin.post("/api/v1/gateways/enroll", json=wish)

    def batches(self) -> int:
        """How many are in evidence."""
        return sum(record.kind is Kind.BATCH for record in self.web.log.ledger.read(0, 10_000))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.web.close()


def mine(count: int) -> bytes:
    return sealed_request(sealed(count, org=ORGANISATION))


async def test_an_enrolled_gateway_writes_and_hears_what_is_held(server: Server) -> None:
    enrolled = (await server.enrol()).json()
    assert enrolled["organisation"] == ORGANISATION
    assert enrolled["backend_public_key"] == encode_public(BACKEND.public)
    async with server.client(enrolled["token"]) as client:
        answer = await client.post(
            WRITE, content=gzip.compress(mine(2)), headers={"Content-Encoding": "gzip"}
        )
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["Coldchain-Held"] == "r1:2"
        watch = await client.get("/api/v1/gateways/self/watch")
        assert watch.headers["Coldchain-Watch"] == answer.headers["Coldchain-Watch"]
        bundle = open_envelope(watch.content, BACKEND.fingerprint)
        assert bundle.gateway == "gw"
        again = await client.get(
            "/api/v1/gateways/self/watch", headers={"If-None-Match": watch.headers["ETag"]}
        )
        assert again.status_code == 304


async def test_a_code_is_good_once_and_guessing_is_slowed(server: Server) -> None:
    async with server.web.client(Role.ADMIN) as admin:
        code = (await admin.post("/api/v1/gateways/codes", json={"name": "gw"})).json()["code"]
        wish = {"code": code, "name": "gw", "public_key": encode_public(GATEWAY.public)}
        assert (
            await admin.post("/api/v1/gateways/enroll", json={**wish, "name": "other"})
        ).status_code == 403
        assert (await admin.post("/api/v1/gateways/enroll", json=wish)).status_code == 200
        answers = [(await admin.post("/api/v1/gateways/enroll", json=wish)).status_code for _ in range(15)]
    assert answers[0] == 403
    assert answers[-1] == 429


async def test_a_revoked_gateway_gets_no_further(server: Server) -> None:
    token = (await server.enrol()).json()["token"]
    async with server.web.client(Role.ADMIN) as admin, server.client(token) as client:
        assert (await client.post(WRITE, content=mine(1))).status_code == 204
        revoked = await admin.post("/api/v1/gateways/gw/revoke", json={"reason": "stolen"})
        assert revoked.json() == {"gateway": "gw", "keys": [GATEWAY.fingerprint]}
        answer = await client.post(WRITE, content=mine(2))
    assert answer.status_code in (401, 403)
    assert GATEWAY.fingerprint not in answer.text
    assert server.batches() == 1


async def test_fates_are_told_per_batch(server: Server) -> None:
    token = (await server.enrol()).json()["token"]
    broken = mine(2).replace(b"temperature=0.5", b"temperature=9.5", 1)
    async with server.client(token) as client:
        answer = await client.post(WRITE, content=broken)
    assert answer.status_code == 422
    assert [(one["seq"], one["fate"]) for one in answer.json()["batches"]] == [
        (1, "refused_hash"),
        (2, "stored"),
    ]


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("?org=x&bucket=y&precision=ns", LINE + b" 1795376523000000000"),
        ("?precision=s", LINE + b" 1795376523"),
        ("", LINE),
        ("", LINE + b"\n# a comment\n\n"),
    ],
)
async def test_unsealed_line_protocol_is_taken(server: Server, query: str, body: bytes) -> None:
    async with server.client() as client:
        answer = await client.post(WRITE + query, content=body)
    assert (answer.status_code, answer.content) == (204, b"")
    assert server.batches() == 1


async def test_a_chunked_body_is_taken(server: Server) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield LINE[:10]
        yield LINE[10:]

    async with server.client() as client:
        assert (await client.post(WRITE, content=parts())).status_code == 204


async def test_some_unreadable_lines_are_named_and_the_rest_is_stored(server: Server) -> None:
    async with server.client() as client:
        answer = await client.post(WRITE, content=LINE + b"\nno line\n")
    assert answer.status_code == 400
    assert "line 2" in answer.json()["message"]
    assert server.batches() == 1


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Encoding": "gzip"}, b"not gzip", 400),
        ({"Content-Encoding": "gzip"}, gzip.compress(LINE, mtime=0)[:-9], 400),
        ({"Content-Encoding": "br"}, LINE, 415),
        ({}, b"x" * (bodies.MAX_BODY + 1), 413),
        ({"Content-Encoding": "gzip"}, zlib.compress(b"", wbits=31), 204),
        ({"Authorization": "Token wrong"}, LINE, 401),
        ({"Authorization": "Basic abc"}, LINE, 401),
    ],
)
async def test_bad_requests_have_clear_answers(
    server: Server, headers: dict[str, str], body: bytes, status: int
) -> None:
    async with server.client() as client:
        answer = await client.post(WRITE, content=body, headers=headers)
    assert answer.status_code == status
    assert status == 204 or set(answer.json()) >= {"code", "message"}
    assert status == 204 or answer.json()["code"] != "internal error"
    assert server.batches() == 0


async def test_a_bomb_is_stopped_while_it_is_inflated(server: Server) -> None:
    bomb = gzip.compress(bytes(bodies.MAX_UNPACKED + 1))
    async with server.client() as client:
        answer = await client.post(WRITE, content=bomb, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 413


async def test_people_do_not_write(server: Server) -> None:
    async with server.web.client(Role.OPERATOR) as client:
        assert (await client.post(WRITE, content=LINE)).status_code in (401, 403)


@settings(max_examples=rounds(25, 2400), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.one_of(
        st.binary(max_size=400),
        st.binary(max_size=200).map(lambda tail: b"# cc1 " + tail),
        st.binary(max_size=200).map(gzip.compress),
    ),
    encoding=st.sampled_from(["gzip", "identity", "", "deflate", "zz"]),
    precision=st.sampled_from(["ns", "ms", "s", "us", "", "h"]),
)
async def test_any_bytes_get_a_clear_answer(
    server: Server, body: bytes, encoding: str, precision: str
) -> None:
    async with server.client() as client:
        answer = await client.post(
            f"{WRITE}?precision={precision}", content=body, headers={"Content-Encoding": encoding}
        )
    assert answer.status_code in (204, 400, 413, 415)
    assert answer.status_code == 204 or answer.json()["message"]


async def test_wrong_tokens_are_slowed_and_right_ones_are_not(server: Server) -> None:
    async with server.client("wrong") as client, server.client() as good:
        answers = [(await client.post(WRITE, content=LINE)).status_code for _ in range(40)]
        assert (answers[0], answers[-1]) == (401, 429)
        assert (await good.post(WRITE, content=LINE)).status_code == 204


async def test_another_sites_page_cannot_write_with_a_persons_session(server: Server) -> None:
    async with server.web.client(None) as browser:
        token = server.web.tokens[Role.ADMIN]
        assert (await browser.post("/api/v1/session", json={"token": token})).status_code == 204
        wish = {"name": "gw9"}
        foreign = await browser.post(
            "/api/v1/gateways/codes", json=wish, headers={"Origin": "https://evil.test"}
        )
        assert foreign.status_code == 403
        own = await browser.post("/api/v1/gateways/codes", json=wish, headers={"Origin": BASE})
        assert own.status_code == 200


async def test_a_person_declares_numbers_lost(server: Server) -> None:
    token = (await server.enrol()).json()["token"]
    lost = {"key": GATEWAY.fingerprint, "run": "r1", "first": 2, "last": 3, "reason": "burnt with the truck"}
    path = "/api/v1/gateways/gw/declare-lost"
    async with server.web.client(Role.ADMIN) as admin, server.client(token) as client:
        assert (await client.post(WRITE, content=mine(1))).status_code == 204
        assert (await admin.post(path, json=lost)).status_code == 204
        assert (await admin.post(path, json={**lost, "last": 1})).status_code == 400
        assert (await admin.post(path, json={**lost, "key": "0" * 32})).status_code == 404
        answer = await client.post(WRITE, content=mine(1))
    assert answer.headers["Coldchain-Held"] == "r1:3"


def test_the_version_of_a_watch_bundle_changes_with_states_of_zones_and_with_nothing_else(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    web, versions, made = server.web, write.WatchVersions(), list[str]()
    services: Services = web.app.state.services

    def bundle(fleet: Fleet, gateway: str, made_ms: int) -> WatchBundle:
        made.append(gateway)
        return bundle_for(fleet, gateway, made_ms)

    monkeypatch.setattr(write, "bundle_for", bundle)
    zone = next(one.id for _, one in web.book.fleet.plan.zones() if one.state is ZoneState.IN_USE)
    first = versions.of(services, "gw")
    for _ in range(3):
        web.log.clock.advance(2 * write.KNOWN_MS)
        assert (versions.of(services, "gw"), made) == (first, ["gw"])
    fields = {"zone": zone, "state": ZoneState.EMPTY.value, "reason": "cleaned"}
    web.log.put(act_record(ActName.ZONE_STATE, "ops", fields))
    web.judge()
    web.log.clock.advance(2 * write.KNOWN_MS)
    emptied = versions.of(services, "gw")
    assert first != emptied == bundle_for(services.fleet_in_force(), "gw", web.log.clock.now_ms()).version


async def test_while_judging_is_behind_old_batches_come_again_and_live_ones_are_taken(server: Server) -> None:
    token = (await server.enrol()).json()["token"]
    ledger = server.web.log.ledger
    ledger.put([mark_record(MarkName.ALIVE) for _ in range(BEHIND_RECORDS + 1)])
    judged = server.web.log.ledger.end - BEHIND_RECORDS - 1
    server.admission.pace_backlog(lambda: judged, StillClock())
    async with server.client(token) as client:
        answer = await client.post(WRITE, content=mine(2), headers={"Coldchain-Lane": "backlog"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
        assert [one["fate"] for one in answer.json()["batches"]] == ["later", "later"]
        live = await client.post(WRITE, content=mine(2), headers={"Coldchain-Lane": "live"})
        assert live.status_code == 204
        judged = ledger.end
        again = await client.post(WRITE, content=mine(3), headers={"Coldchain-Lane": "backlog"})
    assert (again.status_code, again.headers["Coldchain-Held"]) == (204, "r1:3")
    assert server.batches() == 3


@pytest.mark.parametrize(("error", "status"), [(Busy("busy"), 429), (DiskFull("full"), 503)])
async def test_a_writer_is_told_when_to_come_again(
    server: Server, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    token = (await server.enrol()).json()["token"]

    async def refuse(records: object) -> None:
        raise error

    monkeypatch.setattr(server.web.log.ledger, "append", refuse)
    async with server.client(token) as client:
        answer = await client.post(WRITE, content=mine(1))
        assert answer.status_code == status
        assert int(answer.headers["Retry-After"]) > 0
        assert [one["fate"] for one in answer.json()["batches"]] == ["later"]
        assert (await client.post(WRITE, content=LINE)).status_code == status


async def test_a_wrong_public_key_is_said_to_be_one(server: Server) -> None:
    async with server.web.client(None) as stranger:
        wish = {"code": "AAAA-AAAA", "name": "gw", "public_key": "short"}
        assert (await stranger.post("/api/v1/gateways/enroll", json=wish)).status_code == 400


async def test_a_key_is_revoked_from_an_earlier_instant_on_and_earlier_still_when_more_is_known(
    server: Server,
) -> None:
    await server.enrol()
    now_ms = server.web.log.clock.now_ms()

    def ago(minutes: int) -> str:
        return f"{datetime.fromtimestamp(now_ms / 1000, UTC) - timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"

    async with server.web.client(Role.ADMIN) as admin:
        answers = [
            (await admin.post("/api/v1/gateways/gw/revoke", json={"reason": "stolen", "from": ago(minutes)}))
            for minutes in (-5, 60, 30, 90)
        ]
        again = await admin.post("/api/v1/gateways/gw/revoke", json={"reason": "stolen"})
    assert [answer.status_code for answer in answers] == [400, 200, 404, 200]
    assert again.status_code == 404
    acts = [
        read_json(record.payload)
        for record in server.web.log.ledger.read(0, 10_000)
        if b'"revoke"' in record.payload
    ]
    assert [(now_ms - int(str(act["from_ms"]))) // 60_000 for act in acts] == [60, 90]


async def test_nobody_revokes_what_is_not_there(server: Server) -> None:
    async with server.web.client(Role.ADMIN) as admin, server.web.client(Role.OPERATOR) as operator:
        wish = {"reason": "stolen"}
        assert (await admin.post("/api/v1/gateways/gw7/revoke", json=wish)).status_code == 404
        assert (await operator.post("/api/v1/gateways/gw7/revoke", json=wish)).status_code == 403


async def test_an_administrator_has_no_watch_bundle(server: Server) -> None:
    async with server.web.client(Role.ADMIN) as admin, server.web.client(None) as nobody:
        assert (await admin.get("/api/v1/gateways/self/watch")).status_code == 403
        assert (await nobody.get("/api/v1/gateways/self/watch")).status_code == 401
        assert (await nobody.post(WRITE, content=LINE)).status_code == 401


async def test_influxdb_clients_find_what_they_ask_first(server: Server) -> None:
    async with server.web.client(None) as stranger:
        assert (await stranger.get("/ping")).status_code == 204
        assert (await stranger.get("/health")).json()["status"] == "pass"


async def test_a_login_link_gives_a_session_that_ends(server: Server) -> None:
    async with server.web.client(Role.ADMIN) as admin:
        wish = {"person": "王伟", "role": "operator", "days": 2}
        made = (await admin.post("/api/v1/tokens", json=wish)).json()
        assert made["link"] == f"{BASE}/login#{made['token']}"
        assert (await admin.post("/api/v1/tokens", json={})).status_code == 400
    async with server.web.client(None) as browser:
        assert (await browser.post("/api/v1/session", json={"token": "wrong"})).status_code == 401
        answer = await browser.post("/api/v1/session", json={"token": made["token"]})
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert (await browser.get("/api/v1/alerts")).status_code == 200
        await browser.post("/logout")
        browser.cookies.clear()
        assert (await browser.get("/api/v1/alerts")).status_code == 401
