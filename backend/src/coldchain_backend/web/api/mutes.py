"""Windows in which nobody is called, and what is out of service: set, listed, ended. Recording goes on."""

from asyncio import to_thread
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field

from coldchain.errors import InvalidInput
from coldchain_backend.alerts import Mute, MuteKind
from coldchain_backend.fleetfile.keys import time_zone
from coldchain_backend.fleetfile.zone_entries import written_time
from coldchain_backend.ledger import ActName, Json
from coldchain_backend.web.acknowledge import MAX_REASON
from coldchain_backend.web.alert_acts import Wanted as Wish
from coldchain_backend.web.alert_acts import end_mute, write_mute
from coldchain_backend.web.api.shapes import Listed, Time, ms_of
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker, Services, Wanted
from coldchain_backend.web.times import Instant, iso

router = APIRouter(prefix="/api/v1", tags=["alerts"], responses=FAILURES)
Reason = Annotated[str, Field(min_length=1, max_length=MAX_REASON)]
Id = Annotated[str, Field(max_length=128)]


def _zone_of_time(text: str) -> str:
    """An IANA zone; pydantic wants a ValueError."""
    try:
        return time_zone(text)
    except InvalidInput as error:
        raise ValueError(str(error)) from error


ZoneOfTime = Annotated[str, AfterValidator(_zone_of_time)]


class TimesOfDay(BaseModel):
    """Local times of day on days of the week (0: Monday); `to` at or before `from` goes over midnight."""

    days: list[Annotated[int, Field(ge=0, le=6)]] = Field(min_length=1, max_length=7)
    from_: str = Field(alias="from", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    to: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")

    def json_times(self) -> Json:
        """As the act keeps it, in minutes of the day."""
        days: list[Json] = [*self.days]
        return {"days": days, "from": _minutes(self.from_), "to": _minutes(self.to)}


class Window(BaseModel):
    """A time in which nobody is called about an asset, a zone or a sensor; end-exclusive.

    With `times` it comes again on those times of day of `time_zone` (IANA), within `from` and `to` if given.
    """

    asset: Id | None = None
    zone: Id | None = None
    sensor: Id | None = None
    from_: Instant | None = Field(default=None, alias="from")
    to: Instant | None = None
    times: list[TimesOfDay] | None = Field(default=None, max_length=20)
    time_zone: ZoneOfTime = "UTC"
    reason: Reason


class OutOfService(BaseModel):
    """A zone or sensor that is worked on; without `to` until it is returned, 30 days at most by default."""

    asset: Id | None = None
    zone: Id | None = None
    sensor: Id | None = None
    from_: Instant | None = Field(default=None, alias="from")
    to: Instant | None = None
    work: Literal["maintenance", "calibration"]
    reason: Reason


class Ending(BaseModel):
    """Why it ends before its time."""

    reason: Reason


class Set(BaseModel):
    """The act is durable under your name; `id` ends it again."""

    id: str
    by: str


class MuteItem(BaseModel):
    """What is muted or will be: whose alerts, from when to when, who set it and why; `holds` now.

    `times`: of a window that comes again, its days and times of day by the clock of `time_zone`.
    """

    id: str
    kind: MuteKind
    asset: str | None
    zone: str | None
    sensor: str | None
    alert: str | None
    source: str | None
    level: str | None
    from_: Time = Field(serialization_alias="from")
    to: Time | None
    times: list[str]
    time_zone: str | None
    by: str
    reason: str
    holds: bool


@router.get("/mutes")
async def mutes(services: Wanted, person: Asker) -> Listed[MuteItem]:
    """Everything that is shelved, in a window or out of service, or will be."""
    found = await to_thread(services.answers.mutes)
    now_ms = services.clock.now_ms()
    return Listed(items=[_item(one, now_ms) for one in found])


@router.post("/windows", status_code=202)
async def open_window(services: Wanted, person: Asker, window: Window) -> Set:
    """Set a window; at its end what goes on is told at once, once."""
    times: list[Json] | None = None if window.times is None else [one.json_times() for one in window.times]
    wish = Wish(
        asset=window.asset,
        zone=window.zone,
        sensor=window.sensor,
        from_ms=_ms(window.from_),
        to_ms=_ms(window.to),
        times=times,
        time_zone=None if times is None else window.time_zone,
        reason=window.reason,
    )
    return Set(id=await write_mute(services, person, ActName.WINDOW, wish), by=person.name)


@router.post("/windows/{window}/end", status_code=202)
async def end_window(services: Wanted, person: Asker, window: str, ending: Ending) -> Set:
    """End a window before its time."""
    return await _ended(services, person, ActName.WINDOW_ENDED, window, ending)


@router.post("/out-of-service", status_code=202)
async def out_of_service(services: Wanted, person: Asker, said: OutOfService) -> Set:
    """Take a zone or sensor out of service for maintenance or calibration."""
    wish = Wish(
        asset=said.asset,
        zone=said.zone,
        sensor=said.sensor,
        from_ms=_ms(said.from_),
        to_ms=_ms(said.to),
        work=said.work,
        reason=said.reason,
    )
    return Set(id=await write_mute(services, person, ActName.OUT_OF_SERVICE, wish), by=person.name)


@router.post("/out-of-service/{mute}/return", status_code=202)
async def return_to_service(services: Wanted, person: Asker, mute: str, ending: Ending) -> Set:
    """Return it to service; what goes on is told at once, once."""
    return await _ended(services, person, ActName.RETURN_TO_SERVICE, mute, ending)


async def _ended(services: Services, person: Asker, act: ActName, mute: str, ending: Ending) -> Set:
    await end_mute(services, person, act, mute, ending.reason)
    return Set(id=mute, by=person.name)


def _item(mute: Mute, now_ms: int) -> MuteItem:
    scope = mute.scope
    return MuteItem(
        id=mute.id,
        kind=mute.kind,
        asset=scope.asset,
        zone=scope.zone,
        sensor=scope.sensor,
        alert=scope.alert,
        source=scope.source,
        level=None if mute.level is None else mute.level.value,
        from_=iso(mute.from_ms),
        to=None if mute.to_ms is None else iso(mute.to_ms),
        times=[] if mute.schedule is None else [written_time(one) for one in mute.schedule.times],
        time_zone=None if mute.schedule is None else mute.time_zone,
        by=mute.by,
        reason=mute.reason,
        holds=mute.holds(now_ms),
    )


def _ms(at: Instant | None) -> int | None:
    return None if at is None else ms_of(at)


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
