"""The MQTT side of a bridge: publishes with QoS 1 and tells when the broker has taken a message."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from coldchain_runtime.secrets import Secret
from coldchain_sim.devices import Publication

MOST_WAITING = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where a broker is, and whom it knows the bridge as; without a user nobody in particular."""

    host: str
    port: int
    user: str | None = None
    password: Secret | None = None


@dataclass(slots=True)
class MqttOutlet:
    """One client for all devices of a bridge; connects by itself, again and again, in its own thread.

    `on_taken` of a message runs in that thread once its PUBACK has come.
    """

    broker: Broker
    client_id: str
    _client: paho.Client = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _waiting: dict[int, Callable[[], None]] = field(default_factory=dict, init=False)
    _early: set[int] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.client_id,
            clean_session=False,
            reconnect_on_failure=True,
        )
        self._client.reconnect_delay_set(min_delay=1, max_delay=5)
        self._client.max_queued_messages_set(MOST_WAITING)
        self._client.on_publish = self._taken
        if self.broker.user is not None:
            password = self.broker.password
            self._client.username_pw_set(self.broker.user, None if password is None else password.reveal())

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._client.connect_async(self.broker.host, self.broker.port, keepalive=30)
        self._client.loop_start()

    def connected(self) -> bool:
        """Whether the broker is there now."""
        return self._client.is_connected()

    def publish(self, said: Publication, on_taken: Callable[[], None]) -> bool:
        """Send one message; False when too many wait for the broker already, then it is not sent at all.

        The lock is never held while paho is called: paho holds its own around `_taken`.
        """
        if self.waiting() >= MOST_WAITING:
            return False
        info = self._client.publish(said.topic, said.payload, qos=1, retain=said.retain)
        if info.rc == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:
            return False
        with self._lock:
            already = info.mid in self._early
            if already:
                self._early.remove(info.mid)
            else:
                self._waiting[info.mid] = on_taken
        if already:
            on_taken()
        return True

    def waiting(self) -> int:
        """Messages without PUBACK."""
        with self._lock:
            return len(self._waiting)

    def stop(self) -> None:
        """Say goodbye and end the thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def _taken(
        self, _client: paho.Client, _userdata: object, mid: int, _code: ReasonCode, _properties: Properties
    ) -> None:
        with self._lock:
            on_taken = self._waiting.pop(mid, None)
            if on_taken is None:
                self._early.add(mid)
        if on_taken is not None:
            on_taken()
