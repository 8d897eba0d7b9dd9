"""docker-compose.yml without a Docker engine: read by its own loader, every command and health check run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from support.parts import missing, require

ROOT = Path(__file__).resolve().parents[3]


def checked(part: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "tools.compose", "--only", part],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=420,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_the_files_are_what_compose_understands_and_every_service_is_hardened() -> None:
    require("compose-spec")
    said = checked("files")
    assert "docker-compose.yml: schema" in said
    assert "with tls.yml: services" in said


def test_everything_starts_is_well_lets_readings_through_and_ends_in_time() -> None:
    for part in ("compose-spec", "mosquitto", "mosquitto_pub", "influxd", "nginx", "openssl", "curl"):
        require(part)
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rmn", "true"], check=False).returncode:
        missing("unshare cannot make namespaces here")
    said = checked("trial")
    for service in ("mosquitto", "influxdb", "backend", "gateway", "simulator", "receiver", "proxy"):
        assert f"{service}: health check" in said
        assert f"{service}: stop" in said
    assert "readings come through" in said
    assert "receiver: webhook" in said
