"""The uplink's network: a TCP proxy that can be cut."""

import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field

from demo.ports import LOCAL

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(slots=True, kw_only=True)
class Uplink:
    """Listens on `port`, forwards to `target`; while cut, connections are reset."""

    port: int
    target: int
    _listener: socket.socket = field(init=False)
    _open: set[socket.socket] = field(default_factory=set, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _cut: threading.Event = field(default_factory=threading.Event, init=False)

    def start(self) -> None:
        """Begin to listen."""
        self._listener = socket.create_server((LOCAL, self.port))
        threading.Thread(target=self._accept, name="uplink", daemon=True).start()

    def stop(self) -> None:
        """Close everything; a thread in `accept` would keep the port open, so it is woken."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    @property
    def is_cut(self) -> bool:
        """Whether nothing passes now."""
        return self._cut.is_set()

    def cut(self) -> None:
        """Reset what is open and let nothing through."""
        self._cut.set()
        with self._lock:
            for connection in self._open:
                _reset(connection)
            self._open.clear()

    def mend(self) -> None:
        """Let new connections through again."""
        self._cut.clear()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._cut.is_set():
                _reset(client)
                continue
            threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection((LOCAL, self.target), timeout=10.0)
        except OSError:
            _reset(client)
            return
        server.settimeout(None)
        with self._lock:
            self._open |= {client, server}
        if self._cut.is_set():
            self.cut()
        back = threading.Thread(target=_pump, args=(server, client), daemon=True)
        back.start()
        _pump(client, server)
        back.join()
        with self._lock:
            self._open -= {client, server}
        client.close()
        server.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Copy until one side ends; the end is passed on."""
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _reset(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        connection.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        connection.close()
