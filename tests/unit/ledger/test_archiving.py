"""Segments that were moved to another disk are read and verified there; that it is away is told by name."""

from pathlib import Path

import pytest

from coldchain.errors import IntegrityError
from coldchain_backend.ledger import Answer, Damage, Verifier, archive, archived, movable, open_ledger
from coldchain_backend.ledger.segments import read_first_stamp
from support.ledgers import ModestDisk, batch_records, sealed, segments, write_ledger
from support.still_clock import StillClock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "ledger"
    write_ledger(folder, checkpoint=True)
    return folder


def move(folder: Path, away: Path, count: int = 2) -> None:
    for path in movable(folder, 2**62)[:count]:
        archive(path, away, "demo", lambda _: None)


def records(folder: Path) -> list[int]:
    """Every record, as a server reads it."""
    found: list[int] = []
    with open_ledger(folder, "demo", StillClock(), disk=ModestDisk()) as ledger:
        while part := ledger.read(len(found), 100):
            found += [record.offset for record in part]
    return found


def test_what_was_moved_is_verified_and_read_where_it_is(folder: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in segments(folder)}
    move(folder, tmp_path / "away")
    assert [path.name for path, _ in archived(folder)] == ["00000001.seg", "00000002.seg"]
    assert {path.name: path.read_bytes() for path in segments(folder)} == before
    assert sorted(path.name for path in (tmp_path / "away").iterdir()) == [
        "demo-00000001.seg",
        "demo-00000002.seg",
    ]
    assert Verifier(folder).run(lambda _: None).answer is Answer.INTACT
    assert records(folder) == list(range(1, 10))


def test_what_was_changed_in_the_archive_is_named(folder: Path, tmp_path: Path) -> None:
    move(folder, tmp_path / "away")
    path = tmp_path / "away" / "demo-00000002.seg"
    path.write_bytes(path.read_bytes().replace(b"temperature=0.5", b"temperature=1.5", 1))
    report = Verifier(folder).run(lambda _: None)
    assert report.answer is Answer.BROKEN
    assert "00000002.seg" in report.faults[0]


def test_only_closed_segments_of_that_age_move(folder: Path) -> None:
    names = [path.name for path in segments(folder)]
    assert [path.name for path in movable(folder, 2**62)] == names[:-1]
    third_ms = read_first_stamp(segments(folder)[2])
    assert third_ms is not None
    assert [path.name for path in movable(folder, third_ms)] == names[:2]
    assert movable(folder, 0) == []


def test_an_archive_that_is_away_is_named_and_the_server_still_starts(folder: Path, tmp_path: Path) -> None:
    move(folder, tmp_path / "away")
    (tmp_path / "away").rename(tmp_path / "unplugged")
    report = Verifier(folder).run(lambda _: None)
    assert report.answer is Answer.BROKEN
    assert "00000001.seg, byte 0: it was archived as" in report.faults[0]
    with open_ledger(folder, "demo", StillClock(), disk=ModestDisk()) as ledger:
        assert ledger.end == 9
        assert [record.offset for record in ledger.read(7, 10)] == [8, 9]
        with pytest.raises(Damage, match="which cannot be reached"):
            ledger.read(0, 10)
    (tmp_path / "unplugged").rename(tmp_path / "away")
    assert Verifier(folder).run(lambda _: None).answer is Answer.INTACT


def test_without_its_index_a_server_does_not_start_over_a_missing_archive(
    folder: Path, tmp_path: Path
) -> None:
    move(folder, tmp_path / "away")
    (tmp_path / "away").rename(tmp_path / "unplugged")
    (folder / "00000001.idx").unlink()
    with pytest.raises(IntegrityError, match="which cannot be reached"):
        records(folder)


async def test_it_moves_beside_a_server_that_goes_on_reading_and_writing(
    folder: Path, tmp_path: Path
) -> None:
    with open_ledger(folder, "demo", StillClock(), disk=ModestDisk()) as ledger:
        assert ledger.read(0, 1)[0].offset == 1
        move(folder, tmp_path / "away")
        assert ledger.read(0, 1)[0].offset == 1
        await ledger.append(batch_records(sealed(1, run="r2")))
    assert Verifier(folder).run(lambda _: None).intact
