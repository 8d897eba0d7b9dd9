"""The real backend as a process: it keeps over kill -9 what it acknowledged, stops in order, and verifies."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from coldchain.seal import encode_public
from support.doors import request
from support.ledgers import GATEWAY, sealed
from support.ports import free_port

READY_S = 20.0
Json = dict[str, object]


class Backend:
    """A folder with a configuration, and the process on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        (folder / "backend.toml").write_text(
            f'[backend]\norganisation = "demo"\nlisten = "127.0.0.1:{self.port}"\n', "utf-8"
        )

    @property
    def ledger(self) -> Path:
        return self.folder / "data" / "ledger" / "demo"

    def command(self, *arguments: str) -> list[str]:
        config = str(self.folder / "backend.toml")
        return [sys.executable, "-m", "coldchain_backend", "--config", config, *arguments]

    def start(self) -> None:
        """Start and wait until it is ready."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command("serve"), stdout=log, stderr=log)
        until = time.monotonic() + READY_S
        while time.monotonic() < until and self.process.poll() is None:
            try:
                if self.ask("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text("utf-8"))

    def stop(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(20)

    def ask(self, method: str, path: str, body: bytes = b"", token: str = "") -> tuple[int, bytes]:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            headers = {"Content-Type": "application/json"}
            if token:
                headers = {"Authorization": f"Token {token}"}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def enrol(self) -> str:
        """Enrol the gateway by a code; its token."""
        made = subprocess.run(
            self.command("gateways", "code", "gw"), check=True, capture_output=True, text=True
        ).stdout
        code = re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}", made)
        assert code is not None
        wish: Json = {"code": code[0], "name": "gw", "public_key": encode_public(GATEWAY.public)}
        status, said = self.ask("POST", "/api/v1/gateways/enroll", json.dumps(wish).encode())
        assert status == 200
        token: str = json.loads(said)["token"]
        return token

    def verify(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command("verify"), check=False, capture_output=True, text=True)


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Backend]:
    backend = Backend(tmp_path)
    backend.start()
    yield backend
    if backend.process is not None and backend.process.poll() is None:
        backend.stop(signal.SIGKILL)


def test_what_was_acknowledged_survives_a_kill_and_is_verified(backend: Backend) -> None:
    token = backend.enrol()
    batches = sealed(60)
    acknowledged = []

    def send(first: int) -> None:
        for batch in batches[first::6]:
            status, _ = backend.ask("POST", "/api/v2/write", request([batch]), token)
            assert status == 204
            acknowledged.append(batch.seq)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(send, range(6)))
    assert backend.stop(signal.SIGKILL) == -signal.SIGKILL
    backend.start()
    report = backend.verify()
    assert report.returncode == 0
    assert re.search(r"^intact: \d+ records, 60 batches, 120 lines, 1 gateway$", report.stdout, re.M)
    status, _ = backend.ask("POST", "/api/v2/write", request(batches), token)
    assert status == 204
    assert "60 batches" in backend.verify().stdout


def test_it_stops_in_order_and_a_changed_byte_is_named(backend: Backend) -> None:
    token = backend.enrol()
    for batch in sealed(5):
        assert backend.ask("POST", "/api/v2/write", request([batch]), token)[0] == 204
    assert backend.stop(signal.SIGTERM) == 0
    assert backend.verify().returncode == 0
    segment = backend.ledger / "00000001.seg"
    content = bytearray(segment.read_bytes())
    content[content.index(b"seq=3 ") + 4] ^= 1
    segment.write_bytes(content)
    report = backend.verify()
    assert report.returncode == 1
    assert re.search(
        r"^record \d+, segment 00000001\.seg, byte \d+: its hash does not fit", report.stdout, re.M
    )
    with pytest.raises(AssertionError, match=r"record \d+, segment 00000001\.seg"):
        backend.start()


def test_a_second_server_on_one_folder_says_so(backend: Backend) -> None:
    config = backend.folder / "backend.toml"
    config.write_text(config.read_text("utf-8").replace(str(backend.port), str(free_port())), "utf-8")
    second = subprocess.run(backend.command("serve"), check=False, capture_output=True, text=True, timeout=30)
    assert second.returncode == 1
    assert "another process has the ledger" in second.stderr


def test_the_admin_token_is_private(backend: Backend) -> None:
    for name in ("admin-token", "backend.key", "links.key", "access.json"):
        assert (backend.folder / "data" / name).stat().st_mode & 0o777 == 0o600
