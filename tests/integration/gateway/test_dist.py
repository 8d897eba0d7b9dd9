"""The archive of `make dist`: installed into a clean folder without a network, and run on a real wire."""

import json
import os
import platform
import pty
import re
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from coldchain_gateway import __version__
from support.parts import missing
from support.ports import free_port
from tools import dist

ROOT = Path(__file__).resolve().parents[3]
ARCH = {"x86_64": "x86-64", "aarch64": "aarch64"}
# Names of index and proxy lead nowhere, beside the network that is not there.
NOWHERE = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_NO_INDEX": "1", "https_proxy": "http://127.0.0.1:9"}


def offline() -> list[str]:
    """How to run a program in a network namespace of its own; without it pip's --no-index must do."""
    found = shutil.which("unshare")
    for words in (["-n"], ["-rn"]):
        if (
            found
            and subprocess.run([found, *words, "true"], capture_output=True, check=False).returncode == 0
        ):
            return [found, *words]
    return []


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive for this machine and this Python, unpacked."""
    arch = ARCH.get(platform.machine())
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if arch is None or python not in dist.PYTHONS:
        missing(f"an archive for {platform.machine()} and Python {python}")
    into = tmp_path_factory.mktemp("dist")
    assert dist.main(["--arch", arch, "--python", python, "--into", str(into)]) == 0
    with tarfile.open(into / f"coldchain-gateway-{__version__}-{arch}.tar.gz") as archive:
        archive.extractall(into, filter="data")
    return into / f"coldchain-gateway-{__version__}-{arch}"


def install(archive: Path, prefix: Path) -> subprocess.CompletedProcess[str]:
    command = [*offline(), str(archive / "install.sh"), "--prefix", str(prefix), "--python", sys.executable]
    environment = {"PATH": os.environ["PATH"], "HOME": str(prefix.parent), **NOWHERE}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=300)


@pytest.fixture(scope="module")
def installed(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    prefix = tmp_path_factory.mktemp("opt") / "gateway"
    done = install(unpacked, prefix)
    assert done.returncode == 0, done.stdout + done.stderr
    return prefix


@pytest.fixture
def line(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    master, slave = pty.openpty()
    (tmp_path / "tty").symlink_to(os.ttyname(slave))
    yield tmp_path / "tty", master
    os.close(master)
    os.close(slave)


def test_it_runs_from_its_own_folder_alone(installed: Path, line: tuple[Path, int]) -> None:
    port, end = line
    program, config = installed / "bin" / "coldchain-gateway", installed / "etc" / "gateway.toml"
    text = config.read_text().replace("port = 8086", f"port = {free_port()}")
    source = f'[[source]]\nkind = "serial_line"\nname = "line"\nport = "{port}"\nsensor = "front"\n'
    config.write_text(text + source)
    clean = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
    base = [str(program), "--config", str(config)]
    checked = subprocess.run([*base, "check"], capture_output=True, text=True, check=False, env=clean)
    assert checked.returncode == 0, checked.stdout
    with (installed / "log").open("w") as log:
        process = subprocess.Popen([*base, "run"], stderr=log, env=clean)
    try:
        until(lambda: "serial_line.open" in (installed / "log").read_text())
        os.write(end, b'{"temp":-18.50}\r\n')
        until(lambda: status(installed).get("lines_kept", 0) > 0)
    finally:
        process.terminate()
        assert process.wait(15) == 0
    show = "import coldchain_gateway as gateway; print(gateway.__file__)"
    asked = [str(installed / "venv" / "bin" / "python"), "-c", show]
    where = subprocess.run(asked, capture_output=True, text=True, check=True, env=clean).stdout
    assert where.startswith(str(installed))


def status(installed: Path) -> dict[str, int]:
    path = installed / "data" / "status.json"
    found: dict[str, int] = json.loads(path.read_bytes()) if path.exists() else {}
    return found


def until(true: object, within_s: float = 30.0) -> None:
    assert callable(true)
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_what_was_changed_on_the_way_is_not_installed(unpacked: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(unpacked, tmp_path / "copy")
    (wheel,) = copy.glob("wheels/coldchain_gateway-*.whl")
    wheel.write_bytes(wheel.read_bytes()[:-1] + b"x")
    done = install(copy, tmp_path / "gateway")
    assert done.returncode == 1
    assert "the archive is damaged" in done.stderr
    assert not (tmp_path / "gateway").exists()


def test_an_archive_for_another_machine_says_so(unpacked: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(unpacked, tmp_path / "copy")
    (copy / "ARCHITECTURE").write_text("sparc64\n")
    (copy / "SHA256SUMS").write_text("".join(dist.checksums(copy)))
    done = install(copy, tmp_path / "gateway")
    assert done.returncode == 1
    assert "this archive is for sparc64" in done.stderr


def test_every_file_has_its_sum_and_nothing_names_an_index(unpacked: Path) -> None:
    listed = {line.split("  ")[1] for line in (unpacked / "SHA256SUMS").read_text().splitlines()}
    files = {str(file.relative_to(unpacked)) for file in unpacked.rglob("*") if file.is_file()}
    assert listed == files - {"SHA256SUMS"}
    assert "://" not in (unpacked / "requirements.txt").read_text()
    assert (unpacked / "MISSING").read_text() == ""


def test_the_sample_configuration_is_good(tmp_path: Path) -> None:
    from coldchain_gateway.config import load

    text = (ROOT / "deploy" / "gateway.toml").read_text()
    (tmp_path / "gateway.toml").write_text(text)
    assert load(tmp_path / "gateway.toml").config.page is not None
    keys = r"^# (?=\[|(?:kind|role|line|name|active|url|port|sensor|interval) = )"
    opened = re.sub(keys, "", text, flags=re.MULTILINE)
    (tmp_path / "gateway.toml").write_text(opened)
    config = load(tmp_path / "gateway.toml").config
    assert config.uplink is not None
    assert (len(config.source), len(config.going_down), len(config.local_alarm.output)) == (1, 1, 1)
