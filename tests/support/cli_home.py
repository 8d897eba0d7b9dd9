"""A folder from which the backend's commands ask a server, which the test answers for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from coldchain_backend.identity import ADMIN_TOKEN_FILE


def cli_home(folder: Path, monkeypatch: pytest.MonkeyPatch, answer: Callable[..., httpx.Response]) -> None:
    """Commands run in *folder*, with its settings and its administrator's token; *answer* takes requests."""
    monkeypatch.setattr(httpx, "request", answer)
    monkeypatch.chdir(folder)
    (folder / "backend.toml").write_text('[backend]\norganisation = "demo"\n')
    (folder / "data").mkdir()
    (folder / "data" / ADMIN_TOKEN_FILE).write_text("secret-token\n")
