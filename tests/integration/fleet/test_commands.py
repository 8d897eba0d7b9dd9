"""`coldchain-backend fleet …` against a running server, as a person types it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from coldchain_runtime.clock import SystemClock
from support.fleets import FLEET_FILE
from support.ports import free_port

GOOD = FLEET_FILE.read_text("utf-8")
COMMAND = [sys.executable, "-m", "coldchain_backend", "--config", "backend.toml"]
START_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """A folder with a configuration in it."""

    folder: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, "fleet", *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text, encoding="utf-8")
        return name


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A server that listens, and a shell beside it."""
    folder = tmp_path_factory.mktemp("server")
    config = f'[backend]\norganisation = "demo"\nlisten = "127.0.0.1:{free_port()}"\n'
    (folder / "backend.toml").write_text(config)
    with (folder / "serve.log").open("wb") as log:
        server = subprocess.Popen([*COMMAND, "serve"], cwd=folder, stdout=log, stderr=log)
    made = Shell(folder=folder)
    clock = SystemClock()
    end_ns = clock.monotonic_ns() + round(START_S * 1e9)
    try:
        while "no server" in (told := made.run("export").stderr) or "no admin token" in told:
            assert server.poll() is None, (folder / "serve.log").read_text()
            assert clock.monotonic_ns() < end_ns, told
        yield made
    finally:
        server.terminate()
        server.wait(20)


def test_check_needs_no_server(tmp_path: Path) -> None:
    shell = Shell(folder=tmp_path)
    good = shell.run("check", shell.write("good.yaml", GOOD))
    assert (good.returncode, good.stderr) == (0, "")
    assert "2 assets, 6 zones, 9 points, 8 sensors, 1 gateways, 1 receivers" in good.stdout
    bad = shell.run(
        "check", shell.write("bad.yaml", GOOD.replace("vaccine-2-8", "vaccine-2-9").replace("60m", "6x"))
    )
    assert bad.returncode == 2
    lines = bad.stderr.splitlines()
    assert [line.split(": ")[0].split(":")[0] for line in lines] == ["bad.yaml"] * len(lines)
    assert any("offline_after" in line for line in lines)


def test_schema_is_the_copy_in_docs(tmp_path: Path) -> None:
    copy = Path(__file__).parents[3] / "docs" / "fleet.schema.json"
    assert json.loads(Shell(folder=tmp_path).run("schema").stdout) == json.loads(copy.read_text("utf-8"))


def test_a_fleet_is_compared_applied_exported_and_changed(shell: Shell) -> None:
    assert "no fleet file was applied yet" in shell.run("export").stderr
    file = shell.write("fleet.yaml", GOOD)
    assert "+ zone cq-store.chiller" in shell.run("diff", file).stdout
    first = shell.run("apply", file)
    assert first.returncode == 0, first.stderr
    assert "is in force now" in first.stdout
    assert "nothing changed" in shell.run("apply", file).stdout

    shell.run("export", "--out", "mine.yaml")
    shell.run("export", "--out", "theirs.yaml")
    exported = (shell.folder / "mine.yaml").read_text("utf-8")
    assert exported.startswith("# coldchain fleet version ")
    assert exported.split("\n", 1)[1] == GOOD
    assert "nothing changed" in shell.run("apply", "mine.yaml").stdout

    shell.write("mine.yaml", exported.replace("state: empty", "state: in_use"))
    assert "is in force now" in shell.run("apply", "mine.yaml").stdout
    assert (shell.folder / "mine.yaml").read_text("utf-8").split("\n")[0] != exported.split("\n")[0]

    shell.write("theirs.yaml", exported.replace("plate: 渝A·00000", "plate: 渝A·11111"))
    late = shell.run("apply", "theirs.yaml")
    assert late.returncode == 1
    assert "the file was made from" in late.stderr


def test_looser_limits_must_be_wanted_by_name(shell: Shell) -> None:
    shell.run("export", "--out", "now.yaml")
    text = (shell.folder / "now.yaml").read_text("utf-8")
    shell.write("now.yaml", text.replace("profile: vaccine-2-8", "profile: chilled-food"))
    refused = shell.run("apply", "now.yaml")
    assert refused.returncode == 1
    assert "--allow-loosened" in refused.stderr
    assert "rule low: limit 0, was 2" in refused.stdout
    wanted = shell.run(
        "apply", "now.yaml", "--allow-loosened", "--allow-removals", "--reason", "no vaccines now"
    )
    assert "is in force now" in wanted.stdout


def test_an_earlier_version_comes_back_by_its_number(shell: Shell) -> None:
    lines = shell.run("versions").stdout.splitlines()
    assert lines[0].endswith(": no vaccines now")
    first = lines[-1].split()[0]
    assert "Missing option '--reason'" in shell.run("rollback", first).stderr
    assert "no fleet version 9999" in shell.run("rollback", "9999", "--reason", "x").stderr

    back = shell.run("rollback", first, "--allow-loosened", "--allow-removals", "--reason", "vaccines again")
    assert back.returncode == 0, back.stderr
    assert "is in force now" in back.stdout
    assert "vaccine-2-8" in back.stdout
    shell.run("export", "--out", "again.yaml")
    assert (shell.folder / "again.yaml").read_text("utf-8").split("\n", 1)[1] == GOOD
    shell.run("export", "--version", first, "--out", "first.yaml")
    assert (shell.folder / "first.yaml").read_text("utf-8").split("\n", 1)[1] == GOOD
    assert shell.run("versions", "--limit", "1").stdout.endswith(": vaccines again\n")
    again = shell.run("rollback", first, "--reason", "twice")
    assert "nothing changed" in again.stdout


def test_without_a_server_it_is_told_in_one_line(tmp_path: Path) -> None:
    shell = Shell(folder=tmp_path)
    shell.write("backend.toml", f'[backend]\norganisation = "demo"\nlisten = "127.0.0.1:{free_port()}"\n')
    answer = shell.run("diff", shell.write("fleet.yaml", GOOD))
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
