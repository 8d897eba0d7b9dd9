"""Ingest: sealed batches over HTTP → ledger → series → judged, per CPU second of the server.

The baseline is a bare server that gunzips the same bodies and syncs them into a file, and does nothing else.
"""

from __future__ import annotations

import gzip
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.table import Row
from coldchain.seal import GENESIS, Key, encode_public, seal

ORGANISATION = "bench"
SENSORS = 100
SPACING_MS = 150
START_S = 20.0
JUDGE_S = 120.0
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
Json = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How the readings are sent."""

    name: str
    lines: int
    batches: int
    requests: int

    @property
    def readings(self) -> int:
        return self.lines * self.batches * self.requests


SHAPES = (
    Shape(name="ingest batches of 5000", lines=5_000, batches=1, requests=60),
    Shape(name="ingest batches of 10", lines=10, batches=100, requests=80),
    Shape(name="ingest batches of 10, one per request", lines=10, batches=1, requests=1_500),
)


def bodies(key: Key, shape: Shape, start_ms: int) -> list[bytes]:
    """Gzip bodies of one run; reading after reading of every sensor in turn, SPACING_MS apart."""
    found, prev, seq, number = [], GENESIS, 0, 0
    run = f"run-{shape.lines}-{shape.batches}"
    for _ in range(shape.requests):
        parts = []
        for _ in range(shape.batches):
            body = b"".join(_line(number + line, start_ms) for line in range(shape.lines))
            number += shape.lines
            seq += 1
            batch = seal(key, org=ORGANISATION, run=run, seq=seq, prev=prev, body=body)
            prev = batch.hash
            parts.append(batch.encode())
        found.append(gzip.compress(b"".join(parts), 1))
    return found


def _line(number: int, start_ms: int) -> bytes:
    turn, sensor = divmod(number, SENSORS)
    temperature = 4.0 + (turn % 60) / 30 + sensor / 1000
    time_ms = start_ms + turn * SPACING_MS
    return b"reading,sensor=s%03d temperature=%.2f,counter=%di %d\n" % (sensor, temperature, turn, time_ms)


def fleet(key: Key) -> str:
    """A fleet with every sensor in use."""
    points = "".join(
        f"          - {{id: p{n:03d}, name: {{en: P{n}, zh: P{n}}}, sensor: s{n:03d}}}\n"
        for n in range(SENSORS)
    )
    sensors = "".join(f"  - {{id: s{n:03d}, interval: 10s}}\n" for n in range(SENSORS))
    return (
        f"organisation: {ORGANISATION}\nassets:\n  - id: store\n    kind: cold_store\n"
        "    name: {en: Store, zh: 冷库}\n    time_zone: Asia/Shanghai\n    zones:\n      - id: store.room\n"
        "        name: {en: Room, zh: 冷藏间}\n        profile: vaccine-2-8\n        state: in_use\n"
        f"        points:\n{points}sensors:\n{sensors}"
        f"gateways:\n  - {{name: gw, asset: store, key: {encode_public(key.public)}}}\n"
    )


class Server:
    """A server process and what it cost."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self.process = process
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def cpu_s(self) -> float:
        """User and system time of the process so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        """Send one request; raises RuntimeError for anything but success."""
        self._connection.request("POST", path, body, headers)
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{path}: {answer.status} {said[:300]!r}")
        return said

    def metric(self, name: str) -> float:
        """One value of /metrics."""
        self._connection.request("GET", "/metrics")
        text = self._connection.getresponse().read().decode()
        found = (line.split() for line in text.splitlines() if line.startswith(name))
        return sum(float(value) for _, value in found)

    def send_all(self, requests: list[bytes], token: str) -> None:
        headers = {"Authorization": f"Token {token}", "Content-Encoding": "gzip"}
        for body in requests:
            self.post("/api/v2/write?precision=ms", body, headers)

    def wait_until_judged(self) -> None:
        """Return when judging has no record before it; every reading must have been one that it judges."""
        until = time.monotonic() + JUDGE_S
        while self.metric("coldchain_judging_lag_records") > 0:
            if time.monotonic() > until:
                raise RuntimeError("judging does not keep up")
            time.sleep(0.05)
        if self.metric("coldchain_unjudged{") > 0:
            raise RuntimeError("some readings were not judged")


@contextmanager
def started(command: list[str], port: int, folder: Path) -> Iterator[Server]:
    """A server process that listens on `port`."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            _wait_for(port, folder / "log")
            yield Server(port, process)
        finally:
            process.terminate()
            process.wait(20)


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
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def bare(requests: list[bytes], readings: int) -> float:
    """Readings per CPU second of the bare server."""
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [sys.executable, "-c", BARE, str(port), str(folder / "bodies")]
        with started(command, port, folder) as server:
            before = server.cpu_s()
            server.send_all(requests, "none")
            return readings / max(server.cpu_s() - before, 0.01)


def backend(folder: Path, port: int) -> list[str]:
    """Configure a backend; the command that starts it."""
    (folder / "backend.toml").write_text(
        f'[backend]\norganisation = "{ORGANISATION}"\ndata_dir = "data"\nlisten = "127.0.0.1:{port}"\n',
        "utf-8",
    )
    return [sys.executable, "-m", "coldchain_backend", "--config", "backend.toml", "serve"]


def measure_shape(shape: Shape) -> Row:
    """One shape on a fresh backend."""
    key, port = Key.generate(), free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with started(backend(folder, port), port, folder) as server:
            admin = (folder / "data" / "admin-token").read_text("ascii").strip()
            token = _set_up(server, key, admin)
            requests = bodies(key, shape, int(time.time() * 1000))
            before = server.cpu_s()
            server.send_all(requests, token)
            server.wait_until_judged()
            value = shape.readings / (server.cpu_s() - before)
    return Row(
        name=shape.name,
        value=value,
        unit="readings/cpu-s",
        baseline=bare(requests, shape.readings),
        baseline_name="gunzip + fsync",
    )


def _set_up(server: Server, key: Key, admin: str) -> str:
    """Apply the fleet; a token for its gateway."""
    headers = {"Authorization": f"Bearer {admin}", "Content-Type": "application/json"}
    wish: Json = {"text": fleet(key)}
    server.post("/api/v1/fleet/apply", json.dumps(wish).encode(), headers)
    answer = server.post("/api/v1/tokens", json.dumps({"gateway": "gw"}).encode(), headers)
    token: str = json.loads(answer)["token"]
    return token


def measure() -> list[Row]:
    """All shapes."""
    return [measure_shape(shape) for shape in SHAPES]
