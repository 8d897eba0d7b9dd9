"""`rebuild` as a command: never beside a running server, never over differences that nobody accepted."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from coldchain_backend.ledger import read_json
from support.commands import Done, command
from support.judged_folder import JudgedFolder


@pytest.fixture
def folder(tmp_path: Path) -> JudgedFolder:
    (tmp_path / "backend.toml").write_text(
        '[backend]\norganisation = "demo"\npublic_url = "http://page"\n', encoding="utf-8"
    )
    folder = JudgedFolder(tmp_path / "data")
    folder.live()
    return folder


def run(folder: JudgedFolder, *arguments: str) -> Done:
    return command("--config", str(folder.data_dir.parent / "backend.toml"), "rebuild", *arguments)


def change(folder: JudgedFolder, statement: str) -> None:
    with closing(sqlite3.connect(folder.data_dir / "coldchain.sqlite")) as database, database:
        database.execute(statement)


def test_it_refuses_beside_a_server(folder: JudgedFolder) -> None:
    with folder.ledger():
        done = run(folder)
    assert done.returncode == 1
    assert "another process has the ledger" in done.stderr


def test_it_compares_and_swaps(folder: JudgedFolder) -> None:
    checked = run(folder, "--check")
    assert (checked.returncode, checked.stdout.split(":")[0]) == (0, "identical")
    assert not (folder.data_dir / "coldchain.sqlite.before-rebuild").exists()
    for table in ("excursion", "alert", "progress", "series_block"):
        change(folder, f"DELETE FROM {table}")  # noqa: S608 - names of this test
    done = run(folder)
    assert done.returncode == 0
    assert "nothing derived was there to compare with: " in done.stdout
    assert "the rebuilt database is in place" in done.stdout
    assert checked.stdout.split("digest")[1] in done.stdout


def test_differences_are_named_and_need_a_person(folder: JudgedFolder) -> None:
    change(folder, "UPDATE excursion SET peak = 99.0")
    done = run(folder)
    assert done.returncode == 1
    assert "peak: 99.0 -> 9.5" in done.stdout
    assert "1 differences" in done.stdout
    assert run(folder, "--accept", "typing mistake").returncode == 2
    accepted = run(folder, "--accept", "typing mistake", "--by", "王伟")
    assert accepted.returncode == 0
    with folder.ledger() as ledger:
        (act,) = ledger.read(ledger.end - 1, 1)
    assert read_json(act.payload) == {
        "act": "rebuild", "by": "王伟", "reason": "typing mistake", "differences": 1, "gone": [],
    }  # fmt: skip
    assert run(folder, "--check").returncode == 0


def test_with_everything_derived_gone_it_is_made_again_and_found_equal(folder: JudgedFolder) -> None:
    before = run(folder, "--check").stdout.split("digest")[1]
    for path in folder.data_dir.glob("coldchain.sqlite*"):
        path.unlink()
    for path in (folder.data_dir / "ledger").rglob("*.idx"):
        path.unlink()
    done = run(folder)
    assert (done.returncode, done.stderr.strip()) == (0, "")
    assert before.strip() in done.stdout
    again = run(folder, "--check")
    assert (again.returncode, again.stdout.split("digest")[1]) == (0, before)
    assert "\nidentical: " in again.stdout
