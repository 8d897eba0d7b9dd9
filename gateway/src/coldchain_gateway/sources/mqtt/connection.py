"""One connection to a broker, from CONNECT to its end, on a thread of its own.

Every connection has its own client object, so an acknowledgement that comes after the end goes nowhere: it
can never be mistaken for one of the next connection, where the broker may have given the packet id to another
message.
"""

import os
import select
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from coldchain.errors import InvalidInput, Unavailable
from coldchain_runtime import secrets
from coldchain_runtime.logs import Log

from .buffered import Arrived, BufferedClient
from .config import MqttConfig, TlsConfig, reads_retained
from .echo import Echo
from .proof import Act, trouble

# At most so many buffers are read before acknowledgements are written.
READS_A_TURN: Final = 4
KEEPALIVE_CHECK_MS: Final = 1000
SOON_MS: Final = 30_000
log = Log("gateway.mqtt")


class BrokerLost(Unavailable):
    """The broker is not there, refuses us, or the connection has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handlers:
    """What a connection tells, on its own thread."""

    # What came at once, and how packet ids of it are acknowledged (from any thread, once they are kept).
    messages: Callable[[Sequence[Arrived], Callable[[Sequence[int]], None]], None]
    # The broker has no memory of us; the argument subscribes, from any thread.
    new_session: Callable[[Callable[[], None]], None]
    # All that had come was told.
    turn_over: Callable[[], None]
    # The QoS that the broker grants each subscription, in their order.
    granted: Callable[[Sequence[int]], None]
    # Our own word came back: the broker delivers.
    proved: Callable[[], None]
    # It did not; the text is for an operator.
    unproved: Callable[[str], None]


class Waker:
    """Ends the wait of the receiving thread, from any other; woken once however often it is asked."""

    def __init__(self) -> None:
        self._in, self._out = socket.socketpair()
        self._in.settimeout(0)
        self._out.settimeout(0)
        self._asked = False

    def fileno(self) -> int:
        """To be polled for reading."""
        return self._in.fileno()

    def wake(self) -> None:
        """From any thread."""
        if not self._asked:
            self._asked = True
            with suppress(OSError):  # closed: nobody is left to wake
                self._out.send(b"\0")

    def woken(self) -> None:
        """By the receiving thread, before it looks for what there is to do."""
        if self._asked:
            with suppress(BlockingIOError):
                self._in.recv(4096)
            self._asked = False  # behind the reading: who asks from here on is heard by the next wait

    def close(self) -> None:
        self._out.close()
        self._in.close()


class Connection:
    """Use once: `run` on a thread, `stop` from any other."""

    def __init__(
        self, config: MqttConfig, client_id: str, folder: Path, handlers: Handlers, echo: Echo
    ) -> None:
        """Raises InvalidInput where a secret or certificate cannot be read."""
        self._config = config
        self._handlers = handlers
        self._echo = echo
        self._stopping = threading.Event()
        self._client_id = client_id
        self._refusal = ""
        self._since_ms: int | None = None  # when the broker let us in
        self._received = 0
        self._heard = False  # something other than our own words, in this turn
        self._client = self._heard_by_us(new_client(config, client_id, folder))
        self._waker = Waker()

    def run(self) -> None:
        """Receive until `stop`. Raises BrokerLost."""
        config = self._config
        try:
            if config.protocol == "5":
                properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no type here
                properties.SessionExpiryInterval = config.session_expiry // 1000
                self._client.connect(
                    config.host,
                    config.port,
                    config.keepalive // 1000,
                    clean_start=config.session == "clean",
                    properties=properties,
                )
            else:
                self._client.connect(config.host, config.port, config.keepalive // 1000)
            self._pump()
        except (OSError, ValueError) as error:
            raise BrokerLost(f"{config.host}:{config.port}: {error}") from error
        finally:
            self._close()

    def stop(self) -> None:
        """Let `run` end soon; from any thread."""
        self._stopping.set()
        self._waker.wake()

    def _heard_by_us(self, client: BufferedClient) -> BufferedClient:
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = lambda _, __, message: self._arrived([arrived(message)])
        client.arrived = self._arrived
        client.on_socket_register_write = self._on_write_wanted
        return client

    def _pump(self) -> None:
        client = self._client
        poll = select.poll()
        poll.register(self._waker, select.POLLIN)
        wire = client.socket()
        while wire is not None and not self._stopping.is_set():
            wanted = select.POLLIN | (select.POLLOUT if client.want_write() else 0)
            poll.register(wire.fileno(), wanted)
            ready = dict(poll.poll(0 if client.unread else KEEPALIVE_CHECK_MS))
            self._waker.woken()
            client.flush()
            events = ready.get(wire.fileno(), 0)
            self._read(events)
            self._prove(idle=not events and not client.unread)
            client.flush()
            if client.want_write():
                client.loop_write()
            client.loop_misc()
            wire = client.socket()
        if not self._stopping.is_set():
            why = self._refusal or ending(self._since_ms, self._echo.now_ms(), self._client_id)
            raise BrokerLost(f"{self._config.host}:{self._config.port}: {why}")

    def _read(self, events: int) -> None:
        """Read packets while they keep coming, so that a burst costs one poll."""
        if not self._client.unread and not events & (select.POLLIN | select.POLLHUP | select.POLLERR):
            return
        try:
            self._read_burst()
        finally:
            if self._heard:
                self._heard = False
                self._echo.proof.heard(self._echo.now_ms())
            self._handlers.turn_over()

    def _prove(self, *, idle: bool) -> None:
        """Ask, send an echo, or act on one that stays away. Raises BrokerLost where all is silent."""
        for asked in self._echo.due_asks():
            self._client.publish(asked, b"")
        proof, topic = self._echo.proof, self._echo.topic
        match proof.step(self._echo.now_ms(), idle=idle):
            case Act.SEND:
                self._client.publish(topic, self._echo.payload())
            case Act.SUBSCRIBE:
                self._handlers.unproved(trouble(proof, topic))
                self._subscribe()
            case Act.GIVE_UP:
                self._handlers.unproved(trouble(proof, topic))
                raise BrokerLost(f"{self._config.host}:{self._config.port}: {trouble(proof, topic)}")

    def _read_burst(self) -> None:
        client = self._client
        for _ in range(READS_A_TURN):
            before = self._received
            if client.loop_read() != mqtt.MQTT_ERR_SUCCESS or self._stopping.is_set():
                return
            wire = client.socket()
            pending = wire.pending() if isinstance(wire, ssl.SSLSocket) else 0
            if self._received == before and not pending and not client.unread:
                return

    def _on_connect(
        self,
        client: mqtt.Client,
        userdata: object,
        flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        properties: object,
    ) -> None:
        if reason.is_failure:
            self._refusal = f"the broker refuses the connection: {reason}"
            client.disconnect()
            return
        self._since_ms = self._echo.now_ms()
        log.event(
            "mqtt.connected",
            host=self._config.host,
            port=self._config.port,
            session_present=flags.session_present,
        )
        if flags.session_present:
            self._subscribe()
        else:
            self._handlers.new_session(self._subscribe)

    def _subscribe(self) -> None:
        """Also where a session is present: the configuration may have changed since."""
        self._client.subscribe(filters_of(self._config, self._echo.topic))

    def _on_subscribe(
        self, client: mqtt.Client, userdata: object, mid: int, reasons: list[ReasonCode], properties: object
    ) -> None:
        topics = [entry.topic for entry in self._config.subscription]
        refused = [
            f"{topic} ({reason})" for topic, reason in zip(topics, reasons, strict=False) if reason.is_failure
        ]
        self._handlers.granted([reason.value for reason in reasons[: len(topics)]])
        if refused:
            log.warning("mqtt.refused", host=self._config.host, topics=", ".join(refused))
        if len(refused) == len(topics):
            self._refusal = f"the broker refuses every subscription: {', '.join(refused)}"
            client.disconnect()
            return
        self._echo.granted = True
        if self._config.echo:
            self._echo.proof.granted(self._echo.now_ms())
        else:
            self._handlers.proved()

    def _arrived(self, messages: Sequence[Arrived]) -> None:
        self._received += len(messages)
        ours, others = self._echo.split(messages)
        for message in ours:
            if message.qos:
                self._acknowledge([message.mid])
            if not message.retain and self._echo.came_back(message.payload):
                self._handlers.proved()
        if others:
            self._heard = True
            self._handlers.messages(others, self._acknowledge)

    def _acknowledge(self, packet_ids: Sequence[int]) -> None:
        self._client.acknowledge(packet_ids)
        self._waker.wake()

    def _on_write_wanted(self, client: mqtt.Client, userdata: object, wire: object) -> None:
        """With this callback set, paho never writes from a foreign thread, it only asks for it here."""
        self._waker.wake()

    def _close(self) -> None:
        client = self._client
        if client.socket() is not None:
            client.disconnect()
            client.loop_write()
        wire = client.socket()
        if wire is not None:
            wire.close()
        self._waker.close()


def ending(since_ms: int | None, now_ms: int, client_id: str) -> str:
    """Why there is no connection any more; `since_ms`: when the broker let us in. One that lets in another
    client by the same name ends ours without a word."""
    if since_ms is None:
        return "it ended the connection before it let us in; does it want TLS, or a client certificate?"
    soon = f"; does another client have the client_id {client_id} too?" if now_ms - since_ms < SOON_MS else ""
    return f"the connection ended after {(now_ms - since_ms) / 1000:.1f} s{soon}"


def new_client(config: MqttConfig, client_id: str, folder: Path) -> BufferedClient:
    """Raises InvalidInput where a secret or certificate cannot be read."""
    five = config.protocol == "5"
    client = BufferedClient(
        client_id,
        protocol=mqtt.MQTTv5 if five else mqtt.MQTTv311,
        clean_session=None if five else config.session == "clean",
    )
    if config.username is not None:
        password = None if config.password is None else secrets.resolve(config.password, folder).reveal()
        client.username_pw_set(config.username, password)
    if config.tls is not None:
        client.tls_set_context(tls_context(config.tls, folder))
    return client


def arrived(message: mqtt.MQTTMessage) -> Arrived:
    """A message that paho put together, because it came in pieces."""
    raw_topic: bytes = message._topic  # the property raises where it is not UTF-8
    return Arrived(raw_topic, bytes(message.payload), message.mid, message.qos, message.retain, message.dup)


def filters_of(
    config: MqttConfig, echo_topic: str
) -> list[tuple[str, int]] | list[tuple[str, SubscribeOptions]]:
    """Every topic filter with what is asked for it, all in one packet, so that the echo proves them all."""
    wanted = [(entry.topic, 1, reads_retained(entry)) for entry in config.subscription]
    if config.echo:
        wanted.append((echo_topic, 0, False))
    if config.protocol == "3.1.1":
        return [(topic, qos) for topic, qos, _ in wanted]
    # Copies that the broker keeps are no measurements; 3.1.1 cannot ask to be spared them.
    never, always = SubscribeOptions.RETAIN_DO_NOT_SEND, SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE
    return [
        (topic, SubscribeOptions(qos=qos, retainHandling=always if retained else never))
        for topic, qos, retained in wanted
    ]


def tls_context(tls: TlsConfig, folder: Path) -> ssl.SSLContext:
    """Files are relative to `folder`. Raises InvalidInput naming the one that cannot be used."""
    ca, cert, key = (None if name is None else folder / name for name in (tls.ca, tls.cert, tls.key))
    for file in (ca, cert, key):
        if file is not None and not (file.is_file() and os.access(file, os.R_OK)):
            raise InvalidInput(f"{file}: no such file, or no right to read it")
    try:
        context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    except ssl.SSLError as error:
        raise InvalidInput(f"{ca}: {error.reason or 'no certificate'}") from error
    if cert is not None:
        try:
            context.load_cert_chain(cert, key)
        except ssl.SSLError as error:
            raise InvalidInput(f"{cert} and {key or 'no key'}: {error.reason or 'no certificate'}") from error
    return context
