"""`kind = "mqtt"`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from coldchain.errors import InvalidInput
from coldchain_gateway.formats import Mapping
from coldchain_runtime.documents import Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionConfig:
    """Topics of one family."""

    topic: str
    format: Literal["zigbee2mqtt", "mapping"]
    mapping: Mapping | None = None
    base_topic: str = "zigbee2mqtt"

    def __post_init__(self) -> None:
        levels = self.topic.split("/")
        wrong = "#" in self.topic and (self.topic.count("#") > 1 or levels[-1] != "#")
        if not self.topic or wrong or any("+" in level and level != "+" for level in levels):
            raise InvalidInput(f"{self.topic!r} is not a topic filter")
        if len(self.topic.encode()) > 0xFFFF or "\0" in self.topic:
            raise InvalidInput("a topic filter is at most 65535 bytes without NUL")
        if (self.format == "mapping") != (self.mapping is not None):
            raise InvalidInput("format 'mapping' and [source.subscription.mapping] go together")


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
    session_expiry: Duration = 7 * 86_400_000  # MQTT 5: how long the broker keeps what we have not heard
    subscription: tuple[SubscriptionConfig, ...]

    def __post_init__(self) -> None:
        if not self.subscription:
            raise InvalidInput("a broker needs at least one [[source.subscription]]")
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
