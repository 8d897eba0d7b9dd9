"""What has been taken from a store: derived from the ledger alone, written down so that a start is short.

Every reading that was followed stands in the ledger as its line; a key of eight bytes of each line that may
be read again lies in a file for its hour. A snapshot says up to which record of the ledger all of this is
true; what came behind it is read from there, so that nothing is lost or doubled wherever the power fails.
"""

import os
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final

import orjson

from coldchain.seal import Batch, read_batches
from coldchain_backend.ingest.follow.contracts import LedgerReader
from coldchain_backend.ingest.follow.rules import series_of, time_of
from coldchain_backend.ingest.follow.settings import HOUR_MS
from coldchain_backend.ledger import Grade, Kind, MarkName, Record, read_json, split_batch
from coldchain_runtime.durable import make_folder, sync_folder, write_file_atomic

FORMAT: Final = 1
AHEAD_MS: Final = 600_000
"""A point that lies further ahead is of a clock that is wrong: kept, and not judged."""

_RECORDS: Final = 2_000
_WAITING: Final = 250_000
_FOLLOWED: Final = f'"grade":"{Grade.FOLLOWED.value}"'.encode()


def key_of(line: bytes) -> int:
    """Eight bytes that stand for a line."""
    return int.from_bytes(blake2b(line, digest_size=8).digest(), "little")


class Taken:
    """Times are ms UTC. Lives in one thread.

    read_to     everything that stood in the store up to here has been read; None: nothing yet
    caught_up   the first import is done
    rules       names of the rules whose past has been read
    last        the newest time of each series, by how its lines begin
    ahead       keys of lines that lay in the future when they were taken
    counts      how many lines of a series were taken in an hour, since this was loaded
    """

    def __init__(self, folder: Path, writer: str) -> None:
        make_folder(folder)
        self._folder, self._writer = folder, writer
        self.offset = 0
        self.read_to: int | None = None
        self.caught_up = False
        self.rules: set[str] = set()
        self.last: dict[bytes, int] = {}
        self.ahead: set[int] = set()
        self.counts: dict[int, Counter[bytes]] = {}
        self._kept_from = 0
        self._waiting: dict[int, array[int]] = {}
        self._held = 0
        self._unsynced: set[int] = set()
        self._loaded: tuple[int, set[int]] | None = None

    @classmethod
    def load(cls, folder: Path, writer: str, ledger: LedgerReader, kept_from: int) -> "Taken":
        """As of the newest record; keys of lines from `kept_from` on are kept."""
        taken = cls(folder, writer)
        taken._restore()
        taken._kept_from = kept_from
        for path in taken._files():
            os.truncate(path, path.stat().st_size // 8 * 8)
        while records := ledger.read(taken.offset, _RECORDS):
            for record in records:
                taken._see(record)
            taken.offset = records[-1].offset
        return taken

    def take(self, lines: Sequence[bytes], read_to: int, now_ms: int) -> None:
        """These lines are in the ledger now, and the store was read up to an instant."""
        for line in lines:
            self._note(line, now_ms)
        self.read_to = max(read_to, self.read_to or 0)

    def holds(self, hour_ms: int) -> set[int]:
        """The keys of the lines of an hour that were taken."""
        if self._loaded is None or self._loaded[0] != hour_ms:
            path = self._path(hour_ms)
            keys = array("Q")
            if path.exists():
                data = path.read_bytes()
                keys.frombytes(data[: len(data) // 8 * 8])
            self._loaded = hour_ms, set(keys) | set(self._waiting.get(hour_ms, ()))
        return self._loaded[1]

    def recall(self, records: Iterable[Record], from_ms: int, to_ms: int) -> None:
        """Keep the keys of lines of from_ms ≤ time < to_ms that stand in these records, too."""
        for record in records:
            for line in self._lines(record):
                if from_ms <= time_of(line) < to_ms:
                    self._remember(line)

    def forget(self, before_ms: int) -> None:
        """Let go of keys of hours that end before an instant; they are not read again by themselves."""
        self._kept_from = before_ms
        for path in self._files():
            if int(path.stem) + HOUR_MS <= before_ms:
                path.unlink()
        for hour_ms in [one for one in self.counts if one + HOUR_MS <= before_ms]:
            del self.counts[hour_ms]

    def save(self, offset: int) -> None:
        """Write down what is known; every record of ours up to `offset` has been taken."""
        self._sync()
        self.offset = offset
        document = {
            "format": FORMAT,
            "writer": self._writer,
            "offset": offset,
            "read_to": self.read_to,
            "caught_up": self.caught_up,
            "rules": sorted(self.rules),
            "last": {series.decode(): time_ms for series, time_ms in self.last.items()},
            "ahead": sorted(self.ahead),
        }
        write_file_atomic(self._snapshot, orjson.dumps(document))

    @property
    def _snapshot(self) -> Path:
        return self._folder / "taken.json"

    def _restore(self) -> None:
        """Take up the snapshot; without a readable one everything is read from the ledger again."""
        try:
            stored = orjson.loads(self._snapshot.read_bytes())
            if (stored["format"], stored["writer"]) != (FORMAT, self._writer):
                return
            last = {str(series).encode(): int(time_ms) for series, time_ms in stored["last"].items()}
            ahead, rules = {int(key) for key in stored["ahead"]}, {str(name) for name in stored["rules"]}
            read_to = None if stored["read_to"] is None else int(stored["read_to"])
            offset, caught_up = int(stored["offset"]), stored["caught_up"] is True
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            return
        self.offset, self.read_to, self.caught_up = offset, read_to, caught_up
        self.rules, self.last, self.ahead = rules, last, ahead

    def _see(self, record: Record) -> None:
        if record.kind is Kind.MARK:
            fields = read_json(record.payload)
            if fields.get("store") == self._writer and fields.get("mark") == MarkName.FOLLOW_CAUGHT_UP.value:
                self.caught_up = True
            return
        for line in self._lines(record):
            self._note(line, record.received_ms)
        if record.kind is Kind.BATCH and _FOLLOWED in record.payload[:512]:
            meta, _ = split_batch(record.payload)
            if meta.gateway == self._writer and meta.read_to is not None:
                self.read_to = max(meta.read_to, self.read_to or 0)

    def _lines(self, record: Record) -> list[bytes]:
        """The lines of a record that came from this store."""
        if record.kind is not Kind.BATCH or _FOLLOWED not in record.payload[:512]:
            return []
        meta, encoded = split_batch(record.payload)
        if meta.gateway != self._writer or meta.grade is not Grade.FOLLOWED:
            return []
        found = [batch for batch in read_batches(encoded) if isinstance(batch, Batch)]
        return [line for batch in found for line in batch.body.splitlines()]

    def _note(self, line: bytes, stamp_ms: int) -> None:
        time_ms, series = time_of(line), series_of(line)
        if time_ms > stamp_ms + AHEAD_MS:
            self.ahead.add(key_of(line))
        elif time_ms > self.last.get(series, -1):
            self.last[series] = time_ms
        if time_ms >= self._kept_from:
            hour_ms = time_ms // HOUR_MS * HOUR_MS
            self.counts.setdefault(hour_ms, Counter())[series] += 1
            self._remember(line)

    def _remember(self, line: bytes) -> None:
        hour_ms, key = time_of(line) // HOUR_MS * HOUR_MS, key_of(line)
        self._waiting.setdefault(hour_ms, array("Q")).append(key)
        self._held += 1
        if self._loaded is not None and self._loaded[0] == hour_ms:
            self._loaded[1].add(key)
        if self._held > _WAITING:
            self._flush()

    def _flush(self) -> None:
        for hour_ms, keys in self._waiting.items():
            with self._path(hour_ms).open("ab") as file:
                file.write(keys.tobytes())
        self._unsynced |= self._waiting.keys()
        self._waiting.clear()
        self._held = 0

    def _sync(self) -> None:
        """Make the keys durable before a snapshot says that they are there."""
        self._flush()
        for hour_ms in self._unsynced:
            if self._path(hour_ms).exists():
                with self._path(hour_ms).open("ab") as file:
                    os.fsync(file.fileno())
        if self._unsynced:
            sync_folder(self._folder)
        self._unsynced.clear()

    def _path(self, hour_ms: int) -> Path:
        return self._folder / f"{hour_ms}.keys"

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.keys"))
