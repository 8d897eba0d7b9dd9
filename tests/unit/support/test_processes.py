"""Processes, parts and disks of this machine are seen as they are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import parts
from support.ports import free_port
from support.processes import alive, descendants, gone_within, rss_bytes

CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"


def test_children_of_children_are_found_and_seen_to_end() -> None:
    with subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE) as process:
        while len(below := descendants(process.pid)) < 1:
            assert process.poll() is None
        everyone = below | {process.pid}
        assert alive(everyone) == everyone
        assert process.stdin is not None
        process.stdin.close()
        process.wait()
    assert gone_within(everyone, 10.0) == set()


def test_a_process_that_never_was_is_not_alive() -> None:
    assert alive([2**22 + 1]) == set()
    assert descendants(2**22 + 1) == set()


def test_memory_is_that_of_a_python() -> None:
    assert 5_000_000 < rss_bytes(os.getpid()) < 4_000_000_000


def program(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return file


def test_a_part_is_found_on_path_and_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert parts.find("no-such-part") is None
    built = program(tmp_path / "cache" / "coldchain" / "bin", "no-such-part")
    assert parts.find("no-such-part") == built
    first = program(tmp_path / "path", "no-such-part")
    assert parts.require("no-such-part") == first


def test_a_missing_part_skips_here_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-part is not here"):
        parts.require("no-such-part")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="missing in CI"):
        parts.require("no-such-part")


@pytest.mark.parametrize("name", sorted(parts.HINTS))
def test_every_part_has_a_recipe_that_is_there(name: str) -> None:
    recipes = (Path(__file__).resolve().parents[3] / "Makefile").read_text()
    assert f"\n{parts.HINTS[name].removeprefix('make ')}:" in recipes


def test_a_quiet_tier_really_opens_no_socket() -> None:
    with pytest.raises(RuntimeError, match="tier without sockets"):
        free_port()
