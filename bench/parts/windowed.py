"""A broker that keeps its window: never more than WINDOW messages of QoS 1 wait for their acknowledgement.

python -m bench.parts.windowed PORT WINDOW COUNT: serves one subscriber, and floods it with COUNT messages
once somebody else connects: WINDOW at a time, the next when all of them are acknowledged. (mosquitto 2.0.11
keeps `max_inflight_messages` only until many acknowledgements come at once; hundreds are on their way then.)
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator

from bench.parts.flood import frame, publish

CONNECT, PUBLISH, PUBACK, SUBSCRIBE, PING = 1, 3, 4, 8, 12


def packets(wire: socket.socket) -> Iterator[tuple[int, bytes]]:
    """(first byte, body) of what a client sends; all its packets are short."""
    rest = b""
    while data := wire.recv(65536):
        # Else a client that gathers small packets waits 40 ms for our kernel's acknowledgement.
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        rest += data
        while len(rest) >= 2 and len(rest) >= 2 + _length(rest)[0]:
            length, size = _length(rest)
            yield rest[0], rest[1 + size : 1 + size + length]
            rest = rest[1 + size + length :]


def _length(data: bytes) -> tuple[int, int]:
    """Length of the body, and how many bytes tell it."""
    if data[1] < 0x80:
        return data[1], 1
    return data[1] & 0x7F | (data[2] if len(data) > 2 else 0x7F) << 7, 2


class Flood:
    """What one subscriber gets."""

    def __init__(self, wire: socket.socket, window: int, count: int) -> None:
        self._wire, self._window, self._count = wire, window, count
        self._sent = self._acknowledged = 0
        self._lock = threading.Lock()
        self._begun = False

    def begin(self) -> None:
        """From any thread."""
        self._begun = True
        self._send_on()

    def serve(self) -> None:
        """Answer until the subscriber goes."""
        for first, body in packets(self._wire):
            kind = first >> 4
            if kind == CONNECT:
                self._wire.sendall(frame(0x20, b"\0\0"))
            elif kind == SUBSCRIBE:
                self._wire.sendall(frame(0x90, body[:2] + b"\1" * _filters(body[2:])))
            elif kind == PING:
                self._wire.sendall(frame(0xD0, b""))
            elif kind == PUBLISH:
                self._wire.sendall(frame(first, body))  # its own word, which it listens for
            elif kind == PUBACK:
                self._acknowledged += 1
                if self._acknowledged == self._sent:
                    self._send_on()

    def _send_on(self) -> None:
        with self._lock:
            more = min(self._window - (self._sent - self._acknowledged), self._count - self._sent)
            if self._begun and more > 0:
                numbers = range(self._sent, self._sent + more)
                self._sent += more
                self._wire.sendall(b"".join(map(publish, numbers)))


def _filters(body: bytes) -> int:
    """How many topic filters there are."""
    found = 0
    while body:
        body = body[2 + int.from_bytes(body[:2], "big") + 1 :]
        found += 1
    return found


def main(port: int, window: int, count: int) -> None:
    with socket.create_server(("127.0.0.1", port)) as listener:
        wire, _ = listener.accept()
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        flood = Flood(wire, window, count)
        threading.Thread(target=flood.serve, daemon=True).start()
        listener.accept()
        flood.begin()
        threading.Event().wait()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
