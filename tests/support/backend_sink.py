"""A backend over real HTTP that keeps what it is sent and answers as it is told."""

import json
import ssl
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from coldchain.seal import Batch, Key, read_batches
from coldchain.watch import WatchBundle, make_envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer to a write."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, object] = field(default_factory=dict)


Script = Callable[[list[Batch]], Reply]


class BackendSink:
    """Listens on a free port; `script` decides each answer, what gets 204 is kept."""

    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.key = Key.generate()
        self.bundle: WatchBundle | None = None
        self.script: Script = lambda _: Reply()
        self.kept: list[Batch] = []
        self.requests: list[list[tuple[str, int]]] = []
        self.tokens: set[str] = set()
        self.enrolments: list[dict[str, str]] = []
        self.arrived = threading.Condition()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                sink.tokens.add(self.headers.get("Authorization", ""))
                tag = None if sink.bundle is None else f'"{sink.bundle.version}"'
                fresh = sink.bundle is not None and self.headers.get("If-None-Match") != tag
                body = make_envelope(sink.bundle, sink.key) if fresh and sink.bundle is not None else b""
                self._answer(200 if body else 304, {}, body)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path.startswith("/api/v1/gateways/enroll"):
                    self._enrol(json.loads(body))
                    return
                batches = [b for b in read_batches(zlib.decompress(body, wbits=31)) if isinstance(b, Batch)]
                reply = sink.take(batches)
                document = b"" if reply.status == 204 else json.dumps(reply.body).encode()
                self._answer(reply.status, reply.headers, document)

            def _enrol(self, asked: dict[str, str]) -> None:
                sink.enrolments.append(asked)
                if asked["code"] != "GOOD-CODE":
                    self._answer(403, {}, b"{}")
                    return
                answer = {"organisation": "demo", "gateway": asked["name"], "token": "sesame"}
                answer["backend_public_key"] = sink.public_key()
                self._answer(200, {}, json.dumps(answer).encode())

            def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status not in (204, 304):
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: object) -> None:
                """Silent."""

        ThreadingHTTPServer.allow_reuse_address = True
        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def public_key(self) -> str:
        from coldchain.seal import encode_public

        return encode_public(self.key.public)

    def take(self, batches: list[Batch]) -> Reply:
        reply = self.script(batches)
        with self.arrived:
            self.requests.append([(batch.run, batch.seq) for batch in batches])
            if reply.status == 204:
                self.kept += batches
            self.arrived.notify_all()
        return reply

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def lines(self, measurement: str = "reading") -> list[str]:
        """Lines of one measurement in everything kept, in the order of numbers, repeats of a batch once."""
        unique = {(batch.run, batch.seq): batch for batch in self.kept}
        ordered = [unique[name].body.decode() for name in sorted(unique)]
        every = [line for body in ordered for line in body.splitlines()]
        return [line for line in every if line.startswith((measurement + ",", measurement + " "))]

    def wait_for(self, condition: Callable[[], bool], within_s: float = 15.0) -> None:
        """Until what has arrived fulfils it."""
        with self.arrived:
            assert self.arrived.wait_for(condition, within_s), (
                f"{len(self.kept)} batches: {self.requests[-5:]}"
            )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
