"""The shape of a fleet file, key by key, as people write it; `parse` turns it into a plan."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import WithJsonSchema

from coldchain.errors import InvalidInput
from coldchain.profiles import Mark, Profile, Rule, Side
from coldchain.readings import MAX_SENSOR_ID, valid_sensor_id
from coldchain.seal import decode_public
from coldchain.words import Language, Text
from coldchain_backend.fleet import AssetKind, ZoneState
from coldchain_runtime.documents import duration_ms
from coldchain_runtime.secrets import PLACEHOLDERS

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_REFERENCE = re.compile(r"file:\S.*|env:[A-Za-z_][A-Za-z0-9_]*")
_DURATION = r"^0$|^([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$"


def identifier(text: str) -> str:
    """An id: letters, digits, '.', '_' and '-', at most 64, a letter or digit first."""
    if _NAME.fullmatch(text) is None:
        raise InvalidInput(f"{text!r} is not an id: letters, digits, '.', '_', '-', at most 64")
    return text


def sensor_id(text: str) -> str:
    """What the gateway calls the device: any printable text of at most 128 characters."""
    if not valid_sensor_id(text):
        raise InvalidInput(f"{text!r} cannot name a sensor: printable, at most {MAX_SENSOR_ID} characters")
    return text


def time_zone(text: str) -> str:
    """An IANA time zone such as Asia/Shanghai."""
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidInput(f"{text!r} is not an IANA time zone such as Asia/Shanghai") from error
    return text


def secret_reference(text: str) -> str:
    """Where a secret is kept: `file:PATH` or `env:NAME`; the secret itself never stands in a fleet file."""
    if _REFERENCE.fullmatch(text) is None:
        raise InvalidInput("secrets stand in a fleet file by reference only: file:PATH or env:NAME")
    if text.partition(":")[2].lower() in PLACEHOLDERS:
        raise InvalidInput(f"{text!r} is a placeholder, not the place of a secret")
    return text


def webhook_url(text: str) -> str:
    """An http or https address without user, password or fragment."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidInput(f"not an address: {error}") from error
    if parts.scheme not in {"http", "https"} or not host or not text.isprintable() or " " in text:
        raise InvalidInput(f"{text!r} is not an http or https address")
    if parts.username or parts.password or parts.fragment:
        raise InvalidInput("a webhook's address holds no user, password or fragment")
    return text


def public_key(text: str) -> str:
    """A gateway's public key in base64, as `coldchain-gateway enroll` prints it."""
    decode_public(text)
    return text


def positive(text: str) -> int:
    """A duration above nothing."""
    duration = duration_ms(text)
    if duration <= 0:
        raise InvalidInput("must be longer than 0")
    return duration


Id = Annotated[str, identifier, WithJsonSchema({"type": "string", "pattern": f"^{_NAME.pattern}$"})]
SensorId = Annotated[str, sensor_id, WithJsonSchema({"type": "string", "maxLength": MAX_SENSOR_ID})]
TimeZone = Annotated[str, time_zone, WithJsonSchema({"type": "string", "examples": ["Asia/Shanghai"]})]
Reference = Annotated[
    str, secret_reference, WithJsonSchema({"type": "string", "pattern": f"^({_REFERENCE.pattern})$"})
]
Url = Annotated[str, webhook_url, WithJsonSchema({"type": "string", "format": "uri"})]
PublicKey = Annotated[str, public_key, WithJsonSchema({"type": "string", "contentEncoding": "base64"})]
Delay = Annotated[int, duration_ms, WithJsonSchema({"type": "string", "pattern": _DURATION})]
Interval = Annotated[int, positive, WithJsonSchema({"type": "string", "pattern": _DURATION})]


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
class RuleEntry:
    """One limit; `inclusive`: the threshold itself breaks it. Without a delay: no such level."""

    name: Id
    side: Side
    threshold: float
    inclusive: bool = False
    hysteresis: float = 0.0
    warning_after: Delay | None = None
    alarm_after: Delay | None = None
    quantity: str = "temperature"

    def __post_init__(self) -> None:
        self.rule()

    def rule(self) -> Rule:
        """The rule that core judges by; raises InvalidInput if it makes no sense."""
        return Rule(
            name=self.name,
            side=self.side,
            threshold=self.threshold,
            inclusive=self.inclusive,
            hysteresis=self.hysteresis,
            warning_after_ms=self.warning_after,
            alarm_after_ms=self.alarm_after,
            quantity=self.quantity,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileEntry:
    """Limits of a class of goods, with what they rest on; the built-in profiles need no entry."""

    name: Id
    version: int
    title: Text
    rules: tuple[RuleEntry, ...]
    citation: str
    mark: Mark = Mark.PROPOSED
    gap_factor: float = 2.5
    gap_floor: Delay = 900_000
    note: Text | None = None

    def __post_init__(self) -> None:
        self.profile()

    def profile(self) -> Profile:
        """The profile that core judges by; raises InvalidInput if it makes no sense."""
        return Profile(
            name=self.name,
            version=self.version,
            title=self.title,
            rules=tuple(rule.rule() for rule in self.rules),
            citation=self.citation,
            mark=self.mark,
            gap_factor=self.gap_factor,
            gap_floor_ms=self.gap_floor,
            note=self.note,
        )


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
