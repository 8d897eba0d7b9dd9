"""A Modbus unit behind a network socket."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path

from coldchain_gateway.sources import ModbusTcpConfig, SourceConfig
from coldchain_gateway.sources.bus import UnitConfig
from support.ports import free_port
from support.terminals import AT_FIRST


class ModbusTcpWire:
    """A unit behind a network socket, served by a thread for each connection."""

    def __init__(self, _folder: Path) -> None:
        self.port = free_port()
        self.celsius = AT_FIRST
        self.spoiled: list[bytes] = []
        self._listener: socket.socket | None = None
        self._open: list[socket.socket] = []

    def config(self) -> SourceConfig:
        unit = UnitConfig(address=1, template="xy-md02", sensor="front", interval=200, timeout=300)
        return ModbusTcpConfig(kind="modbus_tcp", name="tcp", host="127.0.0.1", port=self.port, unit=(unit,))

    def plug(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def unplug(self) -> None:
        for one in (self._listener, *self._open):
            if one is not None:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
        self._listener, self._open = None, []

    def say(self, celsius: float) -> None:
        self.celsius = celsius

    def babble(self) -> None:
        """A late answer to an earlier request, then an exception, in place of answers."""
        self.spoiled = [
            b"\xff\xff\0\0\0\x05\x01\x04\x02\x7f\xff",
            b"\0\0\0\x03\x01\x84\x02",
            b"\0\0\0\x03\x01\x84\x02",
        ]

    def close(self) -> None:
        self.unplug()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            while request := connection.recv(260):
                registers = {1: round(self.celsius * 10) & 0xFFFF, 2: 500}
                first, count = request[9], request[11]
                words = [registers.get(first + place, 0) for place in range(count)]
                data = b"".join(word.to_bytes(2, "big") for word in words)
                body = request[6:8] + bytes([len(data)]) + data
                answer = request[:4] + len(body).to_bytes(2, "big") + body
                if self.spoiled:
                    said = self.spoiled.pop(0)
                    answer = said if said[0] else request[:2] + said
                connection.sendall(answer)
