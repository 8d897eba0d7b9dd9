"""What is published on a broker, listened to for a while with a session that leaves nothing behind."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats import Message, MqttFormat, Options, Recognised, mqtt_family, recognise
from coldchain_runtime.clock import Clock

from .findings import BrokerFound, Hearing, Subscription

MOST_TOPICS: Final = 5_000
SHOWN_TOPICS: Final = 20
CONNECT_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerPlan:
    """Which broker, as whom, and for how long."""

    host: str
    port: int
    listen_s: float
    username: str | None = None
    password: str | None = None
    time_zone: str | None = None  # of devices that tell local time

    def __repr__(self) -> str:
        return f"BrokerPlan({self.host}:{self.port})"


class BrokerListener:
    """Everything here runs in the client's thread, until it is stopped."""

    def __init__(self, plan: BrokerPlan) -> None:
        self._plan = plan
        self.hearing = Hearing()
        self.subscriptions: dict[tuple[str, str], Subscription] = {}
        self.unknown: dict[str, None] = {}
        self._formats: dict[str, MqttFormat] = {}
        self._families: dict[str, str] = {}

    def hear(self, message: Message) -> None:
        """Take one message; copies kept by the broker tell of families and are no readings."""
        family = self._families.get(message.topic)
        if family is None:
            found = recognise(message)
            if found is None:
                if len(self.unknown) < MOST_TOPICS:
                    self.unknown[message.topic] = None
                return
            family = found.family
            if len(self._families) < MOST_TOPICS:
                self._families[message.topic] = family
            self.unknown.pop(message.topic, None)
            self.subscriptions[family, found.topic] = self._subscription(found)
        samples = [one for one in self._format(family).decode(message) if isinstance(one, Sample)]
        self.hearing.hear(samples, message.payload, message.arrival_ms)

    def _subscription(self, found: Recognised) -> Subscription:
        """As it will stand in the draft; what was told to this search need not be asked again."""
        given = {"time_zone": self._plan.time_zone} if self._plan.time_zone else {}
        settings = {name: value for name, value in given.items() if name in found.needs}
        return Subscription(
            family=found.family,
            topic=found.topic,
            settings={**found.settings, **settings},
            needs=tuple(name for name in found.needs if name not in settings),
        )

    def _format(self, family: str) -> MqttFormat:
        if family not in self._formats:
            known = mqtt_family(family)
            zone = self._plan.time_zone if "time_zone" in known.options else None
            self._formats[family] = known.make(Options(time_zone=zone))
        return self._formats[family]


def listen_to_broker(plan: BrokerPlan, clock: Clock, tell: Callable[[str], None]) -> BrokerFound:
    """Listen to all topics for a while; blocks. `why` where the broker does not let us."""
    listener = BrokerListener(plan)
    connected, refused = threading.Event(), list[str]()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="", clean_session=True)
    client.username_pw_set(plan.username, plan.password)

    def on_connect(
        client: mqtt.Client, _data: object, _flags: object, reason: object, _properties: object
    ) -> None:
        if getattr(reason, "is_failure", False):
            refused.append(str(reason))
        else:
            client.subscribe("#", 0)
        connected.set()

    def on_message(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        listener.hear(
            Message(message.topic, bytes(message.payload), message.retain, message.dup, clock.now_ms())
        )

    client.on_connect = on_connect
    client.on_message = on_message
    where = f"{plan.host}:{plan.port}"
    try:
        client.connect(plan.host, plan.port, keepalive=30)
    except OSError as error:
        return BrokerFound(host=plan.host, port=plan.port, why=f"{where}: {error}")
    client.loop_start()
    try:
        if not connected.wait(CONNECT_S):
            refused.append("no answer")
        elif not refused:
            tell(f"listening to {where} for {plan.listen_s:.0f} s")
            threading.Event().wait(plan.listen_s)
    finally:
        client.disconnect()
        client.loop_stop()
    if refused:
        return BrokerFound(host=plan.host, port=plan.port, why=f"{where}: {refused[0]}")
    return BrokerFound(
        host=plan.host,
        port=plan.port,
        subscriptions=tuple(listener.subscriptions.values()),
        sensors=tuple(listener.hearing.sensors.values()),
        unknown=tuple(listener.unknown)[:SHOWN_TOPICS],
    )
