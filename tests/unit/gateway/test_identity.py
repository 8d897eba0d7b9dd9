"""The key and the head of its chain."""

import stat
from pathlib import Path

import pytest

from coldchain.errors import IntegrityError
from coldchain_gateway.identity import (
    HEAD_FILE,
    KEY_FILE,
    HeadFile,
    KeptHead,
    load_or_create_key,
    new_run,
    run_prefix,
)

HEAD = KeptHead(run="abc-1", seq=7, hash="ab" * 32)


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    key = load_or_create_key(tmp_path)
    assert load_or_create_key(tmp_path).public == key.public
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert key.seed.hex() not in repr(key)


@pytest.mark.parametrize("damage", [b"", b"zz", b"00" * 31, b"\xff\xfe", b"00" * 33])
def test_a_damaged_key_is_never_replaced_silently(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / KEY_FILE).write_bytes(damage)
    with pytest.raises(IntegrityError, match="not a gateway key"):
        load_or_create_key(tmp_path)
    assert (tmp_path / KEY_FILE).read_bytes() == damage


def test_runs_are_new_every_time_and_name_their_key(tmp_path: Path) -> None:
    key = load_or_create_key(tmp_path)
    runs = {new_run(key) for _ in range(100)}
    assert len(runs) == 100
    assert all(run.startswith(run_prefix(key)) for run in runs)


def test_the_head_survives_and_covers_what_lies_below(tmp_path: Path) -> None:
    assert not HeadFile(tmp_path).covers("abc-1", 1)
    HeadFile(tmp_path).keep(HEAD)
    head_file = HeadFile(tmp_path)
    assert head_file.head == HEAD
    assert head_file.covers("abc-1", 7)
    assert not head_file.covers("abc-1", 8)
    assert head_file.covers("an older run", 99)


@pytest.mark.parametrize("damage", [b"", b"[]", b'{"run": 1}', b"\xff", b'{"run":"a","seq":"x","hash":""}'])
def test_a_damaged_head_counts_as_missing(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / HEAD_FILE).write_bytes(damage)
    assert HeadFile(tmp_path).head is None
