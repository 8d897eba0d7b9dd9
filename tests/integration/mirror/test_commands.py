"""A real backend with `[mirror]`, and `coldchain-backend mirror …` as a person types it."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.commands import command
from support.influx_servers import ORG, Bucket, InfluxServer, tell
from support.ports import free_port

FLEET = """\
organisation: demo
unsealed: {allowed: true}
assets:
  - id: store
    kind: cold_store
    name: {en: Store, zh: 冷库}
    time_zone: Asia/Shanghai
    zones:
      - id: room
        name: {en: Room, zh: 冷藏间}
        profile: vaccine-2-8
        state: in_use
        points:
          - {id: front, name: {en: Front, zh: 前}, sensor: a}
sensors:
  - {id: a, interval: 60s}
gateways:
  - {name: telegraf, asset: store}
"""
WAIT_S = 90.0
READINGS = 200
BODIES, IN_BODY = 60, 25
"""What comes while InfluxDB is killed."""
KILLS = (10, 25, 40)
"""After so many bodies it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A backend that mirrors into a bucket."""

    folder: Path
    port: int
    bucket: Bucket

    def ask(self, method: str, path: str, body: str, token: str) -> dict[str, object]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            connection.request(method, path, body.encode(), headers)
            answer = connection.getresponse()
            said = answer.read()
            assert answer.status < 300, (path, answer.status, said[:400])
            found: dict[str, object] = json.loads(said) if said else {}
            return found

    def say(self, times: Sequence[int]) -> None:
        """The sensor says something at these instants (ms)."""
        token = (self.folder / "gateway-token").read_text()
        lines = "\n".join(
            f"reading,sensor=a temperature={4 + n % 3}.5 {at_ms}" for n, at_ms in enumerate(times)
        )
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            headers = {"Authorization": f"Token {token}"}
            connection.request("POST", "/api/v2/write?precision=ms", lines.encode(), headers)
            assert connection.getresponse().status == 204

    def times(self) -> list[int]:
        """The instants (ms) of the readings that stand in InfluxDB."""
        with closing(self.bucket.influx()) as influx:
            found = influx.points("reading", {"sensor": "a"}, (0, 1 << 62))
            return sorted(at_ns // 1_000_000 for _, points in found for at_ns in points)

    def mirror(self, *words: str) -> tuple[int, str]:
        done = command("--config", str(self.folder / "backend.toml"), "mirror", *words)
        return done.returncode, done.stdout + done.stderr

    def until_mirrored(self) -> None:
        end = time.monotonic() + WAIT_S
        while True:
            code, said = self.mirror("status", "--json")
            found = json.loads(said) if said.startswith("{") else {}
            if code == 0 and found["ledger"] == found["judged"] and not found["filling"] and found["points"]:
                return
            assert time.monotonic() < end, said
            time.sleep(0.3)

    def until_equal(self) -> str:
        """What `compare` says once it finds both equal: what changed is gone for a moment."""
        end = time.monotonic() + WAIT_S
        while True:
            code, said = self.mirror("compare")
            if (code, "equal: " in said) == (0, True):
                return said
            assert time.monotonic() < end, said
            time.sleep(0.3)

    def until_missing(self) -> tuple[int, bool]:
        """Delete behind the mirror's back what the sensor said; what `compare` says: status, whether equal.

        Again where the mirror wrote it anew just then, because something that it stands beside had changed.
        """
        end = time.monotonic() + WAIT_S
        while True:
            with closing(self.bucket.influx()) as influx:
                influx.delete("reading", {"sensor": "a"}, (0, 1 << 62))
            code, said = self.mirror("compare", "--sensor", "a", "--json")
            found = json.loads(said[said.index("{") :])
            if found["missing"] == READINGS:
                return code, found["equal"]
            assert time.monotonic() < end, said


@pytest.fixture(scope="module")
def running(server_2: InfluxServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder, port, bucket = tmp_path_factory.mktemp("mirrored"), free_port(), server_2.bucket()
    (folder / "influx-token").write_text(bucket.token)
    (folder / "backend.toml").write_text(
        f'[backend]\norganisation = "demo"\nlisten = "127.0.0.1:{port}"\n'
        f'[mirror]\nurl = "{server_2.url}"\norg = "{ORG}"\nbucket = "{bucket.name}"\n'
        'token = "file:influx-token"\n'
    )
    program = [sys.executable, "-m", "coldchain_backend", "--config", "backend.toml", "serve"]
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(program, cwd=folder, stdout=log, stderr=log, env={**os.environ})
    made = Running(folder=folder, port=port, bucket=bucket)
    try:
        fill(made, process)
        yield made
    finally:
        process.terminate()
        process.wait(30)


def fill(made: Running, process: subprocess.Popen[bytes]) -> None:
    """Apply a fleet from a while ago on, and send readings of the last hours."""
    end = time.monotonic() + WAIT_S
    while True:
        assert process.poll() is None, (made.folder / "serve.log").read_text()
        assert time.monotonic() < end
        try:
            admin = (made.folder / "data" / "admin-token").read_text().strip()
            made.ask("GET", "/api/v1/status", "", admin)
        except (OSError, http.client.HTTPException):
            time.sleep(0.2)
        else:
            break
    made.ask("POST", "/api/v1/fleet/apply", json.dumps({"text": FLEET}), admin)
    now_ms = int(time.time() * 1000) + 1_000  # behind the fleet version: before it a sensor stands nowhere
    token = str(made.ask("POST", "/api/v1/tokens", json.dumps({"gateway": "telegraf"}), admin)["token"])
    (made.folder / "gateway-token").write_text(token)
    made.say(range(now_ms, now_ms + READINGS * 500, 500))


def test_the_status_says_how_far_it_is(running: Running) -> None:
    running.until_mirrored()
    code, said = running.mirror("status")
    assert code == 0
    assert "InfluxDB 2" in said
    assert "well" in said


def test_compare_finds_both_equal_and_then_what_somebody_did(running: Running) -> None:
    running.until_mirrored()
    running.until_equal()
    assert running.until_missing() == (1, False)
    code, _ = running.mirror("compare", "--from", "2020-01-01", "--to", "2020-01-02")
    assert code == 0


def test_a_rebuild_makes_it_whole_again(running: Running) -> None:
    running.until_mirrored()
    code, said = running.mirror("rebuild")
    assert code == 0, said
    running.until_mirrored()
    running.until_equal()


def test_killed_during_ingest_it_is_equal_afterwards(running: Running) -> None:
    """kill -9 of InfluxDB, three times, while readings come in through the backend's own door."""
    running.until_mirrored()
    first_ms = running.times()[-1] + 500
    stop_ms = first_ms + BODIES * IN_BODY * 10
    wanted = [*running.times(), *range(first_ms, stop_ms, 10)]
    server, sent = running.bucket.server, threading.Semaphore(0)

    def ingest() -> None:
        for begin_ms in range(first_ms, stop_ms, IN_BODY * 10):
            running.say(range(begin_ms, begin_ms + IN_BODY * 10, 10))
            sent.release()

    with ThreadPoolExecutor(1) as pool:
        coming, before = pool.submit(ingest), 0
        for after in KILLS:
            for _ in range(after - before):
                assert sent.acquire(timeout=WAIT_S)
            before = after
            server.kill()
            server.start()
        coming.result(WAIT_S)
    end = time.monotonic() + WAIT_S
    while len(running.times()) < len(wanted):
        assert time.monotonic() < end, running.mirror("status")
        time.sleep(0.3)
    running.until_mirrored()
    said = running.until_equal()
    assert running.times() == wanted
    tell(
        f"kill -9 of InfluxDB {len(KILLS)} times while {BODIES * IN_BODY} readings came into `serve`: "
        f"{len(wanted)} accepted, {len(running.times())} there; mirror compare: {said.strip()}"
    )


def test_without_a_mirror_the_commands_say_so(tmp_path: Path) -> None:
    (tmp_path / "backend.toml").write_text('[backend]\norganisation = "demo"\n')
    done = command("--config", str(tmp_path / "backend.toml"), "mirror", "compare")
    assert done.returncode == 1
    assert "no [mirror]" in done.stderr
