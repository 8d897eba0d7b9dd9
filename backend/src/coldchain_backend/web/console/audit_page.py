"""The audit on its page: who changed what, when and why, in words and with ways on."""

import re
from asyncio import to_thread
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from coldchain_backend.access import AuditFilter, AuditLine, What
from coldchain_backend.alerts import AlertState
from coldchain_backend.fleet import Fleet, ZoneState
from coldchain_backend.ledger import ActName
from coldchain_backend.web.audited import FLEET, Described
from coldchain_backend.web.console.alert_list import Choice
from coldchain_backend.web.console.render import Page
from coldchain_backend.web.console.wording import Wording, texts
from coldchain_backend.web.services import Asker, Wanted

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
KINDS: Final = (FLEET, *(one.value for one in ActName), *(one.value for one in What))
_LINES: Final = 50
_ZONE_STATE: Final = re.compile(r"^state: (\w+)(.*)$", re.DOTALL)
_VERSION: Final = re.compile(r"^version (\d+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLine:
    """One line in words; `link` leads to what was changed, where that has a page."""

    at: str
    by: str
    what: str
    subject: str
    link: str | None
    why: str
    old: str | None
    new: str | None
    details: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTeller:
    """Says lines in a language, by the names of the newest fleet and of people."""

    wording: Wording
    fleet: Fleet
    called: Callable[[str], str]

    def line(self, one: AuditLine, details: Sequence[str]) -> ShownLine:
        """One line."""
        subject, link = self._subject(one.subject)
        return ShownLine(
            at=self.wording.day(one.at_ms),
            by=self.called(one.by) if one.by else "–",
            what=self.kind(one.what),
            subject=subject,
            link=link,
            why=one.why,
            old=self._value(one.old),
            new=self._value(one.new),
            details=details,
        )

    def kind(self, what: str) -> str:
        """What was done, in words; a kind that nobody knows by its name."""
        return texts(self.wording.language).get(f"act_{what}", what)

    def _subject(self, said: str) -> tuple[str, str | None]:
        word, _, name = said.partition(" ")
        known = texts(self.wording.language).get(f"subject_{word}")
        if known is None or not name:
            return self.called(said), None
        match word:
            case "alert":
                return f"{known} {name}", f"/alerts/{quote(name, safe='')}"
            case "zone":
                zones = {zone.id: zone.name for _, zone in self.fleet.plan.zones()}
                text = self.wording.name(zones[name]) if name in zones else name
                return f"{known} {text}", f"/zones/{quote(name, safe='')}" if name in zones else None
            case "asset":
                assets = {one.id: one.name for one in self.fleet.assets}
                return f"{known} {self.wording.name(assets[name]) if name in assets else name}", None
            case "person":
                return f"{known} {self.called(name)}", None
            case _:
                return f"{known} {name}", None

    def _value(self, said: str | None) -> str | None:
        if said is None:
            return None
        zone, version = _ZONE_STATE.match(said), _VERSION.match(said)
        if zone is not None and zone[1] in {one.value for one in ZoneState}:
            return self.wording.say(f"state_{zone[1]}") + zone[2]
        if version is not None:
            return self.wording.say("fleet_version", n=version[1])
        return self.wording.say(f"state_{said}") if said in _STATES else said


_STATES: Final = {one.value for one in AlertState if one is not AlertState.PENDING}


@router.get("/audit")
async def audit(  # noqa: PLR0913, PLR0917 - one parameter per filter
    request: Request,
    services: Wanted,
    person: Asker,
    who: Annotated[str, Query(max_length=200)] = "",
    what: Annotated[str, Query(max_length=100)] = "",
    subject: Annotated[str, Query(max_length=200)] = "",
    after: Annotated[str | None, Query(max_length=60)] = None,
) -> Response:
    """Who changed what, the newest first."""
    page = await Page.of(request, services, person)
    wanted = AuditFilter(by=who.strip() or None, what=what or None, subject=subject.strip() or None)
    found = await to_thread(services.audit.lines, wanted, after, _LINES + 1)
    described = Described(services.fleet)
    called = services.called(page.wording.language)
    teller = AuditTeller(wording=page.wording, fleet=services.fleet(), called=called)
    details = await to_thread(lambda: [described.details(one) for one in found[:_LINES]])
    kinds = [Choice(value=one, text=teller.kind(one)) for one in KINDS]
    values: Mapping[str, object] = {
        "lines": [teller.line(one, said) for one, said in zip(found, details, strict=False)],
        "who": who,
        "what": what,
        "subject": subject,
        "kinds": [Choice(value="", text=page.wording.say("any")), *sorted(kinds, key=lambda one: one.text)],
        "next": found[_LINES - 1].key if len(found) > _LINES else None,
        "narrowed": bool(who or what or subject or after),
    }
    return page.render("audit", values)
