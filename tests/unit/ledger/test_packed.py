"""A packed segment is the same evidence in less room: read, verified, damaged and opened as before."""

from __future__ import annotations

import asyncio
import gzip
import io
import shutil
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldchain.errors import IntegrityError
from coldchain_backend.app.packing import Packer
from coldchain_backend.ledger import (
    Verifier,
    archive,
    open_ledger,
    pack_segment,
    packable,
    packing,
    segment_files,
)
from coldchain_backend.ledger.packed import BLOCK, is_packed, open_packed, pack, unpacked_size
from support.ledgers import segments, write_ledger
from support.soak import rounds
from support.still_clock import StillClock

QUICK = settings(
    max_examples=rounds(25, 800), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
BLOCKS = st.lists(st.binary(min_size=1, max_size=64), min_size=1, max_size=12).map(
    lambda parts: b"".join(part * (1 + (BLOCK // (6 * len(part)))) for part in parts)
)


def faults(folder: Path) -> list[str]:
    return list(Verifier(folder).run(lambda _: None).faults)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / "ledger"
    write_ledger(folder, checkpoint=True)
    return folder


@pytest.fixture(scope="module")
def packed(written: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packed") / "ledger"
    shutil.copytree(written, folder)
    for segment in packable(folder):
        pack_segment(segment)
    return folder


@pytest.fixture
def folder(packed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(packed, tmp_path / "ledger"))


def test_a_forged_place_cannot_stretch_a_segment(tmp_path: Path) -> None:
    path = tmp_path / "any"
    with path.open("wb") as target:
        pack(io.BytesIO(b"first"), target)
        first = target.tell()
    member = bytearray(path.read_bytes())
    numbers = struct.pack("<QII", 1 << 60, 5, first)
    member[16:36] = numbers + struct.pack("<I", zlib.crc32(numbers))
    path.write_bytes(path.read_bytes() + bytes(member))
    assert unpacked_size(path) == 5


@QUICK
@given(
    data=BLOCKS, asked=st.lists(st.tuples(st.integers(0, 4 * BLOCK), st.integers(0, 2 * BLOCK)), max_size=6)
)
def test_any_bytes_come_back_from_any_place_and_zcat_gives_them_whole(
    tmp_path: Path, data: bytes, asked: list[tuple[int, int]]
) -> None:
    path = tmp_path / "any"
    with path.open("wb") as target:
        pack(io.BytesIO(data), target)
    assert gzip.decompress(path.read_bytes()) == data
    assert unpacked_size(path) == len(data)
    with open_packed(path.open("rb")) as file:
        for position, count in asked:
            assert file.seek(position) == position
            assert file.read(count) == data[position : position + count]
        file.seek(-1, io.SEEK_END)
        assert file.read() == data[-1:]


@QUICK
@given(data=BLOCKS, changed=st.lists(st.tuples(st.integers(0), st.integers(1, 255)), min_size=1, max_size=3))
def test_what_is_damaged_reads_as_nul_bytes_and_all_else_stays_in_its_place(
    tmp_path: Path, data: bytes, changed: list[tuple[int, int]]
) -> None:
    path = tmp_path / "any"
    with path.open("wb") as target:
        pack(io.BytesIO(data), target)
    content = bytearray(path.read_bytes())
    for position, by in changed:
        content[position % len(content)] ^= by
    path.write_bytes(content)
    with open_packed(path.open("rb")) as file:
        read = file.read(len(data) + 1)
    assert len(read) <= len(data)
    for start in range(0, len(read), BLOCK):
        block, wanted = read[start : start + BLOCK], data[start : start + BLOCK]
        assert block in (wanted, bytes(len(block)))


def test_the_records_are_the_same_and_verification_agrees(written: Path, packed: Path) -> None:
    assert [is_packed(path) for path in segments(packed)] == [True] * (len(segments(packed)) - 1) + [False]
    for folder in (written, packed):
        assert faults(folder) == []
    with (
        open_ledger(Path(shutil.copytree(written, written.parent / "a")), "demo", StillClock()) as plain,
        open_ledger(Path(shutil.copytree(packed, packed.parent / "b")), "demo", StillClock()) as small,
    ):
        after = 0
        while after < plain.end:
            one = plain.read(after, 1)
            assert small.read(after, 1) == one
            after = one[-1].offset


def test_packing_again_changes_nothing(folder: Path) -> None:
    assert packable(folder) == []


@QUICK
@given(data=st.data())
def test_any_changed_byte_of_a_packed_segment_is_named(
    packed: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = Path(shutil.copytree(packed, tmp_path_factory.mktemp("flip") / "ledger"))
    path = data.draw(st.sampled_from(segments(folder)[:-1]))
    content = bytearray(path.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    found = faults(folder)
    assert found
    assert path.name in found[0] or "record" in found[0]
    shutil.rmtree(folder)


@QUICK
@given(data=st.data())
def test_any_cut_of_a_packed_segment_is_named(
    packed: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = Path(shutil.copytree(packed, tmp_path_factory.mktemp("cut") / "ledger"))
    path = data.draw(st.sampled_from(segments(folder)[:-1]))
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    assert faults(folder)
    shutil.rmtree(folder)


def test_what_is_left_when_those_behind_are_gone_is_written_on_as_a_plain_one_is(
    folder: Path, written: Path, tmp_path: Path
) -> None:
    plain = Path(shutil.copytree(written, tmp_path / "plain"))
    ends = []
    for one in (folder, plain):
        segments(one)[-1].unlink()
        with open_ledger(one, "demo", StillClock()) as ledger:
            ends.append((ledger.end, ledger.head))
        assert not is_packed(segments(one)[-1])
    assert ends[0] == ends[1]
    assert segments(folder)[-1].read_bytes() == segments(plain)[-1].read_bytes()
    assert faults(folder) == faults(plain)


def test_an_archived_segment_is_read_packed_as_well(folder: Path, tmp_path: Path) -> None:
    first = segment_files(folder)[0]
    archive(first, tmp_path / "archive", "demo", lambda _: None)
    assert first.is_symlink()
    assert is_packed(first)
    assert faults(folder) == []


def test_a_packed_form_that_does_not_give_back_what_was_packed_is_thrown_away(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(written, tmp_path / "ledger"))
    first = segment_files(folder)[0]
    before = first.read_bytes()

    def broken(source: io.BufferedReader, target: io.BufferedWriter) -> None:
        pack(io.BytesIO(source.read()[:-1]), target)

    monkeypatch.setitem(packing.__dict__, "pack", broken)
    with pytest.raises(IntegrityError, match="give back"):
        pack_segment(first)
    assert first.read_bytes() == before
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_the_packer_packs_what_is_closed_and_a_fault_leaves_it_as_it_was(
    written: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(written, tmp_path / "ledger"))
    closed = segments(folder)[:-1]
    (folder / f".{closed[0].name}.packed").mkdir()
    packer = Packer(folder, StillClock())
    assert asyncio.run(packer.turn()) == 0
    assert not is_packed(closed[0])
    (folder / f".{closed[0].name}.packed").rmdir()
    assert asyncio.run(packer.turn()) == len(closed)
    assert all(map(is_packed, closed))
    assert faults(folder) == []
