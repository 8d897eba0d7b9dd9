"""A bare backend: takes sealed batches, counts their readings, forgets them.

python -m bench.parts.sink PORT EXPECTED: prints the CLOCK_MONOTONIC seconds at which EXPECTED were there.
"""

from __future__ import annotations

import sys
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


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
        body = zlib.decompress(self.rfile.read(int(self.headers["Content-Length"])), wbits=31)
        Sink.counted += body.count(b"\nreading,")
        self.send_response(204)
        self.end_headers()
        if Sink.counted >= Sink.expected:
            print(time.monotonic(), flush=True)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


if __name__ == "__main__":
    Sink.expected = int(sys.argv[2])
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Sink).serve_forever()
