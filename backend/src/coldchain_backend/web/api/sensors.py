"""GET /api/v1/sensors: every sensor that ever spoke, and where it stands; the unassigned ones too."""

from asyncio import to_thread

from fastapi import APIRouter
from pydantic import BaseModel

from coldchain_backend.fleet import Fleet
from coldchain_backend.judging import SensorState
from coldchain_backend.web.api.shapes import Listed, Time, Value
from coldchain_backend.web.errors import FAILURES
from coldchain_backend.web.services import Asker, Wanted
from coldchain_backend.web.times import iso

router = APIRouter(prefix="/api/v1", tags=["sensors"], responses=FAILURES)


class SensorItem(BaseModel):
    """A sensor: `declared` in the fleet file, standing at `point` (null: unassigned); its newest reading."""

    sensor: str
    declared: bool
    point: str | None
    gateway: str | None
    time: Time | None
    values: dict[str, Value]
    quality: str


@router.get("/sensors")
async def sensors(services: Wanted, person: Asker, *, unassigned: bool = False) -> Listed[SensorItem]:
    """Sensors by name; `unassigned`: only those at no point, whose readings are kept and not judged."""
    fleet = services.fleet()
    found = [_item(one, fleet) for one in await to_thread(services.answers.sensors)]
    return Listed(items=[one for one in found if not unassigned or one.point is None])


def _item(state: SensorState, fleet: Fleet) -> SensorItem:
    place = fleet.plan.place_of_sensor(state.sensor)
    return SensorItem(
        sensor=state.sensor,
        declared=fleet.plan.sensor(state.sensor) is not None,
        point=None if place is None else place.point.id,
        gateway=state.gateway,
        time=None if state.last_ms is None else iso(state.last_ms),
        values=dict(state.values),
        quality=state.quality.value,
    )
