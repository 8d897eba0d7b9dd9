"""GET /api/v1/board: how every zone and point stands now."""

from asyncio import to_thread

from fastapi import APIRouter
from pydantic import BaseModel

from coldchain_backend.web.api.shapes import Names, Time, Value
from coldchain_backend.web.board import BoardPoint, BoardZone, board_of
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker, Wanted
from coldchain_backend.web.times import iso

router = APIRouter(prefix="/api/v1", tags=["board"], responses=FAILURES)


class PointItem(BaseModel):
    """A point; `stale_at`: when it turns unknown without another reading; `alert`: the one that is on."""

    point: str
    name: Names
    sensor: str | None
    condition: str
    since: Time | None
    time: Time | None
    values: dict[str, Value]
    stale_at: Time | None
    unknown_since: Time | None
    catching_up: bool
    catching_up_to: Time | None
    alert: str | None


class ZoneItem(BaseModel):
    """A zone; `condition` is that of its worst point, `low` and `high` its limits in °C."""

    zone: str
    name: Names
    asset: str
    asset_name: Names
    time_zone: str
    state: str
    profile: str
    low: float | None
    high: float | None
    condition: str
    points: list[PointItem]


class BoardAnswer(BaseModel):
    """The whole board as of `now`, the server's time."""

    now: Time
    items: list[ZoneItem]


@router.get("/board")
async def board(services: Wanted, person: Asker) -> BoardAnswer:
    """How every zone and point stands: in_limits, pending, warning, alarm, unknown or not_judged."""
    now = services.clock.now_ms()
    fleet = await to_thread(services.fleet_in_force)
    found = board_of(fleet.in_force(now), await to_thread(services.answers.board, now))
    return BoardAnswer(now=iso(now), items=[_zone(zone) for zone in found.zones])


def _zone(zone: BoardZone) -> ZoneItem:
    low, high = zone.limits
    return ZoneItem(
        zone=zone.zone.id,
        name=Names.of(zone.zone.name),
        asset=zone.asset.id,
        asset_name=Names.of(zone.asset.name),
        time_zone=zone.asset.time_zone,
        state=zone.zone.state.value,
        profile=zone.profile.name,
        low=low,
        high=high,
        condition=zone.condition.value,
        points=[_point(point) for point in zone.points],
    )


def _point(point: BoardPoint) -> PointItem:
    status = point.status
    return PointItem(
        point=point.point.id,
        name=Names.of(point.point.name),
        sensor=point.point.sensor,
        condition=status.condition.value,
        since=_time(status.condition_since_ms),
        time=_time(status.time_ms),
        values=dict(status.values),
        stale_at=_time(point.stale_at_ms),
        unknown_since=_time(status.unknown_since_ms),
        catching_up=status.catching_up,
        catching_up_to=_time(status.catching_up_to_ms),
        alert=status.alert_id,
    )


def _time(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso(at_ms)
