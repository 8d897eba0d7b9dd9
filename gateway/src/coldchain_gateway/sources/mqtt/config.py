"""`kind = "mqtt"`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from coldchain.errors import InvalidInput
from coldchain_gateway.formats import Mapping


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
        if (self.format == "mapping") != (self.mapping is not None):
            raise InvalidInput("format 'mapping' and [source.subscription.mapping] go together")


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttConfig:
    """One broker."""

    kind: Literal["mqtt"]
    name: str
    host: str
    port: int = 1883
    client_id: str | None = None  # default: from host and source name; it names the broker's session
    username: str | None = None
    password: str | None = None  # a reference: file:PATH or env:NAME
    tls_ca: Path | None = None
    keepalive_s: int = 30
    subscription: tuple[SubscriptionConfig, ...]

    def __post_init__(self) -> None:
        if not self.subscription:
            raise InvalidInput("a broker needs at least one [[source.subscription]]")
        if not 1 <= self.port <= 65535:
            raise InvalidInput(f"port {self.port} is not one")
        if self.password is not None and not self.password.startswith(("file:", "env:")):
            raise InvalidInput("password is given by reference: file:PATH or env:NAME")
