"""A backup made beside the server comes back whole, or says what is wrong with it."""

from pathlib import Path

import orjson
import pytest

from coldchain.errors import ColdchainError, IntegrityError, Refused
from coldchain.seal import Key
from coldchain_backend.ledger import Answer
from coldchain_backend.recovery import HELD, Backup, Lock, listed, prune, restore, try_out
from coldchain_backend.sql import digest, open_database
from coldchain_runtime.secrets import Secret
from support.judged_folder import JudgedFolder, append
from support.judged_log import ORGANISATION, T0

LOCK = Lock.of(Secret("correct horse battery staple"))
DAY_MS = 86_400_000


def nothing(_: int) -> None:
    """No progress bar."""


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> JudgedFolder:
    folder = JudgedFolder(tmp_path_factory.mktemp("lived") / "data", segment_bytes=4_000)
    folder.live()
    for name, content in [("backend.key", "11" * 32), ("admin-token", "t"), ("access.json", "{}")]:
        (folder.data_dir / name).write_text(content + "\n", encoding="ascii")
    with folder.ledger() as ledger:
        ledger.checkpoint(Key.from_seed(b"\x11" * 32))
    return folder


def made(lived: JudgedFolder, target: Path, day: int = 0) -> Path:
    return Backup(lived.data_dir, ORGANISATION, target, LOCK).make(T0 + day * DAY_MS, nothing)


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in {".idx", ".sqlite"} and path.name not in {"lock", HELD}
    }


def test_what_comes_back_is_what_was_there(lived: JudgedFolder, tmp_path: Path) -> None:
    path = made(lived, tmp_path / "backups")
    restored = restore(path, LOCK, tmp_path / "data", nothing)
    assert restored.report.answer is Answer.INTACT
    assert restored.judged == restored.report.last > 30
    assert content(tmp_path / "data") == content(lived.data_dir)
    before, after = (open_database(one / "coldchain.sqlite") for one in (lived.data_dir, tmp_path / "data"))
    assert digest(before) == digest(after)
    before.close()
    after.close()
    held = orjson.loads((tmp_path / "data" / HELD).read_bytes())
    assert (held["backup"], held["end"]) == (path.name, restored.report.last)


def test_it_is_made_beside_a_running_server(lived: JudgedFolder, tmp_path: Path) -> None:
    with lived.ledger() as ledger, lived.database() as database, database.write() as connection:
        connection.begin()
        path = made(lived, tmp_path / "backups")
        end = ledger.end
    assert try_out(path, LOCK, tmp_path, nothing).report.last == end
    assert sorted(one.name for one in tmp_path.iterdir()) == ["backups"]


def test_closed_segments_are_put_there_once(lived: JudgedFolder, tmp_path: Path) -> None:
    target = tmp_path / "backups"
    made(lived, target)
    segments = {path.name: path.stat().st_mtime_ns for path in (target / "segments").iterdir()}
    assert len(segments) > 2
    made(lived, target, day=1)
    assert {path.name: path.stat().st_mtime_ns for path in (target / "segments").iterdir()} == segments
    assert Backup(lived.data_dir, ORGANISATION, target, LOCK).size() < sum(
        path.stat().st_size for path in lived.data_dir.rglob("*") if path.is_file()
    )


def test_old_sets_are_pruned_and_the_newest_still_comes_back(lived: JudgedFolder, tmp_path: Path) -> None:
    target = tmp_path / "backups"
    paths = [made(lived, target, day) for day in range(4)]
    assert [one.path for one in listed(target)] == paths[::-1]
    assert prune(target, 2) == paths[1::-1]
    assert [one.made_ms for one in listed(target)] == [T0 + 3 * DAY_MS, T0 + 2 * DAY_MS]
    assert try_out(paths[3], LOCK, tmp_path, nothing).report.answer is Answer.INTACT


def test_a_folder_that_holds_something_is_left_alone(lived: JudgedFolder, tmp_path: Path) -> None:
    path = made(lived, tmp_path / "backups")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine").write_text("x")
    with pytest.raises(Refused, match="is not empty"):
        restore(path, LOCK, tmp_path / "data", nothing)
    assert [one.name for one in (tmp_path / "data").iterdir()] == ["mine"]


def test_a_missing_segment_is_named(lived: JudgedFolder, tmp_path: Path) -> None:
    path = made(lived, tmp_path / "backups")
    gone = sorted((tmp_path / "backups" / "segments").iterdir())[1]
    gone.unlink()
    with pytest.raises(IntegrityError, match=gone.name):
        try_out(path, LOCK, tmp_path, nothing)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_damaged_set_or_segment_is_found(lived: JudgedFolder, tmp_path: Path, share: float) -> None:
    path = made(lived, tmp_path / "backups")
    for damaged in (path, sorted((tmp_path / "backups" / "segments").iterdir())[0]):
        kept = damaged.read_bytes()
        place = int(share * len(kept))
        damaged.write_bytes(kept[:place] + bytes([kept[place] ^ 1]) + kept[place + 1 :])
        with pytest.raises(ColdchainError):
            try_out(path, LOCK, tmp_path, nothing)
        damaged.write_bytes(kept)


def test_a_broken_ledger_is_not_taken_for_a_good_backup(lived: JudgedFolder, tmp_path: Path) -> None:
    broken = JudgedFolder(tmp_path / "broken", segment_bytes=4_000)
    broken.live()
    (broken.data_dir / "backend.key").write_text("11" * 32)
    path = sorted(broken.ledger_folder.glob("*.seg"))[0]
    path.write_bytes(path.read_bytes().replace(b"temperature=4.0", b"temperature=5.0", 1))
    with pytest.raises(IntegrityError, match="its ledger is broken: record"):
        try_out(made(broken, tmp_path / "backups"), LOCK, tmp_path, nothing)


def test_a_file_that_is_no_set_is_listed_as_such(tmp_path: Path) -> None:
    (tmp_path / "x.backup").write_bytes(b"rubbish")
    (one,) = listed(tmp_path)
    assert "not a backup" in one.fault
    assert prune(tmp_path, 1) == []


def test_the_restored_ledger_takes_writes(lived: JudgedFolder, tmp_path: Path) -> None:
    restore(made(lived, tmp_path / "backups"), LOCK, tmp_path / "data", nothing)
    back = JudgedFolder(tmp_path / "data", segment_bytes=4_000)
    back.clock.advance(DAY_MS)
    with back.ledger() as ledger:
        end = ledger.end
        append(ledger, back.said(("a", T0 + DAY_MS, 4.0)))
        assert ledger.end == end + 1
