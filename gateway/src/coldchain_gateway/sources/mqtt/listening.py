"""What is known of a broker over all connections to it: topics with their QoS, gaps, expected intervals."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Final

from coldchain_gateway.contracts import Decoded, Sample, SourceReport, TopicReport
from coldchain_gateway.formats import AUTO, mqtt_family

from .config import MqttConfig, SubscriptionConfig

MOST_INTERVALS: Final = 10_000
REFUSED: Final = 0x80
BROKER_KEEPS: Final = (
    "the broker keeps what it is set to keep for a client that is away (mosquitto as delivered: 1000 "
    "messages at QoS 1, none at QoS 0; `max_queued_messages 0` keeps all)"
)


def losses(subscription: SubscriptionConfig, granted: int | None = None, at_qos0: int = 0) -> str:
    """Where messages of these topics can be lost while the gateway is away; "" where nobody can tell.

    `granted`: the QoS that the broker granted, `at_qos0`: how many messages came at QoS 0; without them it is
    told by what the family does as delivered.
    """
    if granted is not None and granted >= REFUSED:
        return "the broker refuses this subscription: nothing comes"
    if granted == 0:
        return "the broker grants QoS 0 only: it keeps nothing for a gateway that is away"
    if subscription.format == AUTO:
        return "some of it comes at QoS 0: its publisher keeps nothing" if at_qos0 else ""
    family = mqtt_family(subscription.format)
    if at_qos0:
        return f"comes at QoS 0: {family.loses}"
    if granted is None and family.publisher_qos == 0:
        return family.loses
    return "" if granted is None else BROKER_KEEPS


def qos_text(subscription: SubscriptionConfig) -> str:
    """The QoS at which messages of these topics come: the lower of what is published and our 1."""
    qos = None if subscription.format == AUTO else mqtt_family(subscription.format).publisher_qos
    return "QoS as published, at most 1" if qos is None else f"QoS {qos} as delivered"


@dataclass(slots=True)
class Counts:
    """How one subscription fares."""

    granted: int | None = None
    at_qos0: int = 0
    at_qos1: int = 0


@dataclass(slots=True)
class Listening:
    """Told by the connection's thread, asked by others."""

    config: MqttConfig
    _: KW_ONLY
    alarm: str = ""
    lost: str = "connection lost"
    _counts: list[Counts] = field(init=False)
    _intervals: dict[str, int] = field(default_factory=dict)
    _heard_ms: int | None = None
    _gap: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._counts = [Counts() for _ in self.config.subscription]

    def granted(self, qos: Sequence[int]) -> None:
        """The broker's answer, in the order of the subscriptions."""
        for counts, one in zip(self._counts, qos, strict=False):
            counts.granted = one

    def came(self, subscription: int, qos: int, now_ms: int, said: Sequence[Decoded] = ((),)) -> None:
        """What messages for a subscription (its index) say; intervals that devices tell are kept."""
        counts = self._counts[subscription]
        if qos:
            counts.at_qos1 += len(said)
        else:
            counts.at_qos0 += len(said)
        if not self._gap:
            self._heard_ms = now_ms
        for decoded in said:
            for one in decoded:
                if isinstance(one, Sample) and one.interval_ms is not None:
                    self._learn(one.sensor, one.interval_ms)

    def _learn(self, sensor: str, interval_ms: int) -> None:
        with self._lock:
            if sensor in self._intervals or len(self._intervals) < MOST_INTERVALS:
                self._intervals[sensor] = interval_ms

    def fails(self, reason: str) -> None:
        """From now on nothing is proved; the gap began when something was heard last."""
        if self._heard_ms is not None and not self._gap:
            self._gap, self.lost = True, reason

    def proved(self, now_ms: int) -> int | None:
        """It delivers, by its echo. The length of the gap that ends here, ms; None where there was none."""
        gap_ms = now_ms - self._heard_ms if self._gap and self._heard_ms is not None else None
        self._heard_ms, self._gap, self.alarm = now_ms, False, ""
        return gap_ms

    def _refused(self) -> str:
        """What the broker forbids; the other topics are read all the same."""
        pairs = zip(self.config.subscription, self._counts, strict=True)
        topics = [one.topic for one, counts in pairs if (counts.granted or 0) >= REFUSED]
        return f"the broker refuses {', '.join(topics)}: nothing of it comes" if topics else ""

    def report(self) -> SourceReport:
        """For status and check."""
        with self._lock:
            intervals: Mapping[str, int] = dict(self._intervals)
        topics = tuple(
            TopicReport(
                topic=one.topic,
                format=one.format,
                granted_qos=counts.granted,
                at_qos0=counts.at_qos0,
                at_qos1=counts.at_qos1,
                loses=losses(one, counts.granted, counts.at_qos0),
            )
            for one, counts in zip(self.config.subscription, self._counts, strict=True)
        )
        return SourceReport(alarm=self.alarm or self._refused(), topics=topics, intervals=intervals)
