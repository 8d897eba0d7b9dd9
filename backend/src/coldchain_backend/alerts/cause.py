"""The cause of an alert as judging sees it now: excursion, silence, unheard gateway, the product."""

from dataclasses import dataclass
from enum import StrEnum

from coldchain.profiles import Level


class AlertKind(StrEnum):
    """What an alert is about. `SYSTEM` is the product itself and goes to the system receiver.

    `FLOOD` and `UNSTABLE` are about alerts: too many at once, or one that comes and goes.
    """

    EXCURSION = "excursion"
    SILENCE = "silence"
    GATEWAY_OFFLINE = "gateway_offline"
    BATTERY = "battery"
    DOOR = "door"
    MAINS = "mains"
    CLOCK = "clock"
    CALIBRATION = "calibration"
    FLAT_LINE = "flat_line"
    DRIFT = "drift"
    SYSTEM = "system"
    FLOOD = "flood"
    UNSTABLE = "unstable"

    @property
    def about_goods(self) -> bool:
        """Whether goods are concerned, and not the product or the alerting itself."""
        return self not in {AlertKind.SYSTEM, AlertKind.FLOOD}


class EndKind(StrEnum):
    """How a cause ended."""

    RESOLVED = "resolved"  # positive evidence: readings within limits, data again, a human
    CLOSED = "closed"  # by a change of configuration
    WITHDRAWN = "withdrawn"  # late data: it never was
    MERGED = "merged"  # late data: it is part of another excursion


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How, and at which instant of event time, a cause ended.

    value       the resolving value
    incomplete  the gateway's numbers still had holes when waiting for them ended
    by          who closed it, or the id of the excursion it went into
    """

    kind: EndKind
    event_ms: int
    value: float | None = None
    incomplete: bool = False
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Ids of what an alert is about; names are looked up when it is told."""

    asset: str | None = None
    zone: str | None = None
    point: str | None = None
    sensor: str | None = None
    gateway: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many of the alerts of a flood one asset brought."""

    asset: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Everything an alert says, as of now. Times are ms UTC of event time.

    level      None: nothing to tell (yet)
    reached_ms when the level was reached
    value      the newest value when this was written, in the quantity's unit; peak and limit likewise
    out_ms     known time out of limits
    known_ms   up to when readings are known
    sensors    those that an unheard gateway leaves unknown
    detail     what a system alert is about, in one line; of a device's condition its figure
    latches    its end waits for a decision about the goods
    count      of a flood or of something unstable: how many alerts it stands for
    past       it is read from the past of a foreign store: recorded, and nobody is called
    shares     of a flood: which assets they came from, the first 200 by themselves; first: the first of them
    """

    id: str
    kind: AlertKind
    subject: Subject
    opened_ms: int
    level: Level | None = None
    reached_ms: int | None = None
    known_ms: int
    rule: str | None = None
    value: float | None = None
    limit: float | None = None
    peak: float | None = None
    peak_ms: int | None = None
    out_ms: int = 0
    data_gap: bool = False
    sensors: tuple[str, ...] = ()
    detail: str | None = None
    latches: bool = False
    count: int = 0
    shares: tuple[Share, ...] = ()
    first: str | None = None
    past: bool = False
    end: End | None = None

    @property
    def event_ms(self) -> int:
        """The instant of event time that this is about: the end, else the level reached, else the opening."""
        if self.end is not None:
            return self.end.event_ms
        return self.reached_ms if self.reached_ms is not None else self.opened_ms
