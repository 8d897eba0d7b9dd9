"""Becoming another gateway: asked twice, nothing thrown away, and the new chain says why it begins."""

import fcntl
import io
from pathlib import Path

import pytest

from coldchain_gateway.cli import main
from support.gateway_life import Life

CONFIG = '[gateway]\nname = "gw-1"\norganisation = "demo"\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    file = tmp_path / "gateway.toml"
    file.write_text(CONFIG)
    return file


def lived(data: Path, *, sent: bool) -> str:
    """A gateway that has sealed two batches; its fingerprint."""
    life = Life.open(data)
    for instant in (1_000, 20_000):
        life.keep(instant)
        life.seal(instant)
    if sent:
        waiting = life.outbox.waiting(10, 1 << 30, frozenset())
        life.outbox.acknowledge([batch.id for batch in waiting], 0)
    life.outbox.close()
    return life.key.fingerprint


def reset(config: Path, *arguments: str) -> int:
    return main(["--config", str(config), "reset-identity", *arguments])


def test_the_old_identity_lies_whole_in_the_archive(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = config.parent / "data"
    (data / "token").write_text("secret")
    old = lived(data, sent=True)
    assert reset(config, "--confirm", "gw-1") == 0
    said = capsys.readouterr().out
    (retired,) = (data / "retired").iterdir()
    assert retired.name == f"{old[:8]}-1"
    assert {file.name for file in retired.iterdir()} >= {"gateway.key", "outbox.sqlite", "token"}
    assert old in said
    assert "revoke gw-1" in said
    life = Life.open(data)
    assert life.key.fingerprint != old
    life.keep(50_000)
    life.seal(50_000)
    (batch,) = life.batches()
    assert batch.seq == 1
    assert b'why="another key"' in batch.body
    assert b"hole," not in batch.body, "numbers of another key are not ours to declare"
    life.outbox.close()


def test_what_is_not_sent_is_not_left_behind_unasked(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = config.parent / "data"
    old = lived(data, sent=False)
    assert reset(config, "--confirm", "gw-1") == 4
    assert "2 batches" in capsys.readouterr().err
    assert (data / "gateway.key").exists()
    assert reset(config, "--confirm", "gw-1", "--leave-unsent") == 0
    (retired,) = (data / "retired").iterdir()
    kept = Life.open(retired)
    assert len(kept.batches()) == 2
    assert kept.key.fingerprint == old
    kept.outbox.close()


@pytest.mark.parametrize(("typed", "status"), [("gw-1\n", 0), ("gw-2\n", 4), ("", 4)])
def test_the_name_is_typed_back(
    config: Path, monkeypatch: pytest.MonkeyPatch, typed: str, status: int
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return bool(typed)

    lived(config.parent / "data", sent=True)
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    assert reset(config) == status
    assert (config.parent / "data" / "retired").exists() == (status == 0)


def test_a_running_gateway_is_not_touched(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = config.parent / "data"
    lived(data, sent=True)
    with (data / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert reset(config, "--confirm", "gw-1") == 4
    assert "another gateway process" in capsys.readouterr().err


def test_without_an_identity_there_is_none_to_reset(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reset(config, "--confirm", "gw-1") == 4
    assert "no identity yet" in capsys.readouterr().err
