"""A bare backend: takes batches or plain lines, counts readings by their counter, forgets them.

python -m bench.parts.sink PORT EXPECTED [CERTIFICATE KEY]: prints the CLOCK_MONOTONIC seconds at which
EXPECTED were there; before that `live MS` for each request with readings of the sensor `live`, how late the
oldest of them was.
"""

from __future__ import annotations

import ssl
import sys
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# What a backend says beside this in a header: the number held of a run, the version of the watch bundle.
AS_LONG = "x" * 69


class Sink(BaseHTTPRequestHandler):
    """Answers 204 to every write, with a Date, as a backend would."""

    protocol_version = "HTTP/1.1"
    expected = 0
    counted = 0

    def do_GET(self) -> None:
        """The watch bundle has not changed."""
        self.send_response(304)
        self.end_headers()

    def do_POST(self) -> None:
        """A write."""
        body = zlib.decompress(self._received(), wbits=31)
        Sink.counted += body.count(b"counter=")
        self.send_response(204)
        self.send_header("X-As-Long", AS_LONG)
        self.end_headers()
        self._tell_live(body)
        if Sink.counted >= Sink.expected:
            print(time.monotonic(), flush=True)

    def _received(self) -> bytes:
        """The body; some clients send it in chunks."""
        length = self.headers["Content-Length"]
        if length is not None:
            return self.rfile.read(int(length))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    @staticmethod
    def _tell_live(body: bytes) -> None:
        times = [int(line.rpartition(b" ")[2]) for line in body.splitlines() if b"sensor=live " in line]
        if times:
            print("live", time.time_ns() // 1_000_000 - min(times), flush=True)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


if __name__ == "__main__":
    Sink.expected = int(sys.argv[2])
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Sink)
    if len(sys.argv) > 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3], sys.argv[4])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()
