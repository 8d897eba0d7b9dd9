"""A QoS 1 subscriber: a message is acknowledged when intake has committed it, on the connection it came by.

The session is persistent, so the broker keeps what comes while the gateway is away; the broker's window of
unacknowledged messages, and then TCP, hold it back when the outbox is slow.
"""

import asyncio
import socket
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

import paho.mqtt.client as mqtt

from coldchain.errors import ColdchainError, Unavailable
from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Acquired, Decoded, Intake, MqttDelivery, SourceReport, maker
from coldchain_gateway.formats import Message, MqttFormat, Options, mqtt_format
from coldchain_gateway.formats.values import refused
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

from .buffered import Arrived
from .config import MqttConfig, SubscriptionConfig, asked_by
from .connection import Connection, Handlers
from .echo import Echo
from .listening import Listening
from .proof import Proof

STOP_S: Final = 1.0
# Topics whose decoder is remembered; beyond it they are looked up anew.
KNOWN_TOPICS: Final = 10_000
# Number of the subscription, topic as text, how it is decoded.
Place = tuple[int, str, Callable[[Message], Decoded]]
_message: Final = maker(Message)
_delivery: Final = maker(MqttDelivery)
_acquired: Final = maker(Acquired)
log = Log("gateway.mqtt")


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


class Came(NamedTuple):
    """What messages that were read at once share."""

    boottime_ns: int
    wall_ms: int
    acknowledge: Callable[[Sequence[int]], None]


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
        self._known: dict[bytes, Place] = {}
        self._listening = Listening(config)
        self._echo_topic = config.echo_topic or f"coldchain/{self._client_id}/echo"
        self._ever_proved = False
        self._proof = Proof(every_ms=config.echo_every, within_ms=config.echo_within)

    def report(self) -> SourceReport:
        """Implements `contracts.Reporting`."""
        return self._listening.report()

    async def run(self, intake: Intake) -> None:
        """Receive until cancelled. Raises BrokerLost, and InvalidInput for a secret that cannot be read."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        echo = Echo(
            topic=self._echo_topic,
            proof=self._new_proof(),
            now_ms=self._now_ms,
            asks=asked_by(self._config.subscription),
        )
        handlers = self._handlers(intake)
        connection = Connection(self._config, self._client_id, self._folder, handlers, echo)

        def receive() -> None:
            fate: BaseException = Unavailable("the receiving thread has ended")
            try:
                connection.run()
            except ColdchainError as error:
                fate = error
                self._listening.fails(str(error))
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

        def messages(messages: Sequence[Arrived], acknowledge: Callable[[Sequence[int]], None]) -> None:
            came = Came(self._clock.boottime_ns(), self._clock.now_ms(), acknowledge)
            intake.offer(*self._acquired(messages, came), more=True)

        def proved() -> None:
            self._proved(intake)

        def unproved(text: str) -> None:
            told = self._listening.alarm == text
            if self._ever_proved:
                self._listening.fails("nothing came back")
            else:
                proved()  # nobody can tell; what there was of a gap ends with the subscription
            self._listening.alarm = text
            if not told:
                log.warning("mqtt.unproved", source=self.name, reason=text)

        return Handlers(
            messages=messages,
            new_session=new_session,
            turn_over=intake.begin,
            granted=self._listening.granted,
            proved=proved,
            unproved=unproved,
        )

    def _new_proof(self) -> Proof:
        config = self._config
        self._proof = Proof(every_ms=config.echo_every, within_ms=config.echo_within, ever=self._ever_proved)
        return self._proof

    def _proved(self, intake: Intake) -> None:
        self._ever_proved = self._ever_proved or self._proof.ever
        gap_ms = self._listening.proved(self._now_ms())
        if gap_ms is None:
            return
        reason, seconds = self._listening.lost, round(gap_ms / 1000, 1)
        log.warning("mqtt.gap", source=self.name, seconds=seconds, reason=reason)
        intake.note("source_gap", {"source": self.name}, {"seconds": seconds, "reason": reason[:200]})

    def _now_ms(self) -> int:
        return self._clock.boottime_ns() // 1_000_000

    def _acquired(self, messages: Sequence[Arrived], came: Came) -> list[Acquired]:
        """What was read at once, decoded. Every message passes here, so what most need is not in calls."""
        boottime_ns, wall_ms, acknowledge = came
        name, session, places = self.name, self._session, self._known
        found: list[Acquired] = []
        told: defaultdict[tuple[int, int], list[Decoded]] = defaultdict(list)  # by subscription and QoS
        for raw_topic, payload, packet_id, qos, retained, dup in messages:
            place = places.get(raw_topic) or self._place(raw_topic, payload)
            if isinstance(place, Refusal):
                decoded: Decoded = (place,)
            else:
                number, topic, decode = place
                decoded = decode(_message((topic, payload, retained, dup, wall_ms)))
                told[number, qos].append(decoded)
            delivery = None
            if qos:
                digest = blake2b(b"%b\0%b" % (raw_topic, payload), digest_size=8).digest()
                delivery = _delivery((session, packet_id, dup, digest, acknowledge))
            found.append(_acquired((name, decoded, boottime_ns, wall_ms, delivery, payload)))
        for (number, qos), said in told.items():
            self._listening.came(number, qos, boottime_ns // 1_000_000, said)
        return found

    def _place(self, raw_topic: bytes, payload: bytes) -> Place | Refusal:
        """The first subscription that a topic fits; an old session may bring what nobody wants now."""
        try:
            topic = raw_topic.decode()
        except UnicodeDecodeError:
            return refused(RefusalReason.BAD_TOPIC, "topic is not UTF-8", payload)
        for number, (wanted, decoder) in enumerate(self._formats):
            if mqtt.topic_matches_sub(wanted, topic):
                if len(self._known) >= KNOWN_TOPICS:
                    self._known.clear()
                place = self._known[raw_topic] = number, topic, decoder.decode
                return place
        return refused(RefusalReason.BAD_TOPIC, f"{topic}: not wanted", payload)


def _end(ended: asyncio.Future[None], fate: BaseException) -> None:
    if not ended.done():
        ended.set_exception(fate)
