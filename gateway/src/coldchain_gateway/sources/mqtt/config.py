"""`kind = "mqtt"`."""

from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from coldchain.errors import InvalidInput
from coldchain.quantities import QUANTITIES
from coldchain_gateway.formats import AUTO, MQTT_FAMILIES, Mapping, Options, mqtt_family, mqtt_format
from coldchain_runtime.documents import Duration, meant

SETTINGS: Final = ("mapping", "base_topic", "time_zone", "unit", "quantity", "codecs")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionConfig:
    """Topics of one family, or with `auto` of all that are recognised.

    Each family takes some of the settings and refuses the others: `time_zone` of devices that tell local
    time, `unit` of those that do not say theirs, `quantity` of values whose name does not tell what they are,
    `codecs` from a LoRaWAN device, profile or model to the codec of its payload.
    """

    topic: str
    format: str
    mapping: Mapping | None = None
    base_topic: str | None = None
    time_zone: str | None = None
    unit: Literal["C", "F"] | None = None
    quantity: str | None = None
    codecs: Table[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        levels = self.topic.split("/")
        wrong = "#" in self.topic and (self.topic.count("#") > 1 or levels[-1] != "#")
        if not self.topic or wrong or any("+" in level and level != "+" for level in levels):
            raise InvalidInput(f"{self.topic!r} is not a topic filter")
        if len(self.topic.encode()) > 0xFFFF or "\0" in self.topic:
            raise InvalidInput("a topic filter is at most 65535 bytes without NUL")
        self._check_settings()
        mqtt_format(self.format, self.options())

    def options(self) -> Options:
        """What the family's decoder is made of."""
        return Options(
            base_topic=self.base_topic,
            time_zone=self.time_zone,
            unit=self.unit or "C",
            quantity=self.quantity,
            codecs=self.codecs,
            mapping=self.mapping,
        )

    def _check_settings(self) -> None:
        if self.format != AUTO and self.format not in MQTT_FAMILIES:
            families = sorted([AUTO, *MQTT_FAMILIES])
            near = meant(self.format, families) or f"; there are: {', '.join(families)}"
            raise InvalidInput(f"no format {self.format!r}{near}")
        if self.quantity is not None and self.quantity not in QUANTITIES:
            raise InvalidInput(f"unknown quantity {self.quantity!r}")
        if self.format == AUTO:
            if self.mapping is not None:
                raise InvalidInput("format 'auto' takes no mapping")
            return
        family = mqtt_family(self.format)
        family.ask(self.topic)
        takes = family.options
        given = {name for name in SETTINGS if getattr(self, name)}
        if (self.format == "mapping" and self.mapping is None) or (self.mapping and "mapping" not in takes):
            raise InvalidInput("format 'mapping' and [source.subscription.mapping] go together")
        if given - takes:
            odd = ", ".join(sorted(given - takes))
            known = ", ".join(sorted(takes)) or "nothing"
            raise InvalidInput(f"format {self.format!r} takes no {odd}; it takes {known}")


def asked_by(subscriptions: Sequence[SubscriptionConfig]) -> list[str]:
    """Topics to which something has to be published, twice a minute, for devices to speak at all."""
    known = [(one, mqtt_family(one.format)) for one in subscriptions if one.format != AUTO]
    return sorted({topic for one, family in known for topic in family.ask(one.topic)})


def reads_retained(subscription: SubscriptionConfig) -> bool:
    """Whether copies that the broker keeps are wanted: they describe sensors, and are never readings."""
    return subscription.format != AUTO and mqtt_family(subscription.format).reads_retained


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsConfig:
    """`[source.tls]`: the system's CAs unless `ca` names a file; `cert` and `key` are the client's."""

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        if self.key is not None and self.cert is None:
            raise InvalidInput("a key needs its cert")


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttConfig:
    """One broker. `client_id` names the broker's session, so it must not change nor be used twice."""

    kind: Literal["mqtt"]
    name: str
    host: str
    port: int = 1883
    protocol: Literal["3.1.1", "5"] = "3.1.1"
    client_id: str | None = None  # default: from the machine's name and the source's
    username: str | None = None
    password: str | None = None  # a reference: file:PATH or env:NAME
    tls: TlsConfig | None = None
    keepalive: Duration = 30_000
    session: Literal["persistent", "clean"] = "persistent"  # clean: the broker keeps nothing for us
    session_expiry: Duration = 7 * 86_400_000  # MQTT 5: how long the broker keeps what we have not heard
    echo: bool = True  # prove by one's own words coming back that the broker delivers
    echo_topic: str | None = None  # default: coldchain/<client id>/echo
    echo_every: Duration = 30_000
    echo_within: Duration = 10_000
    subscription: tuple[SubscriptionConfig, ...]

    def __post_init__(self) -> None:
        if not self.subscription:
            raise InvalidInput("a broker needs at least one [[source.subscription]]")
        if not 500 <= self.echo_within <= self.echo_every <= 3_600_000:
            raise InvalidInput("echo_within must be at least 500ms, echo_every as long and at most 1h")
        if self.echo_topic is not None and (not self.echo_topic or set(self.echo_topic) & set("+#\0")):
            raise InvalidInput(f"{self.echo_topic!r} is not a topic to publish to")
        if not self.host or not 1 <= self.port <= 65535:
            raise InvalidInput(f"{self.host}:{self.port} is no address of a broker")
        if not 1_000 <= self.keepalive <= 3_600_000:
            raise InvalidInput("keepalive must lie between 1s and 1h")
        if not 0 <= self.session_expiry // 1000 < 1 << 32:
            raise InvalidInput("session_expiry must be below 136 years")
        if self.client_id is not None and not 1 <= len(self.client_id) <= 128:
            raise InvalidInput("client_id must have 1 to 128 characters")
        if self.password is not None and self.username is None:
            raise InvalidInput("a password needs its username")
        if self.password is not None and not self.password.startswith(("file:", "env:")):
            raise InvalidInput("password is given by reference: file:PATH or env:NAME")
