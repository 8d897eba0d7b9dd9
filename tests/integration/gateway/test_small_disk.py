"""A disk that is full when the gateway starts, and one that is mounted read-only when somebody looks."""

import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from coldchain_gateway.cli import main
from coldchain_gateway.health import disk_free_bytes
from coldchain_gateway.outbox import OUTBOX_FILE, Bound, Cap, OutboxFull, SqliteOutbox, room_to_start
from support.small_disk import fill, small_disk

BOUND = Bound(cap_bytes=64_000_000, floor_bytes=0)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with an outbox and its reserve."""
    with small_disk(tmp_path / "disk", 24) as place:
        with closing(SqliteOutbox(place / OUTBOX_FILE)) as outbox:
            Cap(outbox, BOUND, place).refill()
        assert (place / "reserve").exists()
        yield place


def test_an_outbox_opens_on_a_full_disk_for_the_reserve_is_given_up(disk: Path) -> None:
    fill(disk)
    with pytest.raises(OutboxFull):
        SqliteOutbox(disk / OUTBOX_FILE)
    room_to_start(disk, disk_free_bytes(disk))
    with closing(SqliteOutbox(disk / OUTBOX_FILE)) as outbox:
        assert outbox.room().file_bytes > 0
    assert not (disk / "reserve").exists()


def test_with_room_the_reserve_stays(disk: Path) -> None:
    room_to_start(disk, disk_free_bytes(disk))
    assert (disk / "reserve").exists()


def test_an_outbox_on_a_disk_that_nobody_can_write_is_read_and_retry_says_which(
    disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = disk / "gateway.toml"
    config.write_text('[gateway]\nname = "g"\norganisation = "o"\ndata_dir = "."\n')
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    for part in ("list", "verify", "export"):
        assert main(["--config", str(config), "outbox", part]) == 0
    assert "0 batches: all whole" in capsys.readouterr().out
    assert main(["--config", str(config), "outbox", "retry", "--all"]) == 5
    assert f"{disk / OUTBOX_FILE}: SQLITE_" in capsys.readouterr().err
    assert main(["--config", str(config), "check"]) == 1
    assert "gateway.data_dir" in (said := capsys.readouterr().out)
    assert "mounted read-only" in said
