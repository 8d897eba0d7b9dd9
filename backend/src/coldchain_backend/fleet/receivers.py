"""Receivers: somebody who is told about alarms, and the settings of the one channel that leads there.

A class of settings is both what stands under the channel's key in a fleet file and what a fleet version
keeps. `SECRETS` are the fields that are references, read when a message is sent; `RATE` is what the channel
takes where the receiver names no rate of its own (marked where nobody has verified it).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import ClassVar, Final, Literal

from coldchain.errors import InvalidInput
from coldchain.words import Language
from coldchain_backend.fleet.addresses import Host, Mailbox, Phone, Reference, SecretAddress, Url
from coldchain_backend.fleet.rates import Rate
from coldchain_backend.fleet.templates import PUBLISH, SHORT, checked

_SECOND_MS: Final = 1_000
_MINUTE_MS: Final = 60_000
PACES: Final[Mapping[str, Rate]] = {
    "slack": Rate(count=1, per_ms=_SECOND_MS),
    "teams": Rate(count=4, per_ms=_SECOND_MS),
    "feishu": Rate(count=5, per_ms=_SECOND_MS),
}
"""How many messages a channel takes in a second, whatever its rate over longer times."""

MAX_ADDRESSES: Final = 50
PROGRAMS: Final = frozenset({"webhook", "alertmanager", "pagerduty", "mqtt"})
"""Channels that programs read: they want each event by itself, and group by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Standard Webhooks 1.0.0; `previous_secret` signs too while a secret is being changed.

    cloudevents   adds the headers of CloudEvents 1.0.2, binary mode
    """

    url: Url
    secret: Reference
    previous_secret: Reference | None = None
    cloudevents: bool = False
    SECRETS: ClassVar = ("secret", "previous_secret")
    RATE: ClassVar = Rate(count=50, per_ms=_SECOND_MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alertmanager:
    """Takes what Alertmanager's webhook (version 4) sends; `authorization` is that header's whole value."""

    url: Url
    authorization: Reference | None = None
    SECRETS: ClassVar = ("authorization",)
    RATE: ClassVar = Rate(count=50, per_ms=_SECOND_MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PagerDuty:
    """Events API v2; `routing_key` is the service's integration key."""

    routing_key: Reference
    url: Url = "https://events.pagerduty.com/v2/enqueue"
    SECRETS: ClassVar = ("routing_key",)
    RATE: ClassVar = Rate(count=120, per_ms=_MINUTE_MS)  # unverified


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """An incoming webhook of Slack."""

    url: SecretAddress
    SECRETS: ClassVar = ("url",)
    RATE: ClassVar = Rate(count=60, per_ms=_MINUTE_MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Teams:
    """A workflow of Microsoft Teams that posts an adaptive card."""

    url: SecretAddress
    SECRETS: ClassVar = ("url",)
    RATE: ClassVar = Rate(count=60, per_ms=_MINUTE_MS)  # unverified


@dataclass(frozen=True, slots=True, kw_only=True)
class DingTalk:
    """A robot of a DingTalk group; `secret` where it checks signatures. Persons are mentioned by mobile."""

    url: SecretAddress
    secret: Reference | None = None
    SECRETS: ClassVar = ("url", "secret")
    RATE: ClassVar = Rate(count=20, per_ms=_MINUTE_MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feishu:
    """A robot of a Feishu or Lark group; `secret` where it checks signatures."""

    url: SecretAddress
    secret: Reference | None = None
    SECRETS: ClassVar = ("url", "secret")
    RATE: ClassVar = Rate(count=100, per_ms=_MINUTE_MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeCom:
    """A robot of a WeCom group. Persons are mentioned by mobile."""

    url: SecretAddress
    SECRETS: ClassVar = ("url",)
    RATE: ClassVar = Rate(count=20, per_ms=_MINUTE_MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """A mail server; the message goes to the receiver's persons and to `to`, one copy each.

    security    starttls (as a rule on 587), implicit TLS (465), or none, for a relay on a network of its own
    username    with `password`: signs in
    sender      the address in From
    to          mailboxes of functions; those of persons belong to the person
    """

    host: Host
    sender: Mailbox
    port: int = 587
    security: Literal["starttls", "implicit", "none"] = "starttls"
    username: str | None = None
    password: Reference | None = None
    to: tuple[Mailbox, ...] = ()
    SECRETS: ClassVar = ("password",)
    RATE: ClassVar = Rate(count=30, per_ms=_MINUTE_MS)

    def __post_init__(self) -> None:
        _port(self.port)
        _at_most(self.to)
        if (self.username is None) != (self.password is None):
            raise InvalidInput("`username` and `password` go together")
        if self.password is not None and self.security == "none":
            raise InvalidInput("a password is not sent without TLS: `security` is starttls or implicit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """What a provider's answer must hold beside a 2xx status: the JSON field `field` (dots go deeper)."""

    field: str
    equals: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider's HTTP API, one request for each number.

    body, url and headers may hold {variables}: phone, secret, and the short texts that `docs/channels.md`
    lists, which take at most 70 characters together. `json`: values are put in as JSON text.
    to    numbers of functions, such as a duty phone; those of persons belong to the person
    """

    url: Url
    body: str
    secret: Reference | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    success: Success | None = None
    to: tuple[Phone, ...] = ()
    SECRETS: ClassVar = ("secret",)
    RATE: ClassVar = Rate(count=10, per_ms=_MINUTE_MS)

    def __post_init__(self) -> None:
        _at_most(self.to)
        checked("body", self.body, SHORT)
        checked("url", self.url, SHORT)
        for name, value in self.headers.items():
            if not name.isascii() or not name.replace("-", "").isalnum() or not value.isprintable():
                raise InvalidInput(f"{name!r} is not a header with a printable value")
            checked(f"headers.{name}", value, SHORT)
        if not any("{phone}" in one for one in (self.body, self.url)):
            raise InvalidInput("neither `body` nor `url` says where {phone} goes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms(Provider):
    """Text messages through a provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice(Provider):
    """Calls that read a text aloud, through a provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mqtt:
    """A topic of a broker; it may hold {organisation}, {receiver}, {asset}, {zone}, {level} and {alert}."""

    host: Host
    topic: str
    port: int = 8883
    tls: bool = True
    username: str | None = None
    password: Reference | None = None
    qos: Literal[0, 1, 2] = 1
    retain: bool = False
    SECRETS: ClassVar = ("password",)
    RATE: ClassVar = Rate(count=50, per_ms=_SECOND_MS)

    def __post_init__(self) -> None:
        _port(self.port)
        checked("topic", self.topic, PUBLISH)
        if not self.topic or len(self.topic) > 500 or any(sign in self.topic for sign in "+#\0"):
            raise InvalidInput("a topic is published to: not empty, no `+` or `#`, at most 500 characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Apprise:
    """One of the services of the apprise library, by its address, which holds secrets."""

    url: SecretAddress
    SECRETS: ClassVar = ("url",)
    RATE: ClassVar = Rate(count=10, per_ms=_MINUTE_MS)


ChannelSettings = (
    Webhook
    | Alertmanager
    | PagerDuty
    | Slack
    | Teams
    | DingTalk
    | Feishu
    | WeCom
    | Email
    | Sms
    | Voice
    | Mqtt
    | Apprise
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """The keys of a receiver's channel, of which exactly one is given."""

    webhook: Webhook | None = None
    alertmanager: Alertmanager | None = None
    pagerduty: PagerDuty | None = None
    slack: Slack | None = None
    teams: Teams | None = None
    dingtalk: DingTalk | None = None
    feishu: Feishu | None = None
    wecom: WeCom | None = None
    email: Email | None = None
    sms: Sms | None = None
    voice: Voice | None = None
    mqtt: Mqtt | None = None
    apprise: Apprise | None = None

    def __post_init__(self) -> None:
        given = [name for name, _ in self.given()]
        if len(given) != 1:
            known = ", ".join(CHANNEL_KEYS)
            found = " and ".join(f"`{name}`" for name in given) or "none"
            raise InvalidInput(f"a receiver has exactly one channel, found {found}; one of: {known}")

    def given(self) -> list[tuple[str, ChannelSettings]]:
        """Keys that are given, with their settings."""
        pairs = ((name, getattr(self, name)) for name in CHANNEL_KEYS)
        return [(name, settings) for name, settings in pairs if settings is not None]

    @property
    def channel(self) -> ChannelSettings:
        """The settings of the one channel."""
        return self.given()[0][1]

    @property
    def kind(self) -> str:
        """The key of the one channel, such as `webhook`."""
        return next(name for name in CHANNEL_KEYS if getattr(self, name) is not None)


CHANNEL_KEYS: Final = tuple(one.name for one in fields(Channels))


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver(Channels):
    """Somebody who is told about alarms.

    persons    ids of people: their addresses are read when a message is sent
    rate       how often it may be told; None: what its channel takes
    fallback   the receiver that is told where this one cannot be reached
    message    a sentence of its own for people to read, with {variables}; None: that of the alert
    group_wait_ms   so long alarms of one asset, gateway and cause gather for it; None: as its channel is read
    """

    name: str
    language: Language = Language.EN
    persons: tuple[str, ...] = ()
    rate: Rate | None = None
    fallback: str | None = None
    message: str | None = None
    group_wait_ms: int | None = None

    def gathers_ms(self, people_wait_ms: int) -> int:
        """How long alarms gather for it, where for people they do for `people_wait_ms`; 0: never."""
        if self.group_wait_ms is not None:
            return self.group_wait_ms
        return 0 if self.kind in PROGRAMS else people_wait_ms

    @property
    def allowed_rate(self) -> Rate:
        """How often it may be told."""
        return self.channel.RATE if self.rate is None else self.rate

    @property
    def pace(self) -> Rate | None:
        """How close together its messages may go out."""
        return PACES.get(self.kind)


def _port(port: int) -> None:
    if not 0 < port < 65_536:
        raise InvalidInput(f"a port is from 1 to 65535, not {port}")


def _at_most(addresses: tuple[str, ...]) -> None:
    if len(addresses) > MAX_ADDRESSES or len(set(addresses)) < len(addresses):
        raise InvalidInput(f"`to` holds at most {MAX_ADDRESSES} addresses, each once")
