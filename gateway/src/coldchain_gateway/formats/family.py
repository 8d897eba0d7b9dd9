"""What the gateway knows about a family of MQTT devices: its topics, its words, what it can lose."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from coldchain.errors import InvalidInput
from coldchain_runtime.documents import meant

from .message import Message, MqttFormat

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from .mapping import Mapping as OwnMapping

# How sure we are of a layout: captured from a unit, the vendor's own word, made here by a published formula,
# or second-hand.
Confidence = Literal["captured", "documented", "constructed", "unverified"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What an installer says about a subscription; each family takes some of these and refuses the others."""

    base_topic: str | None = None
    time_zone: str | None = None  # of devices that tell local time without offset
    unit: Literal["C", "F"] = "C"  # of devices that do not say theirs
    quantity: str | None = None  # of values whose name does not tell what they are; None: the family's own
    codecs: Mapping[str, str] = field(default_factory=dict)  # device, profile or model → payload codec
    mapping: "OwnMapping | None" = None

    def zone(self) -> "ZoneInfo | None":
        """The devices' time zone. Raises InvalidInput where this machine does not know it."""
        return None if self.time_zone is None else known_zone(self.time_zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A family found by one message: what to subscribe to, and what an installer has to add."""

    family: str
    topic: str  # filter
    settings: Mapping[str, str] = field(default_factory=dict)
    needs: Sequence[str] = ()  # settings that nobody can guess, such as time_zone


def _ask_nobody(_topic: str) -> Sequence[str]:
    """Devices that speak by themselves."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One line of the table of families, kept beside its decoder."""

    title: str
    devices: str
    topics: Sequence[str]  # filters that hear all of it, by the family's own defaults
    quantities: Sequence[str]
    confidence: Confidence
    make: Callable[[Options], MqttFormat]
    # What to subscribe to, if this message is of the family; never raises.
    recognise: Callable[[Message], Recognised | None]
    publisher_qos: int | None  # at which the devices publish as delivered; None: it depends
    liveness: str  # by what a repeat is told from a sign of life
    loses: str  # what is lost while the gateway is down, and what would prevent it
    interval_s: int | None = None  # how often a device speaks as delivered; None: it depends, or nobody told
    options: frozenset[str] = frozenset()
    reads_retained: bool = False  # copies kept by the broker describe sensors, so they are asked for
    # What has to be published, twice a minute, for devices of this topic filter to speak at all.
    ask: Callable[[str], Sequence[str]] = _ask_nobody


def known_zone(name: str) -> "ZoneInfo":
    """A time zone by name. Raises InvalidInput where this machine does not know it."""
    from zoneinfo import ZoneInfo  # 0.3 MB that most gateways never need

    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        from zoneinfo import available_timezones

        near = meant(name, sorted(available_timezones()))
        raise InvalidInput(f"unknown time zone {name!r}{near}") from error
