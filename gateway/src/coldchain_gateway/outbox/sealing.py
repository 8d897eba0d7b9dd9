"""From kept lines to sealed batches: one chain of one key, which goes on over restarts.

A batch closes `seal_after` after its oldest line, at the wire's limits of lines or bytes, or at once when a
limit is crossed; and never before time is trusted.
"""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from coldchain.lineprotocol import FieldValue, encode
from coldchain.seal import GENESIS, MAX_BYTES, MAX_LINES, Key, read_batches, seal
from coldchain.seal import Batch as SealedBatch
from coldchain_gateway.identity import Identity, KeptHead, new_run, run_prefix

from .batches import decompress
from .chunks import decode_entries
from .contract import Boot, Chunk, Head, Hole, HoleReason, NewBatch, Outbox, Pending
from .dating import Dating, placement_of, series_of

# Room for the fields that dating adds to every line and for the run's and the holes' lines.
HEADROOM_LINES: Final = 64
HEADROOM_BYTES: Final = 64 * 1024
TIME_UNSURE_BYTES: Final = 96
# How many of the newest batches are read at start for the last instant of each series.
REMEMBERED_BATCHES: Final = 20
# The kernel disciplines its clock all the time; smaller moves of the offset are not written down.
OFFSET_NOISE_MS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How a chain begins or goes on: what its first batch says about the run before it."""

    run: str
    previous: KeptHead | None
    why: str  # why the previous head cannot be named; "" when it is


def continue_or_begin(outbox: Outbox, kept: KeptHead | None, key: Key, *, quarantined: bool) -> Start:
    """Go on with the newest run if it is this key's and not older than the head beside the key.

    An outbox that is older was restored from a copy: to go on would give numbers out twice. The successor
    declares what nobody can send any more. A run whose outbox was put aside never goes on.
    """
    head = outbox.head()
    if head is not None and not quarantined and head.run.startswith(run_prefix(key)):
        if kept is None or (head.run == kept.run and head.seq >= kept.seq):
            return Start(run=head.run, previous=None, why="no head beside the key")
        if head.seq == 0:
            return Start(run=head.run, previous=kept, why="")
    run = new_run(key)
    outbox.begin_run(run, holes_of_predecessor(outbox, kept, key, quarantined=quarantined))
    foreign = kept is not None and not kept.run.startswith(run_prefix(key))
    if kept is None or foreign:
        return Start(run=run, previous=None, why="another key" if foreign else "no head beside the key")
    return Start(run=run, previous=kept, why="")


def holes_of_predecessor(
    outbox: Outbox, kept: KeptHead | None, key: Key, *, quarantined: bool
) -> Sequence[Hole]:
    """Numbers of the run before that this outbox does not have; those the backend holds stay held."""
    if kept is None or not kept.run.startswith(run_prefix(key)):
        return ()
    reason = HoleReason.QUARANTINED if quarantined else HoleReason.LOST
    return [replace(hole, reason=reason) for hole in outbox.missing(kept.run, kept.seq, kept.hash)]


class Sealer:
    """Makes batches. One thread calls `seal_due`; `hurry` may come from any."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        identity: Identity,
        start: Start,
        seal_after_ms: int,
    ) -> None:
        self._outbox = outbox
        self._key = identity.key
        self._organisation = identity.organisation
        self._start = start
        self._head_file = identity.head_file
        self.seal_after_ms = seal_after_ms
        self._dating = Dating()
        self._hurry = threading.Event()
        self._oldest_ms: int | None = None  # of the lines that were pending at the last look
        self._overdue = False  # at the last look, whatever became of it

    def recall(self, newest_batches: Sequence[bytes]) -> None:
        """Remember the newest instant of each series from batches (gzip) sealed by earlier processes."""
        for packed in newest_batches:
            for batch in read_batches(decompress(packed)):
                if isinstance(batch, SealedBatch):
                    for line in batch.body.split(b"\n")[:-1]:
                        self._dating.remember(series_of(line), int(line.rpartition(b" ")[2]))

    def hurry(self) -> None:
        """A limit was crossed: whatever is kept by now is sealed at the next call."""
        self._hurry.set()

    def due(self, pending: Pending, boots: Sequence[Boot], boot: str, boot_ms: int) -> bool:
        """Whether the oldest kept lines make a batch now."""
        self._oldest_ms = pending.oldest_boot_ms if pending.lines else None
        current = next((b.ordinal for b in boots if b.boot == boot), None)
        self._overdue = pending.lines > 0 and (
            self._hurry.is_set()
            or pending.lines >= MAX_LINES - HEADROOM_LINES
            or pending.bytes >= MAX_BYTES // 2
            or pending.oldest_boot != current
            or boot_ms - pending.oldest_boot_ms >= self.seal_after_ms
        )
        return self._overdue

    def due_in_ms(self, boot_ms: int) -> int:
        """When the next batch closes by its age, as of the last look; what is kept since is younger.

        0 or less: it should have closed.
        """
        if self._overdue:
            return 0
        oldest_ms = boot_ms if self._oldest_ms is None else self._oldest_ms
        return oldest_ms + self.seal_after_ms - boot_ms

    def seal_due(self, boot: str, boot_ms: int, offset_ms: int, *, force: bool = False) -> int:
        """Seal what is due as of now; how many batches were made.

        Raises OutboxFull or OSError without room; nothing is lost then and the next call goes on.
        """
        self._repair_head()
        made = 0
        boots = self._trusted_boots(boot, offset_ms)
        self._dating.corrected(offset_ms)
        while force or self.due(self._outbox.pending(), boots, boot, boot_ms):
            hurried = self._hurry.is_set()
            if not self._seal_one(boots, boot_ms + offset_ms, urgent=hurried):
                break
            made += 1
            if hurried:
                self._hurry.clear()
                # Asked behind `clear`: a limit that is crossed from here on sets it itself.
                if self._outbox.pending().lines:
                    self._hurry.set()
        return made

    def _trusted_boots(self, boot: str, offset_ms: int) -> Sequence[Boot]:
        """All boots with this one's offset as it is now; durable when it is new or has moved."""
        known = {b.boot: b.offset_ms for b in self._outbox.boots()}.get(boot)
        if known is None or abs(known - offset_ms) > OFFSET_NOISE_MS:
            self._outbox.trust(boot, offset_ms)
        return [replace(b, offset_ms=offset_ms) if b.boot == boot else b for b in self._outbox.boots()]

    def _repair_head(self) -> None:
        """A crash or a full disk between commit and head file left the file behind: bring it up."""
        head = self._outbox.head()
        if head is not None and head.seq > 0 and not self._head_file.covers(head.run, head.seq):
            self._head_file.keep(KeptHead(run=head.run, seq=head.seq, hash=head.hash))

    def _seal_one(self, boots: Sequence[Boot], now_ms: int, *, urgent: bool) -> bool:
        head = self._outbox.head() or Head(run=self._start.run, seq=0, hash=GENESIS)
        holes = tuple(self._outbox.undeclared())[: HEADROOM_LINES - 2]
        chunks = self._sealable(boots)
        if not chunks and not holes:
            return False
        self._dating.discard()
        lines = self._opening_lines(head, now_ms) + [hole_line(hole, now_ms) for hole in holes]
        count = len(lines) + sum(chunk.lines for chunk in chunks)
        made_of = [chunk.id for chunk in chunks]
        sealed, encoded = self._sealed(head, b"".join(lines) + self._dated(chunks, boots))
        new = NewBatch(
            head=sealed,
            chunks=made_of,
            declares=holes,
            lines=count,
            encoded=encoded,
            closed_ms=now_ms,
            urgent=urgent,
        )
        self._outbox.seal(new)
        self._dating.keep()
        self._head_file.keep(KeptHead(run=sealed.run, seq=sealed.seq, hash=sealed.hash))
        return True

    def _sealed(self, head: Head, body: bytes) -> tuple[Head, bytes]:
        """The batch that follows, and its bytes."""
        batch = seal(
            self._key, org=self._organisation, run=head.run, seq=head.seq + 1, prev=head.hash, body=body
        )
        return Head(run=batch.run, seq=batch.seq, hash=batch.hash), batch.encode()

    def _dated(self, chunks: deque[Chunk], boots: Sequence[Boot]) -> bytes:
        """The finished lines; each chunk is given up as soon as its lines are dated."""
        placements = {boot.ordinal: placement_of(boot, boots) for boot in boots}
        parts: list[bytes] = []
        while chunks:
            chunk = chunks.popleft()
            placement = placements[chunk.boot]
            if placement is not None:
                parts.append(b"".join(self._dating.date_chunk(chunk, decode_entries(chunk.body), placement)))
        return b"".join(parts)

    def _sealable(self, boots: Sequence[Boot]) -> deque[Chunk]:
        """The oldest chunks that fit a batch; where bounds may be added to lines, fewer of them."""
        unsure = any(boot.offset_ms is None for boot in boots)
        bytes_per_line = TIME_UNSURE_BYTES if unsure else 32
        max_lines = MAX_LINES - HEADROOM_LINES
        max_bytes = MAX_BYTES - HEADROOM_BYTES - max_lines * bytes_per_line
        placed = {boot.ordinal for boot in boots if placement_of(boot, boots) is not None}
        chunks: deque[Chunk] = deque()
        for chunk in self._outbox.unsealed(max_lines, max_bytes):
            if chunk.boot not in placed:
                break
            chunks.append(chunk)
        return chunks

    def _opening_lines(self, head: Head, now_ms: int) -> list[bytes]:
        """The line by which a run names its predecessor, or says why it cannot."""
        if head.seq > 0:
            return []
        fields: dict[str, FieldValue] = {"why": self._start.why}
        if self._start.previous is not None:
            previous = self._start.previous
            fields = {
                "previous": previous.run,
                "previous_seq": previous.seq,
                "previous_hash": previous.hash,
            }
        return [encode("run", {"run": head.run}, fields, now_ms) + b"\n"]


def hole_line(hole: Hole, now_ms: int) -> bytes:
    """The declaration of a hole, as docs/wire.md has it."""
    fields: dict[str, FieldValue] = {
        "first": hole.first,
        "last": hole.last,
        "hash": hole.hash,
        "reason": hole.reason.value,
    }
    return encode("hole", {"run": hole.run}, fields, now_ms) + b"\n"
