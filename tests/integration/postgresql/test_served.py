"""The running backend on a server that goes away and comes back: writes are taken, and all is told."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from demo.postgres import Server
from demo.receiver import Receiver, new_secret
from support.ports import free_port
from support.quick_room import quick_room

T = TypeVar("T")
WITHIN_S = 90.0
CONFIG = """
[backend]
organisation = "demo"
data_dir = "data"
listen = "127.0.0.1:{port}"
[delivery]
allow_private = ["127.0.0.0/8"]
[state]
url = "file:state"
"""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of its own, which may go away."""
    made = Server(durable=True)
    try:
        made.start()
        yield made
    finally:
        made.close()


@contextmanager
def running(folder: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "coldchain_backend", "--config", "backend.toml", "serve"]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait(WITHIN_S)


def until(what: str, look: Callable[[], T | None], folder: Path) -> T:
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {WITHIN_S} s\n{(folder / 'log').read_text()[-3000:]}")


@pytest.mark.budget(30)
def test_a_server_that_goes_away_stops_judging_and_nothing_else(server: Server, tmp_path: Path) -> None:
    port, secret = free_port(), new_secret()
    receiver = Receiver(port=free_port(), secret=secret, log=tmp_path / "hooks.jsonl")
    receiver.start()
    for name, text in (
        ("backend.toml", CONFIG.format(port=port)),
        ("state", server.url()),
        ("whsec", secret),
    ):
        (tmp_path / name).write_text(text)
    url = f"http://127.0.0.1:{port}"
    with running(tmp_path), httpx.Client(base_url=url, timeout=30.0, trust_env=False) as client:

        def status(path: str = "/readyz") -> int:
            try:
                return client.get(path).status_code
            except httpx.TransportError:
                return 0

        def write(celsius: float) -> int:
            line = f"reading,sensor=front temperature={celsius}"
            answer = client.post("/api/v2/write", content=line, headers={"Authorization": f"Token {token}"})
            return answer.status_code

        until("ready", lambda: status() == 200, tmp_path)
        admin = (tmp_path / "data" / "admin-token").read_text().strip()
        client.headers["Authorization"] = f"Bearer {admin}"
        applied = client.post(
            "/api/v1/fleet/apply", json={"text": quick_room(receiver.url, alarm_after="0s", interval="10s")}
        )
        assert applied.status_code < 300, applied.text
        token = client.post("/api/v1/tokens", json={"gateway": "tool"}).json()["token"]
        assert write(4.0) == 204
        until("judged", lambda: client.get("/api/v1/board").status_code == 200, tmp_path)
        server.down()
        assert write(12.0) == 204
        until("not ready", lambda: status() == 503, tmp_path)
        assert "cannot be reached" in client.get("/readyz").text
        assert client.get("/api/v1/alerts").status_code == 503
        assert status("/healthz") == 200
        server.up()
        until("ready again", lambda: status() == 200, tmp_path)
        until("told", lambda: [one for one in receiver.once() if one.type == "alert.fired"], tmp_path)
        assert all(one.verified for one in receiver.received())
    receiver.stop()
