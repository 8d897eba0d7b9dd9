"""An organisation's log, judged, and its mirror into any bucket: turned by hand."""

from __future__ import annotations

import time
from pathlib import Path

from coldchain_backend.influx import InfluxTrouble
from coldchain_backend.judging import Judging
from coldchain_backend.mirror import Guard, Mirror, MirrorPorts, MirrorState
from coldchain_backend.mirror.compare import Comparing, Comparison
from coldchain_backend.mirror.contracts import Bucket, Position
from coldchain_backend.mirror.expected import Expected
from coldchain_backend.mirror.memory import load
from coldchain_backend.sql import Database, MirroredBooks, MirrorRecords
from support.judged_log import ORGANISATION, Log


class MirroredLog(Log):
    """A log whose judging notes its changes, and a mirror."""

    def __init__(
        self,
        folder: Path,
        bucket: Bucket,
        *,
        retention_ms: int | None = None,
        database: Database | None = None,
    ) -> None:
        super().__init__(folder, database=database)
        self.books.close()
        self.books = MirroredBooks(self.database)
        self.judging = Judging(self.books, self.settings)
        self.book = MirrorRecords(self.database)
        self.bucket, self.folder, self.retention_ms = bucket, folder, retention_ms
        self.file = folder / "mirror.json"
        self.mirror = self.fresh_mirror()

    def fresh_mirror(self) -> Mirror:
        state = MirrorState(target=self.bucket.name)
        ports = MirrorPorts(
            ledger=self.ledger, recall=self.records, book=self.book, bucket=self.bucket, file=self.file,
            now_ms=self.clock.now_ms, organisation=ORGANISATION,
        )  # fmt: skip
        guard = Guard(self.bucket, ORGANISATION, self.bucket.name, state, self.retention_ms)
        return Mirror(ports, state, guard)

    def restart(self) -> None:
        self.books.close()
        self.books = MirroredBooks(self.database)
        self.judging = Judging(self.books, self.settings)
        self.restart_mirror()

    def restart_mirror(self) -> None:
        """The mirror of a new process: it knows only what was kept."""
        self.mirror._writer.close()
        self.mirror = self.fresh_mirror()

    def close(self) -> None:
        self.mirror.close()
        super().close()

    def reflect(self, tries: int = 3, *, pause_s: float = 0.0) -> None:
        """Mirror everything that is judged, also where some turns fail; *pause_s* after each that did."""
        while True:
            try:
                while self.mirror.turn():
                    pass
                return
            except InfluxTrouble:
                tries -= 1
                if not tries:
                    raise
                time.sleep(pause_s)
                self.mirror.begin_again()

    def position(self) -> Position:
        found = self.mirror.position or load(self.file)
        assert found is not None
        return found

    def compared(self) -> Comparison:
        """The bucket held against what should stand in it."""
        expected = Expected(
            recall=self.records, book=self.book, fleet=self.answers.fleet(), position=self.position()
        )
        comparing = Comparing(expected=expected, bucket=self.bucket)
        found = Comparison()
        for piece in comparing.pieces(0, 1 << 60):
            comparing.compare(piece, found)
        return found
