"""A real backend that follows what Telegraf writes to InfluxDB, killed while it imports; its commands."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import pytest

from coldchain_backend.influx import Influx
from support import parts
from support.commands import command
from support.influx_servers import ORG, Bucket, InfluxServer
from support.ports import free_port
from support.written_points import line, write

WAIT_S = 120.0
MINUTE_NS = 60_000_000_000
MINUTES = 5 * 24 * 60
SENSORS = ("front", "rear")
SETTINGS = """
[backend]
organisation = "demo"
listen = "127.0.0.1:{port}"

[[follow]]
name = "site"
url = "{url}"
org = "{org}"
bucket = "{bucket}"
token = "file:reading-token"
poll = "1s"
recheck = "10s"
"""
SERIES = """
[[follow.series]]
measurement = "coldroom"
field = "temperature"
sensor = "{host}-{sensor}"
"""
TELEGRAF = """
[agent]
  interval = "1s"
  flush_interval = "1s"
  hostname = "truck7"
[[inputs.file]]
  files = ["{folder}/probe.json"]
  name_override = "coldroom"
  data_format = "json"
  [inputs.file.tags]
    sensor = "telegraf"
[[outputs.influxdb_v2]]
  urls = ["{url}"]
  token = "{token}"
  organization = "{org}"
  bucket = "{bucket}"
"""
T = TypeVar("T")


@dataclass(slots=True)
class Backend:
    """A backend as a process of its own, that is killed and started again."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    starts: int = field(default=0)

    def start(self) -> None:
        self.starts += 1
        program = [sys.executable, "-m", "coldchain_backend", "--config", "backend.toml", "serve"]
        with (self.folder / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(program, cwd=self.folder, stdout=log, stderr=log)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)

    def ask(self, path: str) -> dict[str, object]:
        token = (self.folder / "data" / "admin-token").read_text().strip()
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            said = answer.read()
            assert answer.status == 200, (path, answer.status, said[:300])
            found: dict[str, object] = json.loads(said)
            return found

    def store(self) -> dict[str, object]:
        """How following the store stands."""
        stores = self.ask("/api/v1/follow")["stores"]
        assert isinstance(stores, list)
        found: dict[str, object] = stores[0]
        return found

    def until(self, what: str, found: Callable[[], T | None]) -> T:
        """Wait until there is something."""
        end = time.monotonic() + WAIT_S
        while True:
            try:
                value = found()
            except (OSError, http.client.HTTPException):
                value = None
            if value:
                return value
            log = (self.folder / "serve.log").read_text()
            assert time.monotonic() < end, f"{what} did not come: {log[-2000:]}"
            time.sleep(0.1)

    def command(self, *words: str) -> tuple[int, str]:
        done = command("--config", str(self.folder / "backend.toml"), *words)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def bucket(server_2: InfluxServer) -> Bucket:
    return server_2.bucket()


@pytest.fixture(scope="module")
def influx(bucket: Bucket) -> Iterator[Influx]:
    made = bucket.influx()
    now_ns = time.time_ns() // MINUTE_NS * MINUTE_NS
    points = (
        line("coldroom", {"host": "truck7", "sensor": sensor}, "temperature", now_ns - minute * MINUTE_NS,
             12.0 if sensor == "rear" and 600 < minute < 700 else 4.0 + minute % 5 / 10)
        for minute in range(MINUTES)
        for sensor in SENSORS
    )  # fmt: skip
    assert write(made, points) == MINUTES * len(SENSORS)
    yield made
    made.close()


@pytest.fixture(scope="module")
def backend(bucket: Bucket, influx: Influx, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """It has imported everything, although it was killed twice meanwhile."""
    made = Backend(tmp_path_factory.mktemp("followed"), free_port())
    (made.folder / "reading-token").write_text(bucket.token)
    text = SETTINGS.format(port=made.port, url=bucket.server.url, org=ORG, bucket=bucket.name)
    (made.folder / "backend.toml").write_text(text)
    code, said = made.command("follow", "discover", "--days", "30", "--profile", "vaccine-2-8",
                              "--write", str(made.folder / "fleet.yaml"))  # fmt: skip
    assert code == 0, said
    assert "truck7" in said
    assert 'sensor = "{sensor}"' in said
    (made.folder / "backend.toml").write_text(text + SERIES)
    (made.folder / "fleet.yaml").unlink()
    code, said = made.command("follow", "discover", "--days", "30", "--profile", "vaccine-2-8",
                              "--write", str(made.folder / "fleet.yaml"))  # fmt: skip
    assert code == 0, said
    try:
        for _ in range(2):
            made.start()
            made.until("a first reading", lambda: made.store()["taken"])
            made.kill()
        made.start()
        made.until("the end of the import", lambda: made.store()["live"])
        yield made
    finally:
        made.stop()


def standing(influx: Influx) -> int:
    found = influx.ask('SELECT count("temperature") FROM "coldroom"')
    return sum(int(row[1] or 0) for table in found for row in table.rows)


def in_evidence(backend: Backend) -> int:
    """Lines of the ledger, which holds nothing else."""
    code, said = backend.command("verify")
    assert code == 0, said
    found = re.search(r"(\d+) lines", said)
    assert found is not None, said
    return int(found[1])


@contextmanager
def telegraf(folder: Path, bucket: Bucket) -> Iterator[None]:
    """Telegraf writes what a probe says, once a second."""
    program = parts.require("telegraf")
    (folder / "probe.json").write_text('{"temperature": 5.25}')
    config = TELEGRAF.format(folder=folder, url=bucket.server.url, token=bucket.token, org=ORG,
                             bucket=bucket.name)  # fmt: skip
    (folder / "telegraf.conf").write_text(config)
    with (folder / "telegraf.log").open("wb") as log:
        process = subprocess.Popen(
            [str(program), "--config", str(folder / "telegraf.conf")], stdout=log, stderr=log
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def test_an_import_that_was_killed_has_each_point_once(backend: Backend, influx: Influx) -> None:
    assert backend.starts == 3
    backend.until("all of them", lambda: in_evidence(backend) >= standing(influx))
    assert in_evidence(backend) == standing(influx) == MINUTES * len(SENSORS)


def test_what_telegraf_writes_is_a_reading(backend: Backend, bucket: Bucket, influx: Influx) -> None:
    with telegraf(backend.folder, bucket):
        path = f"/api/v1/readings?sensor={quote('truck7-telegraf')}"
        found = backend.until("a reading of Telegraf's", lambda: backend.ask(path)["items"])
    assert isinstance(found, list)
    assert found[0]["temperature"] == 5.25
    backend.until("all of them", lambda: in_evidence(backend) == standing(influx))


@pytest.fixture(scope="module")
def excursions(backend: Backend) -> Sequence[dict[str, object]]:
    """What is found when the fragment that was discovered is applied to the past."""
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 12 * 86_400))
    fragment = str(backend.folder / "fleet.yaml")
    code, said = backend.command("fleet", "apply", fragment, "--valid-from", since, "--reason", "was there")
    assert code == 0, said
    found = backend.until("the excursion", lambda: backend.ask("/api/v1/excursions")["items"])
    assert isinstance(found, list)
    return found


def test_the_fragment_that_was_discovered_judges_the_past_and_calls_nobody(
    backend: Backend, excursions: Sequence[dict[str, object]]
) -> None:
    assert {one["point"] for one in excursions} == {"site.truck7-rear"}
    alerts = backend.ask("/api/v1/alerts")["items"]
    assert isinstance(alerts, list)
    assert [one["told"] for one in alerts if one["kind"] == "excursion"] == [[]] * len(excursions)


@pytest.mark.usefixtures("excursions")
def test_an_archive_names_the_store_and_verifies(backend: Backend) -> None:
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 2 * 86_400))
    after = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86_400))
    archive = backend.folder / "evidence.zip"
    code, said = backend.command("evidence", "export", "--zone", "site.zone", "--from", f"{day}T00:00:00Z",
                                 "--to", f"{after}T00:00:00Z", "--out", str(archive))  # fmt: skip
    assert code == 0, said
    with zipfile.ZipFile(archive) as opened:
        opened.extract("verify.py", backend.folder)
    script = [sys.executable, "-I", str(backend.folder / "verify.py"), str(archive)]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "read from the foreign store follow:site" in done.stdout


def test_commands_say_how_it_stands(backend: Backend) -> None:
    code, said = backend.command("follow", "status")
    assert code == 0, said
    assert "live" in said
    assert "well" in said
    code, said = backend.command("follow", "rescan", "--from", "2020-01-01", "--to", "2100-01-01")
    assert code == 0, said
    assert "0 readings that had not been taken" in said
    code, said = backend.command("follow", "discover", "--name", "other")
    assert (code, "site" in said) == (1, True)


def test_a_store_that_is_killed_is_named_and_taken_up_again(
    backend: Backend, bucket: Bucket, influx: Influx
) -> None:
    bucket.server.kill()
    backend.until("its trouble", lambda: backend.store()["trouble"])
    assert backend.command("follow", "status")[0] == 1
    bucket.server.start()
    point = line("coldroom", {"host": "truck7", "sensor": "rear"}, "temperature", time.time_ns(), 4.75)
    write(influx, [point])
    backend.until("the point behind it", lambda: in_evidence(backend) == standing(influx))
    backend.until("the end of its trouble", lambda: backend.store()["trouble"] is None)
