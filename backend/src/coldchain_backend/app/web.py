"""The web application, put together from what runs below it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI

from coldchain.seal import Key, fingerprint
from coldchain_backend.access import AuditBook, Cost, Links, Passwords, PeopleKeeper, Tokens
from coldchain_backend.app.beats import Beats
from coldchain_backend.app.vitals import Vitals
from coldchain_backend.config import Settings
from coldchain_backend.evidence import Source, statement_of
from coldchain_backend.fleetfile import FleetBook
from coldchain_backend.ingest import Admission
from coldchain_backend.ingest.follow import Follower
from coldchain_backend.judging import Answers, News
from coldchain_backend.ledger import FileLedger
from coldchain_backend.mirror import Mirror
from coldchain_backend.recovery import HELD
from coldchain_backend.web import (
    api,
    auth,
    checkpoint,
    evidence,
    gateways,
    health,
    live,
    restored,
    sessions,
    tokens,
    write,
)
from coldchain_backend.web.alarm_figures import AlarmFigures
from coldchain_backend.web.bodies import BoundedBodies
from coldchain_backend.web.console import install
from coldchain_backend.web.errors import install_errors
from coldchain_backend.web.guesses import Guesses
from coldchain_backend.web.links import WRONG_ALL, WRONG_EACH, install_links
from coldchain_backend.web.proxies import Proxies, networks_of
from coldchain_backend.web.rights import include
from coldchain_backend.web.services import GatewaySeen, Room, Services
from coldchain_backend.web.signing_in import SigningIn
from coldchain_runtime.clock import Clock

ROUTERS: Final = (
    write.router,
    gateways.router,
    checkpoint.router,
    restored.router,
    evidence.router,
    sessions.router,
    tokens.router,
    health.router,
    live.router,
    *api.routers(),
)
"""Every route but the pages; `rights` says who may ask for which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the web stands on."""

    settings: Settings
    clock: Clock
    key: Key
    tokens: Tokens
    links: Links
    people: PeopleKeeper
    audit: AuditBook
    ledger: FileLedger
    book: FleetBook
    admission: Admission
    answers: Answers
    news: News
    room: Callable[[], Room]
    vitals: Vitals
    beats: Beats
    mirror: Mirror | None
    followers: Mapping[str, Follower]


def empty_application() -> FastAPI:
    """An application that has its documentation, bounds what it is sent, and nothing else yet."""
    app = FastAPI(
        title="Coldchain",
        docs_url=None,
        openapi_url="/api/openapi.json",
        redoc_url=None,
    )
    app.add_middleware(BoundedBodies)
    return app


def remembering(app: FastAPI) -> None:
    """Let an application remember of its own what its routes count and keep."""
    app.state.watch_versions = write.WatchVersions()
    app.state.alarm_figures = AlarmFigures()
    app.state.wrong_codes = gateways.WrongCodes()
    app.state.wrong_link_codes = Guesses(each=WRONG_EACH, all_together=WRONG_ALL)


def application(ground: Ground) -> FastAPI:
    """Routes for machines, people and operators of the server."""
    app = empty_application()
    remembering(app)
    doors = auth.Auth(
        tokens=ground.tokens, people=ground.people, clock=ground.clock, public_url=ground.settings.public_url
    )
    app.state.auth = doors
    app.state.signing_in = SigningIn(doors, ground.people, ground.audit, Passwords(Cost()))
    app.state.admission = ground.admission
    app.state.key = ground.key
    app.state.statement = lambda heads: statement_of(ground.ledger, ground.key, heads)
    app.state.exports = evidence.Exports(source_of(ground), ground.settings.data_dir)
    app.state.held = ground.settings.data_dir / HELD
    app.state.mirror = ground.mirror
    app.state.followers = ground.followers
    app.state.services = Services(
        organisation=ground.settings.organisation,
        clock=ground.clock,
        ledger=ground.ledger,
        answers=ground.answers,
        news=ground.news,
        book=ground.book,
        people=ground.people,
        audit=ground.audit,
        gateways=lambda: gateways_seen(ground),
        identify=doors.identify,
        end_session=doors.end_session,
        room=ground.room,
        links=ground.links,
        vitals=ground.vitals,
        beats=ground.beats,
    )
    backend = ground.settings.config.backend
    app.add_middleware(Proxies, trusted=networks_of(backend.trusted_proxies), header=backend.proxy_header)
    install_errors(app)
    include(app, ROUTERS)
    install(app)
    install_links(app)
    return app


def source_of(ground: Ground) -> Source:
    """What archives of evidence are made from."""
    return Source(
        organisation=ground.settings.organisation,
        ledger=ground.ledger,
        answers=ground.answers,
        known_keys=lambda: list(ground.admission.keys),
        key=ground.key,
    )


def gateways_seen(ground: Ground) -> Mapping[str, GatewaySeen]:
    """Every gateway that the fleet names or that has enrolled."""
    heard = {state.gateway: state.heard_ms for state in ground.answers.gateways()}
    declared = {one.name: one.asset for one in ground.book.fleet.gateways}
    keys = {key.name: key for key in ground.admission.keys}
    return {
        name: GatewaySeen(
            name=name,
            asset=declared.get(name),
            key=fingerprint(keys[name].public) if name in keys else None,
            revoked=name in keys and keys[name].revoked_ms is not None,
            heard_ms=heard.get(name),
        )
        for name in sorted(declared.keys() | keys.keys())
    }
