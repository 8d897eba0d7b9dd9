"""The real command: started, fed through a real serial line, stopped, killed, started again."""

import json
import os
import pty
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from coldchain.seal import check
from support.backend_sink import BackendSink
from support.ports import free_port

CONFIG = """
[gateway]
name = "gw-1"
organisation = "demo"
seal_after = "500ms"

[uplink]
url = "{url}"

[[source]]
kind = "serial_line"
name = "line"
port = "{port}"
sensor = "front"
"""


def command(config: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "coldchain_gateway", "--config", str(config), *arguments]


def run_once(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(config, *arguments), capture_output=True, text=True, check=False, timeout=20
    )


class Line:
    """A serial line whose other end the test holds."""

    def __init__(self, folder: Path) -> None:
        self._master, slave = pty.openpty()
        self.path = folder / "tty"
        self.path.symlink_to(os.ttyname(slave))
        self._slave = slave
        self.said = 0

    def say(self, *values: float) -> None:
        for value in values:
            self.said += 1
            os.write(self._master, json.dumps({"temp": value, "counter": self.said}).encode() + b"\r\n")

    def close(self) -> None:
        os.close(self._master)
        os.close(self._slave)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path)
    yield made
    made.close()


@contextmanager
def gateway(config: Path) -> Iterator[subprocess.Popen[str]]:
    with log_of(config).open("w") as log:
        process = subprocess.Popen(command(config, "run"), stderr=log, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def log_of(config: Path) -> Path:
    return config.parent / "gateway.log"


def written(folder: Path, url: str, port: Path) -> Path:
    config = folder / "gateway.toml"
    config.write_text(CONFIG.format(url=url, port=port))
    return config


def until(condition: Callable[[], bool], within_s: float = 10.0) -> None:
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def counters(lines: Sequence[str]) -> list[int]:
    return sorted(int(line.split("counter=")[1].split("i")[0]) for line in lines)


def opened(config: Path) -> bool:
    """Opening a port drops what was said to nobody before."""
    return "serial_line.open " in log_of(config).read_text()


def test_readings_go_from_the_wire_to_the_backend_and_a_stop_is_in_order(tmp_path: Path, line: Line) -> None:
    with BackendSink() as sink, gateway(config := written(tmp_path, sink.url, line.path)) as process:
        until(lambda: opened(config))
        line.say(4.0, 0.0, -18.5)
        sink.wait_for(lambda: len(sink.lines()) == 3)
        line.say(5.0)
        until(lambda: True)
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert time.monotonic() - asked < 5
        assert counters(sink.lines()) == [1, 2, 3, 4]
        assert "temperature=0.0," in sink.lines()[1]
        assert sink.lines("going_down")[0].startswith('going_down reason="sigterm" ')
        batches = {batch.seq: batch for batch in sink.kept}
        public = bytes.fromhex(json.loads(json.dumps(key_of(config))))
        assert all(check(batch, public) is None for batch in batches.values())
    mode = (tmp_path / "data" / "gateway.key").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def key_of(config: Path) -> str:
    from coldchain_gateway.identity import load_or_create_key

    return load_or_create_key(config.parent / "data").public.hex()


def test_it_starts_and_keeps_without_a_backend_and_catches_up(tmp_path: Path, line: Line) -> None:
    port = free_port()
    config = written(tmp_path, f"http://127.0.0.1:{port}", line.path)
    with gateway(config):
        until(lambda: opened(config))
        line.say(1.0, 2.0, 3.0)
        time.sleep(1.0)
        with BackendSink(port) as sink:
            sink.wait_for(lambda: len(sink.lines()) == 3)
            assert all('quality="time-placed"' in reading for reading in sink.lines())


def test_killed_at_any_time_it_goes_on_with_the_same_chain(tmp_path: Path, line: Line) -> None:
    with BackendSink() as sink:
        config = written(tmp_path, sink.url, line.path)
        for _ in range(4):
            (tmp_path / "data" / "status.json").unlink(missing_ok=True)
            with gateway(config) as process:
                until(lambda: opened(config))
                line.say(1.0, 2.0)
                both = {line.said - 1, line.said}
                sink.wait_for(lambda both=both: both <= set(counters(sink.lines())))  # type: ignore[misc]  # bound now
                line.say(3.0)  # killed with this one perhaps still on the wire
                process.kill()
                process.wait()
        lines = counters(sink.lines())
        assert len(lines) == len(set(lines))
        assert len({batch.run for batch in sink.kept}) == 1
        whole = sorted({batch.seq: batch for batch in sink.kept}.items())
        assert [seq for seq, _ in whole] == list(range(1, len(whole) + 1))
        assert all(later.prev == earlier.hash for (_, earlier), (_, later) in pairwise(whole))


def test_an_outbox_broken_while_it_was_off_is_put_aside_unattended(tmp_path: Path, line: Line) -> None:
    with BackendSink() as sink:
        config = written(tmp_path, sink.url, line.path)
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "outbox.sqlite").write_bytes(b"\0" * 65536)
        with gateway(config):
            until(lambda: opened(config))
            line.say(1.0)
            sink.wait_for(lambda: len(sink.lines()) == 1)
    assert list((tmp_path / "data" / "quarantine").iterdir())


def test_a_second_process_on_the_same_folder_is_refused_in_one_line(tmp_path: Path, line: Line) -> None:
    config = written(tmp_path, "http://127.0.0.1:9", line.path)
    with gateway(config):
        until(lambda: opened(config))
        second = run_once(config, "run")
    assert second.returncode == 4
    assert "another gateway process" in second.stderr.splitlines()[-1]


def test_status_says_how_it_is(tmp_path: Path, line: Line) -> None:
    with BackendSink() as sink, gateway(config := written(tmp_path, sink.url, line.path)):
        until(lambda: opened(config))
        line.say(1.0)
        sink.wait_for(lambda: len(sink.lines()) == 1)
        until(lambda: "uplink    connected" in run_once(config, "status").stdout)
        shown = run_once(config, "status")
        as_json = json.loads(run_once(config, "status", "--json").stdout)
    assert shown.returncode == 0, shown.stdout
    assert "clock     trusted (" in shown.stdout
    assert as_json["sources"][0]["name"] == "line"
    assert as_json["rss_bytes"] < 60_000_000


def test_status_before_the_first_start_says_so(tmp_path: Path, line: Line) -> None:
    shown = run_once(written(tmp_path, "http://127.0.0.1:9", line.path), "status")
    assert shown.returncode == 5
    assert "no status yet" in shown.stderr


@pytest.mark.acceptance("A10")
def test_check_names_file_line_and_key(tmp_path: Path, line: Line) -> None:
    config = written(tmp_path, "http://127.0.0.1:9", line.path)
    assert run_once(config, "check").returncode == 0
    config.write_text(config.read_text().replace('sensor = "front"', 'sensr = "front"\nbaud = 1234'))
    wrong = run_once(config, "check")
    assert wrong.returncode == 1
    assert f"{config}:14" in wrong.stdout
    assert "sensr" in wrong.stdout
    assert "did you mean `sensor`" in wrong.stdout


def test_enroll_prints_the_fleet_fragment_or_trades_a_code(tmp_path: Path, line: Line) -> None:
    with BackendSink() as sink:
        config = written(tmp_path, sink.url, line.path)
        fragment = run_once(config, "enroll")
        assert fragment.returncode == 0
        assert "name: gw-1" in fragment.stdout
        assert run_once(config, "enroll", "--code", "BAD-CODE").returncode == 4
        good = run_once(config, "enroll", "--code", "GOOD-CODE")
        assert good.returncode == 0, good.stderr
        assert sink.enrolments[-1]["public_key"] in fragment.stdout
        token = tmp_path / "data" / "token"
        assert token.read_text().strip() == "sesame"
        assert stat.S_IMODE(token.stat().st_mode) == 0o600
        with gateway(config):
            sink.wait_for(lambda: "Token sesame" in sink.tokens)


def test_help_has_examples() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "coldchain_gateway", "--help"], capture_output=True, text=True, check=True
    )
    assert "examples:" in shown.stdout
