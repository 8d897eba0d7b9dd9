"""Publishes QoS 1 messages as fast as the broker acknowledges them: python -m bench.parts.flood PORT COUNT.

Prints the CLOCK_MONOTONIC seconds at which all were acknowledged.

A socket and a window of its own, so that the publisher costs as little as it can.
"""

from __future__ import annotations

import socket
import struct
import sys
import time

TOPICS = 1000
WINDOW = 2000
BURST = 200


def frame(kind: int, body: bytes) -> bytes:
    """One MQTT packet."""
    size = len(body)
    length = b""
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | (0x80 if size else 0)])
        if not size:
            return bytes([kind]) + length + body


def text(value: str) -> bytes:
    return struct.pack("!H", len(value)) + value.encode()


def publish(number: int) -> bytes:
    """Message `number`: a zigbee2mqtt payload of one of the sensors."""
    payload = b'{"temperature":%d.%02d,"humidity":61.2,"battery":97,"linkquality":120,"counter":%d}' % (
        number % 30 - 10,
        number % 100,
        number,
    )
    topic = text(f"zigbee2mqtt/sensor-{number % TOPICS}")
    return frame(0x32, topic + struct.pack("!H", number % 65535 + 1) + payload)


def main(port: int, count: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.sendall(frame(0x10, text("MQTT") + b"\x04\x02\x00\x3c" + text("flood")))
        wire.recv(4)
        sent = acknowledged = rest = 0
        while acknowledged < count:
            burst = min(BURST, count - sent, WINDOW - (sent - acknowledged))
            if burst > 0:
                wire.sendall(b"".join([publish(number) for number in range(sent, sent + burst)]))
                sent += burst
            if sent - acknowledged >= WINDOW - BURST or sent == count:
                rest += len(wire.recv(65536))
                # Else the broker, which gathers its acknowledgements, waits 40 ms for our kernel's.
                wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                acknowledged, rest = acknowledged + rest // 4, rest % 4
    print(time.monotonic(), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
