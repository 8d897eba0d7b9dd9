"""An outbox in memory: the fake that the same contract suite judges as the real one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from coldchain.seal import GENESIS
from coldchain_gateway.outbox import (
    Boot,
    Chunk,
    Counts,
    Dropped,
    Group,
    Head,
    HeldFate,
    Hole,
    HoleReason,
    NewBatch,
    OutboxFull,
    Pending,
    Room,
    Waiting,
)
from coldchain_gateway.outbox.batches import compress, lost_numbers
from coldchain_gateway.outbox.chunks import split_into_bodies
from coldchain_gateway.outbox.contract import NOTED_EVERY_MS


@dataclass(slots=True)
class Stored:
    """A sealed batch."""

    id: int
    head: Head
    prev: str
    state: str
    lines: int
    gzip: bytes
    closed_ms: int
    urgent: bool
    acknowledged_ms: int = 0


@dataclass(slots=True)
class KnownHole:
    """A hole and the batch that declares it."""

    hole: Hole
    declared: tuple[str, int] | None = None


class MemoryOutbox:
    """Keeps everything in lists; nothing of it survives."""

    def __init__(self) -> None:
        self._boots: list[Boot] = []
        self._chunks: list[tuple[Chunk, int]] = []
        self._messages: dict[tuple[str, int], bytes] = {}
        self._runs: dict[str, Head] = {}
        self._held: dict[str, int] = {}
        self._batches: list[Stored] = []
        self._holes: list[KnownHole] = []
        self._progress: dict[str, int] = {}
        self._ids = 0
        self._limit = 1 << 62

    def _id(self) -> int:
        self._ids += 1
        return self._ids

    def commit(self, group: Group) -> None:
        if self._used() + sum(len(entry.line) for entry in group.entries) > self._limit:
            raise OutboxFull("the limit is reached")
        for name in [name for name in self._messages if name[0] in group.forget]:
            del self._messages[name]
        if group.entries:
            self._note_boot(group.boot, group.boot_ms)
            ordinal = next(boot.ordinal for boot in self._boots if boot.boot == group.boot)
            for first_ms, lines, body in split_into_bodies(group.entries):
                chunk = Chunk(id=self._id(), boot=ordinal, trusted=group.trusted, lines=lines, body=body)
                self._chunks.append((chunk, first_ms))
        for session, digests in group.messages.items():
            self._messages |= {(session, packet_id): digest for packet_id, digest in digests.items()}

    def _note_boot(self, boot: str, last_ms: int, offset_ms: int | None = None) -> None:
        for index, known in enumerate(self._boots):
            if known.boot == boot:
                kept = known.offset_ms if offset_ms is None else offset_ms
                moved = last_ms if last_ms >= known.last_ms + NOTED_EVERY_MS else known.last_ms
                self._boots[index] = replace(known, last_ms=moved, offset_ms=kept)
                return
        ordinal = self._boots[-1].ordinal + 1 if self._boots else 1
        self._boots.append(Boot(ordinal=ordinal, boot=boot, last_ms=last_ms, offset_ms=offset_ms))

    def remembered(self, session: str, packet_id: int) -> bytes | None:
        return self._messages.get((session, packet_id))

    def trust(self, boot: str, offset_ms: int) -> None:
        self._note_boot(boot, 0, offset_ms)
        oldest = min((chunk.boot for chunk, _ in self._chunks), default=1 << 62)
        bounds = [b.ordinal for b in self._boots if b.offset_ms is not None and b.ordinal <= oldest]
        self._boots = [b for b in self._boots if not bounds or b.ordinal >= bounds[-1]]

    def boots(self) -> Sequence[Boot]:
        return list(self._boots)

    def pending(self) -> Pending:
        if not self._chunks:
            return Pending()
        oldest, first_ms = self._chunks[0]
        return Pending(
            lines=sum(chunk.lines for chunk, _ in self._chunks),
            bytes=sum(len(chunk.body) for chunk, _ in self._chunks),
            oldest_boot=oldest.boot,
            oldest_boot_ms=first_ms,
        )

    def unsealed(self, max_lines: int, max_bytes: int) -> Sequence[Chunk]:
        found: list[Chunk] = []
        for chunk, _ in self._chunks:
            lines = sum(c.lines for c in found) + chunk.lines
            size = sum(len(c.body) for c in found) + len(chunk.body)
            if found and (lines > max_lines or size > max_bytes):
                break
            found.append(chunk)
        return found

    def head(self) -> Head | None:
        return list(self._runs.values())[-1] if self._runs else None

    def begin_run(self, run: str, holes: Sequence[Hole]) -> None:
        self._runs[run] = Head(run=run, seq=0, hash=GENESIS)
        for hole in holes:
            self._add_hole(hole)

    def _add_hole(self, hole: Hole) -> None:
        for known in self._holes:
            same = (known.hole.run, known.hole.reason, known.hole.last + 1)
            fits = same == (hole.run, hole.reason, hole.first)
            if known.declared is None and fits and hole.first == hole.last:
                known.hole = replace(known.hole, last=hole.last, hash=hole.hash)
                return
        self._holes.append(KnownHole(hole))

    def undeclared(self) -> Sequence[Hole]:
        return [known.hole for known in self._holes if known.declared is None]

    def seal(self, batch: NewBatch) -> None:
        prev = self._runs[batch.head.run].hash
        packed = compress(batch.encoded)
        self._runs[batch.head.run] = batch.head
        stored = Stored(
            self._id(), batch.head, prev, "waiting", batch.lines, packed, batch.closed_ms, batch.urgent
        )
        self._batches.append(stored)
        self._chunks = [(chunk, at) for chunk, at in self._chunks if chunk.id not in batch.chunks]
        for known in self._holes:
            if known.declared is None and known.hole in batch.declares:
                known.declared = (batch.head.run, batch.head.seq)

    def waiting(
        self, max_batches: int, max_bytes: int, skip: frozenset[int], after_id: int = 0
    ) -> Sequence[Waiting]:
        found: list[Waiting] = []
        size = 0
        for stored in self._batches:
            if stored.state != "waiting" or stored.id in skip or stored.id <= after_id:
                continue
            size += len(stored.gzip)
            if found and (size > max_bytes or len(found) >= max_batches):
                break
            found.append(_waiting(stored))
        return found

    def newest(self, after_id: int, *, urgent: bool = False) -> Waiting | None:
        waiting = [s for s in self._batches if s.state == "waiting" and s.id > after_id]
        wanted = [stored for stored in waiting if stored.urgent or not urgent]
        return _waiting(wanted[-1]) if wanted else None

    def progress(self, uplink: str) -> int:
        return self._progress.get(uplink, 0)

    def sealed_after(self, batch_id: int) -> Waiting | None:
        behind = [stored for stored in self._batches if stored.id > batch_id]
        return _waiting(behind[0]) if behind else None

    def proceed(self, uplink: str, batch_id: int) -> None:
        self._progress[uplink] = batch_id

    def acknowledge(self, ids: Sequence[int], now_ms: int) -> None:
        for stored in self._batches:
            if stored.id in ids and stored.state == "waiting":
                stored.state, stored.acknowledged_ms = "acknowledged", now_ms

    def refuse(self, batch_id: int) -> None:
        for stored in self._batches:
            if stored.id == batch_id:
                stored.state = "refused"
                self._give_up(stored, HoleReason.REFUSED)

    def _give_up(self, stored: Stored, reason: HoleReason) -> None:
        head = stored.head
        for known in self._holes:
            if known.declared == (head.run, head.seq):
                known.declared = None
        self._add_hole(Hole(run=head.run, first=head.seq, last=head.seq, hash=head.hash, reason=reason))

    def held(self, run: str, held: int) -> HeldFate:
        if run not in self._runs:
            return HeldFate.UNKNOWN_RUN
        of_run = [stored for stored in self._batches if stored.head.run == run]
        fallen = held < self._held.get(run, 0)
        newest = max((s.head.seq for s in of_run if s.state == "acknowledged"), default=0)
        stuck = newest > held and not any(s.state == "waiting" for s in of_run)
        self._held[run] = held
        if not fallen and not stuck:
            return HeldFate.NOTED
        for stored in of_run:
            if stored.head.seq > held and stored.state == "acknowledged":
                stored.state = "waiting"
        top = self._runs[run]
        for hole in self._lost(run, held, top.seq, top.hash):
            self._add_hole(hole)
        return HeldFate.FALLEN if fallen else HeldFate.STUCK

    def _lost(self, run: str, held: int, top: int, top_hash: str) -> list[Hole]:
        of_run = [stored for stored in self._batches if stored.head.run == run]
        kept = [(s.head.seq, s.prev) for s in of_run if s.head.seq > held]
        known = [(k.hole.first, k.hole.last) for k in self._holes if k.hole.run == run and k.hole.last > held]
        return [
            Hole(run=run, first=first, last=last, hash=digest, reason=HoleReason.LOST)
            for first, last, digest in lost_numbers(held, top, top_hash, kept=kept, known=known)
        ]

    def missing(self, run: str, top: int, top_hash: str) -> Sequence[Hole]:
        return self._lost(run, self._held.get(run, 0), top, top_hash)

    def room(self) -> Room:
        return Room(used_bytes=self._used(), file_bytes=self._used())

    def limit(self, file_bytes: int, journal_bytes: int) -> None:
        self._limit = max(file_bytes, journal_bytes)

    def expire(self, acknowledged_before_ms: int) -> int:
        before = len(self._batches)
        self._batches = [
            s
            for s in self._batches
            if s.state != "acknowledged" or s.acknowledged_ms >= acknowledged_before_ms
        ]
        return before - len(self._batches)

    def shrink(self, max_bytes: int, *, unsealed: bool) -> Dropped:
        acknowledged = letters = holes = lines = 0
        states = ("acknowledged", "refused", "waiting")
        while self._used() > max_bytes:
            first = next((s for state in states for s in self._batches if s.state == state), None)
            if first is not None:
                self._batches.remove(first)
                if first.state == "waiting":
                    self._give_up(first, HoleReason.CAP)
                    holes += 1
                elif first.state == "refused":
                    letters += 1
                else:
                    acknowledged += 1
            elif unsealed and self._chunks:
                lines += self._chunks.pop(0)[0].lines
            else:
                break
        return Dropped(
            acknowledged_batches=acknowledged, dead_letters=letters, holes=holes, unsealed_lines=lines
        )

    def _used(self) -> int:
        return sum(len(s.gzip) for s in self._batches) + sum(len(c.body) for c, _ in self._chunks)

    def counts(self) -> Counts:
        waiting = [s for s in self._batches if s.state == "waiting"]
        acknowledged = [s for s in self._batches if s.state == "acknowledged"]
        return Counts(
            unsealed_lines=self.pending().lines,
            waiting_batches=len(waiting),
            waiting_lines=sum(s.lines for s in waiting),
            waiting_bytes=sum(len(s.gzip) for s in waiting),
            oldest_waiting_ms=min((s.closed_ms for s in waiting), default=None),
            acknowledged_batches=len(acknowledged),
            acknowledged_bytes=sum(len(s.gzip) for s in acknowledged),
            refused_batches=sum(s.state == "refused" for s in self._batches),
            undeclared_holes=len(self.undeclared()),
            used_bytes=self._used(),
            file_bytes=self._used(),
        )

    def close(self) -> None:
        """Nothing to give back."""


def _waiting(stored: Stored) -> Waiting:
    head = stored.head
    return Waiting(id=stored.id, run=head.run, seq=head.seq, closed_ms=stored.closed_ms, gzip=stored.gzip)
