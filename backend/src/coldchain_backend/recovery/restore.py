"""Back from a backup: into an empty data folder, verified before anybody uses it; or only tried out.

Until a person has confirmed that the old backend is off, nothing is delivered: two backends would tell the
same people twice, and one of them of what is over.
"""

import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

import orjson

from coldchain.errors import IntegrityError, InvalidInput, Refused
from coldchain.seal import Key
from coldchain_backend.ledger import Answer, Report, Verifier
from coldchain_backend.recovery.manifest import MANIFEST, PART, SEGMENTS, Manifest, Progress, read_manifest
from coldchain_backend.recovery.vault import Lock, open_vault
from coldchain_runtime.durable import make_folder, write_file_atomic

HELD: Final = "deliveries-held.json"
_KEY: Final = "backend.key"


class _Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came back: the ledger's report, and the last record that was judged in the databases."""

    manifest: Manifest
    report: Report
    judged: int


def restore(path: Path, lock: Lock, data_dir: Path, progress: Progress) -> Restored:
    """Put a set into a data folder and verify it; deliveries are held from now on.

    Raises Refused where the folder holds something or the passphrase is wrong, IntegrityError for what is
    damaged.
    """
    if data_dir.exists() and any(data_dir.iterdir()):
        raise Refused(f"{data_dir} is not empty; move it aside first")
    make_folder(data_dir)
    restored = _checked(path, lock, data_dir, progress)
    held = {"backup": path.name, "made_ms": restored.manifest.made_ms, "end": restored.report.last}
    write_file_atomic(data_dir / HELD, orjson.dumps(held))
    return restored


def try_out(path: Path, lock: Lock, beside: Path, progress: Progress) -> Restored:
    """Restore into a folder within `beside` that is deleted again; raises as `restore` does."""
    with tempfile.TemporaryDirectory(prefix="restore-test-", dir=beside) as folder:
        return _checked(path, lock, Path(folder) / "data", progress)


def read_back(path: Path, lock: Lock) -> Manifest:
    """Read a set to its end and hold it against its manifest; raises as `restore` does. Writes nothing."""
    return _taken(path, lock, lambda _, file: _hash(file))


def _hash(source: _Source) -> str:
    total = sha256()
    while data := source.read(PART):
        total.update(data)
    return total.hexdigest()


def _checked(path: Path, lock: Lock, data_dir: Path, progress: Progress) -> Restored:
    manifest = _unpack(path, lock, data_dir, progress)
    key = _key(data_dir / _KEY, path.name)
    report = Verifier(data_dir / "ledger" / manifest.organisation, [key.public]).run(lambda _: None)
    if report.answer is Answer.BROKEN:
        raise IntegrityError(f"{path.name}: its ledger is broken: {report.faults[0]}")
    judged = max((_judged(one) for one in data_dir.glob("*.sqlite")), default=0)
    if judged > report.last:
        raise IntegrityError(f"{path.name}: judged up to record {judged}, its ledger ends at {report.last}")
    return Restored(manifest=manifest, report=report, judged=judged)


def _key(path: Path, name: str) -> Key:
    """The backend's key of a set; raises IntegrityError where it is missing or none."""
    try:
        return Key.from_seed(bytes.fromhex(path.read_text(encoding="ascii").strip()))
    except (FileNotFoundError, ValueError, InvalidInput) as error:
        raise IntegrityError(f"{name}: its {path.name} is no key") from error


def _judged(database: Path) -> int:
    """The last record that a database knows of; raises IntegrityError for a damaged one."""
    with closing(sqlite3.connect(database)) as connection:
        try:
            (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            raise IntegrityError(f"{database.name}: {error}") from error
        if said != "ok":
            raise IntegrityError(f"{database.name}: {said}")
        tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'progress'").fetchone()
        row = connection.execute("SELECT max(offset) FROM progress").fetchone() if tables[0] else (0,)
        return row[0] or 0


def _unpack(path: Path, lock: Lock, data_dir: Path, progress: Progress) -> Manifest:
    manifest = _taken(path, lock, lambda name, file: _write(file, _inside(data_dir, name), progress))
    for kept in manifest.segments:
        source = path.parent / SEGMENTS / kept.file
        target = _inside(data_dir, f"ledger/{manifest.organisation}/{kept.name}")
        with open_vault(source, lock) as vault:
            if _write(vault, target, progress) != kept.sha256:
                raise IntegrityError(f"{kept.file}: not what was put there")
    return manifest


def _taken(path: Path, lock: Lock, take: Callable[[str, _Source], str]) -> Manifest:
    """Give every file of a set to `take`, which says the hash of what it read; the manifest that they are."""
    manifest, found = None, {}
    with open_vault(path, lock) as vault, tarfile.open(fileobj=vault, mode="r|") as tar:
        for entry in tar:
            file = tar.extractfile(entry)
            if file is None:
                raise IntegrityError(f"{path.name}: {entry.name!r} is no file")
            if entry.name == MANIFEST:
                manifest = read_manifest(file.read(), path.name)
            else:
                found[entry.name] = take(entry.name, file)
    return _held_against(path, manifest, found)


def _held_against(path: Path, manifest: Manifest | None, found: dict[str, str]) -> Manifest:
    if manifest is None:
        raise IntegrityError(f"{path.name}: it has no manifest")
    if found != {name: digest for name, _, digest in manifest.files}:
        raise IntegrityError(f"{path.name}: its files are not those of its manifest")
    for kept in manifest.segments:
        if not (path.parent / SEGMENTS / kept.file).exists():
            raise IntegrityError(f"{path.name} needs {SEGMENTS}/{kept.file}, which is not there")
    return manifest


def _inside(folder: Path, name: str) -> Path:
    target = folder / name
    if not target.resolve().is_relative_to(folder.resolve()):
        raise IntegrityError(f"{name!r} is no name within a data folder")
    make_folder(target.parent)
    return target


def _write(source: _Source, target: Path, progress: Progress) -> str:
    """Write a file durably; the SHA-256 of what was written."""
    total = sha256()
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        while data := source.read(PART):
            total.update(data)
            file.write(data)
            progress(len(data))
        file.flush()
        os.fsync(file.fileno())
    return total.hexdigest()
