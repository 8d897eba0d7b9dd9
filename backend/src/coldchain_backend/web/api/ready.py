"""What a zone lacks before it may be in use, its installation sheet, and recording its tests."""

from asyncio import to_thread
from enum import StrEnum

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from pydantic import BaseModel, Field

from coldchain.words import Language
from coldchain_backend.fleet import TestKind
from coldchain_backend.ledger import ActName, Json, act_record
from coldchain_backend.readiness import Asked, Seen, html_sheet, missing, said, text_sheet
from coldchain_backend.web.api.shapes import Names, Time
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker, Services, Wanted
from coldchain_backend.web.times import iso

router = APIRouter(prefix="/api/v1/zones", tags=["zones"], responses=FAILURES)


class SheetFormat(StrEnum):
    """In which shape a sheet comes."""

    TEXT = "text"
    HTML = "html"


class MissingItem(BaseModel):
    """One thing that is missing: of what, and in words what it is and what mends it."""

    lack: str
    subject: str
    detail: str
    what: Names
    mend: Names


class TestItem(BaseModel):
    """A test that was recorded."""

    __test__ = False  # not one of pytest's

    test: TestKind
    at: Time
    by: str
    reason: str
    number: int


class ReadyAnswer(BaseModel):
    """Whether anything is missing before the zone may be in use."""

    zone: str
    at: Time
    ready: bool
    missing: list[MissingItem]
    tests: list[TestItem]


class Recorded(BaseModel):
    """A test that was done; `person`: who did it, where that is not whoever records it."""

    test: TestKind
    reason: str = Field(min_length=1, max_length=500)
    person: str = Field(default="", max_length=100)


class Placed(BaseModel):
    """The ledger record of the act."""

    zone: str
    by: str
    number: int


@router.get("/{zone}/ready")
async def ready(services: Wanted, person: Asker, zone: str) -> ReadyAnswer:
    """What is missing before a zone may be in use, each with what mends it."""
    asked = await to_thread(_asked, services, zone)
    found = missing(asked)
    texts = {language: [said(one, language) for one in found] for language in Language}
    return ReadyAnswer(
        zone=zone,
        at=iso(asked.now_ms),
        ready=not found,
        missing=[
            MissingItem(
                lack=one.lack.value,
                subject=one.subject,
                detail=one.detail,
                what=Names(en=en[0], zh=zh[0]),
                mend=Names(en=en[1], zh=zh[1]),
            )
            for one, en, zh in zip(found, texts[Language.EN], texts[Language.ZH], strict=True)
        ],
        tests=[
            TestItem(test=one.kind, at=iso(one.at_ms), by=one.by, reason=one.reason, number=one.number)
            for one in asked.tests
        ],
    )


@router.get("/{zone}/sheet", response_class=Response)
async def sheet(
    services: Wanted,
    person: Asker,
    zone: str,
    *,
    language: Language = Language.EN,
    format: SheetFormat = SheetFormat.TEXT,
) -> Response:
    """The dated installation sheet of a zone, with key fingerprints."""
    asked = await to_thread(_asked, services, zone)
    if format is SheetFormat.HTML:
        return HTMLResponse(html_sheet(asked, language))
    return PlainTextResponse(text_sheet(asked, language))


@router.post("/{zone}/tests", status_code=202)
async def record(services: Wanted, person: Asker, zone: str, done: Recorded) -> Placed:
    """Record that a test of a zone was done; the act stands in the ledger when this answers."""
    if services.fleet().plan.zone(zone) is None:
        raise HTTPException(404, f"no zone {zone}")
    details: dict[str, Json] = {
        "zone": zone,
        "test": done.test.value,
        "reason": " ".join(done.reason.split()),
        "person": " ".join(done.person.split()) or None,
    }
    [written] = await services.ledger.append([act_record(ActName.ZONE_TEST.value, person.name, details)])
    return Placed(zone=zone, by=person.name, number=written.offset)


def _asked(services: Services, zone: str) -> Asked:
    plan, now_ms = services.fleet_in_force().in_force(services.clock.now_ms()), services.clock.now_ms()
    found = plan.zone(zone)
    if found is None:
        raise HTTPException(404, f"no zone {zone}")
    return Asked(
        plan=plan,
        asset=found[0],
        zone=found[1],
        now_ms=now_ms,
        seen={one.sensor: Seen(at_ms=one.last_ms, gateway=one.gateway) for one in services.answers.sensors()},
        keys={name: None if one.revoked else one.key for name, one in services.gateways().items()},
        people=services.people,
        tests=services.answers.zone_tests(zone),
    )
