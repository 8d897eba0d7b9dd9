"""The API and the page over a small organisation whose log is written by hand; no sockets."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import httpx
from fastapi import FastAPI

from coldchain.errors import Refused
from coldchain_backend.access import Cost, Grant, Links, Passwords, Purpose, Role, open_tokens
from coldchain_backend.app.beats import Beats
from coldchain_backend.app.web import ROUTERS, empty_application, remembering
from coldchain_backend.config import BeatSection
from coldchain_backend.delivery import Attempts
from coldchain_backend.fleet import fleet_record
from coldchain_backend.fleetfile import FleetBook, parse
from coldchain_backend.judging import News
from coldchain_backend.ledger import Json, Kind, MarkName, MemoryLedger, NewRecord, Record, mark_record
from coldchain_backend.sql import Audit, Letters, PeopleBook, StandingBook
from coldchain_backend.web import auth, console
from coldchain_backend.web.errors import install_errors
from coldchain_backend.web.links import install_links
from coldchain_backend.web.post import Post
from coldchain_backend.web.rights import include
from coldchain_backend.web.services import GatewaySeen, Room, Services
from coldchain_backend.web.signing_in import SigningIn
from coldchain_backend.web.vitals import Facts, Part, parts_of
from support.judged_log import ORGANISATION, T0, Log
from support.webhook_end import WebhookEnd

FLEET = Path(__file__).parents[1] / "data" / "fleet" / "chongqing.yaml"
MINUTE, HOUR = 60_000, 3_600_000
BASE = "http://page"
CHEAP = Cost(passes=1, memory_kib=8, lanes=1)
"""What hashing a password costs in tests that do not ask how long it takes."""


ROOM = Room(
    ledger=3_000_000, series=600_000, database=400_000, others=0, disk_total=10**9, disk_free=6 * 10**8,
    bytes_per_day=2_000_000.0, days_until_full=300.0, grows={"ledger": 1_500_000.0},
)  # fmt: skip


@cache
def _routes() -> FastAPI:
    """All routes and pages over nothing, declared once: to read them takes longer than most tests."""
    app = empty_application()
    include(app, ROUTERS)
    console.install(app)
    install_links(app)
    install_errors(app)
    return app


def _application() -> FastAPI:
    """An application with those routes and a memory of its own, to which a test may add."""
    app, declared = empty_application(), _routes()
    app.router.routes = [*declared.routes]
    app.user_middleware = [*declared.user_middleware]
    app.exception_handlers = {**declared.exception_handlers}
    remembering(app)
    return app


class Followed:
    """A ledger of which judging reads every record as soon as it is there."""

    def __init__(self, ledger: MemoryLedger, judge: Callable[[], None]) -> None:
        self._ledger, self._judge = ledger, judge
        self.read, self.wait = ledger.read, ledger.wait

    async def append(self, records: Sequence[NewRecord]) -> Sequence[Record]:
        placed = await self._ledger.append(records)
        self._judge()
        return placed

    @property
    def end(self) -> int:
        return self._ledger.end

    @property
    def head(self) -> str:
        return self._ledger.head


class WebApp:
    """An application with everything behind it, and a token for each role."""

    def __init__(self, folder: Path) -> None:
        self.log = Log(folder)
        self.news = News()
        self.links = Links(bytes(32), ORGANISATION, BASE)
        self.book = FleetBook(self.log.ledger, ORGANISATION)
        self.people = PeopleBook(self.log.database)
        self.audit = Audit(self.log.database)
        self.auth = auth.Auth(
            tokens=open_tokens(folder), people=self.people, clock=self.log.clock, public_url=BASE
        )
        self.beats = Beats([BeatSection(name="erp", every_s=60)], folder, self.log.clock, self._mark)
        self.tokens = {role: self._token(role) for role in Role}
        self.end = WebhookEnd(receivers=())
        (folder / "whsec").write_text(self.end.secret)
        self.post = Post(
            letters=Letters(self.log.database),
            standings=StandingBook(self.log.database),
            attempts=Attempts(
                sender=self.end,
                clock=self.log.clock,
                folder=folder,
                people=self.people,
                link=self.links.acknowledge,
            ),
            resolve=self._resolve,
            public_url="https://page.example",
            links_begin="https://page.example",
        )
        self.host_is_public = True
        self.app = self._app()

    def hash(self, password: str, passes: int = CHEAP.passes) -> str:
        """The hash of a password, as cheap as it gets."""
        return Passwords(replace(CHEAP, passes=passes)).hashed(password)

    def _token(self, role: Role) -> str:
        grant = Grant(name=f"{role.value} 王伟", purpose=Purpose.PERSON, role=role, made_ms=T0)
        return self.auth.tokens.issue(grant)

    def _app(self) -> FastAPI:
        app = _application()
        app.state.auth = self.auth
        app.state.signing_in = SigningIn(self.auth, self.people, self.audit, Passwords(CHEAP))
        app.state.mirror = None
        app.state.followers = {}
        app.state.post = self.post
        app.state.services = Services(
            organisation=ORGANISATION,
            clock=self.log.clock,
            ledger=self.log.ledger,
            answers=self.log.answers,
            news=self.news,
            book=self.book,
            people=self.people,
            audit=self.audit,
            gateways=self._gateways,
            identify=self.auth.identify,
            end_session=self.auth.end_session,
            room=lambda: ROOM,
            links=self.links,
            vitals=self._vitals,
            beats=self.beats,
        )
        return app

    def _vitals(self) -> Sequence[Part]:
        end, now_ms = self.log.ledger.end, self.log.clock.now_ms()
        newest = self.log.ledger.read(end - 1, 1)
        facts = Facts(
            now_ms=now_ms,
            started_ms=T0,
            newest_ms=newest[0].received_ms if newest else T0,
            full=False,
            behind=end - self.log.answers.progress().offset,
            judged_ms=self.log.answers.progress().stamp_ms,
            courier_ms=now_ms,
            held=False,
        )
        return parts_of(facts)

    async def _resolve(self, host: str, port: int) -> None:
        del port
        if not self.host_is_public:
            raise Refused(f"{host} is at 10.0.0.1")

    async def _mark(self, name: MarkName, details: dict[str, Json]) -> None:
        self.log.put(mark_record(name, details))

    def _gateways(self) -> Mapping[str, GatewaySeen]:
        heard = {one.gateway: one.heard_ms for one in self.log.answers.gateways()}
        return {
            one.name: GatewaySeen(name=one.name, asset=one.asset, heard_ms=heard.get(one.name))
            for one in self.book.fleet.gateways
        }

    def apply(self, text: str) -> None:
        """Make a fleet file the one in force, without asking."""
        payload = fleet_record(plan=parse(text), text=text, by="admin", reason=None, base=0)
        for record in self.log.ledger.put([NewRecord(kind=Kind.FLEET, payload=payload)]):
            self.book.see(record)
        self.judge()

    def judge(self) -> None:
        """Judge what is new and say so."""
        self.log.judge()
        self.news.publish()

    def follow(self) -> None:
        """From now on what a request appends is judged at once, as in the running program."""
        services: Services = self.app.state.services
        self.app.state.services = replace(services, ledger=Followed(self.log.ledger, self.judge))

    def client(self, role: Role | None = Role.VIEWER) -> httpx.AsyncClient:
        """Somebody who asks with the token of a role, or without one."""
        headers = {} if role is None else {"Authorization": f"Bearer {self.tokens[role]}"}
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers)

    def close(self) -> None:
        """Close the database."""
        self.log.close()


def fill(web: WebApp, *, hours: float = 6, step_ms: int = 60_000) -> None:
    """Let store and truck live: an alarm, an acknowledged warning, a silent sensor, a past alarm."""
    web.log.mark(MarkName.START)
    web.apply(FLEET.read_text("utf-8"))
    start = web.log.clock.wall_ms
    end = start + int(hours * HOUR)
    for at_ms in range(start, end, step_ms):
        web.log.at(at_ms)
        web.log.say(
            *((sensor, time, round(value, 2)) for sensor, time, value in _readings(at_ms, start, end))
        )
        web.log.mark()
    web.judge()
    for alert in web.log.alerts():
        if alert.state.open and alert.cause.subject.point == "cq-store.vaccine.shelf":
            web.log.acknowledge(alert.id, by="陈静", reason="门已关，正在降温")
    web.judge()


def _readings(at_ms: int, start: int, end: int) -> Iterator[tuple[str, int, float]]:
    left = (end - at_ms) / MINUTE
    passed = (at_ms - start) / MINUTE
    wave = 0.6 * math.sin(at_ms / 9e5) + 0.2 * math.sin(at_ms / 1.3e5)
    yield "chiller-front", at_ms, 4.2 + wave + (min((30 - left) * 0.3, 6.5) if left < 30 else 0)
    yield "chiller-rear", at_ms, 3.9 + wave * 0.7
    if not 150 < left < 190:
        yield "freezer-md02", at_ms, -20.4 + wave + (4.5 if 60 < passed < 112 else 0)
    yield "freezer-rear", at_ms, -21.2 + wave * 0.5
    yield "zigbee/疫苗柜", at_ms, 5.0 + wave * 0.5 + (3.6 if left < 6 else 0)
    yield "truck-front", at_ms, -20.0 - wave
    if left > 48:
        yield "truck-rear", at_ms, -19.6 - wave * 0.6
