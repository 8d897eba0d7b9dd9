"""`archive` and `expire` as commands, and the server that goes on behind what is gone."""

import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from coldchain.seal import Key
from support.commands import command
from support.judged_folder import JudgedFolder
from support.ports import free_port

DAY_MS = 86_400_000
WAIT_S = 60.0


class House:
    """A folder whose life was two years ago."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        (folder / "backend.toml").write_text(
            f'[backend]\norganisation = "demo"\nlisten = "127.0.0.1:{self.port}"\npublic_url = "http://page"\n'
            "[ledger]\nretention_days = 400\n",
            encoding="utf-8",
        )
        life = JudgedFolder(folder / "data", segment_bytes=4_000)
        life.clock.wall_ms -= 800 * DAY_MS
        life.live()
        self.ledger = life.ledger_folder
        (folder / "data" / "backend.key").write_text(Key.from_seed(b"b" * 32).seed.hex(), encoding="ascii")

    def command(self, *arguments: str) -> list[str]:
        return [
            sys.executable, "-m", "coldchain_backend", "--config", str(self.folder / "backend.toml"),
            *arguments,
        ]  # fmt: skip

    def run(self, *arguments: str) -> str:
        done = command("--config", str(self.folder / "backend.toml"), *arguments)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def serves(self) -> bool:
        """Start the server, wait until it is ready, stop it."""
        process = subprocess.Popen(self.command("serve"), stderr=subprocess.DEVNULL)
        until, ready = time.monotonic() + WAIT_S, False
        while not ready and time.monotonic() < until and process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5):
                    ready = True
            except OSError:
                time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        return process.wait(WAIT_S) == 0 and ready


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_what_is_over_goes_and_the_server_goes_on(house: House) -> None:
    said = ("--by", "王伟", "--reason", "the retention is over")
    assert "segments moved" in house.run("archive", "--to", str(house.folder / "away"))
    count = len(list(house.ledger.glob("*.seg"))) - 1
    assert f"{count} segments are gone" in house.run("expire", *said)
    assert len(list(house.ledger.glob("*.stub"))) == count
    assert list((house.folder / "away").iterdir()) == []
    assert house.run("verify").startswith("intact")
    assert house.run("rebuild").startswith("identical")  # no server ever ran here: ingest gets its part too
    assert house.serves()
