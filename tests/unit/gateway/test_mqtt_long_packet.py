"""A packet far longer than any reading: a piece of it is kept, and what follows it is heard."""

import pytest
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.formats import Message, Options, mqtt_format
from coldchain_gateway.sources.mqtt.buffered import LONGEST, BufferedClient
from coldchain_gateway.sources.mqtt.connection import arrived

PIECE = bytes(16 * 1024)
TOPIC = b"zigbee2mqtt/fridge"


def publish(payload_bytes: int) -> bytes:
    """The beginning of a PUBLISH at QoS 1, up to where its payload begins."""
    digits: list[int] = []
    length = 2 + len(TOPIC) + 2 + payload_bytes
    while length or not digits:
        length, low = divmod(length, 128)
        digits.append(low | (0x80 if length else 0))
    return bytes([0x32, *digits]) + len(TOPIC).to_bytes(2, "big") + TOPIC + b"\x00\x07"


class Wire:
    """Gives a long packet and a short one behind it, as a socket would."""

    def __init__(self, payload_bytes: int) -> None:
        self._left = payload_bytes
        self._head = publish(payload_bytes)
        self._tail = publish(19) + b'{"temperature":4.2}'

    def recv(self, _most: int) -> bytes:
        head, self._head = self._head, b""
        if head:
            return head
        if self._left:
            piece = PIECE[: self._left]
            self._left -= len(piece)
            return piece
        tail, self._tail = self._tail, b""
        if not tail:
            raise BlockingIOError
        return tail

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("payload_bytes", [LONGEST - 1000, 40_000_000])
def test_a_long_packet_costs_little_and_hides_nothing(payload_bytes: int) -> None:
    client = BufferedClient("gw", protocol=MQTTProtocolVersion.MQTTv311, clean_session=False)
    client._sock = Wire(payload_bytes)  # type: ignore[assignment]  # paho wants a socket, and reads from it only
    heard: list[bytes] = []
    client.on_message = lambda _client, _userdata, message: heard.append(arrived(message).payload)
    client.arrived = lambda messages: heard.extend(one.payload for one in messages)
    most = 0
    while len(heard) < 2:
        assert client._packet_read() in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_AGAIN)
        most = max(most, len(client._in_packet["packet"]))
    assert most <= LONGEST
    assert len(heard[0]) <= LONGEST + 100 * len(PIECE)
    assert heard[1] == b'{"temperature":4.2}'
    (refusal,) = mqtt_format("auto", Options()).decode(Message(TOPIC.decode(), heard[0]))
    assert isinstance(refusal, Refusal)
    assert refusal.reason is RefusalReason.TOO_LONG
