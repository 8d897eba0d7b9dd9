"""A port that another program has: told in one line, before anything is opened or marked in the ledger."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from coldchain.errors import Unavailable
from coldchain_backend.app.server import listening


def test_a_taken_port_is_told_and_leaves_no_trace(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        (tmp_path / "backend.toml").write_text(
            f'[backend]\norganisation = "demo"\nlisten = "127.0.0.1:{port}"\n', "utf-8"
        )
        command = [sys.executable, "-m", "coldchain_backend", "--config", "backend.toml", "serve"]
        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert ended.stderr == (f"coldchain-backend: cannot listen on 127.0.0.1:{port}: Address already in use\n")
    assert not (tmp_path / "data").exists()


def test_a_host_that_is_none_is_told() -> None:
    with pytest.raises(Unavailable, match=r"^cannot listen on 999\.1\.1\.1:80: "), listening("999.1.1.1", 80):
        pass


def test_clients_are_refused_until_the_server_listens() -> None:
    async def knock(port: int) -> None:
        await asyncio.open_connection("127.0.0.1", port)

    with listening("127.0.0.1", 0) as taken, pytest.raises(ConnectionRefusedError):
        asyncio.run(knock(taken.getsockname()[1]))


def test_ipv6_can_be_listened_on() -> None:
    with listening("::1", 0) as taken:
        assert taken.family is socket.AF_INET6
