"""The real command under a service manager's eye: told what it does, and changed while it runs."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.acceptance import Figures
from support.backend_sink import BackendSink
from support.ports import free_port

HEAD = """
[gateway]
name = "gw-1"
organisation = "demo"
seal_after = "500ms"

[uplink]
url = "{url}"
"""
LINE = """
[[source]]
kind = "serial_line"
name = "{name}"
port = "{port}"
sensor = "{name}"
"""


def until(condition: Callable[[], bool], within_s: float = 20.0) -> None:
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


class Manager:
    """The end of systemd: a datagram socket that keeps what it is told."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._socket.setblocking(False)
        self._told: list[str] = []

    def told(self) -> list[str]:
        while True:
            try:
                self._told += self._socket.recv(4096).decode().splitlines()
            except BlockingIOError:
                return self._told

    def close(self) -> None:
        self._socket.close()


class Site:
    """A gateway's folder with serial lines, its process and its manager."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.config = folder / "gateway.toml"
        self.url = url
        self.manager = Manager(folder)
        self._ends: dict[str, int] = {}
        self.process: subprocess.Popen[str] | None = None

    def plug(self, name: str) -> None:
        master, slave = pty.openpty()
        (self.folder / name).symlink_to(os.ttyname(slave))
        self._ends[name] = master

    def say(self, name: str, celsius: float) -> None:
        os.write(self._ends[name], b'{"temp":%.2f}\r\n' % celsius)

    def write(self, *names: str, more: str = "") -> None:
        lines = "".join(LINE.format(name=name, port=self.folder / name) for name in names)
        self.config.write_text(HEAD.format(url=self.url) + more + lines)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(*arguments), capture_output=True, text=True, check=False, timeout=60
        )

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "coldchain_gateway", "--config", str(self.config), *arguments]

    @contextmanager
    def gateway(self) -> Iterator[subprocess.Popen[str]]:
        told = {"NOTIFY_SOCKET": str(self.manager.path), "WATCHDOG_USEC": "3000000"}
        with (self.folder / "log").open("a") as log:
            process = subprocess.Popen(
                self._command("run"), stderr=log, text=True, env={**os.environ, **told}
            )
        try:
            until(lambda: "READY=1" in self.manager.told())
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()

    def log(self, event: str) -> list[str]:
        return [line for line in (self.folder / "log").read_text().splitlines() if f" {event} " in line]

    def status(self) -> dict[str, Any]:
        """Waits for the first one."""
        path = self.folder / "data" / "status.json"
        until(path.exists)
        found: dict[str, Any] = json.loads(path.read_bytes())
        return found


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with BackendSink() as sink:
        made = Site(tmp_path, sink.url)
        made.plug("one")
        made.plug("two")
        made.write("one", "two")
        yield made
        made.manager.close()


def opened(site: Site, name: str) -> int:
    return sum(f"source={name}" in line for line in site.log("serial_line.open"))


def test_the_service_manager_is_told_ready_alive_and_stopping(site: Site) -> None:
    with site.gateway() as process:
        until(lambda: site.manager.told().count("WATCHDOG=1") >= 2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert "STOPPING=1" in site.manager.told()


@pytest.mark.acceptance("A10")
def test_an_identical_file_restarts_nothing_and_leaves_the_spool_alone(site: Site, figures: Figures) -> None:
    with site.gateway():
        until(lambda: opened(site, "one") == opened(site, "two") == 1)
        spool = (site.folder / "data" / "outbox.sqlite").stat().st_ino
        until(lambda: bool(site.status()["run"]))
        run = site.status()["run"]
        for _ in range(2):
            reloaded = site.run("reload")
            assert (reloaded.returncode, reloaded.stdout) == (0, "unchanged\n"), reloaded.stderr
        assert opened(site, "one") == opened(site, "two") == 1
        assert (site.folder / "data" / "outbox.sqlite").stat().st_ino == spool
        assert site.status()["run"] == run
        assert "RELOADING=1" in site.manager.told()
    figures.add(pushes=2, restarts=0)


def test_only_the_changed_source_is_restarted(site: Site) -> None:
    with site.gateway():
        until(lambda: opened(site, "one") == opened(site, "two") == 1)
        site.write("one", "two")
        site.config.write_text(site.config.read_text().replace('sensor = "two"', 'sensor = "zwei"'))
        reloaded = site.run("reload")
        assert (reloaded.returncode, reloaded.stdout) == (0, "source two changed\napplied\n")
        until(lambda: opened(site, "two") == 2)
        assert opened(site, "one") == 1
        site.write("one")
        assert site.run("reload").stdout == "source two removed\napplied\n"
        assert [source["name"] for source in site.status()["sources"]] == ["one"]


def test_what_cannot_start_is_rolled_back(site: Site) -> None:
    with site.gateway():
        until(lambda: opened(site, "one") == opened(site, "two") == 1)
        digest = site.status()["config_digest"]
        good = site.config.read_text()
        site.config.write_text(good.replace(str(site.folder / "two"), str(site.folder / "nowhere")))
        reloaded = site.run("reload")
        assert reloaded.returncode == 1
        assert "rolled_back: source two does not start: PortLost" in reloaded.stdout
        until(lambda: opened(site, "two") == 2)
        assert opened(site, "one") == 1
        shown = site.run("status")
        assert shown.returncode == 1
        assert "the file on the disk is not what runs" in shown.stdout
        assert site.status()["config_digest"] == digest
        site.config.write_text(good)
        assert site.run("reload").stdout == "unchanged\n"
        assert site.run("status").returncode == 0


def test_a_wrong_file_is_told_before_the_gateway_hears_of_it(site: Site) -> None:
    with site.gateway() as process:
        until(lambda: opened(site, "one") == 1)
        site.config.write_text(site.config.read_text().replace("sensor", "sensr", 1))
        reloaded = site.run("reload")
        assert reloaded.returncode == 3
        assert "did you mean `sensor`" in reloaded.stderr
        process.send_signal(signal.SIGHUP)  # whoever asks by signal alone is refused all the same
        until(lambda: bool(site.log("reload.not_applied")))
        assert opened(site, "one") == 1


def test_a_name_is_not_changed_in_a_running_process(site: Site) -> None:
    with site.gateway():
        site.config.write_text(site.config.read_text().replace('"gw-1"', '"gw-2"'))
        reloaded = site.run("reload")
        assert reloaded.returncode == 1
        assert "refused: gateway.name changed: that needs a restart" in reloaded.stdout


def test_the_way_to_the_backend_is_exchanged_without_losing_a_reading(site: Site) -> None:
    with BackendSink() as other, site.gateway():
        until(lambda: opened(site, "one") == 1)
        site.write("one", "two")
        site.config.write_text(site.config.read_text().replace(site.url, other.url))
        assert site.run("reload").stdout == "[uplink] changed\napplied\n"
        site.say("one", 4.5)
        other.wait_for(lambda: any("temperature=4.5" in line for line in other.lines()))
        assert opened(site, "one") == 1


def test_a_page_that_cannot_listen_is_rolled_back_and_one_that_can_is_served(site: Site) -> None:
    with socket.socket() as taken, site.gateway():
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy, free = taken.getsockname()[1], free_port()
        site.write("one", "two", more=f"[page]\nport = {busy}\n")
        reloaded = site.run("reload")
        assert reloaded.returncode == 1
        assert f"rolled_back: 127.0.0.1:{busy}" in reloaded.stdout
        site.write("one", "two", more=f"[page]\nport = {free}\n")
        assert site.run("reload").stdout == "[page] changed\napplied\n"
        with urllib.request.urlopen(f"http://127.0.0.1:{free}/metrics", timeout=10) as answer:
            assert b'coldchain_gateway_source_up{source="one"} 1' in answer.read()


def test_a_ups_on_battery_stops_it_in_order_within_five_seconds(site: Site) -> None:
    flag = site.folder / "ups"
    ups = f'[[going_down]]\nkind = "file"\nname = "ups"\npath = "{flag}"\nvalue = "OB"\nlasts = "0"\n'
    site.write("one", "two", more=ups)
    with BackendSink() as sink:
        site.url = sink.url
        site.write("one", "two", more=ups)
        with site.gateway() as process:
            until(lambda: opened(site, "one") == 1)
            sink.wait_for(lambda: bool(sink.kept))
            began = time.monotonic()
            flag.write_text("OB\n")
            assert process.wait(15) == 0
            assert time.monotonic() - began < 1 + 5
        assert [line for line in sink.lines("going_down") if 'reason="ups"' in line]


def test_without_a_running_gateway_there_is_nothing_to_reload(site: Site) -> None:
    reloaded = site.run("reload")
    assert reloaded.returncode == 5
    assert "no gateway runs" in reloaded.stderr
