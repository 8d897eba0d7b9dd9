"""Backup and restore as commands, and the server that holds its deliveries until a person releases them."""

import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from coldchain_backend.ledger import read_json
from coldchain_backend.recovery import HELD
from support.commands import command
from support.judged_folder import JudgedFolder
from support.ports import free_port

WAIT_S = 60.0


class House:
    """A folder with a configuration and a life behind it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        (folder / "backend.toml").write_text(
            f'[backend]\norganisation = "demo"\nlisten = "127.0.0.1:{self.port}"\n'
            '[backup]\nfolder = "backups"\npassphrase = "file:passphrase"\n',
            encoding="utf-8",
        )
        (folder / "passphrase").write_text("correct horse battery staple", encoding="utf-8")
        JudgedFolder(folder / "data", segment_bytes=4_000).live()
        (folder / "data" / "backend.key").write_text("11" * 32, encoding="ascii")

    def run(self, *arguments: str) -> str:
        done = command("--config", str(self.folder / "backend.toml"), *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def serve(self) -> "subprocess.Popen[bytes]":
        config = str(self.folder / "backend.toml")
        process = subprocess.Popen([sys.executable, "-m", "coldchain_backend", "--config", config, "serve"])
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until and process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5):
                    return process
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the server is not ready")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_restored_backend_is_told_of_and_holds_its_deliveries(house: House) -> None:
    assert "read back" in house.run("backup")
    (path,) = (house.folder / "backups").glob("*.backup")
    assert path.name in house.run("backup", "list")
    (house.folder / "data").rename(house.folder / "old")
    said = house.run("restore", str(path), "--by", "王伟", "--reason", "the disk died")
    assert "intact: " in said
    assert "deliveries are held" in said
    server = house.serve()
    try:
        assert (house.folder / "data" / HELD).exists()
        assert "NOT WELL: courier" in house.run("status")
        assert "go out again" in house.run("restore", "--old-is-off", "--reason", "it is unplugged")
        assert not (house.folder / "data" / HELD).exists()
        assert "no deliveries are held" in house.run("restore", "--old-is-off", "--reason", "once more")
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(WAIT_S) == 0
    with JudgedFolder(house.folder / "data").ledger() as ledger:
        found = [ledger.read(offset, 1)[0] for offset in range(ledger.end)]
    acts = [read_json(one.payload) for one in found if one.kind == "act"]
    assert [(act["act"], act["by"]) for act in acts[1:]] == [("restore", "王伟"), ("old_is_off", "admin")]
    assert acts[1]["reason"] == "the disk died"
