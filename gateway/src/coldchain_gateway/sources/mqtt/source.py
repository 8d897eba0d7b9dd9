"""A QoS 1 subscriber: a message is acknowledged when intake has committed it, on the connection it came by.

The session is persistent, so the broker keeps what comes while the gateway is away; the broker's window of
unacknowledged messages, and then TCP, hold it back when the outbox is slow.
"""

import asyncio
import socket
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from coldchain.errors import Unavailable
from coldchain_gateway.contracts import Acquired, Intake, MqttDelivery
from coldchain_gateway.formats import MappingFormat, Message, MqttFormat, Zigbee2Mqtt
from coldchain_runtime import secrets
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

from .config import MqttConfig, SubscriptionConfig

RECONNECT_S: Final = (1, 5)
log = Log("gateway.mqtt")


class Refused(Unavailable):
    """The broker refuses the connection or a subscription."""


def format_of(subscription: SubscriptionConfig) -> MqttFormat:
    """The decoder of a subscription."""
    if subscription.mapping is not None:
        return MappingFormat(subscription.mapping)
    return Zigbee2Mqtt(subscription.base_topic)


class MqttSource:
    """Implements `contracts.Source`; paho's thread receives and decodes."""

    def __init__(self, config: MqttConfig, clock: Clock) -> None:
        self.name = config.name
        self._config = config
        self._clock = clock
        self._client_id = config.client_id or f"coldchain-{socket.gethostname()}-{config.name}"
        self._formats = [(entry.topic, format_of(entry)) for entry in config.subscription]
        self._session = f"{config.host}:{config.port}/{self._client_id}"
        self._connection = 0

    async def run(self, intake: Intake) -> None:
        """Receive until cancelled. Raises Refused when the broker will not have it."""
        loop = asyncio.get_running_loop()
        failed: asyncio.Future[None] = loop.create_future()

        def fail(message: str) -> None:
            loop.call_soon_threadsafe(_fail, failed, message)

        client = self._client(intake, fail)
        client.connect_async(self._config.host, self._config.port, self._config.keepalive_s)
        client.loop_start()
        try:
            await failed
        finally:
            self._connection += 1
            client.disconnect()
            await asyncio.to_thread(client.loop_stop)

    def _client(self, intake: Intake, fail: Callable[[str], None]) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=False,
            protocol=mqtt.MQTTv311,
            manual_ack=True,
        )
        config = self._config
        if config.username is not None:
            password = (
                None if config.password is None else secrets.resolve(config.password, Path.cwd()).reveal()
            )
            client.username_pw_set(config.username, password)
        if config.tls_ca is not None:
            client.tls_set(ca_certs=str(config.tls_ca))
        client.reconnect_delay_set(*RECONNECT_S)
        client.on_connect = self._on_connect(intake, fail)
        client.on_subscribe = self._on_subscribe(fail)
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message(client, intake)
        return client

    def _on_connect(self, intake: Intake, fail: Callable[[str], None]) -> mqtt.CallbackOnConnect_v2:
        topics = [(topic, 1) for topic, _ in self._formats]

        def connected(
            client: mqtt.Client,
            userdata: object,
            flags: mqtt.ConnectFlags,
            reason: ReasonCode,
            properties: object,
        ) -> None:
            if reason.is_failure:
                fail(f"broker refuses the connection: {reason}")
                return
            log.event("mqtt.connected", source=self.name, session_present=flags.session_present)

            def subscribe() -> None:
                client.subscribe(topics)

            if flags.session_present:
                subscribe()
            else:
                intake.forget(self._session, subscribe)

        return connected

    @staticmethod
    def _on_subscribe(fail: Callable[[str], None]) -> mqtt.CallbackOnSubscribe_v2:
        def subscribed(
            client: mqtt.Client, userdata: object, mid: int, reasons: list[ReasonCode], properties: object
        ) -> None:
            if any(reason.is_failure for reason in reasons):
                fail("broker refuses a subscription")

        return subscribed

    def _on_disconnect(self, *_: object) -> None:
        self._connection += 1
        log.event("mqtt.disconnected", source=self.name)

    def _on_message(self, client: mqtt.Client, intake: Intake) -> mqtt.CallbackOnMessage:
        clock, name, session = self._clock, self.name, self._session
        only = self._formats[0][1] if len(self._formats) == 1 else None

        def received(_: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
            boottime_ns = clock.boottime_ns()
            topic, payload = message.topic, bytes(message.payload)
            mid, connection = message.mid, self._connection

            def acknowledge() -> None:
                if connection == self._connection:
                    client.ack(mid, 1)

            decoder = only or self._format_for(topic)
            offered = Acquired(
                source=name,
                decoded=decoder.decode(Message(topic, payload, message.retain)),
                boottime_ns=boottime_ns,
                wall_ms=clock.now_ms(),
                acknowledge=acknowledge,
                delivery=MqttDelivery(
                    session=session,
                    packet_id=mid,
                    dup=message.dup,
                    digest=blake2b(b"%b\0%b" % (topic.encode(), payload), digest_size=8).digest(),
                )
                if message.qos
                else None,
            )
            intake.offer(offered)

        return received

    def _format_for(self, topic: str) -> MqttFormat:
        """The first subscription that the topic fits."""
        for wanted, decoder in self._formats:
            if mqtt.topic_matches_sub(wanted, topic):
                return decoder
        return self._formats[0][1]


def _fail(failed: asyncio.Future[None], message: str) -> None:
    if not failed.done():
        failed.set_exception(Refused(message))
