"""Real parts that tests run against. Nothing is installed here: what is missing is said in one line."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import pytest

HINTS: Mapping[str, str] = {
    "mosquitto": "make deps",
    "mosquitto_pub": "make deps",
    "strace": "make deps",
    "curl": "make deps",
    "chromium": "make deps",
    "telegraf": "make strangers",
    "alertmanager": "make strangers",
    "compose-spec": "make strangers",
    "influxd": "make influxd",
    "nginx": "make deps",
}
"""Name of a part → the recipe that brings it."""


def cache_folder() -> Path:
    """Where programs built for tests are kept between runs, outside the tree."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "coldchain"


def find(name: str) -> Path | None:
    """The program `name`, on PATH, in sbin (where Debian keeps brokers) or in the cache of built ones."""
    places = [os.environ.get("PATH", ""), "/usr/sbin", "/sbin", str(cache_folder() / "bin")]
    found = shutil.which(name, path=os.pathsep.join(places))
    return None if found is None else Path(found)


def require(name: str) -> Path:
    """The path of a real part; without it the test fails in CI and is skipped elsewhere."""
    found = find(name)
    if found is None:
        missing(f"{name} is not here ({HINTS.get(name, 'install it')})")
    return found


def missing(what: str) -> NoReturn:
    """End the test: what it needs is not on this machine, and `what` says so in one line."""
    if os.environ.get("CI"):
        pytest.fail(f"missing in CI: {what}", pytrace=False)
    pytest.skip(f"missing: {what}")
