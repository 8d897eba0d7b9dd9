"""A QoS 1 subscriber: a message is acknowledged when intake has committed it, on the connection it came by.

The session is persistent, so the broker keeps what comes while the gateway is away; the broker's window of
unacknowledged messages, and then TCP, hold it back when the outbox is slow.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final

import paho.mqtt.client as mqtt

from coldchain.errors import ColdchainError, Unavailable
from coldchain.readings import RefusalReason
from coldchain_gateway.contracts import Acquired, Decoded, Intake, MqttDelivery
from coldchain_gateway.formats import Message, MqttFormat, Options, mqtt_format
from coldchain_gateway.formats.values import refused
from coldchain_runtime.clock import Clock

from .config import MqttConfig, SubscriptionConfig
from .connection import Connection, Handlers

STOP_S: Final = 1.0
# Topics whose decoder is remembered; beyond it they are looked up anew.
KNOWN_TOPICS: Final = 10_000


def formats_of(subscriptions: Sequence[SubscriptionConfig]) -> list[tuple[str, MqttFormat]]:
    """Topic filters with their decoders; equal settings share one, so that it knows what it has heard."""
    made: list[tuple[tuple[str, Options], MqttFormat]] = []
    filters: list[tuple[str, MqttFormat]] = []
    for one in subscriptions:
        settings = one.format, one.options()
        shared = next((known for seen, known in made if seen == settings), None)
        if shared is None:
            shared = mqtt_format(*settings)
            made.append((settings, shared))
        filters.append((one.topic, shared))
    return filters


class MqttSource:
    """Implements `contracts.Source`; a thread per connection receives and decodes."""

    def __init__(self, config: MqttConfig, clock: Clock, folder: Path) -> None:
        """`folder`: what file references are relative to."""
        self.name = config.name
        self._config = config
        self._clock = clock
        self._folder = folder
        self._client_id = config.client_id or f"coldchain-{socket.gethostname()}-{config.name}"
        self._session = f"{config.host}:{config.port}/{self._client_id}"
        self._formats = formats_of(config.subscription)
        self._known: dict[str, MqttFormat] = {}

    async def run(self, intake: Intake) -> None:
        """Receive until cancelled. Raises BrokerLost, and InvalidInput for a secret that cannot be read."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        connection = Connection(self._config, self._client_id, self._folder, self._handlers(intake))

        def receive() -> None:
            fate: BaseException = Unavailable("the receiving thread has ended")
            try:
                connection.run()
            except ColdchainError as error:
                fate = error
            finally:
                with suppress(RuntimeError):  # the program's loop may have ended before
                    loop.call_soon_threadsafe(_end, ended, fate)

        threading.Thread(target=receive, name=f"mqtt-{self.name}", daemon=True).start()
        try:
            await asyncio.shield(ended)
        finally:
            connection.stop()
            await asyncio.wait({ended}, timeout=STOP_S)
            if ended.done():
                ended.exception()

    def _handlers(self, intake: Intake) -> Handlers:
        def new_session(subscribe: Callable[[], None]) -> None:
            intake.forget(self._session, subscribe)

        def message(message: mqtt.MQTTMessage, acknowledge: Callable[[], None]) -> None:
            intake.offer(self._acquired(message, acknowledge), more=True)

        return Handlers(message=message, new_session=new_session, turn_over=intake.begin)

    def _acquired(self, message: mqtt.MQTTMessage, acknowledge: Callable[[], None]) -> Acquired:
        boottime_ns, wall_ms = self._clock.boottime_ns(), self._clock.now_ms()
        payload = bytes(message.payload)
        try:
            topic = message.topic
        except UnicodeDecodeError:
            decoded: Decoded = (refused(RefusalReason.BAD_TOPIC, "topic is not UTF-8", payload),)
            topic = ""
        else:
            decoded = self._decode(Message(topic, payload, message.retain, message.dup, wall_ms))
        if not message.qos:
            return Acquired(source=self.name, decoded=decoded, boottime_ns=boottime_ns, wall_ms=wall_ms)
        digest = blake2b(b"%b\0%b" % (topic.encode(), payload), digest_size=8).digest()
        return Acquired(
            source=self.name,
            decoded=decoded,
            boottime_ns=boottime_ns,
            wall_ms=wall_ms,
            acknowledge=acknowledge,
            delivery=MqttDelivery(
                session=self._session, packet_id=message.mid, dup=message.dup, digest=digest
            ),
        )

    def _decode(self, message: Message) -> Decoded:
        """By the first subscription that the topic fits; an old session may bring what nobody wants now."""
        decoder = self._known.get(message.topic)
        if decoder is None:
            decoder = next(
                (made for wanted, made in self._formats if mqtt.topic_matches_sub(wanted, message.topic)),
                None,
            )
            if decoder is None:
                return (refused(RefusalReason.BAD_TOPIC, f"{message.topic}: not wanted", message.payload),)
            if len(self._known) >= KNOWN_TOPICS:
                self._known.clear()
            self._known[message.topic] = decoder
        return decoder.decode(message)


def _end(ended: asyncio.Future[None], fate: BaseException) -> None:
    if not ended.done():
        ended.set_exception(fate)
