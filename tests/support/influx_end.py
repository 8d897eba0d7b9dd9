"""The other end of a direct uplink: a small HTTP server that answers as InfluxDB 2 does, and a real one."""

from __future__ import annotations

import http.client
import json
import subprocess
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from demo.ports import listens
from support import parts
from support.ports import free_port

POISON = b"poison=true"
START_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One answer."""

    status: int = 204
    retry_after: str = ""


@dataclass(slots=True)
class InfluxEnd:
    """Takes lines but for those with POISON, unless `script` answers first; counts every line it wrote."""

    script: Callable[[Sequence[bytes]], Said | None] = lambda _: None
    written: Counter[bytes] = field(default_factory=Counter)
    requests: list[tuple[int, int]] = field(default_factory=list)  # lines, status
    most_lines: int = 1 << 30
    _server: ThreadingHTTPServer | None = None

    def answer(self, lines: Sequence[bytes]) -> Said:
        said = self.script(lines)
        if said is None and len(lines) > self.most_lines:
            said = Said(status=413)
        if said is None:
            said = Said(status=400) if any(POISON in line for line in lines) else Said()
        if said.status == 204:
            self.written.update(lines)
        self.requests.append((len(lines), said.status))
        return said

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        end = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = zlib.decompress(self.rfile.read(int(self.headers["Content-Length"])), wbits=31)
                said = end.answer(body.splitlines())
                text = b"" if said.status == 204 else json.dumps({"message": "because"}).encode()
                self.send_response(said.status)
                if said.retry_after:
                    self.send_header("Retry-After", said.retry_after)
                if text:
                    self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *arguments: object) -> None:
                """Silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()


@dataclass(frozen=True, slots=True, kw_only=True)
class RealInflux:
    """An InfluxDB of its own, set up with one organisation and bucket."""

    port: int
    token: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def count(self, measurement: str, column: str) -> int:
        """How many points of a measurement have that field."""
        flux = f'''from(bucket: "cold") |> range(start: 2020-01-01T00:00:00Z, stop: 2100-01-01T00:00:00Z)
            |> filter(fn: (r) => r._measurement == "{measurement}" and r._field == "{column}")
            |> group() |> count() |> keep(columns: ["_value"])'''
        headers = {"Authorization": f"Token {self.token}", "Content-Type": "application/vnd.flux"}
        text = _asked(self.port, "/api/v2/query?org=demo", flux.encode(), headers)
        rows = [line for line in text.splitlines() if line.startswith(",_result")]
        return int(rows[0].rsplit(",", 1)[1]) if rows else 0


@contextmanager
def real_influx(folder: Path) -> Iterator[RealInflux]:
    """InfluxDB 2 from the user's cache; skipped where nobody has built it."""
    program = Path.home() / ".cache" / "coldchain" / "bin" / "influxd"
    if not program.exists():
        parts.missing("InfluxDB 2 in the user's cache")
    port, token = free_port(), "made-for-tests"
    paths = [f"--{name}-path={folder / name}" for name in ("bolt", "engine", "sqlite")]
    command = [str(program), f"--http-bind-address=127.0.0.1:{port}", "--reporting-disabled", *paths]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + START_S
        while not listens(port):
            assert time.monotonic() < end
            time.sleep(0.1)
        _set_up(port, token, end)
        yield RealInflux(port=port, token=token)
    finally:
        process.terminate()
        process.wait(20)


def _set_up(port: int, token: str, end: float) -> None:
    wish = {"username": "u", "password": "long-enough-1", "org": "demo", "bucket": "cold", "token": token}
    while True:
        try:
            _asked(port, "/api/v2/setup", json.dumps(wish).encode(), {})
        except (OSError, http.client.HTTPException):
            assert time.monotonic() < end
            time.sleep(0.2)
        else:
            return


def _asked(port: int, path: str, body: bytes, headers: Mapping[str, str]) -> str:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("POST", path, body, dict(headers))
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status >= 300:
            raise http.client.HTTPException(text)
        return text
