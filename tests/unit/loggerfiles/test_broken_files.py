"""Files that are packed, cut off, or mixed: read as they are, or refused with the place."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from coldchain.errors import ConfigError
from coldchain.readings import RefusalReason
from coldchain_backend.loggerfiles import text
from support.logger_files import read

HEAD = "time,temperature °C,rh %\n"


def rows(count: int = 40, value: str = "15.{}") -> str:
    return "".join(f"2026-01-13T{i // 6:02d}:{i % 6}0:00Z,{value.format(i % 9)},50.0\n" for i in range(count))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_packed_file_is_read_as_the_unpacked_one(encoding: str, tmp_path: Path) -> None:
    content = (HEAD + rows()).encode(encoding)
    plain, packed = read(tmp_path, content), read(tmp_path, gzip.compress(content))
    assert packed.channels == plain.channels
    assert len(packed.channels[0].samples) == 40


def test_a_packed_file_of_several_members_is_read_whole(tmp_path: Path) -> None:
    whole = HEAD + rows()
    packed = gzip.compress(whole[:500].encode()) + gzip.compress(whole[500:].encode())
    assert len(read(tmp_path, packed).channels[0].samples) == 40


@pytest.mark.parametrize("keep", [12, 200, -1, -9])
def test_a_packed_file_that_is_cut_off_gives_no_readings(keep: int, tmp_path: Path) -> None:
    packed = gzip.compress((HEAD + rows()).encode())
    with pytest.raises(ConfigError, match="damaged or cut off"):
        read(tmp_path, packed[:keep])


def test_a_packed_file_with_a_flipped_bit_gives_no_readings(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress((HEAD + rows()).encode()))
    packed[len(packed) // 2] ^= 0x10
    with pytest.raises(ConfigError, match="damaged or cut off"):
        read(tmp_path, bytes(packed))


def test_what_a_packed_file_unpacks_to_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MAX_BYTES", 200_000)
    with pytest.raises(ConfigError, match="unpacks to more than 200000 bytes"):
        read(tmp_path, gzip.compress((HEAD + rows() * 400).encode()))


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"BZh91AY", "bzip2"), (b"\xfd7zXZ\0", "xz"), (b"(\xb5/\xfd\0", "zstd"), (b"PK\x03\x04", "Excel")],
)
def test_other_packings_are_named(content: bytes, what: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=what):
        read(tmp_path, content + b"\0" * 90)
    with pytest.raises(ConfigError, match=what):
        read(tmp_path, gzip.compress(content + b"\0" * 90))


@pytest.mark.parametrize("end", ["1", "15", "15."])
def test_a_last_value_that_breaks_off_is_left_out_with_its_line(end: str, tmp_path: Path) -> None:
    whole = "time,temperature °C\n" + rows().replace(",50.0", "")
    found = read(tmp_path, f"{whole}2026-01-13T07:00:00Z,{end}".encode()).channels[0]
    assert len(found.samples) == 40
    (reason, counted), *more = found.refused.items()
    assert reason in {RefusalReason.UNTERMINATED, RefusalReason.NOT_A_NUMBER}
    assert (counted, more) == ((1, 42), [])


def test_a_whole_last_value_is_taken_without_an_end_of_line(tmp_path: Path) -> None:
    whole = "time,temperature °C\n" + rows().replace(",50.0", "")
    found = read(tmp_path, f"{whole}2026-01-13T07:00:00Z,15.4".encode()).channels[0]
    assert (len(found.samples), found.refused) == (41, {})


def test_a_last_value_before_missing_cells_is_left_out(tmp_path: Path) -> None:
    found = read(tmp_path, f"{HEAD}{rows()}2026-01-13T07:00:00Z,15.4".encode()).channels[0]
    assert found.refused == {RefusalReason.UNTERMINATED: (1, 42)}


def test_a_last_line_that_has_its_end_is_taken_as_it_is(tmp_path: Path) -> None:
    found = read(tmp_path, f"{HEAD}{rows()}2026-01-13T07:00:00Z,15\n".encode()).channels[0]
    assert found.samples[-1][1] == 15.0


def test_a_last_time_that_breaks_off_asks_for_no_zone(tmp_path: Path) -> None:
    found = read(tmp_path, f"{HEAD}{rows()}2026-01-13T07:0".encode()).channels[0]
    assert len(found.samples) == 40


def test_whole_values_without_a_last_end_of_line_are_all_taken(tmp_path: Path) -> None:
    whole = "time,temperature °C\n" + rows(value="1{}").replace(",50.0", "")
    assert len(read(tmp_path, whole.rstrip().encode()).channels[0].samples) == 40


def test_times_without_an_offset_among_others_are_told_with_their_line(tmp_path: Path) -> None:
    mixed = rows(6) + "2026-01-13T09:00:00,5.1,50\n2026-01-13T09:10:00,5.2,50\n"
    with pytest.raises(ConfigError, match="name no time zone"):
        read(tmp_path, (HEAD + mixed).encode())
    found = read(tmp_path, (HEAD + mixed).encode(), zone="+08:00")
    assert "2 times, the first in line 8, have no offset as the others have: taken in +08:00" in found.notes
    assert not any("offset" in note for note in read(tmp_path, (HEAD + rows()).encode(), zone="+08:00").notes)
