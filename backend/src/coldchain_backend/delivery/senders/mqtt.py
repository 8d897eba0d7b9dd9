"""MQTT: one publication over a connection to an address that the guard let pass."""

import asyncio
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from coldchain_backend.delivery.request import Answer, NoResponse, Publication, Response
from coldchain_backend.delivery.senders.attempts import attempted
from coldchain_backend.delivery.senders.guard import Address, Guard

TIMEOUT_S: Final = 15.0
_More = Properties | None


class _Named(ssl.SSLContext):
    """Checks a certificate against the name that was looked up, not against the address connected to."""

    name = ""
    made: ssl.SSLSocket | None = None

    def wrap_socket(  # type: ignore[override]  # only what paho hands over
        self, sock: object, server_hostname: str | None = None, **how: object
    ) -> ssl.SSLSocket:
        del server_hostname
        self.made = super().wrap_socket(sock, server_hostname=self.name, **how)  # type: ignore[arg-type]  # as above
        return self.made

    def close(self) -> None:
        """Close what the library leaves open where a handshake fails."""
        if self.made is not None:
            self.made.close()


class MqttSender:
    """Each publication is a connection of its own, in a thread of this sender's pool."""

    def __init__(
        self, guard: Guard, *, timeout_s: float = TIMEOUT_S, authorities: str | None = None, threads: int = 16
    ) -> None:
        self._guard, self._timeout_s, self._authorities = guard, timeout_s, authorities
        self._pool = ThreadPoolExecutor(threads, "mqtt")

    def close(self) -> None:
        """Let go of the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def send(self, publication: Publication) -> Answer:
        """Make one attempt; never raises for what the other side or the network does."""
        return await attempted(self._turn(publication), self._timeout_s + 5)

    async def _turn(self, publication: Publication) -> Answer:
        addresses = await self._guard.resolve(publication.host, publication.port)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._publish, publication, addresses[0])

    def _publish(self, publication: Publication, address: Address) -> Answer:
        turn = _Turn()
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=publication.client_id,
            protocol=MQTTProtocolVersion.MQTTv311,
        )
        client.connect_timeout = min(5.0, self._timeout_s)
        if publication.username is not None:
            password = None if publication.password is None else publication.password.reveal()
            client.username_pw_set(publication.username, password)
        context = self._context(publication.host) if publication.tls else None
        if context is not None:
            client.tls_set_context(context)
        client.on_connect, client.on_disconnect = turn.connected, turn.gone
        try:
            client.connect(str(address), publication.port, keepalive=30)
            client.loop_start()
            return turn.publish(client, publication, self._timeout_s)
        finally:
            client.disconnect()
            client.loop_stop()
            if context is not None:
                context.close()

    def _context(self, name: str) -> _Named:
        context = _Named(ssl.PROTOCOL_TLS_CLIENT)
        context.name = name
        if self._authorities is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(self._authorities)
        return context


class _Turn:
    """What one connection came to."""

    def __init__(self) -> None:
        self._heard = threading.Event()
        self._answer: Answer | None = None

    def connected(
        self, client: Client, userdata: object, flags: ConnectFlags, code: ReasonCode, more: _More
    ) -> None:
        del client, userdata, flags, more
        if code.is_failure:
            self._answer = Response(status=code.value, body=str(code).encode())
        self._heard.set()

    def gone(
        self,
        client: Client,
        userdata: object,
        flags: DisconnectFlags,
        code: ReasonCode,
        more: Properties | None,
    ) -> None:
        del client, userdata, flags, more
        if self._answer is None:
            self._answer = NoResponse(reason=f"the broker closed the connection: {code}")
        self._heard.set()

    def publish(self, client: Client, publication: Publication, timeout_s: float) -> Answer:
        """Wait for the broker's word on the connection, then on the message."""
        if not self._heard.wait(timeout_s):
            return NoResponse(reason=f"no answer within {timeout_s:g} s")
        if self._answer is not None:
            return self._answer
        sent = client.publish(publication.topic, publication.payload, publication.qos, publication.retain)
        sent.wait_for_publish(timeout_s)
        if not sent.is_published():
            return self._answer or NoResponse(reason=f"not confirmed within {timeout_s:g} s")
        return Response(status=0, body=f"confirmed, QoS {publication.qos}".encode())
