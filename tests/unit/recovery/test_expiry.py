"""Segments whose retention is over leave a stub and a snapshot, from which all goes on as before."""

from base64 import b64encode
from pathlib import Path

import pytest

from coldchain.errors import IntegrityError
from coldchain.seal import encode_public
from coldchain_backend.ledger import (
    Answer,
    MarkName,
    Report,
    Verifier,
    mark_record,
    read_stubs,
    segment_files,
)
from coldchain_backend.recovery import Outcome, Rebuild, due
from coldchain_backend.sql import digest
from support.expired import BACKEND, expired
from support.judged_folder import SETTINGS, JudgedFolder, append


@pytest.fixture
def folder(tmp_path: Path) -> JudgedFolder:
    folder = JudgedFolder(tmp_path / "data", segment_bytes=4_000)
    folder.live()
    with folder.ledger() as ledger:
        append(ledger, mark_record(MarkName.START, {"key": encode_public(BACKEND.public)}))
    return folder


def verified(folder: JudgedFolder) -> Report:
    return Verifier(folder.ledger_folder, [BACKEND.public]).run(lambda _: None)


def rebuilt(folder: JudgedFolder, *, swap: bool) -> Outcome:
    with folder.ledger() as ledger:
        work = Rebuild(folder.data_dir, ledger, SETTINGS)
        outcome = work.make(lambda _: None)
        if swap:
            work.swap()
        else:
            work.drop()
        return outcome


def test_the_rest_is_verified_behind_the_stubs(folder: JudgedFolder) -> None:
    before = verified(folder)
    end = expired(folder)
    report = verified(folder)
    assert (before.answer, report.answer) == (Answer.INTACT, Answer.INTACT)
    assert (report.expired, report.first, report.last) == (end, end + 1, before.last)
    stubs = read_stubs(folder.ledger_folder)
    assert [(stub.segment, stub.by, stub.retention_days) for stub in stubs] == [
        (1, "王伟", 1826),
        (2, "王伟", 1826),
    ]


def test_a_rebuild_from_the_snapshot_is_identical(folder: JudgedFolder) -> None:
    expired(folder)
    outcome = rebuilt(folder, swap=False)
    assert (outcome.count, outcome.fresh) == (0, False)


def test_after_losing_the_database_it_comes_back_from_the_snapshot(folder: JudgedFolder) -> None:
    with folder.database() as database:
        before = digest(database)
    expired(folder)
    (folder.data_dir / "coldchain.sqlite").rename(folder.data_dir / "lost")
    with folder.ledger() as ledger:
        work = Rebuild(folder.data_dir, ledger, SETTINGS)
        assert work.make(lambda _: None).fresh
        work.swap()
    assert (folder.data_dir / "ingest" / "ingest.json").exists()
    with folder.database() as database:
        after = digest(database)
    assert after != before  # the start mark behind it is judged now
    assert rebuilt(folder, swap=False).count == 0


def test_more_can_go_later_from_the_snapshot_on(folder: JudgedFolder) -> None:
    expired(folder)
    end = expired(folder, count=1)
    assert verified(folder).answer is Answer.INTACT
    assert verified(folder).expired == end
    assert [path.name for path in folder.ledger_folder.glob("snapshot-*")] == [f"snapshot-{end}.tar.gz"]
    assert rebuilt(folder, swap=False).count == 0


def test_a_forged_stub_and_a_changed_snapshot_are_refused(folder: JudgedFolder) -> None:
    end = expired(folder)
    path = folder.ledger_folder / "00000002.stub"
    kept = path.read_bytes()
    path.write_bytes(kept.replace("王伟".encode(), "李四".encode()))
    assert "00000002.stub is not signed by the backend" in verified(folder).faults
    path.write_bytes(kept)
    (folder.ledger_folder / f"snapshot-{end}.tar.gz").write_bytes(b"another")
    with pytest.raises(IntegrityError, match=r"is not the snapshot that 00000002\.stub names"):
        rebuilt(folder, swap=False)


def test_a_segment_that_is_gone_without_a_stub_is_missing(folder: JudgedFolder) -> None:
    expired(folder)
    (folder.ledger_folder / "00000001.stub").unlink()
    assert verified(folder).answer is Answer.BROKEN
    segment_files(folder.ledger_folder)[0].unlink()
    assert verified(folder).answer is Answer.BROKEN


def test_the_newest_segment_never_goes(folder: JudgedFolder) -> None:
    files = segment_files(folder.ledger_folder)
    assert due(folder.ledger_folder, 2**62) == files[:-1]
    assert due(folder.ledger_folder, 0) == []


def test_a_stub_names_the_keys_of_its_segment(folder: JudgedFolder) -> None:
    with folder.ledger() as ledger:
        for _ in range(30):
            append(ledger, mark_record(MarkName.START, {"key": encode_public(BACKEND.public)}))
    expired(folder, count=len(due(folder.ledger_folder, 2**62)))
    public = b64encode(BACKEND.public).decode()
    assert any(public in stub.backend for stub in read_stubs(folder.ledger_folder))
