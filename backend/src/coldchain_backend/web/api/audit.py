"""Who changed what, when and why: as a list that can be searched, and whole as CSV or JSON lines."""

from asyncio import to_thread
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel

from coldchain_backend.access import AuditFilter, AuditLine, Noted, What
from coldchain_backend.web.api.shapes import Listed, Time, ms_of
from coldchain_backend.web.audited import Described, written
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker, Services, Wanted
from coldchain_backend.web.times import Instant, iso

router = APIRouter(prefix="/api/v1/audit", tags=["access"], responses=FAILURES)
By = Annotated[str | None, Query(max_length=200, description="whose changes")]
About = Annotated[str | None, Query(max_length=100, description="user, token, fleet, zone_state …")]
Subject = Annotated[str | None, Query(max_length=200, description="a part of what was changed")]
_EXPORTS: Final[dict[int | str, dict[str, object]]] = {
    200: {"content": {kind: {"schema": {"type": "string"}} for kind in ("text/csv", "application/jsonl")}}
}
From = Annotated[Instant | None, Query(alias="from", description="inclusive")]
To = Annotated[Instant | None, Query(description="exclusive")]


def _filter(
    by: By = None, what: About = None, subject: Subject = None, from_: From = None, to: To = None
) -> AuditFilter:
    return AuditFilter(
        by=by,
        what=what,
        subject=subject,
        from_ms=None if from_ is None else ms_of(from_),
        to_ms=None if to is None else ms_of(to),
    )


Filtered = Annotated[AuditFilter, Depends(_filter)]


class Format(StrEnum):
    """How an export is written."""

    CSV = "csv"
    JSONL = "jsonl"


class AuditItem(BaseModel):
    """One change. `record` is its place in the ledger, null for what is kept beside it.

    `details` are the entries of the fleet file that differ.
    """

    at: Time
    by: str
    what: str
    subject: str
    why: str
    old: str | None
    new: str | None
    details: list[str]
    record: int | None


@router.get("")
async def audit(
    services: Wanted,
    person: Asker,
    wanted: Filtered,
    after: Annotated[str | None, Query(max_length=60)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Listed[AuditItem]:
    """Every change of configuration, people, access, alerts and zones, the newest first."""
    found = await to_thread(services.audit.lines, wanted, after, limit + 1)
    shown = await to_thread(_items, services, found[:limit])
    return Listed(items=shown, next=found[limit - 1].key if len(found) > limit else None)


@router.get("/export", response_class=Response, responses=_EXPORTS)
async def export(
    services: Wanted, person: Asker, wanted: Filtered, format: Format = Format.CSV
) -> StreamingResponse:
    """All of it at once; that it was taken is noted too."""
    now_ms = services.clock.now_ms()
    entry = Noted(by=person.name, what=What.EXPORT, subject="audit", at_ms=now_ms, new=format.value)
    await to_thread(services.audit.note, entry)
    kind = "text/csv; charset=utf-8" if format is Format.CSV else "application/jsonl"
    name = f"audit-{services.organisation}.{format.value}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    lines = services.audit.every(wanted)
    described = Described(services.fleet)
    if format is Format.CSV:
        return StreamingResponse(written(lines, described), media_type=kind, headers=headers)
    return StreamingResponse(_jsonl(lines, described), media_type=kind, headers=headers)


def _jsonl(lines: Iterator[AuditLine], described: Described) -> Iterator[bytes]:
    return (_item(one, described).model_dump_json().encode() + b"\n" for one in lines)


def _items(services: Services, lines: Sequence[AuditLine]) -> list[AuditItem]:
    described = Described(services.fleet)
    return [_item(one, described) for one in lines]


def _item(one: AuditLine, described: Described) -> AuditItem:
    return AuditItem(
        at=iso(one.at_ms),
        by=one.by,
        what=one.what,
        subject=one.subject,
        why=one.why,
        old=one.old,
        new=one.new,
        details=list(described.details(one)),
        record=one.record,
    )
