"""Real InfluxDB servers for tests: 2.7 from the user's cache, Debian's 1.6; each a process of its own.

Servers are shared by a session; each test gets a bucket with a token (or a user) for that bucket alone.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from coldchain_backend.influx import Influx, Place, wires
from coldchain_backend.mirror import SHAPES
from coldchain_runtime.secrets import Secret
from demo.ports import listens
from support import parts
from support.ports import free_port

START_S: Final = 90.0
ORG: Final = "demo"
MASTER: Final = "made-for-tests"
_NUMBERS: Final = count(1)


def tell(text: str) -> None:
    """Say what was counted, also where pytest keeps what is printed."""
    sys.__stdout__.write(f"\n  {text}")  # type: ignore[union-attr] # there is one


@dataclass(slots=True, kw_only=True)
class InfluxServer:
    """A server that can be killed, frozen and started again on the same folder and port."""

    version: str
    command: list[str]
    port: int
    process: subprocess.Popen[bytes] | None = None
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        end = time.monotonic() + START_S
        while not self._ready():
            assert time.monotonic() < end, f"InfluxDB {self.version} did not start"
            assert self.process.poll() is None, f"InfluxDB {self.version} ended at start"
            time.sleep(0.05)

    def _ready(self) -> bool:
        if not listens(self.port):
            return False
        try:
            return self._ask("GET", "/ping", "", {}) in (200, 204)
        except (OSError, http.client.HTTPException):
            return False

    def _ask(self, method: str, path: str, body: str, headers: dict[str, str]) -> int:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, body.encode(), headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status

    def document(self, method: str, path: str, body: object = None) -> dict[str, object]:
        """2.x: ask with the master token."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            sent = None if body is None else json.dumps(body).encode()
            connection.request(method, path, sent, {"Authorization": f"Token {MASTER}"})
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status < 300, f"{path}: {answer.status} {text[:300]!r}"
            found: dict[str, object] = json.loads(text) if text else {}
            return found

    def statement(self, statement: str) -> None:
        """1.x: an InfluxQL statement as the administrator."""
        asked = urlencode({"q": statement, "u": "admin", "p": MASTER})
        assert self._ask("POST", f"/query?{asked}", "", {}) == 200, statement

    def kill(self) -> None:
        """As a power cut: no time to write anything."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(20)

    def freeze(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGCONT)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(20)

    def bucket(self, retention_h: int = 0) -> Bucket:
        """A new bucket, and a token or a user for it alone."""
        name = f"test{next(_NUMBERS)}"
        if self.version == "1":
            keeps = f" WITH DURATION {retention_h}h" if retention_h else ""
            self.statement(f'CREATE DATABASE "{name}"{keeps}')
            self.statement(f"CREATE USER {name} WITH PASSWORD 'pass-{name}'")
            self.statement(f'GRANT ALL ON "{name}" TO {name}')
            return Bucket(server=self, name=name, user=name, token=f"pass-{name}")
        org = self._org()
        rules = [{"type": "expire", "everySeconds": retention_h * 3600}] if retention_h else []
        made = self.document("POST", "/api/v2/buckets", {"orgID": org, "name": name, "retentionRules": rules})
        resource = {"type": "buckets", "id": made["id"], "orgID": org}
        allowed = [{"action": action, "resource": resource} for action in ("read", "write")]
        wish = {"orgID": org, "description": name, "permissions": allowed}
        token = self.document("POST", "/api/v2/authorizations", wish)
        self.tokens[name] = str(token["id"])
        return Bucket(server=self, name=name, id=str(made["id"]), token=str(token["token"]))

    def _org(self) -> str:
        found = self.document("GET", f"/api/v2/orgs?org={ORG}")["orgs"]
        assert isinstance(found, list)
        return str(found[0]["id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bucket of one test."""

    server: InfluxServer
    name: str
    token: str
    user: str = ""
    id: str = ""

    def influx(self, *, timeout_s: float = 20.0, token: str | None = None) -> Influx:
        place = Place(bucket=self.name, org=ORG, user=self.user, token=Secret(token or self.token))
        return Influx(wires(self.server.url, timeout_s=timeout_s), place)

    @property
    def lasting(self) -> Bucket:
        """The same by a token that outlives the bucket (2.x); in 1.x the grant goes with the database."""
        return self if self.server.version == "1" else replace(self, token=MASTER)

    def revoke(self) -> None:
        """The token is no longer accepted."""
        self._allow(allowed=False)

    def allow(self) -> None:
        """The token is accepted again."""
        self._allow(allowed=True)

    def _allow(self, *, allowed: bool) -> None:
        if self.server.version == "1":
            password = self.token if allowed else "another"
            self.server.statement(f"SET PASSWORD FOR {self.user} = '{password}'")
        else:
            path = f"/api/v2/authorizations/{self.server.tokens[self.name]}"
            self.server.document("PATCH", path, {"status": "active" if allowed else "inactive"})

    def drop(self) -> None:
        """Delete the bucket with all that is in it."""
        if self.server.version == "1":
            self.server.statement(f'DROP DATABASE "{self.name}"')
        else:
            self.server.document("DELETE", f"/api/v2/buckets/{self.id}")

    def make_again(self) -> None:
        """The bucket again, empty, under the same name; 1.x: with the same user."""
        if self.server.version == "2":
            self.server.document("POST", "/api/v2/buckets", {"orgID": self.server._org(), "name": self.name})
            return
        self.server.statement(f'CREATE DATABASE "{self.name}"')
        self.server.statement(f'GRANT ALL ON "{self.name}" TO {self.user}')

    def empty(self) -> None:
        """Delete everything in it, as somebody with another tool would."""
        influx = self.influx()
        for measurement in SHAPES:
            influx.delete(measurement, {}, (0, 1 << 62))
        influx.close()


@contextmanager
def influx_2(folder: Path) -> Iterator[InfluxServer]:
    """InfluxDB 2.7, set up."""
    program = parts.cache_folder() / "bin" / "influxd"
    if not program.exists():
        parts.missing("InfluxDB 2.7 in the user's cache (make influxd)")
    port = free_port()
    paths = [f"--{name}-path={folder / name}" for name in ("bolt", "engine", "sqlite")]
    command = [str(program), f"--http-bind-address=127.0.0.1:{port}", "--reporting-disabled", *paths]
    server = InfluxServer(version="2", command=command, port=port)
    try:
        server.start()
        wish = {"username": "u", "password": "long-enough-1", "org": ORG, "bucket": "first", "token": MASTER}
        server.document("POST", "/api/v2/setup", wish)
        yield server
    finally:
        server.stop()


@contextmanager
def influx_1(folder: Path) -> Iterator[InfluxServer]:
    """Debian's InfluxDB 1.6, with authentication."""
    program = parts.cache_folder() / "influxdb1" / "usr" / "bin" / "influxd"
    if not program.exists():
        parts.missing("Debian's InfluxDB 1.6 in the user's cache (make influxd)")
    port, other = free_port(), free_port()
    config = folder / "influxdb.conf"
    config.write_text(
        f'reporting-disabled = true\nbind-address = "127.0.0.1:{other}"\n'
        f'[meta]\n  dir = "{folder}/meta"\n'
        f'[data]\n  dir = "{folder}/data"\n  wal-dir = "{folder}/wal"\n'
        f'[http]\n  bind-address = "127.0.0.1:{port}"\n  auth-enabled = true\n'
        "[monitor]\n  store-enabled = false\n"
    )
    server = InfluxServer(version="1", command=[str(program), "-config", str(config)], port=port)
    try:
        server.start()
        asked = urlencode({"q": f"CREATE USER admin WITH PASSWORD '{MASTER}' WITH ALL PRIVILEGES"})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        assert server._ask("POST", "/query", asked, headers) == 200
        yield server
    finally:
        server.stop()
