"""The guard finds what must not be committed, and leaves the rest alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.guard import LARGE_BYTES, findings, inspect


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("index = https://files." + "pythonhosted" + ".org/x", "host of a package index"),
        ("-----BEGIN " + "PRIVATE KEY-----", "private key"),
        ("token = ghp_" + "a1B2" * 9, "token of a service"),
        ('secret = "whsec_' + "QUJD" * 8 + '"', "webhook secret"),
        ('path = "/ro' + 'ot/x"', "path of one machine"),
        ("cd /wo" + "rk/main", "path of one machine"),
    ],
)
def test_what_must_not_be_committed_is_found(line: str, reason: str) -> None:
    assert list(findings("core/a.py", f"fine\n{line}\n")) == [f"core/a.py:2: {reason}"]


@pytest.mark.parametrize(
    "line",
    [
        "see https://example.org/docs",
        "$HOME/.cache/x",
        "a network/home/ab/x",
        'secret = "file:/etc/coldchain/whsec"',
        "-----BEGIN CERTIFICATE-----",
    ],
)
def test_ordinary_lines_pass(line: str) -> None:
    assert list(findings("core/a.py", line)) == []


def test_secrets_made_for_tests_may_stand_in_tests() -> None:
    assert list(findings("tests/unit/test_a.py", "whsec_" + "QUJD" * 8)) == []


def test_large_files_are_told_and_binary_ones_are_not_read(tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"\0" * (LARGE_BYTES + 1))
    assert list(inspect(large, "large")) == [
        f"large: {LARGE_BYTES + 1} bytes; large files do not belong here"
    ]
    small = tmp_path / "picture.png"
    small.write_bytes(b"\x89PNG\0 /ro" + b"ot/x")
    assert list(inspect(small, "picture.png")) == []
