"""A set that was made from something damaged is refused in words, whatever it holds."""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

from coldchain.errors import IntegrityError
from coldchain_backend.recovery import Backup, Lock, read_back, restore, try_out
from coldchain_backend.recovery.manifest import MANIFEST, Manifest, read_manifest
from coldchain_backend.recovery.vault import new_vault
from coldchain_runtime.secrets import Secret
from support.judged_folder import JudgedFolder
from support.judged_log import ORGANISATION, T0

LOCK = Lock.of(Secret("correct horse battery staple"))


def nothing(_: int) -> None:
    """No progress bar."""


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> JudgedFolder:
    folder = JudgedFolder(tmp_path_factory.mktemp("lived") / "data")
    folder.live(minutes=9)
    (folder.data_dir / "backend.key").write_text("11" * 32 + "\n", encoding="ascii")
    return folder


def made(lived: JudgedFolder, folder: Path, files: Mapping[str, bytes]) -> Path:
    """A set of the folder with other files in place of its own."""
    kept = {name: (lived.data_dir / name).read_bytes() for name in files}
    try:
        for name, data in files.items():
            (lived.data_dir / name).write_bytes(data)
        return Backup(lived.data_dir, ORGANISATION, folder / "backups", LOCK).make(T0, nothing)
    finally:
        for name, data in kept.items():
            (lived.data_dir / name).write_bytes(data)


@pytest.mark.parametrize("key", [b"", b"11", b"no hexadecimal\n", "ключ".encode()])
def test_a_set_whose_key_is_none_is_refused(lived: JudgedFolder, tmp_path: Path, key: bytes) -> None:
    path = made(lived, tmp_path, {"backend.key": key})
    with pytest.raises(IntegrityError, match=r"its backend\.key is no key"):
        try_out(path, LOCK, tmp_path, nothing)


def test_no_set_is_left_of_a_database_that_cannot_be_copied(lived: JudgedFolder, tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match=r"coldchain\.sqlite: "):
        made(lived, tmp_path, {"coldchain.sqlite": b"this is no database" * 99})
    assert list((tmp_path / "backups").glob("*.backup*")) == []
    assert list(lived.data_dir.glob("backup-*")) == []


def forged(folder: Path, files: Mapping[str, bytes], *, says: Mapping[str, bytes] | None = None) -> Path:
    """A set sealed with the right passphrase: these files, and a manifest of those that it `says`."""
    path = folder / "forged.backup"
    told = files if says is None else says
    manifest = Manifest(
        organisation=ORGANISATION,
        made_ms=T0,
        segments=(),
        files=tuple((name, len(data), sha256(data).hexdigest()) for name, data in told.items()),
    )
    with new_vault(path, LOCK, {}) as vault, tarfile.open(fileobj=vault, mode="w|") as tar:
        for name, data in {**files, MANIFEST: manifest.encode()}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, BytesIO(data))
    return path


def test_a_file_outside_the_data_folder_is_never_written(tmp_path: Path) -> None:
    path = forged(tmp_path, {"../outside": b"x"})
    with pytest.raises(IntegrityError, match="no name within a data folder"):
        restore(path, LOCK, tmp_path / "data", nothing)
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("says", [{}, {"one": b"2"}, {"one": b"1", "two": b"2"}])
def test_files_that_are_not_those_of_the_manifest_are_refused(tmp_path: Path, says: dict[str, bytes]) -> None:
    path = forged(tmp_path, {"one": b"1"}, says=says)
    for use in (lambda: read_back(path, LOCK), lambda: try_out(path, LOCK, tmp_path, nothing)):
        with pytest.raises(IntegrityError, match="not those of its manifest"):
            use()


def test_a_set_without_manifest_or_with_a_folder_in_it_is_refused(tmp_path: Path) -> None:
    for path, kind, message in (
        (tmp_path / "empty.backup", None, "no manifest"),
        (tmp_path / "folder.backup", tarfile.DIRTYPE, "'odd' is no file"),
    ):
        with new_vault(path, LOCK, {}) as vault, tarfile.open(fileobj=vault, mode="w|") as tar:
            if kind is not None:
                entry = tarfile.TarInfo("odd")
                entry.type = kind
                tar.addfile(entry)
        for use in (lambda one: read_back(one, LOCK), lambda one: try_out(one, LOCK, tmp_path, nothing)):
            with pytest.raises(IntegrityError, match=message):
                use(path)


def test_a_damaged_database_in_a_set_is_told(lived: JudgedFolder, tmp_path: Path) -> None:
    ledger = f"ledger/{ORGANISATION}"
    whole = {
        f"{ledger}/{one.name}": one.read_bytes()
        for one in sorted(lived.ledger_folder.iterdir())
        if one.suffix == ".seg"
    }
    whole["backend.key"] = (lived.data_dir / "backend.key").read_bytes()
    good = (lived.data_dir / "coldchain.sqlite").read_bytes()
    torn = good[: len(good) // 2] + b"\x5a" * (len(good) - len(good) // 2)
    for damaged in (b"this is no database, however long it may be" * 40, torn):
        path = forged(tmp_path, {**whole, "coldchain.sqlite": damaged})
        with pytest.raises(IntegrityError, match=r"coldchain\.sqlite: "):
            try_out(path, LOCK, tmp_path, nothing)


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"null", b'{"format":2}', b'{"format":1}', b'{"format":1,"organisation":"o","made_ms":"x"}',
     b'{"format":1,"organisation":"o","made_ms":1,"segments":[{}],"files":[]}',
     b'{"format":1,"organisation":"o","made_ms":1,"segments":[],"files":[["a",1]]}'],
)  # fmt: skip
def test_a_manifest_that_cannot_be_read_is_told_with_its_set(data: bytes) -> None:
    with pytest.raises(IntegrityError, match=r"^x\.backup: "):
        read_manifest(data, "x.backup")
