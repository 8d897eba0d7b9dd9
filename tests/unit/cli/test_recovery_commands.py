"""What the commands of recovery say and how they end, where something is missing, wrong or damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.commands import Done, command
from support.judged_folder import JudgedFolder
from support.judged_log import ORGANISATION

EXPORT = ("evidence", "export", "--to", "2026-11-02")


class Home:
    """A stopped backend with a configuration, and its commands."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, folder / "backend.toml"
        self.database = folder / "data" / "coldchain.sqlite"
        self.ledger = folder / "data" / "ledger"
        self.passphrase = ("--passphrase", f"file:{folder / 'pass'}")
        self.to = ("--folder", str(folder / "backups"))

    def fill(self) -> None:
        """Let it live a little."""
        JudgedFolder(self.folder / "data").live(minutes=6)
        (self.folder / "data" / "backend.key").write_text("11" * 32, encoding="ascii")
        (self.folder / "data" / "admin-token").write_text("t", encoding="ascii")
        text = f'[backend]\norganisation = "{ORGANISATION}"\ndata_dir = "data"\n'
        self.config.write_text(text, encoding="utf-8")
        (self.folder / "pass").write_text("correct horse battery staple", encoding="utf-8")
        (self.folder / "wrong").write_text("another horse battery staple", encoding="utf-8")

    def run(self, *words: str) -> Done:
        return command("--config", str(self.config), *words)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lived")
    Home(folder).fill()
    return folder


@pytest.fixture
def home(lived: Path, tmp_path: Path) -> Home:
    folder = tmp_path / "home"
    shutil.copytree(lived, folder)
    return Home(folder)


def said(done: Done) -> str:
    """Its one line of complaint."""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done
    return lines[0]


def test_a_backup_is_made_listed_tried_out_and_brought_back(home: Home, tmp_path: Path) -> None:
    made = home.run("backup", "make", *home.to, *home.passphrase)
    assert (made.returncode, "bytes, read back" in made.stdout) == (0, True), made
    (path,) = (home.folder / "backups").glob("*.backup")
    assert path.name in home.run("backup", "list", *home.to).stdout
    tried = home.run("backup", "test", *home.to, *home.passphrase)
    assert (tried.returncode, "intact: " in tried.stdout) == (0, True), tried
    (home.folder / "data").rename(home.folder / "aside")
    back = home.run("restore", str(path), "--by", "王伟", "--reason", "disk died", *home.passphrase)
    assert (back.returncode, "deliveries are held" in back.stdout) == (0, True), back
    assert home.run("verify").stdout.startswith("intact: ")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("backup", "list"), "give --folder and --passphrase, or a [backup] section"),
        (("backup",), "give --folder and --passphrase, or a [backup] section"),
        (("backup", "test", "--folder", "none", "--passphrase", "env:NONE"), "none: no backup here"),
        (("backup", "test", "none.backup", "--passphrase", "env:NONE"), "none.backup"),
        (("verify", "--checkpoint", "none.json"), "none.json: No such file or directory"),
        (("backup", "make", "--folder", "b", "--passphrase", "open"), "a secret is given by reference"),
        (("expire", "--by", "王伟", "--reason", "old"), "retention_days is not declared"),
    ],
)
def test_what_is_missing_is_told_in_one_line_and_fails(home: Home, words: tuple[str, ...], why: str) -> None:
    done = home.run(*words)
    assert (done.returncode, done.stdout) == (1, "")
    assert why in said(done)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("restore",), "give a backup or --old-is-off"),
        (("restore", "x.backup", "--reason", "disk died"), "give --by"),
        (("restore", "x.backup", "--old-is-off", "--reason", "both"), "give a backup or --old-is-off"),
        ((*EXPORT, "--from", "x", "--zone", "z"), "--from: 'x' is not a time"),
        ((*EXPORT, "--from", "2026-11-01"), "give either --zone or --asset"),
        ((*EXPORT, "--from", "2026-11-01", "--zone", "z", "--asset", "a"), "give either --zone or --asset"),
    ],
)  # fmt: skip
def test_a_command_that_cannot_be_meant_ends_with_two(home: Home, words: tuple[str, ...], why: str) -> None:
    done = home.run(*words)
    assert done.returncode == 2
    assert why in done.stderr


def test_a_wrong_passphrase_and_a_full_folder_are_refused(home: Home) -> None:
    home.run("backup", "make", *home.to, *home.passphrase)
    (path,) = (home.folder / "backups").glob("*.backup")
    wrong = home.run("backup", "test", *home.to, "--passphrase", f"file:{home.folder / 'wrong'}")
    assert (wrong.returncode, "the passphrase is not the right one" in said(wrong)) == (1, True)
    full = home.run("restore", str(path), "--by", "王伟", "--reason", "try", *home.passphrase)
    assert (full.returncode, "is not empty; move it aside first" in said(full)) == (1, True)


def test_where_no_ledger_is_nothing_is_verified_or_backed_up(home: Home) -> None:
    shutil.rmtree(home.ledger)
    for words in (("verify",), ("backup", "make", *home.to, *home.passphrase)):
        done = home.run(*words)
        assert (done.returncode, "no ledger here" in said(done)) == (1, True), done
    assert list((home.folder / "backups").glob("*.backup")) == []


@pytest.mark.parametrize("torn", [False, True])
def test_a_damaged_database_is_told_and_made_again_once_it_is_aside(home: Home, *, torn: bool) -> None:
    good = home.database.read_bytes()
    home.database.write_bytes(good[:100] + b"\x5a" * 4000 + good[4100:] if torn else b"no database " * 500)
    for words in (("check-rollups",), ("rebuild",)):
        done = home.run(*words)
        assert (done.returncode, "move it aside, and `rebuild`" in said(done)) == (1, True), done
    home.database.unlink()
    made = home.run("rebuild")
    assert (made.returncode, "never queued, and not queued now" in made.stdout) == (0, True), made
    assert home.run("check-rollups").returncode == 0
    again = home.run("rebuild")
    assert "\nidentical: " in again.stdout, again


def test_a_configuration_that_is_wrong_is_told_with_its_line_and_ends_with_two(home: Home) -> None:
    home.config.write_text("[backend]\norganisation = 5\n", encoding="utf-8")
    done = home.run("status")
    assert (done.returncode, "backend.toml:2: backend.organisation" in said(done)) == (2, True)
    home.config.unlink()
    done = home.run("backup", "list")
    assert (done.returncode, "cannot be read" in said(done)) == (2, True)
