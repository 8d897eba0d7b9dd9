"""A gateway's outbox, sealer and head file on a folder, as they are after any crash: opened anew."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coldchain.seal import Batch, Key, check, read_batches
from coldchain_gateway.identity import HeadFile, Identity, load_or_create_key
from coldchain_gateway.outbox import (
    REMEMBERED_BATCHES,
    CorruptOutbox,
    Entry,
    Group,
    Sealer,
    SqliteOutbox,
    continue_or_begin,
    open_outbox,
)

OFFSET_MS = 1_795_000_000_000


@dataclass(slots=True)
class Life:
    """One process life; `reopen` is the next one after a crash: nothing is closed in order."""

    folder: Path
    key: Key
    outbox: SqliteOutbox
    head_file: HeadFile
    sealer: Sealer
    boot: str = "boot-1"

    @classmethod
    def open(cls, folder: Path, boot: str = "boot-1", seal_after_ms: int = 10_000) -> "Life":
        try:
            return cls._open(folder, boot, seal_after_ms)
        except CorruptOutbox as error:  # as the program does where a fault shows only when it is read
            return cls._open(folder, boot, seal_after_ms, str(error))

    @classmethod
    def _open(cls, folder: Path, boot: str, seal_after_ms: int, condemned: str = "") -> "Life":
        key = load_or_create_key(folder)
        opened = open_outbox(folder, condemned)
        head_file = HeadFile(folder)
        start = continue_or_begin(
            opened.outbox, head_file.head, key, quarantined=opened.quarantined is not None
        )
        identity = Identity(key=key, organisation="demo", head_file=head_file)
        sealer = Sealer(outbox=opened.outbox, identity=identity, start=start, seal_after_ms=seal_after_ms)
        try:
            sealer.recall(opened.outbox.newest_bodies(REMEMBERED_BATCHES))
        except CorruptOutbox:
            opened.outbox.close()
            raise
        return cls(folder, key, opened.outbox, head_file, sealer, boot)

    def reopen(self, boot: str = "") -> "Life":
        self.outbox.close()
        return Life.open(self.folder, boot or self.boot)

    def keep(self, *boot_times: int, sensor: str = "a", trusted: bool = True) -> None:
        """One commit with a reading for each boot time; the reading's value is that time."""
        entries = [
            Entry(line=b"reading,sensor=%b t=%di" % (sensor.encode(), at), boot_ms=at) for at in boot_times
        ]
        last = max(boot_times)
        self.outbox.commit(Group(boot=self.boot, boot_ms=last, trusted=trusted, entries=entries))

    def seal(self, now_ms: int, *, force: bool = True, offset_ms: int = OFFSET_MS) -> int:
        return self.sealer.seal_due(self.boot, now_ms, offset_ms, force=force)

    def batches(self) -> list[Batch]:
        """Everything sealed and still waiting, with every seal checked and every chain whole."""
        sealed: list[Batch] = []
        for waiting in self.outbox.waiting(10_000, 1 << 30, frozenset()):
            for batch in read_batches(zlib.decompress(waiting.gzip, wbits=31)):
                assert isinstance(batch, Batch)
                assert check(batch, self.key.public) is None
                sealed.append(batch)
        return sealed

    def lines(self) -> list[bytes]:
        """Lines of readings in all sealed batches."""
        return [line for batch in self.batches() for line in reading_lines(batch)]


def reading_lines(batch: Batch) -> Sequence[bytes]:
    return [line for line in batch.body.split(b"\n") if line.startswith(b"reading,")]
