"""A backend that keeps everything: a real HTTP server that answers as docs/wire.md says."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from coldchain.seal import Batch, Key, read_batches
from coldchain.watch import WatchBundle, make_envelope

WATCH = make_envelope(
    WatchBundle(version="1", organisation="demo", gateway="cut-gw", made_ms=0, sensors=(), profiles=()),
    Key.from_seed(bytes(32)),
)
"""Nothing to watch; what counts is the date of the answer, by which the gateway trusts its clock."""


@dataclass(slots=True)
class Sink:
    """Listens on a free port while it is a context; `batches` holds what came, by (run, seq)."""

    batches: dict[tuple[str, int], Batch] = field(default_factory=dict)
    port: int = field(default=0, init=False)
    _server: ThreadingHTTPServer = field(init=False)

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, name="sink", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, body: bytes) -> str:
        """Keep the batches of a request; the header that says how far each run is held."""
        for batch in read_batches(body):
            assert isinstance(batch, Batch)
            self.batches[batch.run, batch.seq] = batch
        return ",".join(f"{run}:{held}" for run, held in self.held().items())

    def held(self) -> Mapping[str, int]:
        """Per run the highest number below which nothing is missing."""
        result: dict[str, int] = {}
        for run, seq in sorted(self.batches):
            if seq == result.get(run, 0) + 1:
                result[run] = seq
        return result


def _handler(sink: Sink) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            held = sink.take(body)
            self.send_response(204)
            self.send_header("coldchain-held", held)
            self.end_headers()

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(WATCH)))
            self.end_headers()
            self.wfile.write(WATCH)

        def log_message(self, format: str, *args: object) -> None:
            """Requests are in the recording."""

    return Handler
