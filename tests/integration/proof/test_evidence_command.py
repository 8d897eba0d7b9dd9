"""From a gateway's sealed batch over the running server to a stranger's bare Python."""

import http.client
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coldchain.seal import GENESIS, encode_public, seal
from support.commands import command
from support.doors import request
from support.evidence import stranger, unpacked
from support.ledgers import GATEWAY
from support.ports import free_port

WAIT_S = 60.0
FLEET = """
organisation: demo
assets:
  - id: store
    kind: cold_store
    name: {en: Store, zh: 冷库}
    time_zone: Asia/Shanghai
    zones:
      - id: store.room
        name: {en: Room, zh: 冷藏间}
        profile: vaccine-2-8
        points:
          - {id: store.room.a, name: {en: A, zh: 甲}, sensor: s0}
sensors:
  - {id: s0, interval: 10s}
gateways:
  - {name: gw, asset: store}
"""


class House:
    """A folder, a running server on it, and its commands."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        (folder / "backend.toml").write_text(
            f'[backend]\norganisation = "demo"\nlisten = "127.0.0.1:{self.port}"\n', encoding="utf-8"
        )
        (folder / "fleet.yaml").write_text(FLEET, encoding="utf-8")
        self.server = subprocess.Popen(self.command("serve"), stderr=subprocess.DEVNULL)
        until = time.monotonic() + WAIT_S
        while not self._ready():
            assert time.monotonic() < until, "the server is not ready"
            time.sleep(0.1)

    def _ready(self) -> bool:
        try:
            return self.ask("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def command(self, *arguments: str) -> list[str]:
        config = str(self.folder / "backend.toml")
        return [sys.executable, "-m", "coldchain_backend", "--config", config, *arguments]

    def run(self, *arguments: str) -> str:
        done = command("--config", str(self.folder / "backend.toml"), *arguments)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def ask(self, method: str, path: str, body: bytes = b"", token: str = "") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        try:
            headers = {"Authorization": f"Token {token}"} if token else {"Content-Type": "application/json"}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def wait_until_judged(self) -> None:
        until = time.monotonic() + WAIT_S
        while b"coldchain_judging_lag_records 0.0" not in self.ask("GET", "/metrics")[1]:
            assert time.monotonic() < until, "judging does not keep up"
            time.sleep(0.05)

    def enrol(self) -> str:
        code = re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}", self.run("gateways", "code", "gw"))
        assert code is not None
        wish = {"code": code[0], "name": "gw", "public_key": encode_public(GATEWAY.public)}
        status, said = self.ask("POST", "/api/v1/gateways/enroll", json.dumps(wish).encode())
        assert status == 200
        token: str = json.loads(said)["token"]
        return token


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.server.send_signal(signal.SIGTERM)
    house.server.wait(WAIT_S)


def test_evidence_of_what_a_gateway_sent_just_now(house: House) -> None:
    token = house.enrol()
    house.run("fleet", "apply", str(house.folder / "fleet.yaml"))
    now_ms, prev, batches = int(time.time() * 1000), GENESIS, []
    for seq in range(1, 11):
        body = b"reading,sensor=s0 temperature=%d.5 %d\n" % (seq % 3 + 3, now_ms + seq * 10)
        batch = seal(GATEWAY, org="demo", run="r1", seq=seq, prev=prev, body=body)
        batches.append(batch)
        prev = batch.hash
    status, _ = house.ask("POST", "/api/v2/write?precision=ms", request(batches), token)
    assert status == 204
    house.run("checkpoint", "--out", str(house.folder / "checkpoint.json"))
    start = datetime.fromtimestamp(now_ms / 1000, UTC)
    span = ("--from", start.isoformat(), "--to", (start + timedelta(seconds=5)).isoformat())
    house.wait_until_judged()
    out = house.folder / "evidence.zip"
    house.run("evidence", "export", "--zone", "store.room", *span, "--out", str(out), "--language", "zh")
    folder = unpacked(out, house.folder / "unpacked")
    done = stranger(folder, "--fingerprint", GATEWAY.fingerprint)
    assert done.returncode == 0, done.stderr
    assert "10 batches, 10 readings" in done.stdout
    assert "consistent; keys confirmed" in done.stdout
    done = stranger(folder, "--checkpoint", str(house.folder / "checkpoint.json"))
    assert done.stdout.endswith("consistent; keys confirmed\n"), done.stderr
