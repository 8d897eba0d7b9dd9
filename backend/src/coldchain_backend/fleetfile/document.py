"""The shape of a fleet file, key by key, as people write it; `parse` turns it into a plan."""

from collections.abc import Mapping
from dataclasses import dataclass

from coldchain.words import Language, Text
from coldchain_backend.fleet import AssetKind, ZoneState
from coldchain_backend.fleetfile.keys import Id, Interval, PublicKey, Reference, SensorId, TimeZone, Url
from coldchain_backend.fleetfile.profiles import ProfileEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEntry:
    """Where alerts are posted, as Standard Webhooks, signed with the referenced secret."""

    url: Url
    secret: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverEntry:
    """Somebody who is told about alarms."""

    name: Id
    webhook: WebhookEntry
    language: Language = Language.EN


@dataclass(frozen=True, slots=True, kw_only=True)
class PointEntry:
    """A measuring position and the sensor that stands there."""

    id: Id
    name: Text
    sensor: SensorId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneEntry:
    """One temperature-controlled space under a profile; only `in_use` is judged."""

    id: Id
    name: Text
    profile: str
    state: ZoneState = ZoneState.IN_USE
    points: tuple[PointEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetEntry:
    """A cold store, vehicle, container, cabinet or locker; `offline_after`: how long it may be unheard."""

    id: Id
    kind: AssetKind
    name: Text
    time_zone: TimeZone
    plate: str | None = None
    contacts: tuple[str, ...] = ()
    offline_after: Interval | None = None
    zones: tuple[ZoneEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorEntry:
    """A device; `interval` is how often it is expected to speak, `accuracy` is ± °C."""

    id: SensorId
    interval: Interval
    accuracy: float | None = None
    serial: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayEntry:
    """An edge computer; without a key it enrols by a one-time code."""

    name: Id
    asset: str | None = None
    key: PublicKey | None = None


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
    profiles: tuple[ProfileEntry, ...] = ()
    assets: tuple[AssetEntry, ...] = ()
    sensors: tuple[SensorEntry, ...] = ()
    gateways: tuple[GatewayEntry, ...] = ()
    unsealed: UnsealedEntry = UnsealedEntry()
    mapping: tuple[MappingEntry, ...] = ()
