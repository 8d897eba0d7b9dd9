"""Backups: encrypted files in a folder, made beside the running server.

A set holds everything but the closed segments of the ledger, which never change: each of them is put into
the folder once, and sets name those they need. Databases are copied first and the ledger last, so that the
ledger of a set is never behind what was judged.
"""

import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import file_digest, sha256
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Final

from coldchain.errors import ColdchainError, IntegrityError, Refused, Unavailable
from coldchain_backend.ledger import read_start, segment_files
from coldchain_backend.recovery.manifest import MANIFEST, PART, SEGMENTS, Kept, Manifest, Progress
from coldchain_backend.recovery.vault import Lock, about, new_vault
from coldchain_backend.sql import DATABASE_FILE, Place, write_copy
from coldchain_runtime.durable import make_folder

SET: Final = ".backup"
COPIED: Final = ("backend.key", "links.key", "admin-token", "access.json")
FOLDERS: Final = ("checkpoints",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A set as its first line tells; `fault` where it is none."""

    path: Path
    organisation: str = ""
    made_ms: int = 0
    bytes: int = 0
    fault: str = ""


class Backup:
    """Makes sets of one data folder in `target`; `place`: where its state stands, if not in the folder."""

    def __init__(
        self, data_dir: Path, organisation: str, target: Path, lock: Lock, place: Place | None = None
    ) -> None:
        self._data, self._organisation, self._target, self._lock = data_dir, organisation, target, lock
        self._place = place or Place(data_dir=data_dir)

    @property
    def ledger(self) -> Path:
        """The ledger's folder."""
        return self._data / "ledger" / self._organisation

    def size(self) -> int:
        """About how many bytes there are to read."""
        kept = {one.stem.split("-")[-2] for one in (self._target / SEGMENTS).glob("*.segment")}
        newest = segment_files(self.ledger)[-1:]
        paths = [path for path in segment_files(self.ledger) if path.stem not in kept or path in newest]
        return sum(path.stat().st_size for path in [*paths, *self._data.glob("*.sqlite")])

    def make(self, now_ms: int, progress: Progress) -> Path:
        """Write a new set. Nothing older is touched.

        Raises Refused where there is no ledger, OSError, and as `copy_database` does.
        """
        if not segment_files(self.ledger):
            raise Refused(f"{self.ledger}: no ledger here, so nothing to back up")
        make_folder(self._target / SEGMENTS)
        at = datetime.fromtimestamp(now_ms // 1000, UTC)
        path = self._target / f"{self._organisation}-{at:%Y%m%dT%H%M%SZ}{SET}"
        fields = {"organisation": self._organisation, "made_ms": now_ms, "what": "set"}
        with (
            tempfile.TemporaryDirectory(prefix="backup-", dir=self._data) as folder,
            new_vault(path, self._lock, fields) as vault,
        ):
            writer = _Writer(vault, progress)
            for copy in self._databases(Path(folder)):
                writer.add(copy, copy.name)
            self._add_files(writer)
            segments = self._add_ledger(writer, progress)
            writer.finish(
                Manifest(
                    organisation=self._organisation,
                    made_ms=now_ms,
                    segments=tuple(segments),
                    files=tuple(writer.files),
                )
            )
        return path

    def _databases(self, folder: Path) -> Iterator[Path]:
        """Copies of all databases; a state on a server as one file, with its readings."""
        if self._place.server is not None:
            write_copy(self._place, folder / DATABASE_FILE)
            yield folder / DATABASE_FILE
        for database in sorted(self._data.glob("*.sqlite")):
            if self._place.server is None or database != self._place.file:
                copy_database(database, folder / database.name)
                yield folder / database.name

    def _add_files(self, writer: "_Writer") -> None:
        for name in COPIED:
            if (self._data / name).exists():
                writer.add(self._data / name, name)
        for name in FOLDERS:
            for path in sorted((self._data / name).glob("*.json")):
                writer.add(path, f"{name}/{path.name}")

    def _add_ledger(self, writer: "_Writer", progress: Progress) -> list[Kept]:
        folder = f"ledger/{self._organisation}"
        for path in [*self._left(), self.ledger / "checkpoints"]:
            if path.exists():
                writer.add(path, f"{folder}/{path.name}")
        segments = segment_files(self.ledger)
        kept = [self._keep(path, behind, progress) for path, behind in pairwise(segments)]
        if segments:
            writer.add(segments[-1], f"{folder}/{segments[-1].name}")
        return kept

    def _left(self) -> list[Path]:
        """What is left of segments that were let go."""
        return sorted([*self.ledger.glob("*.stub"), *self.ledger.glob("snapshot-*.tar.gz")])

    def _keep(self, path: Path, behind: Path, progress: Progress) -> Kept:
        """Put a closed segment into the folder, if it is not there yet.

        The hash that the segment behind it builds on says what it holds, without reading it.
        """
        start, _ = read_start(behind)
        name = f"{self._organisation}-{path.stem}-{start.previous.hex()[:16]}.segment"
        target = self._target / SEGMENTS / name
        if not target.exists():
            with path.open("rb") as file:
                digest = file_digest(file, "sha256").hexdigest()
                file.seek(0)
                fields = {"organisation": self._organisation, "what": "segment", "sha256": digest}
                with new_vault(target, self._lock, fields) as vault:
                    while data := file.read(PART):
                        vault.write(data)
                        progress(len(data))
        digest = str(about(target)["sha256"])
        return Kept(name=path.name, file=name, sha256=digest, bytes=path.stat().st_size)


class _Writer:
    """Adds files to a set and remembers their hashes."""

    def __init__(self, vault: BinaryIO, progress: Progress) -> None:
        self._tar = tarfile.open(fileobj=vault, mode="w|")  # noqa: SIM115 - closed by `finish`
        self._progress = progress
        self.files: list[tuple[str, int, str]] = []

    def add(self, path: Path, name: str) -> None:
        """A file as long as it is now: what is appended meanwhile is left out."""
        with path.open("rb") as file:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = os.fstat(file.fileno()).st_size, 0o600
            hashing = _Hashing(file, self._progress)
            self._tar.addfile(entry, hashing)
        self.files.append((name, entry.size, hashing.hexdigest()))

    def finish(self, manifest: Manifest) -> None:
        """The manifest comes last."""
        data = manifest.encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = len(data)
        self._tar.addfile(entry, BytesIO(data))
        self._tar.close()


class _Hashing(BytesIO):
    """Reads through to a file and hashes what was read."""

    def __init__(self, file: BinaryIO, progress: Progress) -> None:
        super().__init__()
        self._file, self._total, self._progress = file, sha256(), progress

    def read(self, size: int | None = -1, /) -> bytes:
        data = self._file.read(-1 if size is None else size)
        self._total.update(data)
        self._progress(len(data))
        return data

    def hexdigest(self) -> str:
        """SHA-256 of everything that was read."""
        return self._total.hexdigest()


def copy_database(source: Path, target: Path) -> None:
    """A consistent copy of a database that others may be writing.

    Raises Unavailable where it cannot be made now (no room, locked), IntegrityError for a damaged one.
    """
    try:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new, pages=4096)
    except sqlite3.OperationalError as error:
        raise Unavailable(f"{source.name}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise IntegrityError(f"{source.name}: {error}") from error


def listed(target: Path) -> Sequence[Listed]:
    """All sets of a folder, newest first."""
    found = []
    for path in sorted(target.glob(f"*{SET}"), reverse=True):
        try:
            fields = about(path)
        except (ColdchainError, OSError) as error:
            found.append(Listed(path=path, fault=str(error)))
            continue
        made = fields.get("made_ms")
        found.append(
            Listed(
                path=path,
                organisation=str(fields.get("organisation")),
                made_ms=made if isinstance(made, int) else 0,
                bytes=path.stat().st_size,
            )
        )
    return found


def prune(target: Path, keep: int) -> list[Path]:
    """Delete all but the newest `keep` sets; segments stay, as any set may need them. What was deleted."""
    old = [one.path for one in listed(target) if not one.fault][max(keep, 1) :]
    for path in old:
        path.unlink()
    return old
