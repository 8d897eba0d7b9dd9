"""What stands in a fleet: assets, zones, points, sensors, gateways, receivers; one `Plan` is all of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from coldchain.profiles import Profile
from coldchain.readings import Grade
from coldchain.words import Text
from coldchain_backend.fleet.alerting import Alerting
from coldchain_backend.fleet.local_times import ScheduledTime
from coldchain_backend.fleet.receivers import Receiver
from coldchain_backend.fleet.routes import Escalation, NamedSchedule, Route


class AssetKind(StrEnum):
    """What kind of thing carries the zones."""

    COLD_STORE = "cold_store"
    VEHICLE = "vehicle"
    CONTAINER = "container"
    CABINET = "cabinet"
    LOCKER = "locker"


class ZoneState(StrEnum):
    """Only `IN_USE` is judged, counted as required time and annunciated; the rest is recorded."""

    PLANNED = "planned"
    IN_USE = "in_use"
    EMPTY = "empty"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a zone is in use every week; in which state it is at other times."""

    times: tuple[ScheduledTime, ...]
    otherwise: ZoneState


@dataclass(frozen=True, slots=True, kw_only=True)
class StateInput:
    """A reading that says whether a zone is in use, such as ignition or mains.

    in_use_when   the value of the switch that means in use; any other means `otherwise`
    """

    sensor: str
    field: str
    in_use_when: bool
    otherwise: ZoneState


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A measuring position in a zone; `sensor` is the device that stands there now, if any."""

    id: str
    name: Text
    sensor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """One temperature-controlled space; `profile` names the limits of the goods in it.

    `state` is what is declared; where a schedule or an input says more, it holds until they first speak.
    `doors` are sensors whose `door_open` speaks of it, beside those at its points; a door that is open for
    `door_open_after_ms` is told. `instruction`: what is to be done when its goods are out of limits.
    """

    id: str
    name: Text
    profile: str
    state: ZoneState = ZoneState.IN_USE
    points: tuple[Point, ...] = ()
    schedule: Schedule | None = None
    state_input: StateInput | None = None
    doors: tuple[str, ...] = ()
    door_open_after_ms: int = 600_000
    instruction: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A cold store, vehicle, container, cabinet or locker.

    `time_zone` is an IANA name and the zone in which its times are shown. `offline_after_ms` is how long its
    gateway may be unheard before a warning; the alarm follows `offline_alarm_after_ms` after the last word,
    None: after the usual time from the warning on. `mains` are sensors whose `mains` speaks of its supply,
    beside those at its points. A contact is a name, if any, with a number. `instruction`: what whoever is
    told should do; that of a zone goes before it.
    """

    id: str
    kind: AssetKind
    name: Text
    time_zone: str
    offline_after_ms: int
    plate: str | None = None
    contacts: tuple[str, ...] = ()
    zones: tuple[Zone, ...] = ()
    mains: tuple[str, ...] = ()
    offline_alarm_after_ms: int | None = None
    instruction: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A point of a certificate: at a value `at` a reading is corrected by adding `add`, °C."""

    at: float
    add: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A calibration: `date` and `due` as ISO 8601 dates, `uncertainty` ± °C, correction points by `at`."""

    number: str
    date: str
    due: str
    uncertainty: float | None = None
    corrections: tuple[Correction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """A physical device; `interval_ms` is how often it is expected to speak, `accuracy` is ± °C.

    resolution      the step of its values, °C, where known
    flat_after_ms   how long its value may stay the same before it may be stuck
    battery_low     % at or below which its battery is told
    grade           what it is at best as evidence, e.g. a controller's own probe
    """

    id: str
    interval_ms: int
    accuracy: float | None = None
    serial: str | None = None
    certificate: Certificate | None = None
    resolution: float | None = None
    flat_after_ms: int | None = None
    battery_low: float = 15.0
    grade: Grade | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """An edge computer; `key` is its public key in base64, or none if it enrols by a one-time code.

    `uploads_every_ms`: it sends only so often; nobody misses it or its sensors before that.
    """

    name: str
    asset: str | None = None
    key: str | None = None
    uploads_every_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LineMapping:
    """How a foreign measurement becomes readings: the tag that names the sensor, its field → our field."""

    measurement: str
    sensor_tag: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A point with the zone and the asset around it."""

    asset: Asset
    zone: Zone
    point: Point

    @property
    def in_use(self) -> bool:
        """Whether what is measured here is judged and annunciated."""
        return self.zone.state is ZoneState.IN_USE


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that one fleet version says. `profiles` are its own and the built-in ones that its zones use.

    Without `routes` and `default_route` all receivers are told of alarms.
    """

    organisation: str
    receivers: tuple[Receiver, ...] = ()
    system_receiver: str | None = None
    checkpoint_receivers: tuple[str, ...] = ()
    schedules: tuple[NamedSchedule, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    routes: tuple[Route, ...] = ()
    default_route: Route | None = None
    profiles: tuple[Profile, ...] = ()
    assets: tuple[Asset, ...] = ()
    sensors: tuple[Sensor, ...] = ()
    gateways: tuple[Gateway, ...] = ()
    unsealed_allowed: bool = False
    mapping: tuple[LineMapping, ...] = ()
    alerting: Alerting = field(default_factory=Alerting)
    _by_sensor: dict[str, Place] = field(default_factory=dict, init=False, repr=False, compare=False)
    _by_point: dict[str, Place] = field(default_factory=dict, init=False, repr=False, compare=False)
    _sensors: dict[str, Sensor] = field(default_factory=dict, init=False, repr=False, compare=False)
    _assets: dict[str, Asset] = field(default_factory=dict, init=False, repr=False, compare=False)
    _zones: dict[str, tuple[Asset, Zone]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._assets.update((asset.id, asset) for asset in reversed(self.assets))
        self._zones.update((zone.id, (asset, zone)) for asset, zone in reversed(list(self.zones())))
        self._sensors.update((sensor.id, sensor) for sensor in reversed(self.sensors))
        for place in self.places():
            self._by_point[place.point.id] = place
            if place.point.sensor is not None:
                self._by_sensor[place.point.sensor] = place

    def places(self) -> Iterator[Place]:
        """Every point with its surroundings, in the order of the file."""
        for asset in self.assets:
            for zone in asset.zones:
                for point in zone.points:
                    yield Place(asset=asset, zone=zone, point=point)

    def zones(self) -> Iterator[tuple[Asset, Zone]]:
        """Every zone with its asset, in the order of the file."""
        return ((asset, zone) for asset in self.assets for zone in asset.zones)

    def zone(self, zone: str) -> tuple[Asset, Zone] | None:
        """A zone with its asset."""
        return self._zones.get(zone)

    def asset(self, asset: str) -> Asset | None:
        """An asset by its id."""
        return self._assets.get(asset)

    def place_of_sensor(self, sensor: str) -> Place | None:
        """Where a sensor stands."""
        return self._by_sensor.get(sensor)

    def place_of_point(self, point: str) -> Place | None:
        """A point's surroundings."""
        return self._by_point.get(point)

    def receiver(self, name: str) -> Receiver | None:
        """A receiver by its name."""
        return next((receiver for receiver in self.receivers if receiver.name == name), None)

    def profile(self, name: str) -> Profile | None:
        """A profile that some zone uses, or one that the plan declares."""
        return next((profile for profile in self.profiles if profile.name == name), None)

    def sensor(self, sensor: str) -> Sensor | None:
        """A declared sensor."""
        return self._sensors.get(sensor)
