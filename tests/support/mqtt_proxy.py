"""A wire between a client and a broker that can be cut, or can swallow packets while it looks whole."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from support.ports import free_port

PUBLISH, SUBSCRIBE, SUBACK = 3, 8, 9


class MqttProxy:
    """Forwards packets one by one.

    `deaf`: what the broker publishes is swallowed. `forgetful`: what the client subscribes is swallowed and
    answered as if it had been granted. `refuses`: the broker's answer to the subscription of this number.
    """

    def __init__(self, broker_port: int) -> None:
        self.port = free_port()
        self.deaf = False
        self.forgetful = False
        self.refuses: int | None = None
        self.swallowed = 0
        self.subscribed = 0
        self.connections = 0
        self._broker_port = broker_port
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._server = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection."""
        for pair in self._pairs:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        self._pairs.clear()

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                try:
                    broker = socket.create_connection(("127.0.0.1", self._broker_port))
                except OSError:
                    client.close()
                    continue
                self.connections += 1
                self._pairs.append((client, broker))
                for here, there, down in ((client, broker, False), (broker, client, True)):
                    threading.Thread(target=self._forward, args=(here, there, down), daemon=True).start()

    def _forward(self, here: socket.socket, there: socket.socket, down: bool) -> None:  # noqa: FBT001 - a thread's argument
        with suppress(OSError, EOFError):
            while True:
                self._pass_on(packet_from(here), here, there, down=down)
        for end in (here, there):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _pass_on(self, packet: bytes, here: socket.socket, there: socket.socket, *, down: bool) -> None:
        kind = packet[0] >> 4
        if down and kind == PUBLISH and self.deaf:
            self.swallowed += 1
        elif down and kind == SUBACK and self.refuses is not None:
            there.sendall(refused(packet, self.refuses))
        elif not down and kind == SUBSCRIBE:
            self.subscribed += 1
            if self.forgetful:
                self.swallowed += 1
                here.sendall(granted(packet))
            else:
                there.sendall(packet)
        else:
            there.sendall(packet)


def packet_from(wire: socket.socket) -> bytes:
    """One whole packet. Raises EOFError at the end of the connection."""
    head = exactly(wire, 1)
    length, shift, size = 0, 0, b""
    while True:
        byte = exactly(wire, 1)
        size += byte
        length |= (byte[0] & 0x7F) << shift
        shift += 7
        if not byte[0] & 0x80:
            return head + size + exactly(wire, length)


def exactly(wire: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        part = wire.recv(length - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def refused(suback: bytes, number: int) -> bytes:
    """An answer of MQTT 3.1.1 to fewer than 125 filters in which one of them, counted from 0, is refused."""
    at = 4 + number
    return suback[:at] + b"\x80" + suback[at + 1 :]


def granted(subscribe: bytes) -> bytes:
    """The answer to a SUBSCRIBE of MQTT 3.1.1 in which every filter gets what it asked for."""
    start = 2
    while subscribe[start - 1] & 0x80:
        start += 1
    at, qos = start + 2, b""
    while at < len(subscribe):
        at += 2 + int.from_bytes(subscribe[at : at + 2], "big")
        qos += subscribe[at : at + 1]
        at += 1
    return bytes([SUBACK << 4, 2 + len(qos)]) + subscribe[start : start + 2] + qos
