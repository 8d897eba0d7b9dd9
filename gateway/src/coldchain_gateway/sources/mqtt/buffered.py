"""paho reading and acknowledging in bulk.

paho asks the socket for one byte, then another, then the rest of each packet, makes an object with a lock and
a condition for each message, and writes each acknowledgement with a call of its own. Every such call gives
up the interpreter's lock, which the committing thread takes at once under load. What has come is read in one
call, whole PUBLISH packets are taken out of it, and what was acknowledged goes back in one piece. Everything
else (connecting, subscribing, pinging, packets that are cut or odd) is left to paho.
"""

import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MessageType, MQTTErrorCode, MQTTProtocolVersion

from coldchain_gateway.contracts import maker

READ_BYTES: Final = 16 * 1024
KIND: Final = 0xF0
PUBLISH: Final = 0x30
QOS_2: Final = 0x04
QOS_1: Final = 0x02
RETAINED: Final = 0x01
DUP: Final = 0x08
# The longest PUBLISH that is taken at once has a length of up to three bytes (2 MiB).
LENGTH_BYTES: Final = 3
# So much is kept of a packet that comes in pieces, far more than any format reads (it is refused as too long
# then); a broker may pass on a quarter of a gigabyte.
LONGEST: Final = 1 << 20


class Arrived(NamedTuple):
    """A message as it came."""

    raw_topic: bytes
    payload: bytes
    mid: int
    qos: int
    retain: bool
    dup: bool

    @property
    def topic(self) -> str:
        """Raises UnicodeDecodeError."""
        return self.raw_topic.decode()


_arrived: Final = maker(Arrived)


class BufferedClient(mqtt.Client):
    """A client of one connection; `unread` says that packets may lie here although the socket is silent."""

    _buffer = b""
    _position = 0

    def __init__(self, client_id: str, *, protocol: MQTTProtocolVersion, clean_session: bool | None) -> None:
        """Acknowledgements are ours to give; with protocol 5 `clean_session` is None."""
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=clean_session,
            protocol=protocol,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        # Gets what came whole, of QoS 0 or 1, in its order.
        self.arrived: Callable[[Sequence[Arrived]], None] = lambda _: None
        self._acknowledged: deque[Sequence[int]] = deque()
        self.on_socket_open = _send_at_once

    @property
    def unread(self) -> bool:
        """Bytes were received that no packet was made of yet."""
        return self._position < len(self._buffer)

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """From any thread; they go out with the next `flush`."""
        self._acknowledged.append(packet_ids)

    def flush(self) -> None:
        """Queue all acknowledgements as one piece of data."""
        done = self._acknowledged
        if done:
            packet_ids = [packet_id for _ in range(len(done)) for packet_id in done.popleft()]
            self._packet_queue(MessageType.PUBACK, pubacks(packet_ids), 0, 0)

    def _receive(self) -> None:
        """Read what has come. Our kernel says so at once and not 40 ms later: until it does, a broker that
        gathers small packets (Nagle) holds back all but the first of a burst."""
        self._buffer, self._position = super()._sock_recv(READ_BYTES), 0
        wire = self.socket()
        if isinstance(wire, socket.socket) and self._buffer:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def _sock_recv(self, bufsize: int) -> bytes:
        if not self.unread:
            self._receive()
        part = self._buffer[self._position : self._position + bufsize]
        self._position += len(part)
        return part

    def _packet_read(self) -> MQTTErrorCode:
        if self._in_packet["command"] == 0:
            if not self.unread:
                try:
                    self._receive()
                except BlockingIOError:
                    return MQTTErrorCode.MQTT_ERR_AGAIN
                except OSError:
                    self._buffer = b""  # it will say so again, and paho knows what to do
            if self._take_whole():
                self._last_msg_in = mqtt.time_func()
                return MQTTErrorCode.MQTT_ERR_SUCCESS
        read = super()._packet_read()
        del self._in_packet["packet"][LONGEST:]  # of a long packet that is still coming
        return read

    def _take_whole(self) -> bool:
        """Hand over the PUBLISH packets that lie here whole, up to the first packet that is anything else."""
        five = self._protocol == mqtt.MQTTv5
        messages, self._position = whole_publishes(self._buffer, self._position, five=five)
        if messages:
            self.arrived(messages)
        return bool(messages)


def _send_at_once(_client: mqtt.Client, _: object, wire: object) -> None:
    """Acknowledgements wait for nothing."""
    if isinstance(wire, socket.socket):
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def pubacks(packet_ids: Sequence[int]) -> bytes:
    """Their PUBACK packets, which look alike in both protocols."""
    return b"".join([b"\x40\x02%c%c" % divmod(packet_id, 256) for packet_id in packet_ids])


def whole_publishes(data: bytes, at: int, *, five: bool) -> tuple[list[Arrived], int]:
    """The PUBLISH packets of QoS 0 or 1 from `at` on, up to the first that is anything else or is cut, and
    where they end."""
    found: list[Arrived] = []
    size = len(data)
    while at + 2 <= size:
        first, length, body = data[at], data[at + 1], at + 2
        if first & (KIND | QOS_2) != PUBLISH:
            break
        if length >= 0x80:
            number = _length(data, at + 1)
            if number is None:
                break
            length, body = number
        end = body + length
        if end > size or length < 2:
            break
        place = body + 2 + (data[body] << 8 | data[body + 1])
        topic, packet_id, qos = data[body + 2 : place], 0, 0
        if first & QOS_1:
            if place + 2 > end:
                break
            packet_id, qos = data[place] << 8 | data[place + 1], 1
            place += 2
        if five and place < end:
            properties = _length(data, place)
            if properties is None:
                break
            place = properties[1] + properties[0]
        if place > end or not topic:
            break
        retained, dup = first & RETAINED != 0, first & DUP != 0
        found.append(_arrived((topic, data[place:end], packet_id, qos, retained, dup)))
        at = end
    return found, at


def _length(data: bytes, at: int) -> tuple[int, int] | None:
    """A number of one to three bytes, and where it ends; None where it is cut or longer."""
    value = 0
    for place in range(at, min(at + LENGTH_BYTES, len(data))):
        value |= (data[place] & 0x7F) << 7 * (place - at)
        if data[place] < 0x80:
            return value, place + 1
    return None
