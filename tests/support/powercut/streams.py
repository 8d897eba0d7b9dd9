"""What was promised over recorded connections: MQTT messages acknowledged, HTTP requests answered."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from support.powercut.operations import Sent
from support.powercut.replay import Said

PUBLISH, PUBACK = 3, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A PUBLISH of QoS 1 as the client got it."""

    packet_id: int
    topic: str
    payload: bytes
    dup: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """An HTTP request and the status that answered it, None while none had."""

    head: bytes
    body: bytes
    status: int | None


@dataclass(slots=True)
class Mqtt:
    """QoS 1 messages of one or more connections: got from the broker, and those acknowledged to it."""

    got: list[Message] = field(default_factory=list)
    acknowledged: list[Message] = field(default_factory=list)

    def unacknowledged(self) -> list[Message]:
        """What a broker sends again after a cut."""
        return [message for message in self.got if all(message is not one for one in self.acknowledged)]


def mqtt(said: Iterable[Said], port: int) -> Mqtt:
    """The client's side of its connections to a broker on `port`; a PUBACK means the newest of its id."""
    result = Mqtt()
    buffers: dict[tuple[str, bool], bytearray] = {}
    for one in said:
        if not one.connection.endswith(f":{port}]"):
            continue
        sent = isinstance(one, Sent)
        buffer = buffers.setdefault((one.connection, sent), bytearray())
        buffer += one.data
        for kind, flags, body in _packets(buffer):
            if kind == PUBLISH and not sent and flags >> 1 & 3 == 1:
                result.got.append(_message(flags, body))
            elif kind == PUBACK and sent:
                packet_id = int.from_bytes(body[:2], "big")
                found = next(message for message in reversed(result.got) if message.packet_id == packet_id)
                result.acknowledged.append(found)
    return result


def _packets(buffer: bytearray) -> Iterator[tuple[int, int, bytes]]:
    """Whole control packets, taken off the front of `buffer`."""
    while (frame := _frame(buffer)) is not None:
        start, length = frame
        if len(buffer) < start + length:
            return
        first, body = buffer[0], bytes(buffer[start : start + length])
        del buffer[: start + length]
        yield first >> 4, first & 0x0F, body


def _frame(buffer: bytearray) -> tuple[int, int] | None:
    """Where the body of the first packet starts, and its length."""
    length, shift = 0, 0
    for place in range(1, min(5, len(buffer))):
        length |= (buffer[place] & 0x7F) << shift
        shift += 7
        if buffer[place] < 0x80:
            return place + 1, length
    return None


def _message(flags: int, body: bytes) -> Message:
    size = int.from_bytes(body[:2], "big")
    packet_id = int.from_bytes(body[2 + size : 4 + size], "big")
    topic = body[2 : 2 + size].decode()
    return Message(packet_id=packet_id, topic=topic, payload=body[4 + size :], dup=bool(flags & 8))


def requests_sent(said: Sequence[Said], port: int) -> list[Exchange]:
    """A client's requests to `port`, each once its body was sent whole."""
    mine = [one for one in said if one.connection.endswith(f":{port}]")]
    return _exchanges(mine, asked=Sent)


def requests_served(said: Sequence[Said], port: int) -> list[Exchange]:
    """A server's requests on its own `port`, with the status that it sent."""
    mine = [one for one in said if f"[127.0.0.1:{port}->" in one.connection]
    return _exchanges(mine, asked=None)


def _exchanges(said: Iterable[Said], *, asked: type[Sent] | None) -> list[Exchange]:
    """Requests in order; `asked` Sent reads a client's side, None a server's."""
    asks: dict[str, bytearray] = {}
    answers: dict[str, bytearray] = {}
    for one in said:
        request = isinstance(one, Sent) == (asked is Sent)
        (asks if request else answers).setdefault(one.connection, bytearray()).extend(one.data)
    found: list[Exchange] = []
    for connection, stream in asks.items():
        statuses = [int(head.split(b" ", 2)[1]) for head, _ in _http(answers.get(connection, bytearray()))]
        for number, (head, body) in enumerate(_http(stream)):
            status = statuses[number] if number < len(statuses) else None
            found.append(Exchange(head=head, body=body, status=status))
    return found


def _http(stream: bytearray) -> Iterator[tuple[bytes, bytes]]:
    """Head and body of each whole message; bodies by Content-Length only, gunzipped."""
    while (end := stream.find(b"\r\n\r\n")) >= 0:
        head = bytes(stream[:end])
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
        length = int(fields.get(b"content-length", b"0"))
        if len(stream) < end + 4 + length:
            return
        body = bytes(stream[end + 4 : end + 4 + length])
        del stream[: end + 4 + length]
        yield head, gzip.decompress(body) if fields.get(b"content-encoding") == b"gzip" else body
