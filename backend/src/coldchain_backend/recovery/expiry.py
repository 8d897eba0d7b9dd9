"""Letting go of whole segments after the declared retention: a signed stub and a signed snapshot stay.

The snapshot holds what later records rest on: everything that judging knew behind the last record that goes
(fleet versions and acts in force, states of points, open alerts), and what ingest knew (keys, heads of runs).
"""

import gzip
import os
import tarfile
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import file_digest
from itertools import pairwise
from pathlib import Path
from typing import Final

from coldchain.errors import IntegrityError
from coldchain.seal import Key
from coldchain_backend import judging, sql
from coldchain_backend.fleet import Plan
from coldchain_backend.ingest import Admission
from coldchain_backend.ledger import (
    FileLedger,
    NewRecord,
    Record,
    Stub,
    named_keys,
    read_first_stamp,
    read_start,
    read_stubs,
    segment_files,
    write_stub,
)
from coldchain_backend.recovery.judged import judge_into
from coldchain_runtime.durable import make_folder, sync_folder

DATABASE: Final = "coldchain.sqlite"
INGEST: Final = "ingest"
Progress = Callable[[int], None]
"""Told the offset of the last record that was judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Who lets go, why, how long evidence had to be kept, and the present (ms UTC)."""

    by: str
    reason: str
    retention_days: int
    now_ms: int


class _Until:
    """The ledger up to a record."""

    def __init__(self, ledger: FileLedger, end: int) -> None:
        self._ledger, self.end = ledger, end

    async def append(self, records: Sequence[NewRecord]) -> Sequence[Record]:
        raise IntegrityError("the past takes no records")

    def read(self, after: int, limit: int) -> Sequence[Record]:
        return [one for one in self._ledger.read(after, limit) if one.offset <= self.end]

    def wait(self, after: int, timeout: float) -> bool:
        return after < self.end

    @property
    def head(self) -> str:
        return self._ledger.read(self.end - 1, 1)[0].hash


def due(directory: Path, before_ms: int) -> list[Path]:
    """The oldest closed segments that hold nothing received at or behind an instant."""
    found = []
    for path, behind in pairwise(segment_files(directory)):
        ended_ms = read_first_stamp(behind)
        if ended_ms is None or ended_ms > before_ms:
            break
        found.append(path)
    return found


def end_of(directory: Path, segments: Sequence[Path]) -> int:
    """The last record of segments that are the oldest ones."""
    files = segment_files(directory)
    behind, _ = read_start(files[files.index(segments[-1]) + 1])
    return behind.first - 1


def snapshot(ledger: FileLedger, settings: judging.Settings, key: Key, end: int, progress: Progress) -> Path:
    """Make the snapshot behind record `end`, from the newest one that there is. Raises OSError."""
    target = ledger.directory / f"snapshot-{end}.tar.gz"
    with tempfile.TemporaryDirectory(prefix="snapshot-", dir=ledger.directory.parent) as name:
        folder = Path(name)
        take_snapshot(ledger.directory, folder)
        database = sql.open_database(folder / DATABASE)
        try:
            judge_into(ledger, database, settings, end, progress)
            sql.drop_kept(database)
            sql.settle(database)
        finally:
            database.close()
        make_folder(folder / INGEST)
        admission = Admission(
            ledger=_Until(ledger, end),
            key=key,
            organisation=ledger.organisation,
            folder=folder / INGEST,
            plan=lambda: Plan(organisation=ledger.organisation),
        )
        admission.catch_up()
        admission.close()
        _pack(folder, target)
    return target


def take_snapshot(directory: Path, folder: Path) -> bool:
    """Unpack the newest snapshot of a ledger into a folder; false where there is none.

    Raises IntegrityError where it is not the one that the newest stub names.
    """
    stubs = read_stubs(directory)
    if not stubs:
        return False
    newest = stubs[-1]
    path = directory / newest.snapshot
    if not path.exists() or _digest(path) != newest.snapshot_sha256:
        raise IntegrityError(f"{newest.snapshot} is not the snapshot that {newest.segment:08d}.stub names")
    with tarfile.open(path, mode="r:gz") as tar:
        tar.extractall(folder, filter="data")
    return True


def let_go(segments: Sequence[Path], made: Path, key: Key, wish: Wish) -> None:
    """Leave a stub for each segment, then delete it with its index and older snapshots. Raises OSError."""
    directory, digest = made.parent, _digest(made)
    files = segment_files(directory)
    for path in segments:
        stub = _stub(path, files[files.index(path) + 1], wish)
        write_stub(directory, key, replace(stub, snapshot=made.name, snapshot_sha256=digest))
    for path in segments:
        path.resolve().unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        path.with_suffix(".idx").unlink(missing_ok=True)
    for old in directory.glob("snapshot-*.tar.gz"):
        if old != made:
            old.unlink()
    sync_folder(directory)


def _stub(path: Path, behind: Path, wish: Wish) -> Stub:
    start, _ = read_start(path)
    following, _ = read_start(behind)
    named = named_keys(path)
    return Stub(
        organisation=start.organisation,
        segment=int(path.stem),
        first=start.first,
        last=following.first - 1,
        previous=start.previous.hex(),
        hash=following.previous.hex(),
        from_ms=read_first_stamp(path) or 0,
        to_ms=read_first_stamp(behind) or 0,
        size=path.stat().st_size,
        sha256=_digest(path),
        keys=_encoded(named.all),
        backend=_encoded(named.backend),
        expired_ms=wish.now_ms,
        retention_days=wish.retention_days,
        by=wish.by,
        reason=wish.reason,
        snapshot="",
        snapshot_sha256="",
    )


def _pack(folder: Path, target: Path) -> None:
    with (
        _beside(target) as beside,
        gzip.open(beside, "wb", compresslevel=6) as packed,
        tarfile.open(fileobj=packed, mode="w|") as tar,
    ):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                tar.add(path, arcname=path.relative_to(folder).as_posix(), recursive=False)


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A file that takes the target's place, durably, once it is whole."""
    beside = target.with_name(f".{target.name}.part")
    yield beside
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    beside.replace(target)
    sync_folder(target.parent)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _encoded(keys: set[bytes]) -> tuple[str, ...]:
    return tuple(sorted(b64encode(key).decode() for key in keys))
