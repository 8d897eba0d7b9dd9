"""The fleet through the API: read it, see what a file would change, apply it."""

from asyncio import to_thread
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel, Field

from coldchain.errors import InvalidInput
from coldchain_backend.fleet import FleetVersion
from coldchain_backend.fleetfile import (
    Difference,
    Objection,
    OpenAlert,
    Stale,
    Unchanged,
    Wish,
    compare,
    parse,
    schema,
)
from coldchain_backend.judging import AlertFilter
from coldchain_backend.web.api.shapes import Time, ms_of
from coldchain_backend.web.bodies import MAX_FLEET
from coldchain_backend.web.errors import FAILURES, failure
from coldchain_backend.web.recipients import refused, short_of
from coldchain_backend.web.services import Asker, Services, Wanted
from coldchain_backend.web.times import Instant, iso

router = APIRouter(prefix="/api/v1/fleet", tags=["fleet"], responses=FAILURES)
MAX_ALERTS = 1000


class VersionItem(BaseModel):
    """A fleet version: its number, since when it is so, who applied it and why."""

    version: int
    from_: Time | None = Field(serialization_alias="from")
    digest: str
    by: str
    reason: str | None


class FleetAnswer(VersionItem):
    """A fleet version with its file; `version` 0 and no text before the first file was applied."""

    text: str


class VersionList(BaseModel):
    """Versions, newest first."""

    items: list[VersionItem]


class FleetFile(BaseModel):
    """A fleet file; `name` stands in the messages about it."""

    text: str = Field(max_length=MAX_FLEET)
    name: str = Field(default="fleet.yaml", max_length=200)


class Application(FleetFile):
    """A file to apply.

    `base` is the version it was made from; it is refused if the server has a newer one. Removals and looser
    limits must be allowed by name, with a reason. `valid_from`: since when it was so, where that lies in the
    past; it takes the place of all that versions said from that instant on, and needs a reason.
    """

    base: int | None = None
    allow_removals: bool = False
    allow_loosened: bool = False
    reason: str | None = Field(default=None, max_length=500)
    valid_from: Instant | None = None


class EntryItem(BaseModel):
    """One entry that differs."""

    kind: str
    what: str
    id: str
    details: list[str]


class DifferenceAnswer(BaseModel):
    """What applying would do.

    `losing`: points that would no longer be judged. `looser`: what would be watched less strictly. `ending`:
    alerts that would end. `clashes`: why it would be refused. `recipients`: whose alarms
    would be told to others.
    """

    base: int
    entries: list[EntryItem]
    losing: list[str]
    looser: list[str]
    ending: list[str]
    clashes: list[str]
    short: list[str]
    recipients: list[str]


class Applied(BaseModel):
    """What has become of it: the version in force, and whether this made it."""

    version: int
    changed: bool
    difference: DifferenceAnswer | None


@router.get("")
async def current(
    services: Wanted, person: Asker, version: Annotated[int | None, Query(ge=1)] = None
) -> FleetAnswer:
    """The fleet file in force or of an earlier version, as it was applied; again it changes nothing."""
    fleet = services.fleet()
    found = fleet.current
    if version is not None and version != found.number:
        earlier = [one for one in fleet.versions if one.number == version]
        if not earlier:
            raise HTTPException(404, f"no fleet version {version}")
        found = earlier[0]
    return FleetAnswer(**_version(found).model_dump(), text=found.text)


@router.get("/versions")
async def versions(
    services: Wanted, person: Asker, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> VersionList:
    """The fleet versions that were applied, newest first."""
    newest = services.fleet().versions[: -limit - 1 : -1]
    return VersionList(items=[_version(one) for one in newest if one.number])


@router.get("/schema")
async def file_schema() -> dict[str, object]:
    """JSON Schema of the fleet file, for editors."""
    return schema()


@router.post("/diff")
async def diff(services: Wanted, person: Asker, file: FleetFile) -> DifferenceAnswer:
    """What applying a file would do; changes nothing."""
    plan = await to_thread(parse, file.text, file=file.name)
    newest = services.fleet().current
    found = compare(newest.plan, plan, await _open_alerts(services))
    return _answer(newest, found, await short_of(services, plan))


@router.post("/apply", response_model=Applied)
async def apply(services: Wanted, person: Asker, file: Application) -> Applied | Response:
    """Make a file the fleet in force; 409 if `base` is not the newest or something stands against it."""
    wish = Wish(
        plan=await to_thread(parse, file.text, file=file.name),
        base=file.base,
        allow_removals=file.allow_removals,
        allow_loosened=file.allow_loosened,
        reason=file.reason,
        from_ms=None if file.valid_from is None else _past_ms(file.valid_from, services.clock.now_ms()),
    )
    if short := await refused(services, wish.plan):
        return failure(409, "; ".join(short))
    before = services.fleet().current
    decision, newest = await services.book.apply(wish, file.text, person.name, await _open_alerts(services))
    if isinstance(decision, Stale):
        return failure(
            409, f"the server's fleet is at version {decision.newest}, the file was made from {file.base}"
        )
    if isinstance(decision, Objection):
        return failure(409, "; ".join(decision.problems))
    if isinstance(decision, Unchanged):
        return Applied(version=newest.number, changed=False, difference=None)
    short = await short_of(services, wish.plan)
    return Applied(
        version=newest.number, changed=True, difference=_answer(before, decision.difference, short)
    )


def _version(one: FleetVersion) -> VersionItem:
    from_ = iso(one.from_ms) if one.number else None
    return VersionItem(version=one.number, from_=from_, digest=one.digest, by=one.by, reason=one.reason)


def _past_ms(valid_from: datetime, now_ms: int) -> int:
    at_ms = ms_of(valid_from)
    if not 0 <= at_ms <= now_ms:
        raise InvalidInput("`valid_from` lies between 1970 and now")
    return at_ms


async def _open_alerts(services: Services) -> tuple[OpenAlert, ...]:
    found = await to_thread(services.answers.alerts, AlertFilter(open=True), limit=MAX_ALERTS)
    return tuple(OpenAlert(id=one.id, point=one.cause.subject.point, rule=one.cause.rule) for one in found)


def _answer(base: FleetVersion, difference: Difference, short: list[str]) -> DifferenceAnswer:
    return DifferenceAnswer(
        base=base.number,
        entries=[
            EntryItem(kind=one.kind.value, what=one.what, id=one.id, details=list(one.details))
            for one in difference.entries
        ],
        losing=list(difference.losing),
        looser=list(difference.looser),
        ending=list(difference.ending),
        clashes=list(difference.clashes),
        recipients=list(difference.recipients),
        short=short,
    )
