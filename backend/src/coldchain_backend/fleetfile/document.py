"""The shape of a fleet file, key by key, as people write it; `parse` turns it into a plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from coldchain.errors import InvalidInput
from coldchain.words import Language, Text
from coldchain_backend.fleet import AssetKind, Channels, Receiver, ZoneState
from coldchain_backend.fleet.rates import WrittenRate
from coldchain_backend.fleet.templates import MESSAGE, checked
from coldchain_backend.fleetfile.alerting import AlertingEntry, checked_group_wait
from coldchain_backend.fleetfile.keys import (
    Delay,
    Id,
    Interval,
    PublicKey,
    SensorId,
    TimeZone,
)
from coldchain_backend.fleetfile.profiles import ProfileEntry
from coldchain_backend.fleetfile.route_entries import (
    DefaultRouteEntry,
    EscalationEntry,
    NamedScheduleEntry,
    RouteEntry,
)
from coldchain_backend.fleetfile.zone_entries import CertificateEntry, InUseWhenEntry, ScheduleEntry
from coldchain_runtime.documents import duration_text

OFFLINE_AFTER_MS: Final = {AssetKind.VEHICLE: 60 * 60_000}
OFFLINE_AFTER_OTHERWISE_MS: Final = 15 * 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverEntry(Channels):
    """Somebody who is told about alarms, through exactly one channel.

    `persons`: ids of people; their addresses are read when a message is sent. `rate`: how often it may be
    told, what its channel takes otherwise. `fallback`: the receiver to tell where this one is not reached.
    `message`: a sentence of its own with {place}, {value}, {limit}, {peak}, {minutes}, {level}, {event},
    {plate}, {instruction} and {text}. `group_wait`: so long alarms of one asset, gateway and cause gather
    into one message; as `alerting` says if left out, and never for programs (webhook, alertmanager,
    pagerduty, mqtt).
    """

    name: Id
    language: Language = Language.EN
    persons: tuple[Id, ...] = ()
    rate: WrittenRate | None = None
    fallback: str | None = None
    message: str | None = None
    group_wait: Delay | None = None

    def __post_init__(self) -> None:
        Channels.__post_init__(self)
        checked_group_wait(self.group_wait or 0)
        if self.message is not None:
            checked("message", self.message, MESSAGE)

    def receiver(self) -> Receiver:
        """The receiver as the fleet holds it."""
        return Receiver(
            name=self.name,
            language=self.language,
            persons=self.persons,
            rate=self.rate,
            fallback=self.fallback,
            message=self.message,
            group_wait_ms=self.group_wait,
            **dict(self.given()),  # type: ignore[arg-type]  # the one channel under its own key
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PointEntry:
    """A measuring position and the sensor that stands there."""

    id: Id
    name: Text
    sensor: SensorId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneEntry:
    """One temperature-controlled space under a profile; only `in_use` is judged.

    `state` holds until `schedule` or `in_use_when` says something else; one of the two at most. `doors`:
    sensors that tell of its doors; one that is open for longer than `door_open_after` is told. `instruction`:
    what whoever is told of its alarms should do.
    """

    id: Id
    name: Text
    profile: str
    state: ZoneState = ZoneState.IN_USE
    points: tuple[PointEntry, ...] = ()
    schedule: ScheduleEntry | None = None
    in_use_when: InUseWhenEntry | None = None
    doors: tuple[SensorId, ...] = ()
    door_open_after: Interval = 600_000
    instruction: Text | None = None

    def __post_init__(self) -> None:
        if self.schedule is not None and self.in_use_when is not None:
            raise InvalidInput("a zone's use follows a `schedule` or `in_use_when`, not both")


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetEntry:
    """A cold store, vehicle, container, cabinet or locker; `offline_after`: how long it may be unheard.

    That is a warning; after `offline_alarm_after` (otherwise: 30 min after the warning) it is an alarm.
    `mains`: sensors that tell of its supply. `contacts`: numbers to call, with a name before each if wanted.
    `instruction`: what whoever is told of its alarms should do, where its zone has none.
    """

    id: Id
    kind: AssetKind
    name: Text
    time_zone: TimeZone
    plate: str | None = None
    contacts: tuple[str, ...] = ()
    offline_after: Interval | None = None
    offline_alarm_after: Interval | None = None
    instruction: Text | None = None
    mains: tuple[SensorId, ...] = ()
    zones: tuple[ZoneEntry, ...] = ()

    def __post_init__(self) -> None:
        if self.offline_alarm_after is not None and self.offline_alarm_after < self.warned_after_ms:
            raise InvalidInput(
                f"the alarm of `offline_alarm_after` would come before the warning after"
                f" {duration_text(self.warned_after_ms)}"
            )

    @property
    def warned_after_ms(self) -> int:
        """How long it may be unheard before the warning: as written, or as is usual for its kind."""
        usual = OFFLINE_AFTER_MS.get(self.kind, OFFLINE_AFTER_OTHERWISE_MS)
        return usual if self.offline_after is None else self.offline_after


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorEntry:
    """A device; `interval` is how often it is expected to speak, `accuracy` is ± °C.

    `resolution`: the step of its values, °C. `flat_after`: a value that stays the same for so long, while
    another sensor of the zone moves, may be a stuck sensor. `battery_low`: %, told at or below it.
    `grade`: what its readings are at best as evidence, e.g. those of a controller's own probe.
    """

    id: SensorId
    interval: Interval
    accuracy: float | None = None
    serial: str | None = None
    certificate: CertificateEntry | None = None
    resolution: float | None = None
    flat_after: Interval | None = None
    battery_low: float = 15.0
    grade: Literal["template_unverified", "controller_probe"] | None = None

    def __post_init__(self) -> None:
        if self.resolution is not None and not 0 < self.resolution <= 10:
            raise InvalidInput(f"a resolution of {self.resolution:g} °C cannot be")
        if not 0 <= self.battery_low <= 100:
            raise InvalidInput(f"`battery_low` is a share of 0 to 100 %, not {self.battery_low:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayEntry:
    """An edge computer; without a key it enrols by a one-time code.

    `uploads_every`: it sends only so often, so that nobody misses it or its sensors before.
    """

    name: Id
    asset: str | None = None
    key: PublicKey | None = None
    uploads_every: Delay = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsealedEntry:
    """Whether writes without a seal (Telegraf, curl, InfluxDB clients) are accepted."""

    allowed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingEntry:
    """How a foreign measurement becomes readings: the tag that names the sensor, its field → our field."""

    measurement: str
    sensor_tag: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetDocument:
    """Coldchain fleet file: what is monitored, where each sensor stands, under which limits, who is told."""

    organisation: Id
    receivers: tuple[ReceiverEntry, ...] = ()
    system_receiver: str | None = None
    checkpoint_receivers: tuple[str, ...] = ()
    schedules: tuple[NamedScheduleEntry, ...] = ()
    escalations: tuple[EscalationEntry, ...] = ()
    routes: tuple[RouteEntry, ...] = ()
    default_route: DefaultRouteEntry | None = None
    alerting: AlertingEntry = field(default_factory=AlertingEntry)
    profiles: tuple[ProfileEntry, ...] = ()
    assets: tuple[AssetEntry, ...] = ()
    sensors: tuple[SensorEntry, ...] = ()
    gateways: tuple[GatewayEntry, ...] = ()
    unsealed: UnsealedEntry = UnsealedEntry()
    mapping: tuple[MappingEntry, ...] = ()
