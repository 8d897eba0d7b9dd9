"""The board: every zone with its points and how they stand; the worst point speaks for its zone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coldchain.profiles import Profile
from coldchain_backend.fleet import Asset, Place, Plan, Point, Zone
from coldchain_backend.judging import Board as JudgedBoard
from coldchain_backend.judging import Condition, PointStatus

Limits = tuple[float | None, float | None]
_WORST_FIRST = (
    Condition.ALARM,
    Condition.WARNING,
    Condition.PENDING,
    Condition.UNKNOWN,
    Condition.IN_LIMITS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPoint:
    """A point and how it stands; `temperature` is its newest value in °C."""

    point: Point
    status: PointStatus

    @property
    def temperature(self) -> float | None:
        """The newest temperature, whatever its age."""
        value = self.status.values.get("temperature")
        return None if value is None or isinstance(value, bool) else float(value)

    @property
    def stale_at_ms(self) -> int | None:
        """When the newest reading is too old to say something about the present."""
        time_ms = self.status.time_ms
        return None if time_ms is None else time_ms + self.status.stale_after_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardZone:
    """A zone with its limits; `condition` is that of its worst point."""

    asset: Asset
    zone: Zone
    profile: Profile
    condition: Condition
    points: tuple[BoardPoint, ...]

    @property
    def limits(self) -> Limits:
        """Lowest and highest temperature in which nothing is broken."""
        return self.profile.limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All zones of an organisation in the order of its fleet file."""

    now_ms: int
    zones: tuple[BoardZone, ...]

    def counts(self) -> Mapping[Condition, int]:
        """How many zones stand how, worst first."""
        return {one: sum(zone.condition is one for zone in self.zones) for one in _WORST_FIRST}

    def zone(self, zone: str) -> BoardZone | None:
        """One zone by its id."""
        return next((one for one in self.zones if one.zone.id == zone), None)


def board_of(plan: Plan, judged: JudgedBoard) -> Board:
    """Put what judging knows of each point into the plan; a point that judging does not know is unknown."""
    known = {status.point_id: status for status in judged.points}
    zones = []
    for asset, zone in plan.zones():
        profile = plan.profile(zone.profile)
        if profile is not None:
            zones.append(_zone(asset, zone, profile, known))
    return Board(now_ms=judged.made_ms, zones=tuple(zones))


def _zone(asset: Asset, zone: Zone, profile: Profile, known: Mapping[str, PointStatus]) -> BoardZone:
    points = tuple(
        BoardPoint(point=point, status=_status(Place(asset=asset, zone=zone, point=point), known))
        for point in zone.points
    )
    return BoardZone(
        asset=asset,
        zone=zone,
        profile=profile,
        condition=worst(tuple(point.status.condition for point in points)),
        points=points,
    )


def worst(conditions: Sequence[Condition]) -> Condition:
    """The condition that speaks for all; a zone without points to judge is not judged."""
    return next((one for one in _WORST_FIRST if one in conditions), Condition.NOT_JUDGED)


def _status(place: Place, known: Mapping[str, PointStatus]) -> PointStatus:
    status = known.get(place.point.id)
    if status is None:
        condition = Condition.UNKNOWN if place.in_use and place.point.sensor else Condition.NOT_JUDGED
        return PointStatus(
            point_id=place.point.id,
            sensor=place.point.sensor,
            condition=condition,
            values={},
            stale_after_ms=0,
        )
    return status
