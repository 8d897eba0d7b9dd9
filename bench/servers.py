"""Servers under measurement, each in a process: the backend, a bare one, InfluxDB 2.7 where it is here."""

from __future__ import annotations

import compileall
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import coldchain
import coldchain_backend
import coldchain_runtime
from bench.loads import ORGANISATION, Load

START_S = 60.0
JUDGE_S = 240.0
STOP_S = 120.0
BARE = """\
import asyncio, os, sys, uvicorn, zlib
file = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
async def app(scope, receive, send):
    parts, more = [], scope["type"] == "http"
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    body = b"".join(parts)
    if body:
        os.write(file, zlib.decompress(body, 31))
        await asyncio.to_thread(os.fdatasync, file)
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", lifespan="off")
"""
Requests = Sequence[tuple[str, bytes]]


class Server:
    """A server process and what it cost."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self.process = process
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def cpu_s(self) -> float:
        """User and system time of the process so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mb(self) -> float:
        """The most memory that was resident."""
        text = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(text.partition("VmHWM:")[2].split()[0]) / 1024

    def ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """Send one request; status and body of the answer."""
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        """Send one request; raises RuntimeError for anything but success."""
        status, said = self.ask("POST", path, body, headers)
        if status >= 300:
            raise RuntimeError(f"{path}: {status} {said[:300]!r}")
        return said

    def metric(self, name: str) -> float:
        """One value of /metrics."""
        text = self.ask("GET", "/metrics", b"", {})[1].decode()
        found = (line.split() for line in text.splitlines() if line.startswith(name))
        return sum(float(value) for _, value in found)


@dataclass(slots=True, kw_only=True)
class Backend:
    """The backend with a fleet applied and a token for each of its gateways."""

    server: Server
    folder: Path
    tokens: dict[str, str]
    ready_s: float

    def write(self, gateway: str, body: bytes, *, patient: bool = True) -> bool:
        """Send one gzip body; where the server asks to wait, wait (or, impatient, come back empty-handed)."""
        headers = {"Authorization": f"Token {self.tokens[gateway]}", "Content-Encoding": "gzip"}
        while True:
            status, said = self.server.ask("POST", "/api/v2/write?precision=ms", body, headers)
            if status == 204:
                return True
            if status not in (429, 503):
                raise RuntimeError(f"write: {status} {said[:300]!r}")
            if not patient:
                return False
            time.sleep(0.2)

    def wait_until_judged(self) -> None:
        """Return when judging has no record before it; every reading must have been one that it judges."""
        until = time.monotonic() + JUDGE_S
        while self.server.metric("coldchain_judging_lag_records") > 0:
            if time.monotonic() > until:
                raise RuntimeError("judging does not keep up")
            time.sleep(0.2)  # each look costs the server some milliseconds
        if self.server.metric("coldchain_unjudged{") > 0:
            raise RuntimeError("some readings were not judged")


@cache
def compile_parts() -> None:
    """Compile the parts as installing them does: else a start compiles them, a third of what it costs."""
    for part in (coldchain, coldchain_runtime, coldchain_backend):
        compileall.compile_dir(next(iter(part.__path__)), quiet=2)


@contextmanager
def backend(load: Load, *, config: str = "", files: Mapping[str, str] | None = None) -> Iterator[Backend]:
    """A fresh backend that knows the load's fleet; `config`: more of its file, `files`: what lies beside."""
    compile_parts()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="coldchain-bench-") as name:
        folder = Path(name)
        (folder / "backend.toml").write_text(
            f'[backend]\norganisation = "{ORGANISATION}"\ndata_dir = "data"\nlisten = "127.0.0.1:{port}"\n'
            + config,
            "utf-8",
        )
        for name_of, text in (files or {}).items():
            (folder / name_of).write_text(text, "utf-8")
        command = [sys.executable, "-m", "coldchain_backend", "--config", "backend.toml", "serve"]
        with started(command, port, folder) as server:
            yield _set_up(server, folder, load)


def _set_up(server: Server, folder: Path, load: Load) -> Backend:
    ready_s = server.cpu_s()
    admin = (folder / "data" / "admin-token").read_text("ascii").strip()
    headers = {"Authorization": f"Bearer {admin}", "Content-Type": "application/json"}
    server.post("/api/v1/fleet/apply", json.dumps({"text": load.fleet()}).encode(), headers)
    tokens = {
        one.name: str(
            json.loads(server.post("/api/v1/tokens", json.dumps({"gateway": one.name}).encode(), headers))[
                "token"
            ]
        )
        for one in load.senders
    }
    return Backend(server=server, folder=folder, tokens=tokens, ready_s=ready_s)


def bare_cpu_s(requests: Requests) -> float:
    """CPU of a server that gunzips the same bodies and syncs them into a file, and does nothing else."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="coldchain-bench-") as name:
        command = [sys.executable, "-c", BARE, str(port), str(Path(name) / "bodies")]
        with started(command, port, Path(name)) as server:
            before = server.cpu_s()
            for _, body in requests:
                server.post("/", body, {})
            return max(server.cpu_s() - before, 0.01)


def influxd() -> Path | None:
    """InfluxDB's program: INFLUXD, or the one that `make influxd` built."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "coldchain" / "bin" / "influxd"
    found = Path(os.environ.get("INFLUXD") or cache)
    return found if found.exists() else None


def influx_cpu_s(program: Path, requests: Requests) -> float:
    """CPU of InfluxDB for the same bodies, from its start on an empty store; its seals are comments to it."""
    with influx(program) as (server, token):
        headers = {"Authorization": f"Token {token}", "Content-Encoding": "gzip"}
        before = server.cpu_s()
        for _, body in requests:
            server.post("/api/v2/write?org=bench&bucket=bench&precision=ms", body, headers)
        return max(server.cpu_s() - before, 0.01)


@contextmanager
def influx(program: Path) -> Iterator[tuple[Server, str]]:
    """A fresh InfluxDB 2.7 with organisation and bucket `bench`, and a token for both."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="coldchain-bench-") as name:
        folder = Path(name)
        command = [
            str(program), "--http-bind-address", f"127.0.0.1:{port}", "--bolt-path", str(folder / "bolt"),
            "--engine-path", str(folder / "engine"), "--sqlite-path", str(folder / "sqlite"),
            "--reporting-disabled", "--log-level", "error",
        ]  # fmt: skip
        with started(command, port, folder) as server:
            wish = {"username": "bench", "password": "bench-bench", "org": "bench", "bucket": "bench"}
            answer = server.post("/api/v2/setup", json.dumps(wish).encode(), {})
            yield server, str(json.loads(answer)["auth"]["token"])


@contextmanager
def started(command: Sequence[str], port: int, folder: Path) -> Iterator[Server]:
    """A server process that listens on `port`."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            _wait_for(port, folder / "log")
            yield Server(port, process)
        finally:
            process.terminate()
            process.wait(STOP_S)


def _wait_for(port: int, log: Path) -> None:
    until = time.monotonic() + START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > until:
                raise RuntimeError(log.read_text(encoding="utf-8")) from None
            time.sleep(0.05)
        else:
            return


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
