"""`rebuild`: everything that is derived, made again from the ledger beside the old, compared, and swapped.

Kept tables (deliveries and their attempts) are carried over as they are: nothing is queued, nothing is sent.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from coldchain_backend import judging, sql
from coldchain_backend.alerts import Alert
from coldchain_backend.ledger import FileLedger
from coldchain_backend.recovery.expiry import DATABASE, INGEST, take_snapshot
from coldchain_backend.recovery.judged import Progress, judge_into
from coldchain_runtime.durable import sync_folder

BESIDE: Final = "coldchain.sqlite.rebuild"
BEFORE: Final = "coldchain.sqlite.before-rebuild"
NAMED: Final = 1000
"""So many differences are named; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a rebuild found.

    records      how many were judged
    differences  the first NAMED of `count`
    fresh        the database held nothing that is derived, so there was nothing to compare with
    digest       of what was rebuilt
    untold       tellings that judging would have queued and that were never queued
    """

    records: int
    differences: tuple[sql.Difference, ...]
    count: int
    fresh: bool
    digest: str
    untold: tuple[str, ...]


class Rebuild:
    """Works on a data folder whose backend does not run; `ledger` is opened by the caller.

    `place`: where the state stands, if not in the folder.
    """

    def __init__(
        self,
        data_dir: Path,
        ledger: FileLedger,
        settings: judging.Settings,
        place: sql.Place | None = None,
    ) -> None:
        self._folder, self._ledger, self._settings = data_dir, ledger, settings
        self._place = place or sql.Place(data_dir=data_dir)

    @property
    def end(self) -> int:
        """The last record that will be judged: as far as the old was judged, or all if that is not known."""
        with self._place.opened() as old:
            return sql.Records(old).progress().offset or self._ledger.end

    def make(self, progress: Progress) -> Outcome:
        """Judge the ledger beside the old database and compare. Raises IntegrityError for a broken ledger."""
        self._drop(BESIDE)
        end = self.end
        self._take_snapshot()
        with self._opened(BESIDE) as new:
            judge_into(self._ledger, new, self._settings, end, progress)
            with self._place.opened() as old:
                fresh = sql.Records(old).progress().offset == 0
                differences = iter(()) if fresh else sql.compare(old, new)
                named = tuple(islice(differences, NAMED))
                count = len(named) + sum(1 for _ in differences)
                untold = tuple(sql.untold(old, new))
            return Outcome(
                records=end,
                differences=named,
                count=count,
                fresh=fresh,
                digest=sql.digest(new),
                untold=untold,
            )

    def gone(self) -> Sequence[Alert]:
        """Alerts that people were told of and that the rebuilt database does not know as told."""
        with self._place.opened() as old, self._opened(BESIDE) as new:
            return sql.told_and_gone(old, new)

    def swap(self) -> None:
        """Put the rebuilt database in place; the old one stays beside it under another name."""
        with self._place.opened() as old, self._opened(BESIDE) as new:
            sql.take_kept(old, new)
            sql.settle(old)
            sql.settle(new)
        if self._place.server is not None:
            sql.put_in_place(self._place, self._folder / BESIDE)
            self._drop(BESIDE)
            return
        self._drop(BEFORE)
        os.link(self._folder / DATABASE, self._folder / BEFORE)
        (self._folder / BESIDE).replace(self._folder / DATABASE)
        sync_folder(self._folder)

    def drop(self) -> None:
        """Forget what was rebuilt."""
        self._drop(BESIDE)

    def _take_snapshot(self) -> None:
        """Begin with the newest snapshot where segments were let go; ingest gets its part if it has none."""
        with tempfile.TemporaryDirectory(prefix="snapshot-", dir=self._folder) as name:
            folder = Path(name)
            if not take_snapshot(self._ledger.directory, folder):
                return
            (folder / DATABASE).replace(self._folder / BESIDE)
            if not (self._folder / INGEST / "ingest.json").exists():
                shutil.rmtree(self._folder / INGEST, ignore_errors=True)
                (folder / INGEST).replace(self._folder / INGEST)

    @contextmanager
    def _opened(self, name: str) -> Iterator[sql.Database]:
        database = sql.open_database(self._folder / name)
        try:
            yield database
        finally:
            database.close()

    def _drop(self, name: str) -> None:
        for ending in ("", "-wal", "-shm"):
            (self._folder / (name + ending)).unlink(missing_ok=True)
