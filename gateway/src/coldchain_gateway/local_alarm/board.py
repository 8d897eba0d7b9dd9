"""What the page shows: zones with their state, and how old each reading is. Pure; times in ms since boot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from coldchain.profiles import Profile, Side
from coldchain.quantities import QUANTITIES
from coldchain.watch import WatchBundle, WatchedSensor
from coldchain.words import Text

from .judge import Courses
from .latest import Heard
from .silence import Hearings

# A reading older than this many intervals says nothing about now.
STALE_INTERVALS: Final = 2
QUANTITY: Final = "temperature"


class ZoneState(IntEnum):
    """How a zone or point is; the greatest of its points is the zone's."""

    NOT_IN_USE = 0
    OK = 1
    WARNING = 2  # a limit is broken, its delay is not over
    UNKNOWN = 3
    ALARM = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PointView:
    """One measuring position; `value` in `unit`, None while nothing was heard."""

    name: Text
    state: ZoneState
    value: float | None
    unit: str
    age_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneView:
    """One zone; `low` and `high` are its limits in the points' unit."""

    name: Text
    asset: Text
    state: ZoneState
    low: float | None
    high: float | None
    points: tuple[PointView, ...]
    contacts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorView:
    """A sensor that nobody told the gateway to watch."""

    sensor: str
    value: float | None
    unit: str
    age_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything at one instant. `upstream_ms`: for how long nothing was accepted; None where all is well."""

    zones: tuple[ZoneView, ...]
    unwatched: tuple[SensorView, ...]
    standing: int
    sounding: bool
    hush_left_ms: int
    upstream_ms: int | None

    @property
    def worst(self) -> ZoneState:
        return max((zone.state for zone in self.zones), default=ZoneState.NOT_IN_USE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is known at one instant."""

    courses: Courses
    hearings: Hearings
    latest: Mapping[str, Heard]
    now_ms: int


def zones_of(bundle: WatchBundle, scene: Scene) -> tuple[ZoneView, ...]:
    """The zones of a bundle in its order."""
    by_zone: dict[tuple[str, str], list[WatchedSensor]] = {}
    for watched in bundle.sensors:
        by_zone.setdefault((watched.asset, watched.zone), []).append(watched)
    return tuple(
        _zone(members, bundle.profile_named(members[0].profile), scene) for members in by_zone.values()
    )


def _zone(members: Sequence[WatchedSensor], profile: Profile | None, scene: Scene) -> ZoneView:
    points = tuple(_point(one, scene) for one in members)
    contacts = dict.fromkeys(contact for one in members for contact in one.contacts)
    rules = () if profile is None else [rule for rule in profile.rules if rule.quantity == QUANTITY]
    return ZoneView(
        name=members[0].zone_name,
        asset=members[0].asset_name,
        state=max(point.state for point in points),
        low=max((rule.threshold for rule in rules if rule.side is Side.LOW), default=None),
        high=min((rule.threshold for rule in rules if rule.side is Side.HIGH), default=None),
        points=points,
        contacts=tuple(contacts),
    )


def _point(watched: WatchedSensor, scene: Scene) -> PointView:
    heard = scene.latest.get(watched.sensor)
    value, unit = _shown(heard)
    return PointView(
        name=watched.point_name,
        state=_state(watched, heard, scene),
        value=value,
        unit=unit,
        age_ms=None if heard is None else max(0, scene.now_ms - heard.at_ms),
    )


def _state(watched: WatchedSensor, heard: Heard | None, scene: Scene) -> ZoneState:
    if not watched.in_use or watched.sensor not in scene.hearings:
        return ZoneState.NOT_IN_USE
    keys = ((watched.sensor, quantity) for quantity in QUANTITIES)
    mine = [course for key in keys if (course := scene.courses.get(key)) is not None]
    if any(True for course in mine for _ in course.alarms()):
        return ZoneState.ALARM
    stale = heard is None or scene.now_ms - heard.at_ms > STALE_INTERVALS * watched.interval_ms
    if stale or scene.hearings[watched.sensor].silent:
        return ZoneState.UNKNOWN
    return ZoneState.WARNING if any(course.state.open for course in mine) else ZoneState.OK


def unwatched(bundle: WatchBundle | None, scene: Scene, most: int) -> tuple[SensorView, ...]:
    """Sensors that are read and not watched, by name, at most so many."""
    known = set() if bundle is None else {one.sensor for one in bundle.sensors}
    views = []
    for sensor in sorted(set(scene.latest) - known)[:most]:
        heard = scene.latest[sensor]
        value, unit = _shown(heard)
        age_ms = max(0, scene.now_ms - heard.at_ms)
        views.append(SensorView(sensor=sensor, value=value, unit=unit, age_ms=age_ms))
    return tuple(views)


def _shown(heard: Heard | None) -> tuple[float | None, str]:
    """The temperature, or else the first number that the sensor gave."""
    numbers = (
        {}
        if heard is None
        else {
            name: float(value)
            for name, value in heard.values.items()
            if name in QUANTITIES and isinstance(value, int | float) and not isinstance(value, bool)
        }
    )
    name = QUANTITY if QUANTITY in numbers or not numbers else next(iter(numbers))
    return numbers.get(name), QUANTITIES[name].unit
