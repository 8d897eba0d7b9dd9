"""PUBLISH packets taken straight from what was received."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from coldchain_gateway.sources.mqtt.buffered import Arrived, whole_publishes

TOPICS = st.binary(min_size=1, max_size=200)
PAYLOADS = st.binary(max_size=300)
FLAGS = st.tuples(st.booleans(), st.booleans())
OTHERS = st.sampled_from([b"\xd0\x00", b"\x40\x02\x00\x05", b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x01"])


def length(value: int) -> bytes:
    """MQTT's variable byte integer."""
    out = b""
    while True:
        value, digit = divmod(value, 128)
        out += bytes([digit | (0x80 if value else 0)])
        if not value:
            return out


def frame(message: Arrived, *, five: bool, properties: bytes = b"") -> bytes:
    """One PUBLISH packet."""
    first = 0x30 | message.qos << 1 | int(message.retain) | int(message.dup) << 3
    body = struct.pack("!H", len(message.raw_topic)) + message.raw_topic
    body += struct.pack("!H", message.mid) if message.qos else b""
    body += length(len(properties)) + properties if five else b""
    body += message.payload
    return bytes([first]) + length(len(body)) + body


@st.composite
def messages(draw: st.DrawFn) -> Arrived:
    qos = draw(st.integers(0, 1))
    retain, dup = draw(FLAGS)
    mid = draw(st.integers(1, 65535)) if qos else 0
    return Arrived(draw(TOPICS), draw(PAYLOADS), mid, qos, retain, dup and qos == 1)


@given(
    told=st.lists(messages(), max_size=6),
    five=st.booleans(),
    properties=st.sampled_from([b"", b"\x01\x01", b"\x03\x00\x0aapplication" + b"x" * 130]),
    behind=OTHERS,
)
def test_every_whole_message_is_taken_in_order_and_nothing_else(
    *, told: list[Arrived], five: bool, properties: bytes, behind: bytes
) -> None:
    data = b"".join(frame(message, five=five, properties=properties) for message in told) + behind
    found, at = whole_publishes(data, 0, five=five)
    assert found == told
    assert data[at:] == behind


@given(message=messages(), five=st.booleans(), cut=st.integers(0, 600))
def test_a_part_of_a_packet_is_left_until_the_rest_has_come(
    *, message: Arrived, five: bool, cut: int
) -> None:
    data = frame(message, five=five)
    if cut < len(data):
        assert whole_publishes(data[:cut], 0, five=five) == ([], 0)


@given(data=st.binary(max_size=400), five=st.booleans())
def test_whatever_comes_is_no_fault_and_stays_within_what_came(*, data: bytes, five: bool) -> None:
    found, end = whole_publishes(data, 0, five=five)
    assert bool(found) == bool(end)
    assert 0 <= end <= len(data)
    assert all(message.qos in (0, 1) and message.raw_topic for message in found)


def test_a_message_of_quality_two_is_left_to_the_library() -> None:
    assert whole_publishes(b"\x34\x06\x00\x01a\x00\x01x", 0, five=False) == ([], 0)
